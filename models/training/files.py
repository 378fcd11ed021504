"""Files that are whole or not there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


def write_whole(file: Path, write: Callable[[Path], object]) -> None:
    """Lets ``write`` fill a neighbour of ``file``, which then takes its place."""
    part = file.with_name(file.name + ".part")
    write(part)
    part.replace(file)
