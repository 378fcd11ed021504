"""Files of a store that say which layout they have: read and checked in one way."""

from __future__ import annotations

import json
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from wakeful.device.fleet.errors import FleetError

Held = TypeVar("Held")


def read(held: TypeAdapter[Held], data: bytes, name: str, what: str, layout: int, fix: str = "start a new run") -> Held:
    """What a file holds.

    Args:
        name: of the file. what: it should be, for the message.
        layout: the number in ``format`` that this wakeful reads.

    Raises:
        FleetError: it is damaged, or of another layout.
    """
    try:
        content = json.loads(data)
    except ValueError as error:
        raise FleetError(f"{name} is no {what} ({error}): {fix}") from None
    # First, since a file of another layout rarely has the fields of this one.
    found = content.get("format") if isinstance(content, dict) else None
    if isinstance(found, int) and found != layout:
        raise FleetError(f"{name} has layout {found}, this wakeful reads {layout}: use the one that wrote it")
    try:
        return held.validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the whole"
        raise FleetError(f"{name} is no {what} ({where}: {first['msg']}): {fix}") from None
