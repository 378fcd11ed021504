"""A fleet that is recorded once for all tests of this folder, which only read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.device.fleet.drives import write_fleet


@pytest.fixture(scope="session")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of six drives."""
    pytest.importorskip("mcap", reason="the extra [record] is not installed")
    pytest.importorskip("scipy", reason="the extra [evaluate] is not installed")
    folder = tmp_path_factory.mktemp("fleet")
    write_fleet(folder)
    return folder


@pytest.fixture
def own_fleet(fleet: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    import shutil

    return Path(shutil.copytree(fleet, tmp_path / "logs"))
