"""From detections and marks to figures, for one clip and for all together. Pure.

A found closure is right if it belongs to a marked one (``wakeful.device.evaluation.matching``), one to one: a closure
reported in two parts is one right and one false. It is false over eyes that look down (``looking_down``), neither over
``partial`` ones. Where only centres are marked, they say that a blink is there, not that no other is: what is found
besides is then not false. An alert is false unless something marked explains it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from wakeful.device.evaluation.annotations import ClipMarks, Interval
from wakeful.device.evaluation.clips import Played, Reported
from wakeful.device.evaluation.matching import NEAR_S, Span, match, overlaps_any
from wakeful.device.evaluation.poisson import rate_interval
from wakeful.frozen import dataclass

LONG_S = 0.5
"""Closures from this length on are long, shorter ones blinks (Wierwille et al. 1994)."""
ALERT_DELAY_S = 1.0
"""An alert this long after the end of a mark still comes from it."""
EXPLAINS = {
    "microsleep": ("closed",),
    "sleep": ("closed",),
    "unresponsive": ("closed",),
    "long_distraction": ("head_turn", "looking_down"),
    "short_distraction": ("head_turn", "looking_down"),
    "yawning": ("yawn",),
}
"""Alert code -> the marks that explain it; any other alert is false in clips of seconds."""
CLOSURES = ("microsleep", "sleep", "unresponsive")
QUIET_LEVELS = ("none", "advisory")


@dataclass(frozen=True, slots=True)
class Score:
    """How well one kind of thing was found.

    Attributes:
        right, missed: marks that were found, and that were not.
        false: detections known to be wrong.
        complete: every instance is marked, so that what is found besides is wrong; precision needs that.
        start_error_s, end_error_s: found minus marked edge of those that were found.
    """

    right: int = 0
    missed: int = 0
    false: int = 0
    complete: bool = True
    start_error_s: tuple[float, ...] = ()
    end_error_s: tuple[float, ...] = ()

    @property
    def marked(self) -> int:
        return self.right + self.missed

    @property
    def precision(self) -> float | None:
        return _share(self.right, self.right + self.false) if self.complete else None

    @property
    def recall(self) -> float | None:
        return _share(self.right, self.marked)

    @property
    def f1(self) -> float | None:
        if not self.complete:
            return None
        return _share(2 * self.right, 2 * self.right + self.false + self.missed)


@dataclass(frozen=True, slots=True)
class AssessedAlert:
    """One raised alert; ``explained`` is None where what could explain it was not looked for."""

    alert: Reported
    explained: bool | None


@dataclass(frozen=True, slots=True)
class ClipScore:
    """The figures of one clip; kinds that were not looked for are absent from ``scores``."""

    name: str
    duration_s: float
    face_share: float
    scores: Mapping[str, Score]
    alerts: tuple[AssessedAlert, ...]


@dataclass(frozen=True, slots=True)
class FalseAlarms:
    """False alarms of a level or above, and what they mean an hour with the exact 95 % interval."""

    count: int
    per_hour: float
    low: float
    high: float


KINDS = ("closure", "blink", "long_closure", "blink_center", "yawn", "head_turn", "looking_down")
"""``closure`` is ``blink`` and ``long_closure`` together. ``looking_down``: stretches reported as glances."""


def score_clip(marks: ClipMarks, played: Played) -> ClipScore:
    """The figures of one clip."""
    spans = {key: _spans(intervals, played.frame_s) for key, intervals in marks.intervals.items()}
    scores: dict[str, Score] = {}
    if "closed" in spans:
        scores |= _closures(spans, played.closures)
    if marks.blink_centers is not None:
        scores["blink_center"] = _centres(marks.blink_centers, spans, played)
    if "yawn" in spans:
        scores["yawn"] = _score(spans["yawn"], played.yawns)
    if "head_turn" in spans:
        scores["head_turn"] = _head_turns(spans, played.glances)
    if "looking_down" in spans:
        scores["looking_down"] = replace(_score(spans["looking_down"], played.glances), false=0, complete=False)
    alerts = tuple(AssessedAlert(alert, _explained(alert, spans)) for alert in played.alerts)
    return ClipScore(marks.name, played.duration_s, played.face_share, scores, alerts)


def overall(clips: Sequence[ClipScore]) -> dict[str, Score]:
    """All clips' marks together, kind by kind."""
    return {
        kind: _together(clip.scores[kind] for clip in clips if kind in clip.scores)
        for kind in KINDS
        if any(kind in clip.scores for clip in clips)
    }


