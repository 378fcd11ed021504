"""Marks are read as they are meant, and refused in one line that names clip and key where they make no sense."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from wakeful.device.evaluation.annotations import AnnotationError, read_annotations


def read(folder: Path, marks: Any, name: str = "drive.mp4") -> Any:
    (folder / "drive.mp4").touch()
    (folder / "marks.json").write_text(json.dumps({"clips": {name: marks}}))
    (clip,) = read_annotations(folder / "marks.json", folder)
    return clip


def test_marks_are_read_and_what_was_not_looked_for_stays_absent(tmp_path: Path) -> None:
    marks = {"frames": 100, "fps": 30, "width": 64, "height": 48, "closed": [[0, 3], [90, 99]], "yawn": [], "note": "x"}
    clip = read(tmp_path, marks)
    assert (clip.name, clip.frames, clip.fps, clip.size) == ("drive.mp4", 100, 30, (64, 48))
    assert clip.intervals == {"closed": ((0, 3), (90, 99)), "yawn": ()}
    assert clip.blink_centers is None


@pytest.mark.parametrize(
    ("marks", "told"),
    [
        ({"frames": 100, "closed": [[90, 100]]}, "closed: [90, 100] does not lie within the frames 0 to 99"),
        ({"frames": 100, "closed": [[-1, 3]]}, "closed: [-1, 3] does not lie within"),
        ({"frames": 100, "yawn": [[9, 3]]}, "yawn: [9, 3] does not lie within"),
        ({"frames": 100, "closed": [[1, 5], [5, 8]]}, "closed: [5, 8] begins before the interval ahead of it ends"),
        ({"frames": 100, "closed": [[1, 2, 3]]}, "closed: [1, 2, 3] is no interval"),
        ({"frames": 100, "closed": [[1.5, 2]]}, "closed: [1.5, 2] is no interval"),
        ({"frames": 100, "closed": [[True, 2]]}, "closed: [true, 2] is no interval"),
        ({"frames": 100, "closed": 7}, "closed should be a list of [first, last], not 7"),
        ({"frames": 100, "closd": [[1, 2]]}, "unknown key closd: did you mean closed?"),
        ({"frames": 100, "blink_centers": [5, 100]}, "blink_centers: 100 does not lie within the frames 0 to 99"),
        ({"frames": 100, "blink_centers": [5, 4]}, "blink_centers should rise"),
        ({"frames": 100, "blink_centers": ["5"]}, "blink_centers should be a list of frame numbers"),
        ({"frames": 100, "fps": "30"}, 'fps should be a number above 0, not "30"'),
        ({"frames": 0}, "frames should be a number above 0, not 0"),
        ({"closed": []}, "frames is missing"),
        ([], "its marks should be a table, not []"),
    ],
)
def test_marks_that_make_no_sense_are_refused_with_clip_and_key(tmp_path: Path, marks: Any, told: str) -> None:
    with pytest.raises(AnnotationError) as refused:
        read(tmp_path, marks)
    assert str(refused.value).startswith(f"drive.mp4: {told}")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["driev.mp4", "../drive.mp4", ""])
def test_a_clip_that_is_not_in_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(AnnotationError, match="no such clip in"):
        read(tmp_path, {"frames": 1}, name)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "are not JSON"),
        ("[]", "annotations are"),
        ('{"clips": {}}', "at least one clip"),
        (None, "cannot be read"),
    ],
)
def test_a_file_that_holds_no_marks_is_refused(tmp_path: Path, content: str | None, told: str) -> None:
    file = tmp_path / "marks.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(AnnotationError, match=told):
        read_annotations(file, tmp_path)


@pytest.mark.parametrize(
    ("frames", "fps", "width", "height", "told"),
    [
        (99, 30.0, 64, 48, "frames is 100, but the clip has 99"),
        (100, 25.0, 64, 48, "fps is 30, but the clip has 25"),
        (100, 30.0, 48, 64, "width and height are 64x48, but the clip has 48x64"),
    ],
)
def test_marks_of_another_clip_are_refused(
    tmp_path: Path, frames: int, fps: float, width: int, height: int, told: str
) -> None:
    clip = read(tmp_path, {"frames": 100, "fps": 30, "width": 64, "height": 48})
    clip.require_fit(100, 29.97, 64, 48)
    clip.require_fit(100, None, 64, 48)
    with pytest.raises(AnnotationError, match=f"drive.mp4: {told}"):
        clip.require_fit(frames, fps, width, height)
