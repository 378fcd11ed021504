"""Networks come from the package index or a folder, and only whole and right ones enter the cache."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tools.rigs.http_server import serving
from wakeful.device.cli import status
from wakeful.device.commands import models
from wakeful.models import registry
from wakeful.models.pull import PullError, pull, pull_from
from wakeful.models.registry import ModelCorrupt, ModelMissing, Network, Origin, State

SERVED = [one for one in registry.networks().values() if one.origin.kind == "package"]
WHEEL = registry.network("iris_landmark").origin.file


@pytest.fixture
def contents() -> dict[str, bytes]:
    """The bytes of the networks that the index serves, by name, from the user's cache."""
    return {one.name: registry.path(one.name).read_bytes() for one in SERVED}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "given"
    made.mkdir()
    return made


def write_wheel(file: Path, contents: dict[str, bytes]) -> None:
    with zipfile.ZipFile(file, "w") as wheel:
        for name, content in contents.items():
            wheel.writestr(registry.network(name).member, content)


def test_a_wheel_in_the_folder_serves_every_network_it_carries(
    contents: dict[str, bytes], folder: Path, empty_cache: Path
) -> None:
    write_wheel(folder / WHEEL, contents)
    assert pull_from(folder) == SERVED
    assert all(registry.state(name) is State.PRESENT for name in contents)
    assert sorted(file.name for file in empty_cache.iterdir()) == sorted(one.file for one in SERVED)


def test_network_files_may_lie_in_a_child_of_the_folder(
    contents: dict[str, bytes], folder: Path, empty_cache: Path
) -> None:
    (folder / "nets").mkdir()
    (folder / "nets" / "iris_landmark.tflite").write_bytes(contents["iris_landmark"])
    assert [one.name for one in pull_from(folder)] == ["iris_landmark"]
    assert registry.path("iris_landmark").parent == empty_cache


@pytest.fixture
def v2_content(v2: str) -> bytes:
    """The bytes of the optional network, from the user's cache."""
    return registry.path(v2).read_bytes()


def test_the_optional_network_is_taken_out_of_its_archive(
    v2: str, v2_content: bytes, folder: Path, empty_cache: Path
) -> None:
    with zipfile.ZipFile(folder / "face_landmarker.task", "w") as archive:
        archive.writestr("face_landmarks_detector.tflite", v2_content)
    assert [one.name for one in pull_from(folder)] == [v2]
    assert registry.state(v2) is State.PRESENT


def test_a_wrong_network_never_enters_the_cache(contents: dict[str, bytes], folder: Path, empty_cache: Path) -> None:
    write_wheel(folder / WHEEL, contents | {"face_landmark": b"something else"})
    with pytest.raises(ModelCorrupt, match=r"another face_landmark\.tflite than the registry names"):
        pull_from(folder)
    assert not (empty_cache / "face_landmark.tflite").exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"<html>sign in first</html>"])
def test_a_broken_archive_is_an_error_of_one_line(content: bytes, folder: Path, empty_cache: Path) -> None:
    (folder / "face_landmarker.task").write_bytes(content)
    with pytest.raises(ModelCorrupt, match="fetch it again") as caught:
        pull_from(folder)
    assert "\n" not in str(caught.value)


def test_a_folder_without_any_of_them_says_what_is_looked_for(folder: Path, empty_cache: Path) -> None:
    with pytest.raises(ModelMissing, match=r"iris_landmark\.tflite.*face_landmarker\.task"):
        pull_from(folder)


def test_a_folder_that_does_not_exist_is_an_error(folder: Path, empty_cache: Path) -> None:
    with pytest.raises(ModelMissing, match="is not a folder"):
        pull_from(folder / "nowhere")


