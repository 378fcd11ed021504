"""What the face does beside its eyes: yawns, nods and expressions, as they end and as they are counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wakeful.device.messages import Event, Observation
from wakeful.device.state.expression import DistressWatch, ExpressionStep, ExpressionTracker
from wakeful.device.state.nod import NodTracker
from wakeful.device.state.profile import Profile
from wakeful.device.state.recent import RecentCount
from wakeful.device.state.yawn import YawnTracker
from wakeful.frozen import dataclass

TEN_MINUTES_S = 600.0


@dataclass(frozen=True, slots=True)
class EpisodeView:
    """What is known after one frame.

    Attributes:
        mouth_open: 0 to 1, above for mouths wider than most; None unseen.
        expression: the smoothed probabilities and the class that holds.
        yawns, nods: how many in the last ten minutes.
        distress_s: how long a distressed expression has held; None while the expression is unknown.
        events: what ended or changed with this frame.
    """

    mouth_open: float | None
    expression: ExpressionStep
    yawns: int
    nods: int
    distress_s: float | None
    events: tuple[Event, ...]


class Episodes:
    """Follows mouth, head and expression over time.

    Args:
        profile: bounds of yawns and nods.
        wide_mouth_aspect: what the landmark reader measures of a mouth wide open.
        expression_classes: names of the probabilities in ``Observation.expression``.
    """

    def __init__(self, profile: Profile, wide_mouth_aspect: float, expression_classes: Sequence[str]) -> None:
        self._wide_mouth_aspect = wide_mouth_aspect
        self._mouth = YawnTracker(profile.mouth)
        self._nod = NodTracker(profile.nod)
        self._yawns = RecentCount(TEN_MINUTES_S)
        self._nods = RecentCount(TEN_MINUTES_S)
        self._expression = ExpressionTracker(expression_classes)
        self._distress = DistressWatch(expression_classes, hold_s=0.0)

    def step(self, seen: Observation, closure_s: float | None) -> EpisodeView:
        """Take in one frame; ``closure_s`` is the length of the running closure."""
        mouth_open = None if seen.mouth_aspect is None else seen.mouth_aspect / self._wide_mouth_aspect
        expression = self._expression.step(seen.t_ns, seen.expression)
        distress = self._distress.step(seen.t_ns, expression.p)
        events = tuple(self._events(seen, mouth_open, expression, closure_s))
        return EpisodeView(
            mouth_open,
            expression,
            self._yawns.count(seen.t_ns),
            self._nods.count(seen.t_ns),
            None if not expression.p else distress.duration_s if distress else 0.0,
            events,
        )

    def _events(
        self, seen: Observation, mouth_open: float | None, expression: ExpressionStep, closure_s: float | None
    ) -> Iterator[Event]:
        t_ns = seen.t_ns
        yawn = self._mouth.step(t_ns, mouth_open)
        if yawn:
            self._yawns.add(t_ns)
            yield Event(t_ns, "yawn", {"start_ns": yawn.start_ns, "end_ns": yawn.end_ns})
        nod = self._nod.step(t_ns, seen.pitch_deg, closure_s)
        if nod:
            self._nods.add(t_ns)
            yield Event(t_ns, "nod", {"start_ns": nod.start_ns, "end_ns": nod.end_ns})
        if expression.changed and expression.expression:
            yield Event(t_ns, "expression", {"expression": expression.expression})
