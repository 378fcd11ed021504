"""How this person's closed lids look to the network, by their blinks: a few closures that are certain.

The network errs by person: it takes some people's closed lids for lowered ones throughout, blinks included. Blinks come
some 17 times a minute (Bentivoglio et al., Mov. Disord. 12, 1997), so they say how much, and within a bound it is made
up for. That can only make closed likelier: frames of a blink show lids on their way too, which look lowered.
"""

from __future__ import annotations

import math

from wakeful.device.state.lid_states import States

# What is known beforehand counts as much as half a blink that is at even odds.
PRIOR_BLINKS = 0.5
LAST_BLINKS = 20.0
LEAST_P = 0.01
MAX_ODDS = 4.0
"""One person's lids make closed no likelier than that."""


class OwnBlinks:
    """The mean log of the odds of closed to lowered lids in blinks, the last ones most."""

    def __init__(self) -> None:
        self._log_odds = 0.0
        self._weight = PRIOR_BLINKS

    def add(self, states: States) -> None:
        """A blink with these mean probabilities has ended."""
        seen = math.log(max(states[3], LEAST_P) / max(states[1], LEAST_P))
        self._weight = min(self._weight + 1.0, LAST_BLINKS)
        self._log_odds += (seen - self._log_odds) / self._weight

    @property
    def odds(self) -> float:
        """How much likelier closed lids are than the network says, at least 1."""
        return min(max(math.exp(-self._log_odds), 1.0), MAX_ODDS)
