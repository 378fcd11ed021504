"""Which code a log was decided by: two builds of one version may decide differently, and a replay has to say so."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import wakeful.device.messages
import wakeful.device.state


@cache
def engine_revision() -> str:
    """The first twelve hex digits of a hash over the engine's source files."""
    files = [Path(wakeful.device.messages.__file__), *Path(wakeful.device.state.__path__[0]).glob("*.py")]
    hashed = hashlib.sha256()
    for file in sorted(files, key=lambda file: file.name):
        hashed.update(file.name.encode() + b"\0" + file.read_bytes())
    return hashed.hexdigest()[:12]
