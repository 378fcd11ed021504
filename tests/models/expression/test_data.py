"""Packed faces are checked when they are read, and votes become labels as in the FER+ paper."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.models.expression.samples import made_up, real_faces, together, write
from wakeful.models.expression.data import (
    VOTE_NAMES,
    DataError,
    distributions,
    load,
    load_folder,
    paper_labels,
    plain_labels,
)


def votes(**counts: int) -> np.ndarray:
    return np.array([[counts.get(name, 0) for name in VOTE_NAMES]], np.int16)


def test_a_packed_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    faces = together(made_up(5), made_up(3, "test"))
    read = load(write(faces, tmp_path / "faces.npz"))
    assert np.array_equal(read.images, faces.images)
    assert len(read.of("test")) == 3


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        ({"images": np.zeros((8, 40, 40), np.uint8)}, "images is uint8 [8, 40, 40], not uint8 [8, 48, 48]"),
        ({"images": np.zeros((8, 48, 48), np.float32)}, "images is float32"),
        ({"votes": np.zeros((8, 8), np.int16)}, "votes is int16 [8, 8]"),
        ({"votes": np.zeros((7, 10), np.int16)}, "votes is int16 [7, 10]"),
        ({"fer2013": np.full(8, 7, np.int8)}, "a label is out of range"),
        ({"split": np.full(8, "trian")}, "unknown split 'trian'"),
    ],
)
def test_a_wrongly_made_file_is_told_in_one_line(tmp_path: Path, spoil: dict[str, np.ndarray], told: str) -> None:
    faces = made_up(8)
    fields = {key: getattr(faces, key) for key in ("images", "votes", "fer2013", "split", "name")}
    file = tmp_path / "faces.npz"
    np.savez(file, **(fields | spoil))
    with pytest.raises(DataError) as caught:
        load(file)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_lacks_a_part_names_it(tmp_path: Path) -> None:
    np.savez(tmp_path / "faces.npz", images=made_up(8).images)
    with pytest.raises(DataError, match="has no fer2013, name, split, votes: make it with `wakeful data build"):
        load(tmp_path / "faces.npz")


@pytest.mark.parametrize("content", [b"", b"no archive at all", b"PK\x03\x04 half an archive"])
def test_a_file_that_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "faces.npz"
    file.write_bytes(content)
    with pytest.raises(DataError, match=r"is not a file of packed faces"):
        load(file)


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    file = write(made_up(20), tmp_path / "faces.npz")
    file.write_bytes(file.read_bytes()[:-3000])
    with pytest.raises(DataError):
        load(file)


def test_a_missing_file_is_told() -> None:
    with pytest.raises(DataError, match=r"/no/faces\.npz cannot be read: No such file"):
        load(Path("/no/faces.npz"))


@pytest.mark.parametrize(
    ("counts", "label"),
    [
        ({"happiness": 6, "neutral": 4}, 1),
        ({"happiness": 5, "neutral": 5}, -1),  # half is not more than half
        ({"sadness": 5, "neutral": 4, "fear": 1}, 3),  # the single vote is dropped, and 5 of 9 are more than half
        ({"unknown": 7, "neutral": 3}, -1),
        ({"NF": 10}, -1),
        ({"anger": 1, "fear": 1}, -1),
    ],
)
def test_the_papers_label_is_the_clear_majority_without_single_votes(counts: dict[str, int], label: int) -> None:
    assert paper_labels(votes(**counts)).tolist() == [label]


def test_the_plain_label_is_the_emotion_with_most_votes() -> None:
    assert plain_labels(votes(unknown=6, fear=3, neutral=1)).tolist() == [6]


def test_targets_are_the_votes_for_emotions_weighted_by_their_share() -> None:
    targets, weight = distributions(votes(anger=4, disgust=2, unknown=2, fear=1))
    assert targets[0] == pytest.approx([0, 0, 0, 0, 2 / 3, 1 / 3, 0, 0])
    assert weight.tolist() == [0.75]
    assert distributions(votes(unknown=10))[1].tolist() == [0.0]


def test_the_real_splits_have_the_published_counts() -> None:
    faces = load(real_faces())
    assert [len(faces.of(split)) for split in ("train", "valid", "test")] == [28558, 3579, 3573]
    assert int((paper_labels(faces.of("test").votes) >= 0).sum()) == 3153


def test_a_folder_is_read_by_its_subfolders(tmp_path: Path) -> None:
    for name, level in (("happiness", 10), ("anger", 200)):
        (tmp_path / name).mkdir()
        cv2.imwrite(str(tmp_path / name / "one.png"), np.full((96, 96, 3), level, np.uint8))
    images, labels, classes = load_folder(tmp_path)
    assert classes == ("happiness", "anger")
    assert labels.tolist() == [0, 1]
    assert images[:, 0, 0].tolist() == [10, 200]


def test_a_folder_with_an_unknown_class_is_refused(tmp_path: Path) -> None:
    (tmp_path / "happiness").mkdir()
    (tmp_path / "joy").mkdir()
    with pytest.raises(DataError, match="'joy'"):
        load_folder(tmp_path)


def test_a_folder_without_classes_or_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no subfolders"):
        load_folder(tmp_path)
    (tmp_path / "fear").mkdir()
    with pytest.raises(DataError, match="holds no pictures"):
        load_folder(tmp_path)
    (tmp_path / "fear" / "note.txt").write_text("not a face")
    with pytest.raises(DataError, match=r"note\.txt is not an image"):
        load_folder(tmp_path)
