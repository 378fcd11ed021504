"""Whole files: replaced in one step with the mode asked for, and left alone where replacing would do harm."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from wakeful.files import replace_file, write_file


def _mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


@pytest.mark.parametrize("content", ["Größe\n", b"\x00\xff\r\n"])
def test_text_and_bytes_arrive_as_they_are(tmp_path: Path, content: str | bytes) -> None:
    target = tmp_path / "figures.json"
    target.write_text("an older and longer content", encoding="utf-8")
    write_file(target, content, private=False)
    assert target.read_bytes() == (content.encode() if isinstance(content, str) else content)
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(
    ("private", "umask", "mode"), [(True, 0o022, 0o600), (False, 0o022, 0o644), (False, 0o027, 0o640)]
)
def test_the_mode_is_that_asked_for_whatever_was_there(tmp_path: Path, private: bool, umask: int, mode: int) -> None:
    target = tmp_path / "page.html"
    target.write_text("old", encoding="utf-8")
    target.chmod(0o666)
    before = os.umask(umask)
    try:
        write_file(target, "new", private=private)
    finally:
        os.umask(before)
    assert _mode(target) == mode


def test_a_reader_keeps_the_old_file_whole(tmp_path: Path) -> None:
    target = tmp_path / "status.json"
    write_file(target, "old", private=True)
    with target.open(encoding="utf-8") as reader:
        write_file(target, "new", private=True)
        assert reader.read() == "old"
    assert target.read_text(encoding="utf-8") == "new"


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path, error: BaseException) -> None:
    target = tmp_path / "eyes.npz"
    target.write_bytes(b"old")

    def half(part: Path) -> None:
        assert part.suffix == ".npz"
        part.write_bytes(b"half")
        raise error

    with pytest.raises(type(error)):
        replace_file(target, half, private=False)
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_rename_that_fails_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(IsADirectoryError):
        replace_file(folder, lambda part: part.write_bytes(b"x"), private=True)
    assert list(tmp_path.iterdir()) == [folder]


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_file(tmp_path / "none" / "file", "x", private=True)


@pytest.mark.parametrize("durable", [True, False])
def test_it_waits_for_the_disk_only_where_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, durable: bool) -> None:
    flushed: list[int] = []
    monkeypatch.setattr(os, "fsync", flushed.append)
    write_file(tmp_path / "file", "x", private=True, durable=durable)
    assert len(flushed) == durable


def test_a_link_stays_and_its_file_is_written(tmp_path: Path) -> None:
    file, link = tmp_path / "file", tmp_path / "link"
    file.write_text("an older and longer content", encoding="utf-8")
    file.chmod(0o644)
    link.symlink_to(file)
    write_file(link, "new", private=True)
    assert link.is_symlink()
    assert file.read_text(encoding="utf-8") == "new"
    assert _mode(file) == 0o600


def test_a_device_stays_a_device_with_its_mode() -> None:
    null = Path("/dev/null")
    before = null.stat()
    write_file(null, "x", private=True)
    after = null.stat()
    assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode)


def test_standard_output_is_written_where_it_leads(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path\nfrom wakeful.files import write_file\n"
        "write_file(Path('/dev/stdout'), 'whole\\n', private=True)"
    )
    command = [sys.executable, "-c", code]
    assert subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout == b"whole\n"
    with (tmp_path / "out").open("wb") as out:
        subprocess.run(command, stdout=out, check=True)
        assert os.fstat(out.fileno()).st_ino == (tmp_path / "out").stat().st_ino
    assert (tmp_path / "out").read_bytes() == b"whole\n"


def test_a_file_that_cannot_be_replaced_is_written_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "mounted"
    target.write_text("an older and longer content", encoding="utf-8")

    def busy(self: Path, target: Path) -> None:
        raise OSError(16, "Device or resource busy")

    monkeypatch.setattr(Path, "replace", busy)
    write_file(target, "new", private=True)
    assert target.read_text(encoding="utf-8") == "new"
    assert _mode(target) == 0o600
    assert list(tmp_path.iterdir()) == [target]
    with pytest.raises(OSError, match="busy"):
        write_file(tmp_path / "other", "new", private=True)
