"""What is wrong with the monitor itself, told beside its health: a full disk, a slower runtime, no speed any more.

Whoever finds such a thing notes it, from any thread; the loop publishes each change with the next frame:

    {"t": 12.40, "kind": "health", "health": "ok", "note": "disk_full", "text": "no video: 40 MB left on /log"}
    {"t": 80.13, "kind": "health", "health": "ok", "note": "disk_full", "over": 1}
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass

_log = logging.getLogger("wakeful.notes")


@dataclass(frozen=True, slots=True)
class Note:
    """One change: ``code`` began with ``text``, has another text now, or is over (then ``text`` is empty)."""

    code: str
    text: str

    @property
    def over(self) -> bool:
        return not self.text


class Notes:
    """The notes that stand. Every method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._standing: dict[str, str] = {}
        self._changes: list[Note] = []

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes of the notes that stand, the oldest first."""
        with self._lock:
            return tuple(self._standing)

    def set(self, code: str, text: str) -> None:
        """Note ``code`` (``disk_full``: lower case, one word) and what to do about it in one line."""
        with self._lock:
            if self._standing.get(code) == text:
                return
            began = code not in self._standing
            self._standing[code] = text
            self._changes.append(Note(code, text))
        if began:
            _log.warning("%s: %s", code.replace("_", " "), text)

    def clear(self, code: str) -> None:
        """``code`` is over; nothing happens if it does not stand."""
        with self._lock:
            if self._standing.pop(code, None) is not None:
                self._changes.append(Note(code, ""))

    def changes(self) -> list[Note]:
        """What changed since the last call, in order."""
        if not self._changes:  # the common case costs no lock
            return []
        with self._lock:
            changes, self._changes = self._changes, []
        return changes
