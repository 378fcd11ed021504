"""Real people whose lids cover their eyes: one asleep, one who closes them, and three who only look down."""

from __future__ import annotations

from pathlib import Path

import pytest

import wakeful
from wakeful.device.messages import Phase

WITHIN_S = 0.2


def alerts(clip: Path) -> list[tuple[str, float]]:
    """Code and time of what is raised and escalated."""
    with wakeful.watch(clip, profile="vehicle", landmarks="wakeful") as watching:
        said = [one for moment in watching for one in moment.alerts]
    return [(one.code, one.t_ns / 1e9) for one in said if one.phase in (Phase.RAISED, Phase.ESCALATED)]


@pytest.mark.shared
@pytest.mark.parametrize(
    ("clip", "expected"),
    [
        ("car-asleep-glasses.mp4", [("microsleep", 1.0), ("sleep", 3.0), ("unresponsive", 6.0)]),
        ("long-closure-dim.mp4", [("microsleep", 5.4), ("sleep", 7.4)]),
        ("hardhat-safety-glasses-down.mp4", [("long_distraction", 3.0), ("long_distraction", 9.0)]),
    ],
)
def test_sleep_is_told_from_looks_down(clips: Path, clip: str, expected: list[tuple[str, float]]) -> None:
    told = alerts(clips / clip)
    assert [code for code, _ in told] == [code for code, _ in expected]
    assert [t_s for _, t_s in told] == pytest.approx([t_s for _, t_s in expected], abs=WITHIN_S)


@pytest.mark.shared
@pytest.mark.parametrize("clip", ["glasses-coach-two-people.mp4", "car-eating-bald.mp4"])
def test_looks_down_behind_rims_and_at_food_are_no_sleep(clips: Path, clip: str) -> None:
    assert {code for code, _ in alerts(clips / clip)} <= {"long_distraction"}
