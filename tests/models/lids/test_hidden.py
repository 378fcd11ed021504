"""Open eyes that are hidden: what lies before the rendered driver's face, and what the monitor makes of it."""

from __future__ import annotations

import itertools
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests.models.training.test_pictures import covers
from wakeful.device.config.layers import load_profile
from wakeful.device.messages import Alert, DriverState, Health, Level, Phase
from wakeful.device.perception.pipeline import Perception
from wakeful.device.state.engine import Engine
from wakeful.device.state.engine_config import EngineConfig
from wakeful.models.face.points import LEFT_EYE, RIGHT_EYE
from wakeful.models.lids import hidden
from wakeful.models.lids.hidden_scenes import FACE_PX, KINDS, SIDE_PX, Hidden, Still, shown
from wakeful.sensors.driver_face import DriverPose, render
from wakeful.sensors.opencv import cv2


@pytest.fixture(scope="module")
def perception() -> Perception:
    return Perception("wakeful")


@pytest.fixture(scope="module")
def still(perception: Perception) -> Still:
    (found,) = hidden.placed(render(DriverPose()), perception)
    return found


def rng() -> np.random.Generator:
    return np.random.default_rng(4)


def drawn(kind: str, still: Still) -> Hidden:
    found = KINDS[kind](rng(), still, covers())
    assert found is not None
    return found


def test_the_face_is_placed_in_the_middle_and_a_picture_without_one_gives_nothing(
    perception: Perception, still: Still
) -> None:
    assert still.picture.shape == (SIDE_PX, SIDE_PX, 3)
    assert float(np.ptp(still.points[:, 0])) == pytest.approx(FACE_PX, abs=0.5)
    assert list(hidden.placed(np.full((240, 320, 3), 90, np.uint8), perception)) == []


@pytest.mark.parametrize(
    ("kind", "fits"),
    [
        ("hand over both eyes", lambda left, right: min(left, right) > 0.85),
        ("hand drawn over both eyes", lambda left, right: min(left, right) > 0.85),
        ("hand over one eye", lambda left, right: min(left, right) < 0.1 and max(left, right) > 0.85),
        ("hand on the brow", lambda left, right: max(left, right) < 0.1),
    ],
)
def test_a_hand_lies_where_its_kind_says(kind: str, fits: object, still: Still) -> None:
    hand = drawn(kind, still).hand
    assert hand is not None and callable(fits)
    left, right = (float(hand[area, 3].mean()) for area in still.areas([RIGHT_EYE, LEFT_EYE]))
    assert fits(left, right), (left, right)


def test_lenses_and_light_change_the_eyes_and_the_sun_washes_them_out(still: Still) -> None:
    eyes = np.logical_or(*still.areas([RIGHT_EYE, LEFT_EYE]))
    plain = float(still.picture[eyes].mean())
    assert float(drawn("lenses 0.95", still).picture[eyes].mean()) < 0.4 * plain
    assert float(drawn("light 0.1", still).picture[eyes].mean()) == pytest.approx(0.1 * plain, abs=1.0)
    assert float(drawn("glare", still).picture[eyes].mean()) > 240.0
    assert np.array_equal(drawn("mask", still).picture[eyes], still.picture[eyes])


def test_frames_are_those_of_a_shaken_camera_and_their_hand_moves_more_when_it_rubs(still: Still) -> None:
    hand = drawn("hand over both eyes", still)
    frames = list(shown(rng(), Hidden(still.picture, noise=0.0), 2.0, 1.0))
    assert [frame.seq for frame in frames] == list(range(20, 30)) and frames[0].t_ns == 2_000_000_000
    for one, other in itertools.pairwise(frames):
        assert 0.2 < np.abs(one.image.astype(int) - other.image).mean() < 12.0

    def travel(*, rub: bool) -> float:
        images = [frame.image.astype(int) for frame in shown(rng(), hand, 0.0, 1.0, rub)]
        return float(np.mean([np.abs(one - other).mean() for one, other in itertools.pairwise(images)]))

    assert travel(rub=True) > 1.2 * travel(rub=False)


def test_a_driver_whose_eyes_are_covered_is_reported_without_an_alert_and_one_with_a_mask_is_watched_on(
    perception: Perception, still: Still
) -> None:
    engine = Engine(EngineConfig(load_profile("vehicle")[0], perception.traits, hidden.SPEED_KMH))
    found = hidden.outcomes(0, still, covers(), perception, engine, ["light 0.05", "mask"])
    dark, mask = found["light 0.05"], found["mask"]
    assert dark is not None and mask is not None
    assert dark.reported in ("dark", "no_face") and dark.closures == () and dark.well_s is not None
    assert (mask.reported, mask.closures) == ("", ()) and mask.both_eyes > 0.9


