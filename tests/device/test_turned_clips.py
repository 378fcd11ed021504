"""Real people filmed by cameras that lie on their side, hang upside down or look into a mirror."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import wakeful
from wakeful.device.messages import Health, Phase
from wakeful.sensors.mounted import corrected
from wakeful.sensors.mounting import Mounting
from wakeful.sensors.opencv import cv2

SECONDS = 9.0
WITHIN_S = 0.2
FOUND_S, REPORTED_S = 1.0, 5.0
TURNS = {"90": Mounting(90), "180": Mounting(180), "270": Mounting(270), "90 mirrored": Mounting(90, True)}


@dataclass
class Watched:
    """What was reported: alerts with their times, when the health was degraded by a turn, and when a face was found."""

    alerts: list[tuple[str, float]]
    rotated_s: float | None
    face_s: float | None
    health: set[str]


def filmed(clip: Path, folder: Path, mounting: Mounting) -> Path:
    """The first ``SECONDS`` of the clip, turned and mirrored."""
    capture = cv2.VideoCapture(str(clip))
    fps = capture.get(cv2.CAP_PROP_FPS)
    target = folder / "turned.avi"
    writer = None
    for image in _images(capture, round(SECONDS * fps)):
        turned = corrected(image, mounting)
        size = (turned.shape[1], turned.shape[0])
        writer = writer or cv2.VideoWriter(str(target), cv2.VideoWriter.fourcc(*"MJPG"), fps, size)
        writer.write(turned)
    capture.release()
    assert writer is not None
    writer.release()
    return target


def _images(capture: cv2.VideoCapture, count: int) -> Iterator[np.ndarray]:
    for _ in range(count):
        decoded, image = capture.read()
        if not decoded:
            return
        yield np.asarray(image, np.uint8)


def watched(clip: Path, **settings: object) -> Watched:
    """What is reported of a clip; ``settings`` are those of ``[source]``."""
    given = {f"source.{key}": value for key, value in settings.items()}
    found = Watched([], None, None, set())
    with wakeful.watch(clip, landmarks="wakeful", duration_s=SECONDS, settings=given) as watching:
        for moment in watching:
            t_s, state = moment.t_s, moment.state
            found.alerts += [(one.code, t_s) for one in moment.alerts if one.phase is Phase.RAISED]
            found.health.add(f"{state.health} {state.reason}".strip())
            if state.health is Health.DEGRADED and state.reason == "rotated" and found.rotated_s is None:
                found.rotated_s = t_s
            if state.face and found.face_s is None:
                found.face_s = t_s
    return found


@pytest.mark.shared
@pytest.mark.parametrize(
    ("clip", "turn", "expected"),
    [
        *(
            ("car-asleep-glasses.mp4", turn, [("microsleep", 1.0), ("sleep", 3.0), ("unresponsive", 6.0)])
            for turn in TURNS
        ),
        ("hardhat-safety-glasses-down.mp4", "180", [("long_distraction", 3.0)]),
        ("long-closure-dim.mp4", "270", [("microsleep", 5.4), ("sleep", 7.4)]),
    ],
)
def test_a_turned_camera_is_reported_and_alerts_are_as_if_it_was_upright(
    clips: Path, clip: str, turn: str, expected: list[tuple[str, float]], tmp_path: Path
) -> None:
    found = watched(filmed(clips / clip, tmp_path, TURNS[turn]))
    assert found.face_s is not None and found.face_s < FOUND_S
    assert found.rotated_s is not None and found.rotated_s < REPORTED_S
    assert [code for code, _ in found.alerts] == [code for code, _ in expected]
    assert [t_s for _, t_s in found.alerts] == pytest.approx([t_s for _, t_s in expected], abs=WITHIN_S)


@pytest.mark.shared
def test_with_the_setting_nothing_is_turned_any_more(clips: Path, tmp_path: Path) -> None:
    found = watched(filmed(clips / "car-asleep-glasses.mp4", tmp_path, Mounting(rotate=270)), rotate=90)
    assert found.rotated_s is None
    assert [code for code, _ in found.alerts] == ["microsleep", "sleep", "unresponsive"]


@pytest.mark.shared
@pytest.mark.parametrize("clip", ["head-roll-male.gif", "head-turns-lean.mp4"])
def test_heads_that_roll_lean_and_nod_are_not_turned_cameras(clips: Path, clip: str) -> None:
    assert watched(clips / clip).rotated_s is None
