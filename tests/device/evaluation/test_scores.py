"""What counts as right, missed and false, on marks and detections written down by hand. One frame lasts 0.1 s."""

from __future__ import annotations

from typing import Any

import pytest

from wakeful.device.evaluation.annotations import ClipMarks, Interval
from wakeful.device.evaluation.clips import Played, Reported
from wakeful.device.evaluation.matching import Span
from wakeful.device.evaluation.scores import ClipScore, false_alarms, overall, score_clip

FRAMES = 600


def scored(*, blink_centers: tuple[int, ...] | None = None, found: dict[str, Any], **marks: Any) -> ClipScore:
    intervals: dict[str, tuple[Interval, ...]] = {key: tuple(value) for key, value in marks.items()}
    clip = ClipMarks("drive.mp4", FRAMES, None, None, intervals, blink_centers)
    told = {"closures": (), "yawns": (), "glances": (), "alerts": ()} | found
    return score_clip(clip, Played(tuple(i / 10 for i in range(FRAMES + 1)), 1.0, "v2", **told))


def test_an_interval_reaches_from_its_first_frame_to_the_end_of_its_last() -> None:
    clip = scored(closed=[(10, 19)], found={"closures": (Span(1.1, 1.9),)})
    score = clip.scores["closure"]
    assert score.start_error_s == pytest.approx((0.1,))
    assert score.end_error_s == pytest.approx((-0.1,))


def test_blinks_and_long_closures_are_told_apart_by_half_a_second() -> None:
    clip = scored(
        closed=[(10, 11), (30, 34), (50, 51)],
        found={"closures": (Span(1.0, 1.2), Span(3.0, 3.5), Span(9.0, 9.1), Span(11.0, 12.0))},
    )
    blink, long = clip.scores["blink"], clip.scores["long_closure"]
    assert (blink.right, blink.missed, blink.false) == (1, 1, 1)
    assert (long.right, long.missed, long.false) == (1, 0, 1)
    both = clip.scores["closure"]
    assert (both.right, both.missed, both.false) == (2, 1, 2)
    assert both.precision == 0.5
    assert both.recall == pytest.approx(2 / 3)
    assert both.f1 == pytest.approx(4 / 7)


def test_a_half_closure_is_neither_right_nor_wrong() -> None:
    clip = scored(closed=[], partial=[(10, 12)], found={"closures": (Span(1.0, 1.2),)})
    assert clip.scores["closure"].false == 0


def test_a_closure_over_eyes_that_look_down_is_false() -> None:
    clip = scored(closed=[], looking_down=[(10, 30)], found={"closures": (Span(1.2, 2.4),)})
    assert clip.scores["closure"].false == 1


def test_centres_say_that_a_blink_is_there_and_not_that_no_other_is() -> None:
    found = {"closures": (Span(1.0, 1.2), Span(5.0, 5.2), Span(8.1, 9.0))}
    clip = scored(blink_centers=(11, 40), looking_down=[(80, 95)], found=found)
    score = clip.scores["blink_center"]
    assert (score.right, score.missed, score.false) == (1, 1, 1)
    assert score.recall == 0.5
    assert score.precision is None and score.f1 is None


def test_what_was_not_looked_for_has_no_score() -> None:
    assert scored(found={"yawns": (Span(1.0, 4.0),)}).scores == {}
    assert scored(yawn=[], found={"yawns": (Span(1.0, 4.0),)}).scores["yawn"].false == 1


def test_several_glances_within_a_marked_turn_are_not_false() -> None:
    glances = (Span(1.0, 1.5), Span(2.0, 2.9), Span(9.0, 9.5), Span(5.1, 5.4))
    clip = scored(head_turn=[(10, 30)], looking_down=[(50, 55)], found={"glances": glances})
    turn, down = clip.scores["head_turn"], clip.scores["looking_down"]
    assert (turn.right, turn.missed, turn.false) == (1, 0, 1)
    assert (down.right, down.missed, down.recall) == (1, 0, 1.0)


@pytest.mark.parametrize(
    ("code", "marks", "explained"),
    [
        ("microsleep", {"closed": [(10, 30)]}, True),
        ("microsleep", {"closed": [(50, 60)]}, False),
        ("microsleep", {"looking_down": [(10, 30)]}, False),
        ("sleep", {}, False),
        ("long_distraction", {"head_turn": [(10, 30)]}, True),
        ("long_distraction", {"looking_down": [(10, 30)]}, True),
        ("long_distraction", {"head_turn": []}, False),
        ("long_distraction", {}, None),
        ("yawning", {"yawn": [(5, 15)]}, True),
        ("yawning", {"yawn": []}, False),
        ("yawning", {}, None),
        ("drowsy", {"closed": [(10, 30)]}, False),
    ],
)
def test_an_alert_is_false_unless_something_marked_explains_it(
    code: str, marks: dict[str, Any], explained: bool | None
) -> None:
    clip = scored(**marks, found={"alerts": (Reported(2.0, code, "warning"),)})
    assert clip.alerts[0].explained is explained


def test_false_alarms_are_counted_by_level_and_told_an_hour() -> None:
    alerts = (
        Reported(2.0, "sleep", "urgent"),
        Reported(3.0, "yawning", "advisory"),
        Reported(4.0, "long_distraction", "warning"),
    )
    clips = [scored(yawn=[], found={"alerts": alerts}), scored(found={})]
    loud, quiet = false_alarms(clips, quiet=False), false_alarms(clips, quiet=True)
    assert (loud.count, quiet.count) == (1, 1)
    assert loud.per_hour == pytest.approx(30.0)
    assert (loud.low, loud.high) == pytest.approx((30 * 0.0253, 30 * 5.572), rel=0.001)


def test_all_clips_together_are_the_sum_of_their_counts() -> None:
    one = scored(closed=[(10, 11)], found={"closures": (Span(1.0, 1.2),)})
    other = scored(closed=[(20, 21)], found={})
    score = overall([one, other])["closure"]
    assert (score.right, score.missed, score.false) == (1, 1, 0)