def test_a_face_whose_eyes_are_not_read_before_they_are_hidden_is_left_out(
    perception: Perception, still: Still
) -> None:
    engine = Engine(EngineConfig(load_profile("vehicle")[0], perception.traits, hidden.SPEED_KMH))
    blank = Still(np.full_like(still.picture, 128), still.points)
    assert hidden.outcomes(0, blank, covers(), perception, engine, ["mask"]) == {}


def state(t_s: float, health: Health, reason: str = "", eyes: int = 2) -> DriverState:
    return DriverState(
        round(t_s * 1e9),
        0,
        health,
        reason,
        face=health is not Health.NO_FACE,
        eye_open_left=1.0 if eyes else None,
        eye_open_right=1.0 if eyes > 1 else None,
    )


def test_an_outcome_says_what_came_first_and_counts_every_alert_of_closed_eyes() -> None:
    sleep = Alert(0, 1, "sleep", Level.URGENT, Phase.RAISED)
    look = Alert(0, 2, "long_distraction", Level.WARNING, Phase.RAISED)
    moments: list[hidden.Moment] = [
        (4.0, state(4.0, Health.OK), ()),
        (5.0, state(5.0, Health.OK, eyes=1), (look,)),
        (6.0, state(6.0, Health.DEGRADED, "occluded", 0), ()),
        (7.0, state(7.0, Health.NO_FACE, eyes=0), ()),
        (8.0, state(8.0, Health.DEGRADED, "occluded"), (sleep,)),
        (9.0, state(9.0, Health.OK, eyes=1), ()),
    ]
    found = hidden.outcome(moments, 8.0)
    assert (found.reported, found.after_s, found.well_s) == ("occluded", 2.0, 1.0)
    assert (found.no_face, found.one_eye, found.both_eyes) == (0.25, 0.25, 0.25)
    assert found.closures == ("sleep",) and found.others == ("long_distraction",)
    figure = hidden.figures([found, found])
    assert figure["faces"] == 2 and figure["reported"] == {"occluded": 2} and figure["closures"] == {"sleep": 2}
    assert len(figure) == len(hidden.FIGURES)
    slow = hidden.outcome([(0.0, state(0.0, Health.DEGRADED, "slow"), ()), (1.0, state(1.0, Health.OK), ())], 1.0)
    assert slow.reported == "" and hidden.figures([slow])["after_s"] == []


def coded(kind: str, picture: np.ndarray) -> bytes:
    return cv2.imencode(kind, picture)[1].tobytes()


def test_the_command_reads_faces_with_open_eyes_and_prints_a_table(
    still: Still, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    points = np.zeros((2, 68, 2), np.float32)
    points[:, 36:48] = still.points[[*RIGHT_EYE[[0, 11, 13, 8, 5, 3]], *LEFT_EYE[[8, 13, 11, 0, 3, 5]]]]
    points[1, 37:42, 1] = points[1, 36, 1]  # this one's right eye is shut
    names, sets, subjects = np.array(["open", "shut"]), np.array(["helen-test"] * 2), np.array(["a", "b"])
    np.savez(tmp_path / "keypoints68.npz", points=points, name=names, set=sets, subject=subjects)
    with zipfile.ZipFile(tmp_path / "keypoints68.zip", "w") as images:
        for name in names:
            images.writestr(f"images/{name}.jpg", coded(".jpg", still.picture))
    hand, scene = coded(".png", np.full((40, 30, 4), 255, np.uint8)), coded(".png", np.full((20, 20), 90, np.uint8))
    np.savez(
        tmp_path / "covers.npz",
        bytes=np.frombuffer(hand + scene, np.uint8),
        offset=np.array([0, len(hand), len(hand) + len(scene)]),
        kind=np.array([0, 1]),
        kind_names=np.array(["hand", "negative"]),
    )
    monkeypatch.setattr(sys, "argv", ["hidden", "--data", str(tmp_path), "--only", "mask"])
    hidden.main()
    head, _, row = capsys.readouterr().out.splitlines()
    assert head.startswith("| cover | faces | reported |") and row.startswith("| mask | 1 | - | - | - |")
