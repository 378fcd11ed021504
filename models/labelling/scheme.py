"""Which labels there are, and the key of each."""

from __future__ import annotations

from wakeful.errors import ConfigError
from wakeful.frozen import dataclass

LIDS = "o=open,l=lowered,c=closed,w=wink,s=squeezed,u=unclear"
UNCLEAR = "unclear"
"""The label of what two looks do not agree on, where a scheme has it."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """Labels by key, in order. Tables hold the key."""

    names: dict[str, str]

    @property
    def unclear(self) -> str | None:
        """The key of ``UNCLEAR``."""
        return next((key for key, name in self.names.items() if name == UNCLEAR), None)


def parse_scheme(text: str) -> Scheme:
    """``KEY=NAME,...``: each key one lower-case letter or digit.

    Raises:
        ConfigError: it is something else, or a key is used twice.
    """
    names: dict[str, str] = {}
    for part in text.split(","):
        key, _, name = (one.strip() for one in part.partition("="))
        if len(key) != 1 or not key.isascii() or not key.isalnum() or key != key.lower() or not name.isprintable():
            raise ConfigError(f"--keys {text!r}: {part.strip()!r} is not KEY=NAME with one lower-case letter or digit")
        if key in names:
            raise ConfigError(f"--keys {text!r}: the key {key} is used twice")
        names[key] = name or key
    if len(names) < 2:
        raise ConfigError(f"--keys {text!r}: one label is none; give two or more, as in {LIDS}")
    return Scheme(names)
