"""One contradiction of a profile, as the checks beside this file find it."""

from __future__ import annotations

from wakeful.frozen import dataclass

KeyPath = tuple[int | str, ...]
"""Keys and, for lists, positions from 0 on, as in ("rules", 2, "when")."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One contradiction.

    Attributes:
        where: what is wrong.
        text: one sentence that names the fix.
        against: the other part of the contradiction, if it is another rule or zone.
    """

    where: KeyPath
    text: str
    against: KeyPath | None = None
