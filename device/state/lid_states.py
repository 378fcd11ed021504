"""What lids do that cover the eyes, by the probabilities of the network: closed, lowered, open enough to see through.

Opening alone does not tell these apart, so a covered eye is assessed by the mean of its probabilities, where 0.5 means
even odds whoever the person is. The eyes see if they are more likely open or narrowed than covered. Covered eyes are
closed or lowered at odds of two to one, and change only at the same odds for the other; in between they are unclear.
"""

from __future__ import annotations

from enum import Enum

States = tuple[float, float, float, float]
"""Probabilities of open, lowered, narrowed and closed lids."""

DECIDES = 2.0
"""Odds at which a state is taken for certain enough to act on; less is unclear, or leaves things as they were."""
CERTAIN = DECIDES / (1.0 + DECIDES)
"""The probability of such a state."""
MAX_STEP_S = 0.5


class LidKind(Enum):
    """What lids do that cover the eyes."""

    SEEING = "seeing"
    LOWERED = "lowered"
    CLOSED = "closed"
    UNCLEAR = "unclear"


class StateMean:
    """Probabilities averaged over time, the last seconds most: who looks down may fall asleep over it.

    Args:
        forgets_s: what is older than this counts less and less.
    """

    def __init__(self, forgets_s: float) -> None:
        self._forgets_s = forgets_s
        self._seen_s = 0.0
        self._last_ns: int | None = None
        self.states: States | None = None
        self.opening: float | None = None

    def see(self, t_ns: int, states: States, opening: float | None = None) -> States:
        """Take in one moment, with the opening of the eyes where it is wanted; gives the mean with it."""
        step_s = 0.0 if self._last_ns is None else min((t_ns - self._last_ns) / 1e9, MAX_STEP_S)
        self._last_ns = t_ns
        if self.states is None:
            self.states, self.opening = states, opening
            return states
        # The first moment stands for as long as the step to the second one.
        self._seen_s += step_s if self._seen_s else 2.0 * step_s
        share = min(step_s / min(self._seen_s, self._forgets_s), 1.0) if self._seen_s else 0.0
        of_open, lowered, narrowed, closed = (
            mean + share * (now - mean) for mean, now in zip(self.states, states, strict=True)
        )
        self.states = of_open, lowered, narrowed, closed
        if opening is not None:
            before = opening if self.opening is None else self.opening
            self.opening = before + share * (opening - before)
        return self.states


def with_odds(states: States, odds: float) -> States:
    """The same with closed lids likelier by these odds against lowered ones; whether the lids cover the eyes stays."""
    of_open, lowered, narrowed, closed = states
    total = lowered + closed * odds
    share = (lowered + closed) / total if total else 0.0
    return of_open, lowered * share, narrowed, closed * odds * share


def covered(states: States) -> bool:
    """Whether nothing is seen of what is ahead: lowered or closed are more likely than open or narrowed."""
    return states[1] + states[3] > states[0] + states[2]


def leading(states: States) -> LidKind:
    """The likeliest, at even odds."""
    if not covered(states):
        return LidKind.SEEING
    return LidKind.CLOSED if states[3] >= states[1] else LidKind.LOWERED


def kind_of(states: States, before: LidKind | None = None) -> LidKind:
    """What the lids do, given what they were taken to do before."""
    of_open, lowered, narrowed, closed = states
    sees = {LidKind.SEEING: 1.0 / DECIDES, LidKind.LOWERED: DECIDES, LidKind.CLOSED: DECIDES}
    if of_open + narrowed >= sees.get(before or LidKind.UNCLEAR, 1.0) * (lowered + closed):
        return LidKind.SEEING
    if closed >= lowered * (1.0 / DECIDES if before is LidKind.CLOSED else DECIDES):
        return LidKind.CLOSED
    if lowered >= closed * (1.0 / DECIDES if before is LidKind.LOWERED else DECIDES):
        return LidKind.LOWERED
    return LidKind.UNCLEAR
