"""What a misspelt name was likely meant to be."""

from __future__ import annotations

import difflib
from collections.abc import Sequence


def suggestion(given: str, known: Sequence[str]) -> str:
    """``did you mean NAME?``, or the known names where none is close."""
    close = difflib.get_close_matches(given, known, n=1)
    return f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
