"""How well the monitor sees, judged from what it sees: a channel apart from drowsiness."""

from __future__ import annotations

from device.messages import Health
from device.state.profile import HealthSection


class HealthJudge:
    """Turns face and eye visibility over time into one word. What the camera itself reports goes before all."""

    def __init__(self, bounds: HealthSection) -> None:
        self._no_face_ns = round(bounds.no_face_s * 1e9)
        self._degraded_ns = round(bounds.degraded_s * 1e9)
        self._recovered_ns = round(bounds.recovered_s * 1e9)
        self._face_ns: int | None = None
        self._unreadable_since_ns: int | None = None
        self._readable_since_ns: int | None = None
        self._degraded = False

    def see(self, t_ns: int, *, face: bool, readable: bool, calibrated: bool) -> Health:
        """Judge one frame.

        Args:
            face: the watched face is in it.
            readable: its eyes can be judged, and frames come often enough to judge them.
            calibrated: the personal baseline is learned.
        """
        if face:
            self._face_ns = t_ns
            self._judge_eyes(t_ns, readable)
        else:
            self._unreadable_since_ns = self._readable_since_ns = None
            if self._face_ns is None or t_ns - self._face_ns >= self._no_face_ns:
                return Health.NO_FACE
        if self._degraded:
            return Health.DEGRADED
        return Health.OK if calibrated else Health.CALIBRATING

    def _judge_eyes(self, t_ns: int, readable: bool) -> None:
        if readable:
            self._unreadable_since_ns = None
            self._readable_since_ns = t_ns if self._readable_since_ns is None else self._readable_since_ns
            if t_ns - self._readable_since_ns >= self._recovered_ns:
                self._degraded = False
        else:
            self._readable_since_ns = None
            self._unreadable_since_ns = t_ns if self._unreadable_since_ns is None else self._unreadable_since_ns
            if t_ns - self._unreadable_since_ns >= self._degraded_ns:
                self._degraded = True
