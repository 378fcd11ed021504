"""The expression over time: smoothed by time, told once it has held, and distress only after a long while."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from wakeful.device.state.expression import Distress, DistressWatch, ExpressionStep, ExpressionTracker

CLASSES = ("neutral", "happiness", "anger", "fear")
NEUTRAL = (0.9, 0.05, 0.03, 0.02)
HAPPY = (0.05, 0.9, 0.03, 0.02)
ANGRY = (0.1, 0.0, 0.85, 0.05)


def watch(
    show: Callable[[float], tuple[float, ...] | None], duration_s: float, fps: float = 30.0, every: int = 3
) -> list[tuple[float, ExpressionStep]]:
    """Steps of a tracker over a scene whose expression is read in one of ``every`` frames."""
    tracker = ExpressionTracker(CLASSES)
    steps = []
    for i in range(round(duration_s * fps)):
        t_s = i / fps
        steps.append((t_s, tracker.step(round(t_s * 1e9), show(t_s) if i % every == 0 else None)))
    return steps


def told(steps: list[tuple[float, ExpressionStep]]) -> list[tuple[float, str | None]]:
    return [(t_s, step.expression) for t_s, step in steps if step.changed]


def test_the_first_expression_is_told_once_it_has_held_half_a_second() -> None:
    ((t_s, name),) = told(watch(lambda _: NEUTRAL, 3.0))
    assert name == "neutral"
    assert t_s == pytest.approx(0.5, abs=0.04)


@pytest.mark.parametrize(("fps", "every"), [(30.0, 3), (30.0, 1), (15.0, 3), (10.0, 3)])
def test_a_change_is_told_at_the_same_time_at_any_frame_rate(fps: float, every: int) -> None:
    changes = told(watch(lambda t_s: NEUTRAL if t_s < 3.0 else HAPPY, 6.0, fps, every))
    assert [name for _, name in changes] == ["neutral", "happiness"]
    assert changes[1][0] == pytest.approx(4.0, abs=0.35)


def test_a_flash_of_another_expression_is_not_told() -> None:
    changes = told(watch(lambda t_s: HAPPY if 2.0 <= t_s < 2.4 else NEUTRAL, 5.0))
    assert [name for _, name in changes] == ["neutral"]


def test_probabilities_are_the_mean_of_the_last_second() -> None:
    steps = watch(lambda t_s: NEUTRAL if t_s < 2.0 else HAPPY, 4.0)
    halfway = next(step for t_s, step in steps if t_s >= 2.45)
    assert halfway.p[1] == pytest.approx(0.475, abs=0.09)
    assert steps[-1][1].p == pytest.approx(HAPPY)
    assert all(sum(step.p) == pytest.approx(1.0) for _, step in steps)


def test_uneven_readings_count_for_the_time_they_speak_for() -> None:
    tracker = ExpressionTracker(CLASSES)
    tracker.step(0, NEUTRAL)
    tracker.step(400_000_000, HAPPY)  # speaks for 0.4 s
    dense = [tracker.step(400_000_000 + i * 10_000_000, NEUTRAL) for i in range(1, 21)]  # 0.2 s in twenty readings
    assert dense[-1].p[1] == pytest.approx((0.5 * 0.05 + 0.4 * 0.9 + 0.2 * 0.05) / 1.1, abs=0.01)


def test_without_a_reading_for_a_second_the_expression_is_unknown() -> None:
    steps = watch(lambda t_s: NEUTRAL if t_s < 2.0 else None, 4.0)
    last_known = max(t_s for t_s, step in steps if step.p)
    assert last_known == pytest.approx(2.9, abs=0.05)
    assert steps[-1][1] == ExpressionStep()


def test_the_same_expression_after_a_gap_is_no_change() -> None:
    changes = told(watch(lambda t_s: None if 2.0 <= t_s < 5.0 else NEUTRAL, 8.0))
    assert [name for _, name in changes] == ["neutral"]


def test_probabilities_of_another_network_are_refused() -> None:
    with pytest.raises(ValueError, match="2 probabilities for 4 expressions"):
        ExpressionTracker(CLASSES).step(0, (0.5, 0.5))


def distress(show: Callable[[float], tuple[float, ...]], duration_s: float) -> list[tuple[float, Distress]]:
    watched = DistressWatch(CLASSES)
    found = ((i / 10.0, watched.step(i * 100_000_000, show(i / 10.0))) for i in range(round(duration_s * 10)))
    return [(t_s, one) for t_s, one in found if one]


def test_ten_seconds_of_anger_are_distress() -> None:
    first_s, first = distress(lambda _: ANGRY, 12.0)[0]
    assert first_s == pytest.approx(10.0, abs=0.15)
    assert (first.expression, first.p, first.start_ns) == ("anger", 0.85, 0)


def test_anger_with_a_calm_moment_between_is_none() -> None:
    assert distress(lambda t_s: NEUTRAL if 6.0 <= t_s < 6.2 else ANGRY, 15.0) == []


def test_happiness_is_never_distress() -> None:
    assert distress(lambda _: HAPPY, 30.0) == []


def test_a_moment_out_of_sight_neither_ends_nor_lengthens_distress() -> None:
    first_s, _ = distress(lambda t_s: () if 5.0 <= t_s < 6.5 else ANGRY, 15.0)[0]
    assert first_s == pytest.approx(11.1, abs=0.15)  # a second and a half unseen, of which 0.5 s are bridged


def test_distress_is_forgotten_after_a_long_time_out_of_sight() -> None:
    assert distress(lambda t_s: () if 8.0 <= t_s < 11.0 else ANGRY, 20.0) == []


def test_of_two_the_stronger_is_told() -> None:
    (_, first), *_ = distress(lambda _: (0.0, 0.0, 0.51, 0.49), 12.0)
    assert first.expression == "anger"
