"""How long somebody may have been asleep with no alert on its way: eyes that nobody has seen open for certain.

Closed eyes that are read are counted, and their alert comes in time. What this watches is everything between: an eye
that is lost while it closes, that is seen in turn with something before it, or that is read now as this and now as
that, so that each closure begins again. Each of these frames alone is usual; their sum is a sleep that nobody reports.
"""

from __future__ import annotations

from collections import Counter

from wakeful.device.messages import Observation, Unreadable
from wakeful.device.state.cover import FACES_DEG, LONG_BLINK_S
from wakeful.device.state.eyelids import LIKELY, MAX_GAP_S, LidView
from wakeful.device.state.lid_states import CERTAIN
from wakeful.frozen import dataclass

# Eyes are open once they have been read so for this long: the shortest look between two blinks takes longer, and a
# single frame of closed eyes that is read as open does not.
OPEN_FOR_NS = 100_000_000
# Lids that stand so far apart, as a share of the person's own opening, and are so unlikely to be closed, are open,
# whatever else they are read as: behind glasses and from the side those of a yawn pass for lowered ones.
WIDE, HARDLY_CLOSED = 0.6, 0.25
# An alert that comes this much late is still on its way. Lids take half of it to close and to be read as closed.
LATE_S = 0.5
# ... and not missing before it has been late for this long: a closure that was counted has just ended.
MISSING_NS = 400_000_000
# Both eyes seen open this shortly before they were covered: something came before them, as hands do, and lids that
# close are no likelier than without it. It has its own, longer time until it is reported.
CAME_BEFORE_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Hidden:
    """A sleep that may be going on.

    Attributes:
        s: for how long, 0 where it would be counted.
        reason: what most of its frames show: why the eyes could not be read, or hardly; "" where they were.
    """

    s: float = 0.0
    reason: str = ""


NOTHING_HIDDEN = Hidden()


class HiddenSleep:
    """Follows one person. A pause between frames begins again: nobody knows anything of it."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Forget what was going on: nobody was seen, or somebody else."""
        self._last_ns: int | None = None
        self._likely_ns: int | None = None
        self._certain_ns: int | None = None
        self._both_open_ns: int | None = None
        self._unseen_ns = self._counted_ns = 0
        self._shut_ns: int | None = None
        self._lost = self._came_before = False
        self._reasons: Counter[str] = Counter()

    def see(self, seen: Observation, lids: LidView, counted_s: float) -> Hidden:
        """Take in one frame.

        Args:
            counted_s: length of the closure, or of the look away, that an alert is on its way for.
        """
        t_ns = seen.t_ns
        if self._last_ns is None or t_ns - self._last_ns > MAX_GAP_S * 1e9:
            self.restart()
            self._unseen_ns = self._counted_ns = t_ns
        step_ns = 0 if self._last_ns is None else t_ns - self._last_ns
        self._last_ns = t_ns
        self._note_open(seen, lids)
        self._note_loss(seen, lids, step_ns)
        began_ns = self._unseen_ns if self._shut_ns is None else min(self._unseen_ns, self._shut_ns)
        if began_ns == t_ns:
            self._counted_ns = t_ns
            self._reasons.clear()
            return NOTHING_HIDDEN
        why = seen.unreadable or seen.doubt
        self._reasons[why.value if why else ""] += 1
        hidden_s = (t_ns - began_ns) / 1e9
        if hidden_s - counted_s <= LATE_S:
            self._counted_ns = t_ns
        if t_ns - self._counted_ns < MISSING_NS:
            return NOTHING_HIDDEN
        return Hidden(hidden_s, self._reasons.most_common(1)[0][0])

    def _note_open(self, seen: Observation, lids: LidView) -> None:
        """More likely open than not is enough, until the eyes were closed for longer than a blink: then their opening
        has to be as certain as that."""
        t_ns = seen.t_ns
        is_open = lids.closed is False and seen.doubt is None and lids.opening is not None
        p_open = _p_open(seen, lids) if is_open else 0.0
        likely = p_open >= LIKELY or (is_open and _wide(seen, lids))
        self._likely_ns = None if not likely else t_ns if self._likely_ns is None else self._likely_ns
        self._certain_ns = None if p_open < CERTAIN else t_ns if self._certain_ns is None else self._certain_ns
        if p_open >= LIKELY and lids.left is not None and lids.right is not None:
            self._both_open_ns = t_ns
        if self._likely_ns is not None and t_ns - self._likely_ns >= OPEN_FOR_NS:
            self._unseen_ns = t_ns
        if self._certain_ns is not None and t_ns - self._certain_ns >= OPEN_FOR_NS:
            self._shut_ns = None
        elif self._shut_ns is None and lids.closed and lids.closure_s is not None and lids.closure_s >= LONG_BLINK_S:
            self._shut_ns = t_ns - round(lids.closure_s * 1e9)

    def _note_loss(self, seen: Observation, lids: LidView, step_ns: int) -> None:
        """Turned heads are watched as looks away, so that time, and that of what came before open eyes, is left out."""
        lost = seen.face and lids.opening is None
        if lost and not self._lost:
            both_ns = self._both_open_ns
            self._came_before = both_ns is not None and seen.t_ns - both_ns <= CAME_BEFORE_NS
        self._lost = lost
        if lost and self._shut_ns is None and (self._came_before or seen.unreadable is Unreadable.OFF_AXIS):
            self._unseen_ns += step_ns


def _half_seen(seen: Observation, lids: LidView) -> bool:
    """Whether one eye is seen of a face that shows both: what lies before the other may veil this one too, and a veiled
    eye, closed or not, is read as narrowed."""
    one = (lids.left is None) is not (lids.right is None)
    return one and seen.yaw_deg is not None and abs(seen.yaw_deg) <= FACES_DEG


def _p_open(seen: Observation, lids: LidView) -> float:
    if seen.lid_states is None:
        return 1.0
    of_open, _, narrowed, _ = seen.lid_states
    return of_open if _half_seen(seen, lids) else of_open + narrowed


def _wide(seen: Observation, lids: LidView) -> bool:
    opening, states = lids.opening, seen.lid_states
    if opening is None or states is None or _half_seen(seen, lids):
        return False
    return opening >= WIDE and states[3] < HARDLY_CLOSED
