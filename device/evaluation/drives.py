"""How well the alerts of recorded drives fit what really happened. Pure; times in seconds since the first frame."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import field

from wakeful.device.evaluation.binomial import share_interval
from wakeful.device.evaluation.matching import Span
from wakeful.device.evaluation.poisson import rate_interval
from wakeful.device.evaluation.truth import GROUPS, KSS, Truth
from wakeful.device.messages import Alert, Phase
from wakeful.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Bounds:
    """What counts as what.

    Attributes:
        late_s: an alert that begins up to this long after an event still counts for it.
        kss: ratings from here on are drowsiness.
        kss_window_s: a rating covers this long before it.
    """

    late_s: float = 5.0
    kss: float = 7.0
    kss_window_s: float = 300.0


@dataclass(frozen=True, slots=True)
class ActiveAlert:
    """An alert from when it was raised to when it was cleared."""

    code: str
    span: Span


@dataclass(frozen=True, slots=True)
class Drive:
    """One recording with its truth.

    Attributes:
        watched_s: how much of it was watched.
        events: (event, when it was) of those that are true.
    """

    driver: str
    watched_s: float
    alerts: tuple[ActiveAlert, ...]
    events: tuple[tuple[str, Span], ...]


@dataclass(slots=True)
class Score:
    """Alerts against one kind of event, over one or more drives.

    Attributes:
        events: how many there were; delays_s: of those that were detected, from the start of the event to the alert.
        false_alarms: alerts for this event, where there was none; quiet_s: time in which there was none.
    """

    events: int = 0
    delays_s: list[float] = field(default_factory=list)
    false_alarms: int = 0
    quiet_s: float = 0.0

    @property
    def sensitivity(self) -> float | None:
        return len(self.delays_s) / self.events if self.events else None

    @property
    def sensitivity_95(self) -> tuple[float, float] | None:
        return share_interval(len(self.delays_s), self.events) if self.events else None

    @property
    def alarms_per_h(self) -> float | None:
        return self.false_alarms * 3600.0 / self.quiet_s if self.quiet_s > 0.0 else None

    @property
    def alarms_per_h_95(self) -> tuple[float, float] | None:
        return rate_interval(self.false_alarms, self.quiet_s / 3600.0) if self.quiet_s > 0.0 else None

    @property
    def median_delay_s(self) -> float | None:
        return statistics.median(self.delays_s) if self.delays_s else None

    def __add__(self, other: Score) -> Score:
        return Score(
            self.events + other.events,
            [*self.delays_s, *other.delays_s],
            self.false_alarms + other.false_alarms,
            self.quiet_s + other.quiet_s,
        )


def active_spans(alerts: Iterable[Alert], origin_ns: int, end_s: float) -> tuple[ActiveAlert, ...]:
    """Alerts as spans; one that is never cleared is active to the end of the drive."""
    found: list[ActiveAlert] = []
    open_since: dict[int, tuple[str, float]] = {}
    for alert in alerts:
        at_s = (alert.t_ns - origin_ns) / 1e9
        # A ladder that rises is another alert to who looks for the stronger one.
        if alert.phase is Phase.RAISED and alert.seq not in open_since:
            open_since[alert.seq] = (alert.code, at_s)
        elif alert.phase is Phase.CLEARED and alert.seq in open_since:
            code, since_s = open_since.pop(alert.seq)
            found.append(ActiveAlert(code, Span(since_s, max(since_s, at_s))))
    found += [ActiveAlert(code, Span(since_s, max(since_s, end_s))) for code, since_s in open_since.values()]
    return tuple(sorted(found, key=lambda one: one.span.start_s))


def events_of(truths: Iterable[Truth], wall_ns: int, bounds: Bounds) -> tuple[tuple[str, Span], ...]:
    """What was true of one drive; ratings below the bound are no event."""
    found = []
    for truth in truths:
        start_s = truth.start.at(wall_ns)
        if truth.event == KSS:
            if truth.value is not None and truth.value >= bounds.kss:
                found.append(("drowsy", Span(max(0.0, start_s - bounds.kss_window_s), max(0.0, start_s))))
            continue
        end_s = truth.end.at(wall_ns) if truth.end else start_s
        found.append((truth.event, Span(start_s, max(start_s, end_s))))
    return tuple(sorted(found, key=lambda one: one[1].start_s))


def kinds_of(truths: Iterable[Truth]) -> tuple[str, ...]:
    """The kinds of events that were looked for: those that occur in the truth."""
    named = {"drowsy" if truth.event == KSS else truth.event for truth in truths}
    return tuple(kind for kind in GROUPS if kind in named)


def score(drive: Drive, kind: str, bounds: Bounds) -> Score:
    """The alerts of a drive against one kind of event."""
    alerts = [one.span for one in drive.alerts if one.code in GROUPS[kind]]
    events = [span for event, span in drive.events if event == kind]
    # Whoever sleeps is drowsy too: an alert for a stronger event of the truth is not a false one.
    excused = [span for event, span in drive.events if set(GROUPS[event]) & set(GROUPS[kind])]
    delays = [delay for span in events if (delay := _delay_s(span, alerts, bounds)) is not None]
    false_alarms = sum(not any(_tells(alert, span, bounds) for span in excused) for alert in alerts)
    quiet_s = max(0.0, drive.watched_s - _covered_s(excused, drive.watched_s))
    return Score(len(events), delays, false_alarms, quiet_s)


def by_driver(drives: Sequence[Drive], kind: str, bounds: Bounds) -> dict[str, Score]:
    """The score of each driver."""
    found: dict[str, Score] = {}
    for drive in drives:
        found[drive.driver] = found.get(drive.driver, Score()) + score(drive, kind, bounds)
    return found


def _tells(alert: Span, event: Span, bounds: Bounds) -> bool:
    return alert.start_s <= event.end_s + bounds.late_s and alert.end_s >= event.start_s


def _delay_s(event: Span, alerts: list[Span], bounds: Bounds) -> float | None:
    """From the start of the event to the first alert for it; 0 for one that is active already."""
    delays = [max(0.0, alert.start_s - event.start_s) for alert in alerts if _tells(alert, event, bounds)]
    return min(delays, default=None)


def _covered_s(spans: Iterable[Span], watched_s: float) -> float:
    """Time within the drive that at least one span covers."""
    total_s, reached_s = 0.0, 0.0
    for span in sorted(spans, key=lambda one: one.start_s):
        start_s, end_s = max(span.start_s, reached_s), min(span.end_s, watched_s)
        if end_s > start_s:
            total_s += end_s - start_s
            reached_s = end_s
    return total_s
