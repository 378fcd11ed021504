"""Closures, evaluated while they run: in which part of it the lids are closed, lowered, or open enough to see through.

A closure that is unclear gets the alert that closed and lowered lids share: that of a look away. Nobody may sleep
behind it: without an answer for ``EyesSection.unclear_max_s`` the lids count as closed from the moment they went down,
so the alerts of closed eyes come late, but they come. The same holds where the verdict changes twice in one closure:
lowered lids may close without a sign of it, but more changes than that are one state over which the network wavers.
"""

from __future__ import annotations

from collections import deque

from wakeful.device.messages import Observation
from wakeful.device.state.closure import Closure
from wakeful.device.state.lid_states import LidKind, StateMean, States, kind_of, leading, with_odds
from wakeful.device.state.own_blinks import OwnBlinks

FORGETS_S = 2.0
LONG_BLINK_S = 0.5
"""A longer closure is more than a blink (Schleicher et al., Ergonomics 51, 2008). Nobody looks down and up
again in less: a shorter one is a blink whatever its few frames say, as long as the lids cover the eyes."""
MAX_CHANGES = 1
OBSERVED_ODDS = 2.5
"""How much likelier a closing without head and gaze is in closed lids than in lowered ones: of three closures and seven
looks down over a second in the development clips, three and two were so; one more of each is counted."""
CLOSING_NS = 500_000_000
FACES_DEG = 25.0
"""A head turned by less shows both eyes. Most blinks are seen so: they say nothing of lids that are seen from further
aside."""
STILL_DEG = 5.0
"""Head and gaze went along if they moved further. While lids close, the networks misread a still head by up to 3."""
SHUT_BELOW = 0.25
"""Nothing makes closed likelier than the network says where the eyes are this far open, in the mean: closed is 80 %
covered (Wierwille et al., DOT HS 808 247, 1994: P80), and in bad light openings are read by 0.05 too high."""
TURNED_DEG, TURNING_NS = 15.0, 1_000_000_000
"""A head that turns aside by this in the first second is turned by somebody who looks there; of people asleep it sinks
later."""


class Cover:
    """Follows one closure after another.

    Args:
        unclear_max_s: lids that may be lowered as well as closed are closed after this long.
        blinks: those of this person, learned from here too.
    """

    def __init__(self, unclear_max_s: float, blinks: OwnBlinks) -> None:
        self._blinks = blinks
        self._unclear_max_ns = round(unclear_max_s * 1e9)
        self.restart()

    def restart(self) -> None:
        """Time starts again."""
        self._closing = ClosingWatch()
        self._defers = True
        self._begin(None)

    def _begin(self, begin_ns: int | None) -> None:
        self._begin_ns = begin_ns
        self._since_ns = self._covered_ns = begin_ns or 0
        self._mean = StateMean(FORGETS_S)
        self._kind: LidKind | None = None
        self._aside = False
        self._leading: LidKind | None = None
        self._leading_ns = 0
        self._changes = 0
        self._backed = (False, False)

    @property
    def states(self) -> States | None:
        """The probabilities by which the running closure is assessed; None without any."""
        if self._mean.states is None:
            return None
        return with_odds(self._mean.states, self._odds)

    @property
    def _odds(self) -> float:
        """How much likelier closed lids are than the network says of this closure."""
        if not self._shut:
            return 1.0
        own = 1.0 if self._aside else self._blinks.odds
        return own * (OBSERVED_ODDS if self._closing.observed else 1.0)

    @property
    def _shut(self) -> bool:
        """Whether the lids cover the eyes as far as closed ones do; what is not known speaks against nothing."""
        return self._mean.opening is None or self._mean.opening < SHUT_BELOW

    @property
    def since_ns(self) -> int:
        """When the lids began to do what they do now."""
        return self._since_ns if self._defers or self._kind is LidKind.CLOSED else self._covered_ns

    def see(
        self, seen: Observation, begin_ns: int | None, *, opening: float | None = None, defers: bool = True
    ) -> Closure | None:
        """Take in one moment; gives the closed part of a running closure that ended before the eyes opened.

        Args:
            begin_ns: when the running closure began; None without one.
            opening: of the eyes, 0 to 1.
            defers: lids that are lowered, or may be, are no closure: something else watches over looks away.
        """
        self._defers = defers
        if begin_ns != self._begin_ns:
            self._begin(begin_ns)
        self._closing.see(seen, begin_ns)
        if begin_ns is None or seen.lid_states is None:
            return None
        self._aside = self._aside or (seen.yaw_deg is not None and abs(seen.yaw_deg) > FACES_DEG)
        self._mean.see(seen.t_ns, seen.lid_states, opening)
        backed = self._shut, self._closing.observed
        # What was decided with what no longer holds is decided anew.
        anew = any(was and not now for was, now in zip(self._backed, backed, strict=True))
        self._backed = backed
        return self._evaluate(seen.t_ns, anew=anew)

    def kind_at(self, t_ns: int) -> LidKind | None:
        """What the lids do; None without a closure, or without probabilities of it."""
        if self._begin_ns is None or self._kind is None:
            return None
        if self.is_blink(t_ns) or (not self._defers and self._kind is not LidKind.SEEING):
            return LidKind.CLOSED
        if self._kind is LidKind.UNCLEAR and t_ns - self._since_ns >= self._unclear_max_ns:
            return LidKind.CLOSED
        return self._kind

    def is_blink(self, t_ns: int) -> bool:
        """Whether there is a closure that is no longer than a blink yet."""
        return self._begin_ns is not None and t_ns - self._begin_ns <= LONG_BLINK_S * 1e9

    def ended(self, closure: Closure, *, in_look: bool = False) -> Closure | None:
        """The closed part of a closure that has ended; None if the lids were not closed at its end.

        What was unclear to the end is what was likelier. ``in_look``: just before or after it the lids were lowered, if
        not as far, so that a short one may be a part of that look.
        """
        states = self.states
        if states is None:
            return closure
        if closure.end_ns - closure.start_ns <= LONG_BLINK_S * 1e9:
            likeliest = leading(states)
            if likeliest is LidKind.SEEING or (likeliest is LidKind.LOWERED and in_look):
                return None
            if self._closing.observed and self._mean.states is not None:
                self._blinks.add(self._mean.states)
            return closure
        kind = self.kind_at(closure.end_ns)
        if kind is LidKind.UNCLEAR:
            kind = leading(states)
        return Closure(self.since_ns, closure.end_ns) if kind is LidKind.CLOSED else None

    def _evaluate(self, t_ns: int, *, anew: bool) -> Closure | None:
        states = self.states
        assert states is not None
        now = leading(states)
        if now is not self._leading:
            self._leading, self._leading_ns = now, t_ns
        # The first frames of a closure show lids on their way, so nothing is decided by them.
        before = None if anew or self.is_blink(t_ns) else self._kind
        kind = kind_of(states, before)
        if self._changes > MAX_CHANGES and kind is not LidKind.SEEING:
            kind = LidKind.UNCLEAR
        self._kind = kind
        if kind is before or before is None or before is LidKind.UNCLEAR:
            # What was unclear was from its beginning what it turns out to be.
            return None
        closed = Closure(self._since_ns, self._leading_ns) if before is LidKind.CLOSED else None
        self._since_ns = self._leading_ns
        if LidKind.SEEING in (before, kind):
            self._covered_ns, self._changes = self._leading_ns, 0
        else:
            self._changes += 1
            if self._changes > MAX_CHANGES:
                self._kind, self._since_ns = LidKind.UNCLEAR, self._covered_ns
        return closed


