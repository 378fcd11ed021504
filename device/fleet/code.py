"""Which code judges: shards of one run are only judged by the code that planned it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import wakeful.device.evaluation
import wakeful.device.fleet
import wakeful.device.messages
import wakeful.device.record
import wakeful.device.state
from wakeful.device.fleet.errors import OtherCode

SCORED_BY = ("drives.py", "matching.py", "truth.py")
JUDGED_BY = ("rows.py", "shard.py")


@cache
def judging_code() -> str:
    """The first twelve hex digits of a hash over the sources that turn a log into a row."""
    evaluation, fleet = (Path(one.__path__[0]) for one in (wakeful.device.evaluation, wakeful.device.fleet))
    files = [
        Path(wakeful.device.messages.__file__),
        *(
            file
            for room in (wakeful.device.state, wakeful.device.record)
            for file in Path(room.__path__[0]).glob("*.py")
        ),
        *(evaluation / name for name in SCORED_BY),
        *(fleet / name for name in JUDGED_BY),
    ]
    return digest_of(files)


def digest_of(files: Iterable[Path]) -> str:
    """The first twelve hex digits of a hash over these files and the folders they are in."""
    hashed = hashlib.sha256()
    for file in sorted(files, key=lambda file: (file.parent.name, file.name)):
        hashed.update(f"{file.parent.name}/{file.name}".encode() + b"\0" + file.read_bytes())
    return hashed.hexdigest()[:12]


def check_code(run_id: str, planned: str, own: str) -> None:
    """Whether a run may go on with this code.

    Raises:
        OtherCode: it was planned by other code.
    """
    if planned != own:
        raise OtherCode(f"run {run_id} was planned by other code ({planned}, this is {own}): start a new run")