def test_a_corrupt_network_in_the_cache_is_replaced(
    contents: dict[str, bytes], folder: Path, empty_cache: Path
) -> None:
    empty_cache.mkdir()
    (empty_cache / "face_landmark.tflite").write_bytes(b"half")
    (folder / "face_landmark.tflite").write_bytes(contents["face_landmark"])
    assert [one.name for one in pull_from(folder)] == ["face_landmark"]
    assert registry.state("face_landmark") is State.PRESENT


def test_a_complete_cache_asks_no_package_index(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("pip was asked for")

    monkeypatch.setattr(subprocess, "run", fail)
    monkeypatch.setattr(subprocess, "Popen", fail)
    assert pull() == []


def test_a_cache_that_cannot_be_made_is_an_error_with_the_mend(
    contents: dict[str, bytes], folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"")
    write_wheel(folder / WHEEL, contents)
    monkeypatch.setenv("WAKEFUL_MODELS", str(tmp_path / "file" / "cache"))
    with pytest.raises(ModelMissing, match="set WAKEFUL_MODELS to another"):
        pull_from(folder)


def test_without_any_pip_the_mend_is_told(empty_cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PullError, match=r"no pip.*pull --from FOLDER") as caught:
        pull()
    assert caught.value.exit_status == 4


def test_an_index_that_does_not_answer_is_an_error_of_one_line(
    empty_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(PullError, match=r"could not download mediapipe==0\.10\.21") as caught:
        pull()
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, ConnectionError)


def test_a_wheel_found_by_pip_fills_the_cache(
    contents: dict[str, bytes], folder: Path, empty_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_wheel(folder / WHEEL, contents)
    with zipfile.ZipFile(folder / WHEEL, "a") as wheel:
        wheel.writestr(
            "mediapipe-0.10.21.dist-info/METADATA", "Metadata-Version: 2.1\nName: mediapipe\nVersion: 0.10.21\n"
        )
        wheel.writestr(
            "mediapipe-0.10.21.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: cp312-cp312-manylinux_2_28_x86_64\n"
        )
        wheel.writestr("mediapipe-0.10.21.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    seen: list[tuple[Origin, int]] = []
    assert pull(lambda origin, arrived: seen.append((origin, arrived))) == SERVED
    assert all(registry.state(name) is State.PRESENT for name in contents)
    assert seen[0][0].requirement == "mediapipe==0.10.21"


@pytest.fixture
def slow_index() -> Iterator[str]:
    """A package index on the loopback that takes longer to answer than a reader wants to wait without a word."""

    def answer(path: str) -> tuple[int, bytes]:
        time.sleep(1.5)
        return 404, b""

    with serving(answer) as address:
        yield f"{address}/simple"


def test_while_pip_waits_a_line_comes_every_few_seconds(
    slow_index: str, empty_cache: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert 1.0 < models.LINE_EVERY_S < 5.0
    monkeypatch.setattr(models, "LINE_EVERY_S", 0.5)
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", slow_index)
    monkeypatch.setenv("PIP_RETRIES", "0")
    assert status(["models", "pull", "--quiet"]) == 4
    said = capfd.readouterr().err
    lines = [line for line in said.splitlines() if "waiting for the index" in line]
    assert len(lines) >= 2, said
    assert all("mediapipe==0.10.21 (35.6 MB)" in line for line in lines)
    assert "could not download" in said


def test_the_real_package_index_serves_the_required_networks(empty_cache: Path) -> None:
    asked = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--dest", str(empty_cache.parent), "iniconfig"]
    if subprocess.run(asked, capture_output=True, check=False, timeout=60).returncode != 0:
        pytest.skip("pip reaches no package index")
    fetched: list[Network] = pull()
    assert fetched == SERVED
    assert [registry.state(one.name) for one in SERVED] == [State.PRESENT] * len(SERVED)


def test_a_network_of_the_project_itself_lies_beside_the_registry() -> None:
    ours = replace(registry.network("iris_landmark"), origin=Origin("weights", "project", "Apache-2.0"))
    assert registry.location(ours) == Path(registry.__file__).parent / "weights" / "iris_landmark.tflite"
