"""The packed file is made from the official sources, whole or not at all."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest

from wakeful.device.cli import status
from wakeful.models.expression.build import VOTE_COLUMNS, build
from wakeful.models.expression.data import DataError, load
from wakeful.models.expression.face import FER2013_CLASSES

PICTURES = np.random.default_rng(5).integers(0, 256, (4, 48, 48), dtype=np.uint8)
USAGES = ("Training", "Training", "PublicTest", "PrivateTest")
LABELS = (3, 0, 6, 4)
NAMES = ("fer0000000.png", "", "fer0000002.png", "fer0000003.png")


@pytest.fixture
def sources(tmp_path: Path) -> tuple[Path, Path]:
    """A made-up fer2013.csv and fer2013new.csv of four faces; FER+ leaves the second out."""
    faces, votes = tmp_path / "fer2013.csv", tmp_path / "fer2013new.csv"
    with faces.open("w", newline="") as text:
        rows = csv.writer(text)
        rows.writerow(["emotion", "pixels", "Usage"])
        for label, picture, usage in zip(LABELS, PICTURES, USAGES, strict=True):
            rows.writerow([label, " ".join(map(str, picture.ravel())), usage])
    with votes.open("w", newline="") as text:
        rows = csv.writer(text)
        rows.writerow(VOTE_COLUMNS)
        for number, (usage, name) in enumerate(zip(USAGES, NAMES, strict=True)):
            rows.writerow([usage, name, *(10 if i == number else 0 for i in range(10))])
    return faces, votes


def test_faces_and_votes_are_joined_row_by_row(sources: tuple[Path, Path], tmp_path: Path) -> None:
    build(*sources, tmp_path / "out.npz")
    packed = load(tmp_path / "out.npz")
    assert np.array_equal(packed.images, PICTURES[[0, 2, 3]])
    assert packed.fer2013.tolist() == [3, 6, 4]
    assert packed.split.tolist() == ["train", "valid", "test"]
    assert packed.name.tolist() == [NAMES[0], *NAMES[2:]]
    assert packed.votes.argmax(axis=1).tolist() == [0, 2, 3]


def test_pictures_in_class_folders_give_the_same_file(sources: tuple[Path, Path], tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    for picture, label, name in zip(PICTURES, LABELS, NAMES, strict=True):
        if name:
            (folder / FER2013_CLASSES[label]).mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(folder / FER2013_CLASSES[label] / name), picture)
    from_csv = build(*sources, tmp_path / "a.npz")
    from_folder = build(folder, sources[1], tmp_path / "b.npz")
    for key in ("images", "votes", "fer2013", "split", "name"):
        assert np.array_equal(getattr(from_csv, key), getattr(from_folder, key))


def test_the_command_says_what_it_packed(
    sources: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    faces, votes = map(str, sources)
    out = tmp_path / "out.npz"
    assert status(["data", "build", "ferplus", "--faces", faces, "--votes", votes, "--out", str(out)]) == 0
    assert "3 faces (train 1, valid 1, test 1)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("source", "old", "new", "told"),
    [
        ("fer2013.csv", "emotion,", "mood,", "has no column 'emotion'"),
        ("fer2013.csv", "3,", "9,", "line 2: emotion '9' is not 0 to 6"),
        ("fer2013.csv", ",PublicTest", " 7,PublicTest", "line 4: pixels are not 2304 grey levels"),
        ("fer2013new.csv", "PrivateTest", "PublicTest", "line 5: "),
        ("fer2013new.csv", ",10,", ",ten,", "a vote is not a whole number"),
        ("fer2013new.csv", "Training", "Trainig", "unknown Usage 'Trainig'"),
    ],
)
def test_a_broken_source_is_told_and_nothing_is_written(
    sources: tuple[Path, Path], tmp_path: Path, source: str, old: str, new: str, told: str
) -> None:
    file = tmp_path / source
    file.write_text(file.read_text().replace(old, new, 1))
    with pytest.raises(DataError) as caught:
        build(*sources, tmp_path / "out.npz")
    assert told in str(caught.value)
    assert {one.name for one in tmp_path.iterdir()} == {"fer2013.csv", "fer2013new.csv"}


def test_sources_of_different_length_do_not_belong_together(sources: tuple[Path, Path], tmp_path: Path) -> None:
    lines = sources[1].read_text().splitlines()
    sources[1].write_text("\n".join(lines[:-1]) + "\n")
    with pytest.raises(DataError, match=r"4 rows and .* has 3: they do not belong together"):
        build(*sources, tmp_path / "out.npz")


def test_a_missing_picture_is_named(sources: tuple[Path, Path], tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    with pytest.raises(DataError, match=r"has no fer0000000\.png, which line 2"):
        build(folder, sources[1], tmp_path / "out.npz")
