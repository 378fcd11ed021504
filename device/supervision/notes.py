"""What is wrong with the monitor itself, published beside its health: a full disk, a slower runtime, a lost speed.

Any part that finds such a problem notes it, from any thread; the loop publishes each change with the next frame:

    {"t": 12.40, "kind": "health", "health": "ok", "note": "disk_full", "text": "no video: 40 MB left on /log"}
    {"t": 80.13, "kind": "health", "health": "ok", "note": "disk_full", "over": 1}
"""

from __future__ import annotations

import logging
import threading

from wakeful.frozen import dataclass

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
    """The active notes. Every method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._active: dict[str, str] = {}
        self._changes: list[Note] = []

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes of the active notes, the oldest first."""
        with self._lock:
            return tuple(self._active)

    def set(self, code: str, text: str) -> None:
        """Note ``code`` (``disk_full``: lower case, one word) and what to do about it in one line."""
        with self._lock:
            if self._active.get(code) == text:
                return
            began = code not in self._active
            self._active[code] = text
            self._changes.append(Note(code, text))
        if began:
            _log.warning("%s: %s", code.replace("_", " "), text)

    def clear(self, code: str) -> None:
        """``code`` is over; nothing happens if it is not active."""
        with self._lock:
            if self._active.pop(code, None) is not None:
                self._changes.append(Note(code, ""))

    def changes(self) -> list[Note]:
        """What changed since the last call, in order."""
        if not self._changes:  # the common case costs no lock
            return []
        with self._lock:
            changes, self._changes = self._changes, []
        return changes
