"""How well the monitor sees, measured by what it sees: a channel apart from drowsiness."""

from __future__ import annotations

import math
from collections import Counter, deque
from itertools import islice

from wakeful.device.messages import Health, Observation
from wakeful.device.state.hidden_sleep import NOTHING_HIDDEN, Hidden
from wakeful.device.state.profile import HealthSection

# Visibility is noted this often: enough to measure seconds by.
NOTE_NS = 100_000_000
# Eyes that flicker between readable and not are unreadable when they are so for this share of the time.
MOSTLY = 0.6
# Time without a face is no readable time either, but has no reason: one is reported that was seen for this share.
SEEN_SO = 0.1
SLOW = "slow"
# What light and focus do to eyes: it is reported sooner than hands and turned heads, which come and go.
OF_LIGHT = ("dark", "glare", "blur")
UNCLEAR = "unclear"
# Lids that cover the eyes and may be closed or lowered are reported once they have been down for this long, a second
# before closed ones would be the alert `sleep`. Of the looks down in 21 clips one is unclear, until it is 1.6 s old.
UNCLEAR_NS = 1_800_000_000
# A rate is low for a while before its mean over two seconds is.
SLOW_BEFORE_NS = 1_000_000_000
ROTATED = "rotated"
UNSURE_DRIVER = "unsure_driver"
NOBODY = "nobody"
# A picture that is turned is reported after this long: perception itself takes up to a second to be sure of a turn.
ROTATED_NS = 2_000_000_000


