"""What can be wrong with a log, or with the folder it is written to."""

from __future__ import annotations

from wakeful.device.sanitise import printable
from wakeful.errors import ConfigError, WakefulError


class LogError(WakefulError, ValueError):
    """A file that is no log, a log that cannot be used, or a newer one than this version reads."""

    exit_status = 3

    def __init__(self, says: str) -> None:
        super().__init__(printable(says))


class RecordingError(ConfigError):
    """A folder that cannot be recorded into."""
