"""Everybody in view: does each of them look here, and with what expression. For the robot, beside the engine.

The watched person's entry repeats what the engine says; the others have no baseline of their open eyes, no alerts and
no closures. Who is not seen for a while is forgotten.
"""

from __future__ import annotations

from collections.abc import Sequence

from wakeful.device.messages import DriverState, Observation
from wakeful.device.people import Person
from wakeful.device.state.engagement import Engagement
from wakeful.device.state.expression import ExpressionTracker
from wakeful.device.state.profile import EngagementSection
from wakeful.frozen import dataclass

FORGET_NS = 5_000_000_000
"""Longer than a person keeps a number without being seen (``wakeful.device.perception.everyone``)."""
CLOSED = 0.5
"""Lids that are closed with more than this probability are closed: as likely as all else together."""


@dataclass(frozen=True, slots=True)
class FoundPerson:
    """One person in one frame, before any evaluation.

    Attributes:
        number: the same for one person in all frames.
        watched: whose reading the engine gets.
        box: left, top, right and lower edge of the face, shares of the image's width and height.
    """

    number: int
    watched: bool
    box: tuple[float, float, float, float]
    observation: Observation


class PeopleInView:
    """Evaluates everybody who is found.

    Args:
        section: bounds of a look; None: the profile has no rules on looks.
        expressions: names of the expressions, in the order of their probabilities.
    """

    def __init__(self, section: EngagementSection | None, expressions: Sequence[str]) -> None:
        self._section = section
        self._expressions = expressions
        self._known: dict[int, _Bystander] = {}

    def step(self, found: Sequence[FoundPerson], state: DriverState) -> tuple[Person, ...]:
        """Take in one frame; ``state`` is that of the watched person after it."""
        for number, known in tuple(self._known.items()):
            if not 0 <= state.t_ns - known.seen_ns <= FORGET_NS:
                del self._known[number]
        return tuple([self._watched(one, state) if one.watched else self._other(one) for one in found])

    def _watched(self, found: FoundPerson, state: DriverState) -> Person:
        return _person(found, state.looking, state.distance_m, state.expression, state.expression_p)

    def _other(self, found: FoundPerson) -> Person:
        if found.number not in self._known:
            self._known[found.number] = _Bystander(self._section, self._expressions)
        return self._known[found.number].step(found)


class _Bystander:
    """One person beside the watched one."""

    def __init__(self, section: EngagementSection | None, expressions: Sequence[str]) -> None:
        self._engagement = Engagement(section) if section else None
        self._expression = ExpressionTracker(expressions)
        self.seen_ns = 0

    def step(self, found: FoundPerson) -> Person:
        seen = found.observation
        self.seen_ns = seen.t_ns
        read = self._expression.step(seen.t_ns, seen.expression)
        if self._engagement is None:
            return _person(found, None, None, read.expression, read.p)
        looks = self._engagement.step(seen, closed=_closed(seen), closure_s=None)
        return _person(found, looks.looking, looks.distance_m, read.expression, read.p)


def _closed(seen: Observation) -> bool | None:
    """Whether the eyes are closed, without a baseline; a gaze is only measured in an open eye."""
    if seen.lid_states is not None:
        return seen.lid_states[3] > CLOSED
    return None if seen.gaze_yaw_deg is None else False


def _person(
    found: FoundPerson,
    looking: bool | None,
    distance_m: float | None,
    expression: str | None,
    expression_p: tuple[float, ...],
) -> Person:
    left, top, right, bottom = found.box
    return Person(
        id=found.number,
        watched=found.watched,
        x=(left + right) / 2.0,
        y=(top + bottom) / 2.0,
        width=right - left,
        height=bottom - top,
        looking=looking,
        distance_m=distance_m,
        expression=expression,
        expression_p=expression_p,
    )