class ClosingWatch:
    """Whether the running closure was seen to begin: lids that travel down while head and gaze stay where they are."""

    def __init__(self) -> None:
        self._recent: deque[Observation] = deque()
        self._begin_ns: int | None = None
        self._before: Observation | None = None
        self.observed = False

    def see(self, seen: Observation, begin_ns: int | None) -> None:
        """Take in one moment; ``begin_ns`` is when the running closure began."""
        if begin_ns is None:
            self._remember(seen)
        if begin_ns != self._begin_ns:
            self._begin_ns = begin_ns
            self._before = self._recent[0] if begin_ns is not None and self._recent else None
            self.observed = self._before is not None and _is_still(self._before, self._recent[-1], gaze=True)
        elif begin_ns is not None and self._before is not None and self.observed:
            age_ns = seen.t_ns - begin_ns
            if age_ns < CLOSING_NS:
                # A head that follows the lids down says that the person looks there; so does one that nods in sleep.
                self.observed = _is_still(self._before, seen, gaze=False)
            elif age_ns < TURNING_NS:
                self.observed = not _has_turned(self._before, seen)

    def _remember(self, seen: Observation) -> None:
        """Keep the moments of open eyes that are not older than a closing takes."""
        while self._recent and seen.t_ns - self._recent[0].t_ns > CLOSING_NS:
            self._recent.popleft()
        if seen.lid_states is not None and seen.lid_states[0] >= 0.5 and seen.yaw_deg is not None:
            self._recent.append(seen)


def _has_turned(before: Observation, now: Observation) -> bool:
    """Whether the head has turned aside; unknown is not turned."""
    if before.yaw_deg is None or now.yaw_deg is None:
        return False
    return abs(now.yaw_deg - before.yaw_deg) >= TURNED_DEG


def _is_still(before: Observation, now: Observation, *, gaze: bool) -> bool:
    """Whether the head, and if asked for the gaze, has not moved aside or down. Unknown is not still."""
    pairs = [(before.yaw_deg, now.yaw_deg, False), (before.pitch_deg, now.pitch_deg, True)]
    if gaze:
        pairs.append((before.gaze_pitch_deg, now.gaze_pitch_deg, True))
    for was, is_now, down_only in pairs:
        if was is None or is_now is None:
            return False
        if was - is_now > STILL_DEG or (not down_only and is_now - was > STILL_DEG):
            return False
    return True
