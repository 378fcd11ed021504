"""``wakeful identity`` on rendered pictures: enrolled, listed, carried to another machine, recognized, forgotten."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.device.identity.people import template
from wakeful.device.cli import status
from wakeful.device.identity.network import network_version
from wakeful.device.identity.store import Store
from wakeful.device.identity.template_file import encoded
from wakeful.sensors.driver_face import DriverPose, render
from wakeful.sensors.opencv import cv2


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A user's folders without anybody."""
    monkeypatch.setenv("WAKEFUL_IDENTITIES", str(tmp_path / "identities"))
    monkeypatch.setenv("WAKEFUL_DRIVERS", str(tmp_path / "drivers"))
    return Store(tmp_path / "identities")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rendered driver from several sides, and what no one should be enrolled from."""
    folder = tmp_path_factory.mktemp("pictures")
    for name, image in {
        "1": render(DriverPose(), 1),
        "2": render(DriverPose(yaw_deg=12.0), 2),
        "3": render(DriverPose(pitch_deg=8.0), 3),
        "4-empty": render(DriverPose(present=False), 4),
        "5-dark": render(DriverPose(brightness=0.04, noise=4.0), 5),
        "6-covered": render(DriverPose(hand=1.0), 6),
        "7-sunglasses": render(DriverPose(eyewear="sunglasses"), 7),
        "8-turned": render(DriverPose(yaw_deg=55.0), 8),
        "9-far": render(DriverPose(distance=3.0), 9),
        "10-blurred": cv2.GaussianBlur(render(DriverPose(), 10), (0, 0), 8.0),
        "11-two": np.hstack([render(DriverPose(), 11), render(DriverPose(), 12)]),
    }.items():
        cv2.imwrite(str(folder / f"{name}.png"), np.asarray(image))
    (folder / "12-broken.png").write_bytes(b"\x89PNG\r\n\x1a\nno more")
    return folder


def said(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    capsys.readouterr()
    ended = status(["identity", *map(str, arguments)])
    out, err = capsys.readouterr()
    return ended, out, err


def test_good_pictures_are_taken_and_bad_ones_refused_with_the_reason(
    store: Store, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ended, out, _ = said(capsys, "enroll", "anna", "--images", pictures)
    assert ended == 0
    lines = {line.split(".")[0]: line for line in out.splitlines()}
    for taken in ("1", "2", "3"):
        assert lines[taken].endswith(": taken")
    for refused, reason in {
        "4-empty": "no face",
        "5-dark": "too dark",
        "6-covered": "covered",
        "7-sunglasses": "covered",
        "8-turned": "turned too far",
        "9-far": "too small",
        "10-blurred": "blurred",
        "11-two": "several faces",
        "12-broken": "cannot be decoded",
    }.items():
        assert "refused" in lines[refused] and reason in lines[refused], lines[refused]
    assert len(store.load("anna").looks) == 3


def test_one_picture_is_enough_and_the_driver_is_recognized(
    store: Store, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(capsys, "enrol", "anna", "--images", pictures / "1.png")[0] == 0
    ended, out, _ = said(capsys, "test", "--source", "synthetic:attentive", "--seconds", "3")
    assert ended == 0
    assert "sure: anna" in out
    listed = json.loads(said(capsys, "list", "--json")[1])
    assert [(row["name"], row["looks"], row["network"]) for row in listed] == [("anna", 1, network_version())]


def test_the_camera_is_watched_until_there_is_enough(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    ended, out, _ = said(capsys, "enroll", "anna", "--source", "synthetic:attentive")
    assert ended == 0
    assert "look straight ahead" in out or "looks taken" in out
    assert len(store.load("anna").looks) >= 3


def test_a_template_moves_to_another_machine(
    store: Store, pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said(capsys, "enroll", "anna", "--images", pictures / "1.png")
    file = tmp_path / "anna.wakeful"
    assert said(capsys, "export", "anna", file)[0] == 0
    assert file.stat().st_mode & 0o777 == 0o600
    assert said(capsys, "import", file)[0::2] == (
        2,
        "wakeful: anna is enrolled: forget anna first, or give another --name\n",
    )
    monkeypatch.setenv("WAKEFUL_IDENTITIES", str(tmp_path / "another"))
    assert said(capsys, "import", file, "--name", "ann")[0] == 0
    assert Store(tmp_path / "another").names() == ["ann"]


def test_who_is_forgotten_is_gone(store: Store, pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "enroll", "anna", "--images", pictures / "1.png")
    ended, out, _ = said(capsys, "forget", "anna")
    assert ended == 0
    assert f"removed {store.file('anna')}" in out
    assert said(capsys, "list")[1] == f"nobody is enrolled in {store.folder}\n"
    ended, _, err = said(capsys, "test", "--source", "synthetic:attentive", "--seconds", "1")
    assert (ended, "nobody is enrolled" in err) == (2, True)


def test_the_same_name_twice_and_the_same_face_by_two_names_change_nothing(
    store: Store, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = pictures / "1.png"
    said(capsys, "enroll", "anna", "--images", one)
    before = store.file("anna").read_bytes()
    assert said(capsys, "enroll", "anna", "--images", one)[2].startswith("wakeful: anna is enrolled: --add adds looks")
    ended, out, err = said(capsys, "enroll", "bert", "--images", one)
    assert ended == 2
    assert "this face is enrolled as anna" in out
    assert "nothing was changed" in err
    assert store.file("anna").read_bytes() == before
    assert store.names() == ["anna"]
    assert said(capsys, "enroll", "anna", "--add", "--images", pictures / "2.png")[0] == 0
    assert len(store.load("anna").looks) == 2
    assert said(capsys, "enroll", "anna", "--again", "--images", pictures / "3.png")[0] == 0
    assert len(store.load("anna").looks) == 1


@pytest.mark.parametrize("name", ["auto", "unknown", "../x", ""])
def test_reserved_and_impossible_names_are_refused(
    store: Store, pictures: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    ended, _, err = said(capsys, "enroll", name, "--images", pictures)
    assert (ended, "is not a driver name" in err) == (2, True)
    assert store.names() == []


def test_foreign_damaged_and_old_files_are_refused_in_one_line(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for content, reason in {
        b"\x89PNG": "damaged or another program's",
        encoded(template("anna", 1, network="network 0"), None): "another network",
    }.items():
        file = tmp_path / "file"
        file.write_bytes(content)
        ended, _, err = said(capsys, "import", file)
        assert ended == 2
        assert reason in err
        assert err.count("\n") == 1
    assert store.names() == []


def test_pictures_without_a_face_enroll_nobody(
    store: Store, pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ended, out, err = said(capsys, "enroll", "anna", "--images", pictures / "4-empty.png")
    assert (ended, "no face" in out, "nothing was changed" in err) == (2, True, True)
    (tmp_path / "nothing").mkdir()
    assert said(capsys, "enroll", "anna", "--images", tmp_path / "nothing")[0] == 3
    assert said(capsys, "enroll", "anna", "--images", tmp_path / "missing")[0] == 2
    assert store.names() == []


def test_an_encrypted_template_is_of_use_with_its_key_only(
    store: Store, pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("cryptography")
    key = tmp_path / "key"
    key.write_bytes(bytes(range(32)))
    key.chmod(0o600)
    assert said(capsys, "enroll", "anna", "--images", pictures / "1.png", "--key", key)[0] == 0
    assert b"anna" not in store.file("anna").read_bytes()
    assert said(capsys, "list", "--key", key)[1].startswith("anna: 1 look of 20")
    assert "is encrypted: name its key" in said(capsys, "list")[1]
    ended, _, err = said(capsys, "export", "anna", tmp_path / "out")
    assert (ended, "is encrypted" in err, (tmp_path / "out").exists()) == (2, True, False)
    assert said(capsys, "forget", "anna")[0] == 0
