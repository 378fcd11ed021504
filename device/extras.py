"""Commands that need more than a board has installed say so in one line."""

from __future__ import annotations

from importlib.util import find_spec

from wakeful.errors import ConfigError


def need(extra: str, *packages: str) -> None:
    """Raises ``ConfigError`` unless all ``packages`` of the extra are installed."""
    lacking = [name for name in packages if find_spec(name) is None]
    if lacking:
        raise ConfigError(f"this needs {' and '.join(lacking)}: pip install 'wakeful[{extra}]'")
