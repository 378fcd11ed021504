"""The version names the revision of a checkout of wakeful, and never that of somebody else's repository."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from wakeful import __version__
from wakeful.revision import Revision, revision, version_text


def git(folder: Path, *command: str) -> str:
    identity = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org")
    done = subprocess.run(["git", "-C", str(folder), *identity, *command], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A git repository with one commit of a package ``wakeful`` beside a folder ``device``."""
    (tmp_path / "device").mkdir()
    (tmp_path / "wakeful").mkdir()
    (tmp_path / "wakeful" / "__init__.py").write_text("")
    try:
        git(tmp_path, "init", "-q")
    except FileNotFoundError:
        pytest.skip("git is not installed")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    return tmp_path


def test_a_checkout_is_named_by_its_commit_and_whether_files_differ(repository: Path) -> None:
    package = repository / "wakeful"
    (package / "device").symlink_to("../device")
    head = git(repository, "rev-parse", "HEAD")
    assert revision(package) == Revision(head, modified=False)
    (package / "__init__.py").write_text("changed\n")
    assert revision(package) == Revision(head, modified=True)


def test_an_installed_package_does_not_report_the_repository_it_lies_in(repository: Path) -> None:
    (repository / "wakeful" / "device").mkdir()
    assert revision(repository / "wakeful") is None


def test_a_git_hook_of_another_repository_changes_nothing(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", str(repository / ".git"))
    before = version_text()
    monkeypatch.delenv("GIT_DIR")
    assert version_text() == before


def test_without_git_there_is_no_revision(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (repository / "wakeful" / "device").symlink_to("../device")
    monkeypatch.setenv("PATH", str(repository))
    assert revision(repository / "wakeful") is None
    assert version_text() == f"wakeful {__version__}"
