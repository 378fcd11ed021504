"""Data sets as the world delivers them are opened, and what could not be used is named."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tests.models.dataset.samples import as_text, pictures, png, write_csv, write_folder, write_zip
from wakeful.models.dataset.items import DataSetError, PictureSet, Wish
from wakeful.models.dataset.opening import open_set


def labels(opened: PictureSet) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(item.name, item.split, item.labels) for item in opened.items]


def test_folders_say_split_and_class(tmp_path: Path) -> None:
    a, b, c = pictures(3)
    files = {"set/Train/images/happy/1.png": a, "set/train/images/sad/2.jpg": b, "set/val/images/happy/3.png": c}
    opened = open_set(write_folder(tmp_path, {**files, "set/readme.md": b"x", "set/.hidden.png": b"x"}))
    assert opened.columns == ("folder",)
    assert labels(opened) == [
        ("set/Train/images/happy/1.png", "train", ("happy",)),
        ("set/train/images/sad/2.jpg", "train", ("sad",)),
        ("set/val/images/happy/3.png", "valid", ("happy",)),
    ]
    assert [(one.name, one.why) for one in opened.unused] == [("set/readme.md", "neither a picture nor a table (.md)")]
    shown = opened.picture(0)
    assert shown is not None and shown.shape[:2] == (48, 48)


def test_a_zip_is_read_where_it_lies_and_its_table_joins_by_name(tmp_path: Path) -> None:
    a, b, c = pictures(3)
    table = "file_name;class;Split\nC:\\faces\\1.png;open;Training\n2;closed;PrivateTest\n9.png;open;Training\n"
    file = write_zip(
        tmp_path / "set.zip",
        {"x/1.png": a, "x/2.png": b, "x/3.png": c, "__MACOSX/x/._1.png": b"x", "x/labels.csv": table.encode()},
    )
    opened = open_set(file)
    assert labels(opened) == [
        ("x/1.png", "train", ("open",)),
        ("x/2.png", "test", ("closed",)),
        ("x/3.png", "", ("",)),
    ]
    assert [(one.name, one.why) for one in opened.unused] == [("x/labels.csv:3", "a row whose picture is not there")]
    assert sorted(file.parent.iterdir()) == [file]


def test_a_table_of_pixels_is_a_set_of_its_own(tmp_path: Path) -> None:
    a, b = pictures(2)
    rows = [
        ("emotion", " pixels", " Usage"),
        (3, as_text(a), "Training"),
        (4, as_text(b), "PublicTest"),
        (5, "1 2", "x"),
    ]
    opened = open_set(write_csv(tmp_path / "icml_face_data.csv", rows))
    assert labels(opened) == [
        ("icml_face_data.csv:1", "train", ("3",)),
        ("icml_face_data.csv:2", "valid", ("4",)),
    ]
    assert np.array_equal(opened.picture(1), b)  # type: ignore[arg-type]
    assert "no square picture" in opened.unused[0].why


def test_a_table_without_a_head_in_another_code_is_understood(tmp_path: Path) -> None:
    write_folder(tmp_path, {"müde.png": pictures(1)[0], "other.png": pictures(1)[0]})
    opened = open_set(write_csv(tmp_path / "l.tsv", [("müde.png", "schläfrig")], "cp1252", "\t"))
    assert labels(opened) == [("müde.png", "", ("schläfrig",))]


def test_packed_arrays_name_their_numbers_and_votes_become_labels(tmp_path: Path) -> None:
    shown = pictures(4)
    np.savez(
        tmp_path / "f.npz",
        images=shown,
        split=np.array(["train", "train", "test", "test"]),
        fer=np.array([1, 0, 1, -1], np.int8),
        fer_names=np.array(["sad", "happy"]),
        votes=np.array([[3, 7], [9, 1], [2, 8], [5, 5]]),
        vote_names=np.array(["low", "high"]),
        person=np.array(["p", "q", "p", ""]),
        objects=np.array([{}], object),
    )
    opened = open_set(tmp_path / "f.npz")
    assert opened.columns == ("fer", "votes")
    assert [(item.split, item.person, item.labels) for item in opened.items] == [
        ("train", "p", ("happy", "high")),
        ("train", "q", ("sad", "low")),
        ("test", "p", ("happy", "high")),
        ("test", "", ("", "low")),
    ]
    assert [(one.name, one.why) for one in opened.unused] == [("objects", "an array of objects, or a damaged one")]


@pytest.mark.parametrize("beside", ["inside", "bin", "zip"])
def test_encoded_pictures_are_found_in_the_file_or_beside_it(beside: str, tmp_path: Path) -> None:
    parts = [png(one) for one in pictures(3)]
    offset = np.cumsum([0, *map(len, parts)])
    joined = np.frombuffer(b"".join(parts), np.uint8)
    if beside == "inside":
        np.savez(tmp_path / "f_labels.npz", bytes=joined, offset=offset, state=np.array(["a", "b", "a"]))
    elif beside == "bin":
        (tmp_path / "f.bin").write_bytes(joined.tobytes())
        np.savez(tmp_path / "f_labels.npz", offset=offset, state=np.array(["a", "b", "a"]))
    else:
        write_zip(tmp_path / "f_labels.zip", {f"images/{i}.png": part for i, part in enumerate(parts)})
        np.savez(tmp_path / "f_labels.npz", name=np.array(["0", "1", "2"]), state=np.array(["a", "b", "a"]))
    opened = open_set(tmp_path / "f_labels.npz")
    assert Counter(item.labels for item in opened.items) == {("a",): 2, ("b",): 1}
    assert all(opened.picture(i) is not None for i in range(3))


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("none", None, "no such file or folder"),
        ("a.txt", b"hello", "none of a folder, a .zip, a table"),
        ("a.npz", b"PK\x03\x04", "cannot be read as packed arrays"),
        ("a.zip", b"PK\x05\x06" + b"\0" * 18, "holds no pictures"),
        ("a.csv", b"", "holds no pictures; 1 files or rows are none: empty table"),
        ("a.csv", b"a,b\n1,2\n", "no column of files or pixels: a, b"),
        ("a.csv", b"\x00\x01\xff,\n", "holds no pictures"),
    ],
)
def test_what_is_no_data_set_is_named_in_one_line(name: str, content: bytes | None, says: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DataSetError, match=says) as told:
        open_set(tmp_path / name)
    assert "\n" not in str(told.value)


def test_an_unknown_column_is_named_beside_those_that_there_are(tmp_path: Path) -> None:
    a, b = pictures(2)
    with pytest.raises(DataSetError, match="has no labels 'mood'; without --label it has folder"):
        open_set(write_folder(tmp_path, {"x/1.png": a, "y/2.png": b}), Wish(label="mood"))
    with pytest.raises(DataSetError, match="has no column 'part'"):
        open_set(tmp_path, Wish(split="part"))


def test_cut_off_and_false_pictures_are_none(tmp_path: Path) -> None:
    whole = png(pictures(1)[0])
    opened = open_set(
        write_folder(tmp_path, {"1.png": whole[:-40], "2.jpg": b"no picture", "3.png": whole, "4.png": b""})
    )
    assert [opened.picture(i) is not None for i in range(3)] == [False, False, True]
    assert [one.why for one in opened.unused] == ["empty file"]
