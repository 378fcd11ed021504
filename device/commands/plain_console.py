"""The console of the commands that show the content of a log: texts are printed as they are, without markup."""

from __future__ import annotations

import sys
from typing import Any

from rich.console import Console
from rich.text import Text

from wakeful.device.sanitise import printable


class PlainConsole(Console):
    """Reads no markup out of texts and lets none of them colour, move or rename the terminal; styles are arguments."""

    def __init__(self, *, to_stderr: bool = False, wrap: bool = True) -> None:
        super().__init__(
            file=sys.stderr if to_stderr else sys.stdout, markup=False, emoji=False, highlight=False, soft_wrap=not wrap
        )

    def render_str(self, text: str, **options: Any) -> Text:
        """Every text that is printed, in tables too, comes through here."""
        return super().render_str(printable(text), **options)
