"""What the judge is built from, in one value: the monitor and the replay of its log build the same one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import wakeful.device.messages
import wakeful.device.state
from wakeful.device.messages import Calibration, ReaderTraits
from wakeful.device.state.engine import Engine
from wakeful.device.state.gaze_zone import Direction
from wakeful.device.state.profile import Profile


@dataclass(frozen=True, slots=True)
class Judge:
    """The arguments of ``Engine``; see there."""

    profile: Profile
    reader: ReaderTraits
    speed_kmh: float | None = None
    known: Calibration | None = None
    road: Direction | None = None
    expression_classes: tuple[str, ...] = ()

    def engine(self) -> Engine:
        """A new engine that knows nothing yet but this."""
        return Engine(
            self.profile,
            self.reader,
            self.speed_kmh,
            known=self.known,
            road=self.road,
            expression_classes=self.expression_classes,
        )


@cache
def judging_code() -> str:
    """Twelve digits of the hash of all code that judges: two builds of one version need not judge alike."""
    files = [Path(wakeful.device.messages.__file__), *Path(wakeful.device.state.__path__[0]).glob("*.py")]
    hashed = hashlib.sha256()
    for file in sorted(files, key=lambda file: file.name):
        hashed.update(file.name.encode() + b"\0" + file.read_bytes())
    return hashed.hexdigest()[:12]
