"""What the monitor reports of marked real clips: alerts, closures, looks away, how the head is held, and its health."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from wakeful.device.evaluation.annotations import ClipMarks, read_annotations
from wakeful.device.evaluation.clips import ClipJob, Played, Reported, play
from wakeful.device.evaluation.scores import Score, score_clip
from wakeful.device.messages import Observation
from wakeful.device.state.engine import Step

pytestmark = pytest.mark.shared

ALERTS: dict[str, list[tuple[str, float]]] = {
    "long-closures-phone.mp4": [("microsleep", 7.6), ("sleep", 9.6), ("microsleep", 16.5)],
    "long-closure-dim.mp4": [("microsleep", 5.3), ("sleep", 7.3)],
    "car-asleep-glasses.mp4": [("microsleep", 1.0), ("sleep", 3.0), ("unresponsive", 6.0)],
    "passenger-takes-over.mp4": [("microsleep", 7.6), ("sleep", 9.6)],
    "passenger-control.mp4": [("microsleep", 7.6), ("sleep", 9.6)],
    "hardhat-safety-glasses-down.mp4": [("long_distraction", 3.0)],
}
"""All alerts that are right; in every other clip none is."""
PERHAPS = {
    # Turned aside and down for the last 4.4 s, with a look ahead in between that is seen or not.
    "yawn-glasses-car.avi": [("long_distraction", 13.4)],
    # A look down of 2.2 s; behind the rims, open eyes before it are read as lowered for 0.8 s by some weights.
    "glasses-coach-two-people.mp4": [("long_distraction", 3.6)],
}
"""Alerts that may be raised as well."""
LATE_S = 0.2
HEALTH: dict[str, set[str]] = {
    "talking-face-200s.mp4": {"calibrating", "ok"},
    # Two people of the same size, and nobody has said who drives.
    "two-faces.gif": {"degraded unsure_driver"},
    "passenger-takes-over.mp4": {"calibrating", "no_face"},
    # The picture is grey residue from 6.1 s on.
    "corrupt-mid.mp4": {"calibrating", "no_face"},
}
"""What lasts; every other clip is shorter than a minute, in which the person is learned, and the person can be seen."""
PERHAPS_HEALTH = {
    # A look down of 2.0 s with a still head, which begins as a closing does: 1.9 to 1 for lowered, where 2 decide.
    "talking-face-200s.mp4": {"degraded unclear"},
}
"""What may last as well."""
LASTS_S = 0.3
NO_FACE_FROM_S = {"corrupt-mid.mp4": 6.4}
EXTRA_CLOSURES = {
    "many-blinks-webcam.mp4": 4,  # three today: its marks are approximate, and at least one is a blink
    "head-turns-lean.mp4": 2,  # one, a blink: its marks are not all there are
    "car-eating-bald.mp4": 2,  # one while he bites
    "passenger-takes-over.mp4": 1,  # the blink of the clip that it is composed of
    "passenger-control.mp4": 1,
}
"""Closures that may be found besides the marked ones."""
MISSED_TURNS = {
    "glances-car.avi": 1,  # at 2.9 s, before it is known where the road is
    "hijab-head-turns.mp4": 1,  # at 1.6 s, likewise
    "many-blinks-webcam.mp4": 1,  # the head sways by 12 degrees, the eyes stay where they were: no look away
}
"""Turns of the head that need not be reported as looks away; there are eleven."""
MISSED_LOOKS_DOWN = {
    "mask-glasses-man-box.mp4": 1,  # a face of 60 pixels with mask and glasses: the eyes are hidden in half of the look
}
"""Looks down that need not be reported; there are ten."""
CENTRES_FOUND = 0.94
"""50 of the 53 blinks that are marked by their middle: 52 are found today."""
ROLLED_DEG, LEVEL_DEG = 15.0, 10.0
IN_EVERY_RUN = (
    "car-asleep-glasses.mp4",
    "car-eating-bald.mp4",
    "hardhat-safety-glasses-down.mp4",
    "hijab-head-turns.mp4",
    "mask-woman-laptop.mp4",
    "yawn-glasses-car.avi",
)


@dataclass
class Watched:
    """What was seen of a clip beside its events: seconds of each health, faces, rolls by frame."""

    health_s: Counter[str] = field(default_factory=Counter)
    face_s: list[float] = field(default_factory=list)
    rolls: dict[int, float] = field(default_factory=dict)
    _last: tuple[int, str] | None = None
    _first_ns: int = 0

    def each(self, seen: Observation, step: Step) -> None:
        if self._last is None:
            self._first_ns = seen.t_ns
        else:
            since_ns, health = self._last
            self.health_s[health] += (seen.t_ns - since_ns) / 1e9  # type: ignore[assignment]
        self._last = seen.t_ns, f"{step.state.health} {step.state.reason}".strip()
        if seen.face:
            self.face_s.append((seen.t_ns - self._first_ns) / 1e9)
        if seen.roll_deg is not None:
            self.rolls[seen.seq] = seen.roll_deg


def mistakes(clips: Path, marks: ClipMarks, noted: Mapping[str, Any]) -> list[str]:
    """Whatever is reported of the clip and should not be, or the other way about."""
    watched = Watched()
    played = play(ClipJob(clips, marks, "wakeful", "vehicle", 60.0), watched.each)
    found = [*_of_alerts(marks.name, played.alerts), *_of_events(marks, played), *_of_health(marks.name, watched)]
    return [f"{marks.name}: {one}" for one in (*found, *_of_rolls(noted, watched))]


def _of_alerts(name: str, found: tuple[Reported, ...]) -> Iterator[str]:
    wanted = ALERTS.get(name) or (PERHAPS.get(name, []) if found else [])
    same = [one.code for one in found] == [code for code, _ in wanted]
    if not same or any(abs(one.t_s - due_s) > LATE_S for one, (_, due_s) in zip(found, wanted, strict=True)):
        yield f"alerts {found}, not {wanted}"


def _of_events(marks: ClipMarks, played: Played) -> Iterator[str]:
    scores = score_clip(marks, played).scores
    none = Score()
    closures, centres = scores.get("closure", none), scores.get("blink_center", none)
    if closures.missed or closures.false > EXTRA_CLOSURES.get(marks.name, 0):
        yield f"closures: {closures.missed} missed, {closures.false} more than are marked"
    if centres.right < CENTRES_FOUND * centres.marked:
        yield f"blinks: {centres.missed} of {centres.marked} missed"
    for kind, known in (("looking_down", MISSED_LOOKS_DOWN), ("head_turn", MISSED_TURNS), ("yawn", {})):
        if scores.get(kind, none).missed > known.get(marks.name, 0):
            yield f"{kind}: {scores[kind].missed} of {scores[kind].marked} missed"
    if scores.get("yawn", none).false:
        yield f"yawns where none is: {played.yawns}"


def _of_health(name: str, watched: Watched) -> Iterator[str]:
    lasting = {health for health, seconds in watched.health_s.items() if seconds >= LASTS_S}
    if lasting - PERHAPS_HEALTH.get(name, set()) != HEALTH.get(name, {"calibrating"}):
        yield f"health: {watched.health_s}"
    late = [t_s for t_s in watched.face_s if t_s > NO_FACE_FROM_S.get(name, float("inf"))]
    if late:
        yield f"a face at {late[:5]} s, where there is none"


def _of_rolls(noted: Mapping[str, Any], watched: Watched) -> Iterator[str]:
    """Heads that are rolled and level ones, and to which side, by the marks under ``head_roll``."""
    stretches = noted.get("head_roll", {}).get("frames", [])
    middles = [median(watched.rolls[frame] for frame in range(first, last + 1)) for first, last in stretches]
    if any(abs(roll) < ROLLED_DEG for roll in middles):
        yield f"rolls of {middles} degrees are less than they look"
    if stretches and abs(median(watched.rolls[frame] for frame in range(stretches[0][0] - 50))) > LEVEL_DEG:
        yield "a level head is reported as rolled"


def test_every_marked_clip_is_in_the_tables(marked: dict[str, dict[str, Any]]) -> None:
    healths, missed = (HEALTH, PERHAPS_HEALTH, NO_FACE_FROM_S), (MISSED_TURNS, MISSED_LOOKS_DOWN)
    tables = (ALERTS, PERHAPS, *healths, EXTRA_CLOSURES, *missed, IN_EVERY_RUN)
    assert {name for table in tables for name in table} <= set(marked["clips"])


@pytest.mark.parametrize("name", IN_EVERY_RUN)
def test_what_is_marked_is_reported_and_nothing_else(clips: Path, marked: dict[str, dict[str, Any]], name: str) -> None:
    marks = {one.name: one for one in read_annotations(clips / "annotations.json", clips)}
    assert mistakes(clips, marks[name], marked["clips"][name]) == []


@pytest.mark.slow  # ten minutes of video
@pytest.mark.timeout(900)
def test_so_it_is_in_every_clip(clips: Path, marked: dict[str, dict[str, Any]]) -> None:
    every = read_annotations(clips / "annotations.json", clips)
    assert len(every) >= 25
    assert [line for marks in every for line in mistakes(clips, marks, marked["clips"][marks.name])] == []
