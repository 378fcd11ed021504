"""How well the monitor sees, judged from what it sees: a channel apart from drowsiness."""

from __future__ import annotations

from collections import Counter, deque

from device.messages import Health
from device.state.profile import HealthSection

# Visibility is noted this often: enough to judge seconds by.
NOTE_NS = 100_000_000
# Eyes that flicker between readable and not are unreadable when they are so for this share of the time.
MOSTLY = 0.6
SLOW = "slow"


class HealthJudge:
    """Turns face and eye visibility over time into one word. What the camera itself reports goes before all.

    Attributes:
        reason: why the eyes cannot be judged: the most frequent reason of the last seconds; "" once they can. It
            outlasts a face that is lost: one that comes back with eyes as unreadable as before is told at once.
    """

    def __init__(self, bounds: HealthSection) -> None:
        self._no_face_ns = round(bounds.no_face_s * 1e9)
        self._window_ns = round(bounds.degraded_s * 1e9)
        self._recovered_ns = round(bounds.recovered_s * 1e9)
        self._face_ns: int | None = None
        self._notes: deque[tuple[int, str]] = deque()
        self._unreadable_ns: int | None = None
        self.reason = ""

    def see(self, t_ns: int, *, face: bool, unreadable: str, calibrated: bool) -> Health:
        """Judge one frame.

        Args:
            face: the watched face is in it.
            unreadable: why its eyes cannot be judged, "" if they can.
            calibrated: the personal baseline is learned.
        """
        if face:
            self._face_ns = t_ns
            self._judge_eyes(t_ns, unreadable)
            return self._said(calibrated)
        # Eyes that are not in the picture are not readable either: only seen time counts towards an end of that.
        self._unreadable_ns = t_ns
        if self._face_ns is None or t_ns - self._face_ns >= self._no_face_ns:
            self._notes.clear()
            return Health.NO_FACE
        return self._said(calibrated)

    def _said(self, calibrated: bool) -> Health:
        if self.reason:
            return Health.DEGRADED
        return Health.OK if calibrated else Health.CALIBRATING

    def _judge_eyes(self, t_ns: int, unreadable: str) -> None:
        if unreadable:
            self._unreadable_ns = t_ns
        if self._notes and t_ns - self._notes[-1][0] < NOTE_NS:
            return
        self._notes.append((t_ns, unreadable))
        while self._notes[0][0] < t_ns - self._window_ns:
            self._notes.popleft()
        reasons = Counter(reason for _, reason in self._notes if reason)
        whole = t_ns - self._notes[0][0] >= self._window_ns - 2 * NOTE_NS
        if whole and reasons.total() >= MOSTLY * len(self._notes):
            self.reason = reasons.most_common(1)[0][0]
        if self._unreadable_ns is None or t_ns - self._unreadable_ns >= self._recovered_ns:
            self.reason = ""
            self._notes.clear()
