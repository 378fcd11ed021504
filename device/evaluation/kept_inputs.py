"""Keeps the faces that conversion works with between its steps: looking at them all takes a minute and more.

What is kept lies in a folder of the user's build, under a name that changes with the pictures and with the networks
that looked at them. It holds faces: personal data, like the pictures themselves.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from wakeful.device.evaluation.network_inputs import CLIPS, FACES, InputSet, Purpose, face_inputs
from wakeful.device.perception.landmarks import READERS
from wakeful.files import replace_file
from wakeful.models import registry
from wakeful.models.variants import OWN


def kept_face_inputs(folder: Path, purpose: Purpose, count: int, keep: Path) -> dict[str, InputSet]:
    """``count`` of ``face_inputs`` of each network, evenly spread, from ``keep`` if they were looked at before.

    Raises:
        ConfigError: as ``face_inputs``.
    """
    file = keep / f"faces.{purpose}.{count}.{_mark(folder)}.npz"
    if file.is_file():
        with np.load(file, allow_pickle=False) as packed:
            return {
                network: InputSet(network, str(packed[f"{network}:name"]), packed[network])
                for network in packed.files
                if ":" not in network
            }
    given = {network: one.first(count) for network, one in face_inputs(folder, purpose).items()}
    keep.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, Any] = {name: one.tensors for name, one in given.items()}
    arrays |= {f"{name}:name": np.array(one.name) for name, one in given.items()}
    replace_file(file, lambda part: np.savez(part, **arrays), private=True)
    return given


def _mark(folder: Path) -> str:
    """Changes with the pictures (by name, size and time) and with the networks."""
    files = [*folder.glob(f"{FACES}.*"), *(folder / CLIPS).glob("*")]
    seen = [f"{one.name} {one.stat().st_size} {one.stat().st_mtime_ns}" for one in sorted(files) if one.is_file()]
    wanted = sorted(
        {name for entry in READERS.values() for name in entry.networks if name not in OWN and registry.available(name)}
    )
    return hashlib.sha256("\n".join([*seen, *(registry.network(one).sha256 for one in wanted)]).encode()).hexdigest()[
        :12
    ]
