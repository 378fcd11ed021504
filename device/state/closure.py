"""Eye closures: when they began, how long they last, when they ended."""

from __future__ import annotations

from wakeful.device.state.lid_states import CERTAIN
from wakeful.frozen import dataclass

# Two frames that show closed eyes count for no more than this of the time between them: each level of the ladder of
# closures (1, 3, 6 s) then takes another frame, whatever the rate, and awake people blink in one frame in twenty.
PROVEN_NS = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Closure:
    """One finished closure of both eyes; ``end_ns`` is the first moment they were seen open, or the last they were
    seen closed where nobody saw them open."""

    start_ns: int
    end_ns: int


class EyeState:
    """Closed or open, with hysteresis, from the openings of the eyes that are seen."""

    def __init__(self, closed_below: float, open_above: float) -> None:
        self._closed_below = closed_below
        self._open_above = open_above
        self._closed = False

    def step(self, left: float | None, right: float | None, covered: float | None = None) -> bool | None:
        """Whether the eyes are closed; None where none is seen. Of two eyes the mean counts: a wink is open.

        ``covered``: the probability that the lids cover the eyes. Where it is known, it decides between the two bounds,
        and eyes that were closed stay so while it is high.
        """
        seen = [eye for eye in (left, right) if eye is not None]
        if not seen:
            return None
        mean = sum(seen) / len(seen)
        if self._closed and covered is not None and covered >= CERTAIN:
            return True
        may_be = self._closed if covered is None else covered > 0.5
        self._closed = mean < (self._open_above if may_be else self._closed_below)
        return self._closed


class ClosureTracker:
    """Follows the running closure over time. Eyes that are not seen neither end nor lengthen it, for a short while.

    At rates so low that each pause between frames is longer than that, one frame with closed eyes after another
    lengthens it; see ``PROVEN_NS``.
    """

    def __init__(self, bridge_s: float) -> None:
        self._bridge_ns = round(bridge_s * 1e9)
        self._start_ns: int | None = None
        self._seen_closed_ns = self._unproven_ns = 0
        self._last_ns: int | None = None

    @property
    def start_ns(self) -> int | None:
        """When the running closure began."""
        return self._start_ns

    def step(self, t_ns: int, closed: bool | None, *, steady: bool = False) -> Closure | None:
        """Take in one moment; gives the closure that ended with it.

        Args:
            steady: the pause since the moment before is one that this source always has.
        """
        proven = steady and closed and self._last_ns == self._seen_closed_ns
        self._last_ns = t_ns
        ended = self._give_up() if self._too_long_unseen(t_ns) and not proven else None
        if closed is None:
            return ended
        if closed:
            if self._start_ns is None:
                self._start_ns, self._unproven_ns = t_ns, 0
            else:
                self._unproven_ns += max(0, t_ns - self._seen_closed_ns - PROVEN_NS)
            self._seen_closed_ns = t_ns
        elif self._start_ns is not None:
            ended = Closure(self._start_ns, t_ns)
            self._start_ns = None
        return ended

    def duration_s(self, since_ns: int | None = None) -> float:
        """Length of the running closure, or of it since then, as far as it was seen; 0 with open eyes."""
        if self._start_ns is None:
            return 0.0
        since_ns = self._start_ns if since_ns is None else since_ns
        return max(0, self._seen_closed_ns - since_ns - self._unproven_ns) / 1e9

    def unseen_s(self, t_ns: int) -> float:
        """Since when no closed eye was seen in the running closure, seconds; 0 with open eyes."""
        return 0.0 if self._start_ns is None else (t_ns - self._seen_closed_ns) / 1e9

    def _too_long_unseen(self, t_ns: int) -> bool:
        return self._start_ns is not None and t_ns - self._seen_closed_ns > self._bridge_ns

    def _give_up(self) -> Closure | None:
        start_ns, self._start_ns = self._start_ns, None
        return Closure(start_ns, self._seen_closed_ns) if start_ns is not None else None
