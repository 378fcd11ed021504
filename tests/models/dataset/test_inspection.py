"""An inspection finds what was put into a data set, and nothing else."""

from __future__ import annotations

import csv
import json
import re
import stat
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.models.dataset.samples import pictures, png, write_csv, write_folder
from wakeful.device.cli import status
from wakeful.models.dataset.cues import area_under_curve, cues
from wakeful.models.dataset.findings import Level, findings, look_at, verdict
from wakeful.models.dataset.inspection import Inspection, inspect
from wakeful.models.dataset.items import Picture
from wakeful.models.dataset.measure import measure
from wakeful.models.dataset.opening import open_set
from wakeful.sensors.driver_face import DriverPose, render
from wakeful.sensors.opencv import cv2

STATES = ("open", "closed")


def files(train: int = 60, test: int = 30) -> dict[str, Picture | bytes]:
    """A set of two classes without a fault."""
    shown = pictures(train + test, seed=2)
    return {
        f"{'train' if i < train else 'test'}/{'open' if i % 2 else 'closed'}/{i:03}.png": one
        for i, one in enumerate(shown)
    }


def seen(root: Path, given: dict[str, Picture | bytes]) -> Inspection:
    return inspect(open_set(write_folder(root, given)))


def codes(found: Inspection) -> dict[str, int]:
    return {one.code: one.count for one in findings(found)}


def test_a_sound_set_has_nothing_against_it(tmp_path: Path) -> None:
    found = seen(tmp_path, files(train=240, test=220))
    # Of 460 soft random pictures one may be of a shape that no other has.
    assert set(codes(found)) <= {"outliers"} and len(look_at(found)) <= 1
    assert verdict([]) == Level.FINE


def test_copies_across_splits_and_contradictions_are_found(tmp_path: Path) -> None:
    given = files()
    train = [name for name in given if name.startswith("train")]
    shown = {name: np.asarray(given[name]) for name in train}
    given["test/open/copy.png"] = shown["train/open/001.png"]
    given["test/open/mirrored.png"] = shown["train/open/003.png"][:, ::-1]
    given["train/closed/contradiction.png"] = shown["train/open/005.png"]
    found = seen(tmp_path, given)
    told = codes(found)
    assert told["copies_across_splits"] == 2 and told["conflicting_labels_exact"] == 1 and told["exact_copies"] == 1
    text = next(one.text for one in findings(found) if one.code == "copies_across_splits")
    assert text.startswith("1 of 32 pictures of test have an exact copy in train, 2 a near or exact one")
    assert verdict(findings(found)) == Level.BAD
    names = {found.pictures.items[one.index].name: one.why for one in look_at(found)}
    assert names["train/open/005.png"] == "copy labelled closed/open (folder)"
    assert names["train/open/003.png"] == "near copy in another split"


def test_pictures_that_are_unlike_the_rest_are_listed_with_what_they_differ_in(tmp_path: Path) -> None:
    given = files(train=200, test=0)
    rng = np.random.default_rng(1)
    given["train/open/noise.png"] = rng.integers(0, 255, (48, 48), dtype=np.uint8)
    given["train/open/black.png"] = np.full((48, 48), 2, np.uint8)
    given["train/open/large.png"] = pictures(1, seed=9, side=480)[0]
    given["train/open/cut.png"] = png(pictures(1, seed=8)[0])[:-30]
    found = seen(tmp_path, given)
    why = {found.pictures.items[one.index].name.rpartition("/")[2]: one.why for one in look_at(found)}
    assert why.keys() >= {"noise.png", "black.png", "large.png", "cut.png"} and len(why) <= 5
    assert (why["large.png"], why["cut.png"]) == ("large", "cannot be decoded")
    assert why["noise.png"] in ("grainy", "of another shape")