class HealthMonitor:
    """Turns face and eye visibility over time into one word. What the camera itself reports goes before all.

    Attributes:
        eyes_reason: why the eyes cannot be read: the most frequent reason of the last seconds; "" once they can. It
            outlasts a face that is lost: one that comes back with eyes as unreadable as before is reported at once.
    """

    def __init__(self, bounds: HealthSection) -> None:
        self._no_face_ns = round(bounds.no_face_s * 1e9)
        self._window_ns = round(bounds.degraded_s * 1e9)
        self._light_ns = round(bounds.light_s * 1e9)
        self._recovered_ns = round(bounds.recovered_s * 1e9)
        self._face_ns: int | None = None
        self._gone = False
        self._notes: deque[tuple[int, str]] = deque()
        self._unreadable_ns: int | None = None
        self._turned_ns: int | None = None
        self._unclear_ns: int | None = None
        self._hidden_from_s = bounds.hidden_s
        self._hidden_ns: int | None = None
        self._hidden_reason = ""
        self._is_turned = self._unsure = False
        self.eyes_reason = ""

    @property
    def reason(self) -> str:
        """Why the health is degraded, "" if it is not. A turned picture comes first: it is to be set right first."""
        if self._is_turned:
            return ROTATED
        unclear = UNCLEAR if self._unclear_ns is not None else UNSURE_DRIVER if self._unsure else ""
        return self.eyes_reason or self._hidden_reason or unclear

    def forget_eyes(self) -> None:
        """Another person is watched: what was wrong with the eyes of the one before says nothing."""
        self._unclear_ns = None
        self._hidden_reason = ""
        if self.eyes_reason != SLOW:
            self.eyes_reason = ""
            self._notes.clear()

    def see(
        self,
        t_ns: int,
        *,
        face: bool,
        unreadable: str,
        calibrated: bool,
        rotated: bool = False,
        unsure: bool = False,
        unclear_s: float = 0.0,
        hidden: Hidden = NOTHING_HIDDEN,
    ) -> Health:
        """Evaluate one frame.

        Args:
            face: the watched face is in it.
            unreadable: why its eyes cannot be read, or hardly, "" if they can.
            calibrated: the personal baseline is learned.
            rotated: the picture is turned; the face is read all the same.
            unsure: the watched face may be that of somebody else than the driver.
            unclear_s: age of lids that cover the eyes and may be closed as well as lowered, s; else 0.
            hidden: a sleep that may be going on with no alert on its way.
        """
        self._note_unclear(t_ns, unclear_s)
        self._note_hidden(t_ns, hidden)
        if face:
            self._unsure = unsure
            self._note_turn(t_ns, rotated)
        if unreadable or not face:
            self._unreadable_ns = t_ns
        noted = self._note(t_ns, unreadable if face else NOBODY)
        if face:
            self._face_ns = t_ns
            if noted:
                self._update_eyes(t_ns)
        self._gone = self._still_gone(unreadable) if face else self._gone or self._is_lost(t_ns)
        if self._gone:
            return Health.NO_FACE
        if self.reason:
            return Health.DEGRADED
        return Health.OK if calibrated else Health.CALIBRATING

    def _note_turn(self, t_ns: int, rotated: bool) -> None:
        if not rotated:
            self._turned_ns = None
        elif self._turned_ns is None:
            self._turned_ns = t_ns
        self._is_turned = self._turned_ns is not None and t_ns - self._turned_ns >= ROTATED_NS

    def _note_unclear(self, t_ns: int, unclear_s: float) -> None:
        if unclear_s * 1e9 >= (UNCLEAR_NS if self._unclear_ns is None else 1.0):
            self._unclear_ns = t_ns
        elif self._unclear_ns is not None and t_ns - self._unclear_ns >= self._recovered_ns:
            self._unclear_ns = None

    def _note_hidden(self, t_ns: int, hidden: Hidden) -> None:
        if hidden.s >= self._hidden_from_s:
            self._hidden_ns, self._hidden_reason = t_ns, hidden.reason or UNCLEAR
        elif self._hidden_ns is not None and t_ns - self._hidden_ns >= self._recovered_ns:
            self._hidden_ns, self._hidden_reason = None, ""

    def _is_lost(self, t_ns: int) -> bool:
        """A face that was seen badly is found and lost in turn: it has to be away for longer until it is gone."""
        return self._face_ns is None or t_ns - self._face_ns >= (
            self._window_ns if self.eyes_reason else self._no_face_ns
        )

    def _still_gone(self, unreadable: str) -> bool:
        """One frame with something like a face fills no empty seat; eyes that can be read do."""
        if not self._gone or not unreadable or self.eyes_reason:
            return False
        return sum(what != NOBODY for _, what in self._notes) < SEEN_SO * len(self._notes)

    def _note(self, t_ns: int, what: str) -> bool:
        if self._notes and t_ns - self._notes[-1][0] < NOTE_NS:
            return False
        self._notes.append((t_ns, what))
        # The oldest note is the one with which the window begins: few frames make a whole window too.
        while len(self._notes) > 1 and self._notes[1][0] <= t_ns - self._window_ns:
            self._notes.popleft()
        return True

    def _update_eyes(self, t_ns: int) -> None:
        """A note tells of the time since the one before it, so the first tells of nothing."""
        count = len(self._notes) - 1
        unread = Counter(what for _, what in islice(self._notes, 1, None) if what)
        reasons = Counter({what: times for what, times in unread.items() if what != NOBODY})
        if count and self._is_whole(t_ns) and unread.total() >= MOSTLY * count and reasons.total() >= SEEN_SO * count:
            self.eyes_reason = reasons.most_common(1)[0][0]
        elif light := self._light_reason(t_ns):
            self.eyes_reason = light
        if self._unreadable_ns is None or t_ns - self._unreadable_ns >= self._recovered_ns:
            self.eyes_reason = ""
            while len(self._notes) > 1:
                self._notes.popleft()

    def _light_reason(self, t_ns: int) -> str:
        """The reason of light by which most of the last moments were hard to read, "" if few were."""
        recent = [(noted_ns, what) for noted_ns, what in self._notes if t_ns - noted_ns < self._light_ns]
        reasons = Counter(what for _, what in recent if what in OF_LIGHT)
        whole = len(recent) > 1 and t_ns - recent[0][0] >= self._light_ns - 2 * NOTE_NS
        return reasons.most_common(1)[0][0] if whole and reasons.total() >= MOSTLY * len(recent) else ""

    def _is_whole(self, t_ns: int) -> bool:
        """Whether the notes reach back over the window; of a low rate, whether they will before the next frame."""
        noted_ns = t_ns - self._notes[0][0]
        needed_ns = self._window_ns - 2 * NOTE_NS
        if self._notes[-1][1] != SLOW:
            return noted_ns >= needed_ns
        return noted_ns >= needed_ns - SLOW_BEFORE_NS or noted_ns + t_ns - self._notes[-2][0] >= self._window_ns


def off_axis_deg(seen: Observation) -> float:
    """How far the head is turned from the camera's axis, about; 0 where that is unknown."""
    return math.hypot(seen.yaw_deg or 0.0, seen.pitch_deg or 0.0)
