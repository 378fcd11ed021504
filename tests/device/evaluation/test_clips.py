"""Clips through the whole monitor: a rendered one whose truth is known, and where it is at hand a real one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import pytest

from wakeful.device.cli import status
from wakeful.device.evaluation.annotations import AnnotationError, ClipMarks, read_annotations
from wakeful.device.evaluation.clips import ClipJob, play
from wakeful.device.evaluation.scores import score_clip
from wakeful.sensors.driver_face import DriverPose, render
from wakeful.sensors.scenario import Scenario

FPS = 15
SHUT_S = (3.0, 4.6)
"""When the eyes of the rendered driver are shut."""
FRAMES = 105
READER = "mesh+iris"

SCRIPT = f"""
duration_s = {FRAMES / FPS}
keyframes = [
    {{ t = {SHUT_S[0] - 0.1}, eyes = 1 }}, {{ t = {SHUT_S[0]}, eyes = 0 }},
    {{ t = {SHUT_S[1]}, eyes = 0 }}, {{ t = {SHUT_S[1] + 0.1}, eyes = 1 }},
]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the clip ``nap.avi`` of 7 s."""
    folder = tmp_path_factory.mktemp("clips")
    (folder / "nap.toml").write_text(SCRIPT)
    script = Scenario.load(str(folder / "nap.toml"))
    writer = cv2.VideoWriter(str(folder / "nap.avi"), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (640, 480))
    for frame in range(FRAMES):
        pose: DriverPose = script.pose_at(frame / FPS)
        writer.write(render(pose, frame))
    writer.release()
    return folder


def annotate(folder: Path, **marks: Any) -> Path:
    clip = {"frames": FRAMES, "fps": FPS, "width": 640, "height": 480} | marks
    (folder / "marks.json").write_text(json.dumps({"clips": {"nap.avi": clip}}))
    return folder / "marks.json"


def evaluate(folder: Path, file: Path, *options: str) -> int:
    arguments = ["--clips", folder, "--annotations", file, "--landmarks", READER, *options]
    return status(["evaluate", "clips", *map(str, arguments)])


def test_a_closure_is_found_its_edges_told_and_its_alert_explained(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = annotate(folder, closed=[[round(SHUT_S[0] * FPS), round(SHUT_S[1] * FPS) - 1]], yawn=[])
    assert evaluate(folder, file, "--json", str(tmp_path / "out.json")) == 0
    table = capsys.readouterr().out
    assert "nap.avi: microsleep (warning) at 4." in table
    assert "false alarms, warnings and above: 0" in table
    figures = json.loads((tmp_path / "out.json").read_text())
    assert figures["landmarks"] == READER
    closure = figures["overall"]["closure"]
    assert (closure["precision"], closure["recall"], closure["f1"]) == (1.0, 1.0, 1.0)
    assert max(map(abs, closure["start_error_s"] + closure["end_error_s"])) < 0.15
    clip = figures["clips"]["nap.avi"]
    assert clip["face_share"] == 1.0
    assert [(alert["code"], alert["explained"]) for alert in clip["alerts"]] == [("microsleep", True)]
    assert figures["false_alarms"]["warning_and_above"]["count"] == 0


def test_the_same_closure_is_a_false_alarm_where_none_is_marked(folder: Path) -> None:
    (marks,) = read_annotations(annotate(folder, closed=[]), folder)
    score = score_clip(marks, play(ClipJob(folder, marks, READER, "vehicle", 60.0)))
    assert score.scores["closure"].false == 1
    assert [(one.alert.code, one.explained) for one in score.alerts] == [("microsleep", False)]


def test_what_lasts_at_the_end_of_a_clip_is_found(folder: Path) -> None:
    """A driver who is still asleep, or still looks away, in the last frame has been found all the same."""
    begin = round(SHUT_S[0] * FPS)
    cut = folder / "cut.avi"
    capture = cv2.VideoCapture(str(folder / "nap.avi"))
    writer = cv2.VideoWriter(str(cut), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (640, 480))
    for _ in range(begin + 15):
        writer.write(capture.read()[1])
    writer.release()
    marks = ClipMarks("cut.avi", begin + 15, FPS, None, {"closed": ((begin, begin + 14),)}, None)
    score = score_clip(marks, play(ClipJob(folder, marks, READER, "vehicle", 60.0)))
    assert (score.scores["closure"].right, score.scores["closure"].false) == (1, 0)


def test_marks_of_a_longer_clip_are_refused_in_one_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate(folder, annotate(folder, frames=FRAMES + 1, closed=[[0, FRAMES]])) == 2
    said = capsys.readouterr().err
    assert said == f"wakeful: nap.avi: frames is {FRAMES + 1}, but the clip has {FRAMES}; annotate it again\n"


def test_broken_marks_are_refused_before_anything_is_played(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate(folder, annotate(folder, closed=[[3, 2]])) == 2
    assert capsys.readouterr().err.startswith("wakeful: nap.avi: closed: [3, 2] does not lie within")


def test_a_clip_that_is_no_video_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.mp4").write_text("no video")
    marks = ClipMarks("x.mp4", 10, None, None, {}, None)
    with pytest.raises(OSError, match="is not a video"):
        play(ClipJob(tmp_path, marks, READER, "vehicle", 60.0))


@pytest.mark.shared
def test_every_marked_closure_of_a_real_clip_is_found(clips: Path) -> None:
    marks = {one.name: one for one in read_annotations(clips / "annotations.json", clips)}
    name = "blinks-glasses-selfie.mp4"
    score = score_clip(marks[name], play(ClipJob(clips, marks[name], READER, "vehicle", 60.0)))
    assert score.scores["closure"].missed == 0
    assert score.alerts == ()
    with pytest.raises(AnnotationError, match=name):
        marks[name].require_fit(1, None, 720, 1280)