def test_what_shows_no_face_in_a_set_of_faces_is_named(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    given: dict[str, Picture | bytes] = {}
    for i in range(16):
        pose = DriverPose(yaw_deg=float(rng.uniform(-20, 20)), mouth=float(rng.uniform(0, 0.5)))
        given[f"faces/{i:02}.png"] = np.asarray(render(pose, seed=i)[100:370, 185:455], np.uint8)
    given |= {f"faces/scene{i}.png": one for i, one in enumerate(pictures(3, side=270))}
    found = seen(tmp_path, given)
    named = {found.pictures.items[i].name for i in found.faceless}
    assert named == {f"faces/scene{i}.png" for i in range(3)} and codes(found)["no_face"] == 3
    assert len(inspect(open_set(write_folder(tmp_path / "other", dict(files(20, 0))))).faceless) == 0


def test_a_class_that_light_alone_tells_is_named(tmp_path: Path) -> None:
    given = files()
    dark = {name: np.asarray(one) // (1 if "open" in name else 2) for name, one in given.items()}
    found = seen(tmp_path, {**dark})
    best = found.cues[0]
    assert best.figure in ("light", "contrast", "dark") and best.auc > 0.95
    assert codes(found)["simple_cue"] == 2
    plain = measure(open_set(write_folder(tmp_path / "plain", given)))
    assert cues(plain, np.array(["open" if "open" in name else "closed" for name in sorted(given)])) == []


def test_classes_of_two_sources_are_told_by_how_their_files_are_named(tmp_path: Path) -> None:
    """As Closed Eyes in the Wild: closed eyes from the web, open ones from Labeled Faces in the Wild."""
    count = 480
    people = [f"{'Al-' if i % 9 == 0 else ''}Aaron_{'B' if i % 5 else 'van_C'}yz_{i // 4:04}" for i in range(count)]
    face = [name if i % 2 else f"closed_eye_{i:04}.jpg_face_{i % 3}" for i, name in enumerate(people)]
    labels = np.arange(count) % 2
    np.savez(tmp_path / "eyes.npz", images=pictures(count, side=24), open=labels, face=np.array(face))
    found = inspect(open_set(tmp_path / "eyes.npz"))
    assert codes(found)["source_cue"] == 2 and "simple_cue" not in codes(found)
    assert found.cues[0].figure == "file names" and found.cues[0].auc > 0.99
    text = next(one.text for one in findings(found) if one.code == "source_cue")
    assert "without any picture" in text and "its file names (AUC 1.00)" in text


def test_folders_of_sources_are_told_and_those_of_classes_splits_and_people_are_not(tmp_path: Path) -> None:
    rows = [["file", "state"]]
    given: dict[str, Picture | bytes] = {}
    for i, one in enumerate(pictures(80)):
        name, state = f"{'web' if i % 2 else 'lfw'}/p{i % 7}/{i:03}.png", "open" if i % 2 else "closed"
        given[name] = one
        rows.append([name, state])
    write_csv(tmp_path / "labels.csv", rows)
    assert codes(seen(tmp_path, given))["source_cue"] == 2
    plain = {
        f"{('train', 'test')[i % 3 == 0]}/p{i % 7}/{('closed', 'open')[i % 2]}/{i}.png": one
        for i, one in enumerate(pictures(80))
    }
    assert "source_cue" not in codes(seen(tmp_path / "plain", dict(plain)))


def test_a_column_of_sources_is_no_label_and_tells_of_one(tmp_path: Path) -> None:
    shown, source = pictures(80), np.arange(80) % 2
    shown[::2] //= 2
    said: dict[str, Any] = {"images": shown, "source": source, "source_names": np.array(["web", "film"])}
    np.savez(tmp_path / "alone.npz", **said)
    assert inspect(open_set(tmp_path / "alone.npz")).cues == ()
    np.savez(tmp_path / "both.npz", state=np.array(STATES)[source], **said)
    found = inspect(open_set(tmp_path / "both.npz"))
    assert {(one.label, one.figure) for one in found.cues if one.of_source} == {
        ("open", "source"),
        ("closed", "source"),
    }
    assert codes(found)["simple_cue"] == codes(found)["source_cue"] == 2


@pytest.mark.parametrize(
    "name",
    [
        "{label}_{i:03}.png",
        "{label}-eye{i}.png",
        "s{person:02}_{label}_{i}.png",
        "img{i}.png",
    ],
)
def test_a_label_in_the_name_is_no_source(tmp_path: Path, name: str) -> None:
    given = {
        name.format(label=("not_drowsy", "drowsy", "Very Drowsy")[i % 3], i=i, person=i // 9): one
        for i, one in enumerate(pictures(90))
    }
    rows = [
        ["file", "state"],
        *([file, ("not drowsy", "drowsy", "very drowsy")[i % 3]] for i, file in enumerate(given)),
    ]
    write_csv(tmp_path / "labels.csv", rows)
    assert seen(tmp_path, dict(given)).cues == ()


def test_figures_of_which_none_tells_a_class_alone_may_do_so_together(tmp_path: Path) -> None:
    rng, given = np.random.default_rng(5), files(train=300, test=0)
    for place, (name, one) in enumerate(given.items()):
        wide, lit, strong = (1 if place % 2 else -1) * 0.55 + rng.normal(0.0, 1.0, 3)
        shaped = cv2.resize(np.asarray(one), (round(60 + 6 * wide), 60)).astype(np.float32)
        levels = 128 + 24 * lit + (shaped - shaped.mean()) / shaped.std() * (26 + 6 * strong)
        given[name] = np.clip(levels, 0, 255).astype(np.uint8)
    found = seen(tmp_path, given)
    assert {one.figure for one in found.cues} == {"figures together"} and codes(found)["simple_cue"] == 2
    assert "by size, light, sharpness and margins together" in next(
        one.text for one in findings(found) if one.code == "simple_cue"
    )


def test_the_area_under_the_curve_counts_pairs() -> None:
    rng = np.random.default_rng(3)
    values, high = rng.integers(0, 6, 40).astype(np.float32), rng.random(40) < 0.4
    pairs = (values[high][:, None] > values[~high]) + 0.5 * (values[high][:, None] == values[~high])
    assert area_under_curve(values, high) == pytest.approx(pairs.mean())


def test_people_balance_and_missing_classes_are_told(tmp_path: Path) -> None:
    count = 150
    np.savez(
        tmp_path / "f.npz",
        images=pictures(count),
        split=np.array(["train"] * 100 + ["test"] * 50),
        person=np.array([f"p{i % 70}" for i in range(count)]),
        state=np.array(["rare" if i < 6 else "open" for i in range(count)]),
    )
    told = codes(inspect(open_set(tmp_path / "f.npz")))
    assert told == {"people_across_splits": 50, "uneven_classes": 6, "few_pictures": 1, "missing_class": 1}


def test_the_command_prints_a_verdict_and_writes_a_page_for_its_owner_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = files()
    given["test/open/copy.png"] = given["train/open/001.png"]
    given["train/open/[red]<b>&.png"] = given["train/closed/000.png"]
    root, out = write_folder(tmp_path / "set", given), tmp_path / "out"
    assert status(["data", "inspect", str(root), "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "verdict: do not train or test on it as it is" in printed
    assert "1 of 31 pictures of test have an exact copy in train" in printed
    assert {stat.S_IMODE(file.stat().st_mode) for file in out.iterdir()} == {0o600}
    page = (out / "index.html").read_text()
    assert "data:image/jpeg;base64," in page and "script" not in page and "<b>&" not in page
    assert "default-src 'none'" in page and set(re.findall(r'(?:src|href)="(.{5})', page)) == {"data:"}
    figures = json.loads((out / "inspect.json").read_text())
    assert figures["copies"]["exact"]["across"]["test in train"] == 1 and figures["verdict"] == "bad"
    rows = list(csv.DictReader((out / "look_at.csv").open()))
    assert rows[0]["why"] == "copy labelled closed/open (folder)"


def test_json_is_all_that_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert status(["data", "inspect", str(write_folder(tmp_path, files())), "--json", "--exact-only"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["pictures"] == 90 and "near" not in figures["copies"]
    assert figures["labels"]["folder"] == {"train": {"closed": 30, "open": 30}, "test": {"closed": 15, "open": 15}}


@pytest.mark.parametrize("name", ["nothing", "empty"])
def test_what_cannot_be_inspected_is_one_line_and_status_3(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    assert status(["data", "inspect", str(tmp_path / name)]) == 3
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and name in told
