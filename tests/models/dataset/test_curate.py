"""A curated set has no copies across splits and no contradictions, and every decision is on record."""

from __future__ import annotations

import csv
import json
import stat
from pathlib import Path

import numpy as np
import pytest

from tests.models.dataset.samples import as_text, pictures, png, write_csv, write_folder, write_zip
from tests.models.dataset.test_inspection import codes, files
from wakeful.device.cli import status
from wakeful.models.dataset.inspection import inspect
from wakeful.models.dataset.items import Picture
from wakeful.models.dataset.opening import open_set

COPIES = {"copies_across_splits", "exact_copies", "near_copies", "conflicting_labels_exact"}


def faulty() -> dict[str, Picture | bytes]:
    given = files()
    first, second, third = (np.asarray(given[f"train/open/00{i}.png"]) for i in (1, 3, 5))
    given["test/open/copy.png"] = first
    given["test/open/near.png"] = np.clip(second * 0.8 + 10, 0, 255).astype(np.uint8)
    given["train/closed/contradiction.png"] = third
    given["train/open/again.png"] = given["train/open/007.png"]
    given["train/open/cut.png"] = png(pictures(1, seed=8)[0])[:-30]
    return given


def decisions(out: Path) -> dict[str, str]:
    rows = list(csv.DictReader((out / "decisions.csv").open()))
    return {row["name"]: row["why"] for row in rows if row["decision"] == "drop"}


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_copies_go_from_train_and_what_is_left_is_sound(kind: str, tmp_path: Path) -> None:
    source = write_folder(tmp_path / "set", faulty()) if kind == "folder" else write_zip(tmp_path / "set.zip", faulty())
    out = tmp_path / "out"
    assert status(["data", "curate", str(source), "--out", str(out)]) == 0
    assert decisions(out) == {
        "train/open/001.png": "exact copy of one in test",
        "train/open/003.png": "near copy of one in test",
        "train/open/005.png": "conflicting labels, undecided",
        "train/closed/contradiction.png": "conflicting labels, undecided",
        "train/open/again.png": "exact copy in the same split",
        "train/open/cut.png": "cannot be decoded",
    }
    record = json.loads((out / "curate.json").read_text())
    assert (record["pictures"], record["kept"]) == (95, 89)
    assert record["splits"]["test"] == {"was": 32, "is": 32}
    again = inspect(open_set(out))
    assert len(again.measured) == 89 and not COPIES & codes(again).keys()
    assert again.pictures.columns == ("folder",)
    modes = {stat.S_IMODE(file.stat().st_mode) for file in out.rglob("*") if file.is_file()}
    assert modes == {0o600}


def test_packed_arrays_and_tables_keep_their_form(tmp_path: Path) -> None:
    shown = pictures(30)
    shown[20] = shown[3]
    split = np.array(["train"] * 20 + ["test"] * 10)
    state = np.array(["a", "b"] * 15)
    np.savez(tmp_path / "f.npz", images=shown, split=split, state=state, state_names=np.array(["x", "y"]))
    assert status(["data", "curate", str(tmp_path / "f.npz"), "--out", str(tmp_path / "packed")]) == 0
    with np.load(tmp_path / "packed" / "f.npz") as packed:
        assert np.array_equal(packed["images"], np.delete(shown, 3, axis=0))
        assert packed["state"].tolist() == np.delete(state, 3).tolist() and packed["state_names"].tolist() == ["x", "y"]
    rows = [("emotion", "pixels", "Usage")]
    rows += [(label, as_text(one), part) for label, one, part in zip(state, shown, split, strict=True)]
    table = write_csv(tmp_path / "fer.csv", rows)
    assert status(["data", "curate", str(table), "--out", str(tmp_path / "table")]) == 0
    again = open_set(tmp_path / "table")
    assert len(again.items) == 29 and {item.split for item in again.items} == {"train", "test"}
    assert sum(item.labels[again.columns.index("emotion")] == "a" for item in again.items) == 15


def test_a_majority_keeps_its_label_and_a_person_may_drop_more(tmp_path: Path) -> None:
    given = files()
    for i in range(2):
        given[f"train/open/same{i}.png"] = given["train/closed/000.png"]
    source = write_folder(tmp_path / "set", given)
    chosen = write_csv(tmp_path / "look_at.csv", [("row", "name", "why"), (5, "test/closed/070.png", "no face")])
    options = ["--drop", str(chosen), "--out", str(tmp_path / "out")]
    assert status(["data", "curate", str(source), *options]) == 0
    assert decisions(tmp_path / "out") == {
        "test/closed/070.png": "by hand: no face",
        "train/closed/000.png": "conflicting labels, outvoted",
        "train/open/same1.png": "exact copy in the same split",
    }


def test_an_archive_cannot_write_outside_of_the_new_folder(tmp_path: Path) -> None:
    a, b = pictures(2)
    source = write_zip(tmp_path / "set.zip", {"../../x/1.png": a, "/y/2.png": b})
    assert status(["data", "curate", str(source), "--out", str(tmp_path / "in" / "out")]) == 0
    written = {file.relative_to(tmp_path).as_posix() for file in tmp_path.rglob("*.png")}
    assert written == {"in/out/x/1.png", "in/out/y/2.png"}


def test_what_cannot_be_curated_leaves_nothing_behind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write_folder(tmp_path / "set", files())
    assert status(["data", "curate", str(source), "--out", str(source)]) == 2
    assert "is there already: name a new folder" in capsys.readouterr().err
    foreign = write_csv(tmp_path / "l.csv", [("row", "name"), (0, "other.png")])
    assert status(["data", "curate", str(source), "--out", str(tmp_path / "out"), "--drop", str(foreign)]) == 2
    assert "belongs to another one" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