def false_alarms(clips: Sequence[ClipScore], quiet: bool) -> FalseAlarms:
    """Advisories (``quiet``) or warnings and above that nothing explains."""
    count = sum(
        assessed.explained is False and (assessed.alert.level in QUIET_LEVELS) is quiet
        for clip in clips
        for assessed in clip.alerts
    )
    hours = sum(clip.duration_s for clip in clips) / 3600.0
    low, high = rate_interval(count, hours)
    return FalseAlarms(count, count / hours, low, high)


def _closures(spans: Mapping[str, tuple[Span, ...]], found: Sequence[Span]) -> dict[str, Score]:
    marks = spans["closed"]
    # Half closures that belong to no whole one are left out before anything is counted.
    whole = [one for one in found if overlaps_any(one, marks) or not overlaps_any(one, spans.get("partial", ()))]
    matched = match(marks, whole, NEAR_S)

    def part(shortest_s: float, below_s: float) -> Score:
        pairs = [(marks[m], whole[f]) for m, f in matched.pairs if shortest_s <= marks[m].length_s < below_s]
        missed = sum(shortest_s <= marks[m].length_s < below_s for m in matched.missed)
        false = sum(shortest_s <= whole[f].length_s < below_s for f in matched.surplus)
        return _counted(pairs, missed, false)

    always = float("inf")
    return {"closure": part(0.0, always), "blink": part(0.0, LONG_S), "long_closure": part(LONG_S, always)}


def _centres(centres: Sequence[int], spans: Mapping[str, tuple[Span, ...]], played: Played) -> Score:
    marks = tuple(Span(played.frame_s[frame], played.frame_s[frame]) for frame in centres)
    matched = match(marks, played.closures, NEAR_S)
    # Of what is found besides, only closures over lowered lids are known to be false.
    lowered = spans.get("looking_down", ())
    false = sum(overlaps_any(played.closures[f], lowered) for f in matched.surplus)
    return Score(len(matched.pairs), len(matched.missed), false, complete=False)


def _head_turns(spans: Mapping[str, tuple[Span, ...]], glances: Sequence[Span]) -> Score:
    """A marked stretch may hold several glances, and looks down are looks away too: neither is false."""
    score = _score(spans["head_turn"], glances)
    away = (*spans["head_turn"], *spans.get("looking_down", ()))
    false = sum(not overlaps_any(glance, away) for glance in glances)
    return replace(score, false=false)


def _score(marks: Sequence[Span], found: Sequence[Span]) -> Score:
    matched = match(marks, found)
    return _counted([(marks[m], found[f]) for m, f in matched.pairs], len(matched.missed), len(matched.surplus))


def _counted(pairs: Sequence[tuple[Span, Span]], missed: int, false: int) -> Score:
    return Score(
        right=len(pairs),
        missed=missed,
        false=false,
        start_error_s=tuple(found.start_s - mark.start_s for mark, found in pairs),
        end_error_s=tuple(found.end_s - mark.end_s for mark, found in pairs),
    )


def _together(scores: Iterable[Score]) -> Score:
    all_scores = tuple(scores)
    return Score(
        right=sum(score.right for score in all_scores),
        missed=sum(score.missed for score in all_scores),
        false=sum(score.false for score in all_scores),
        complete=all(score.complete for score in all_scores),
        start_error_s=tuple(error for score in all_scores for error in score.start_error_s),
        end_error_s=tuple(error for score in all_scores for error in score.end_error_s),
    )


def _explained(alert: Reported, spans: Mapping[str, tuple[Span, ...]]) -> bool | None:
    keys = EXPLAINS.get(alert.code, ())
    looked_for = [key for key in keys if key in spans]
    reaching = (Span(mark.start_s, mark.end_s + ALERT_DELAY_S) for key in looked_for for mark in spans[key])
    if any(mark.start_s <= alert.t_s <= mark.end_s for mark in reaching):
        return True
    # A closure alert needs a marked closure. Where nobody looked for yawns or turns, their alerts stay unassessed.
    return None if keys and keys[0] not in spans and alert.code not in CLOSURES else False


def _spans(intervals: Sequence[Interval], frame_s: Sequence[float]) -> tuple[Span, ...]:
    """Frames in seconds: from the first frame's time until the frame after the last one's."""
    return tuple(Span(frame_s[first], frame_s[last + 1]) for first, last in intervals)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
