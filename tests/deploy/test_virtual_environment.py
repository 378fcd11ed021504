"""pip is taken from a package index where a machine has none, and only the pip that the index announced."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.rigs.http_server import serving
from wakeful.deploy.virtual_environment import download_pip, newest_wheel

WHEEL = b"not really a wheel"


def listed(name: str, **more: object) -> dict[str, object]:
    return {"filename": name, "url": f"../../files/{name}", "hashes": {}} | more


@pytest.fixture
def index() -> Iterator[tuple[str, dict[str, object]]]:
    """Address of a package index on this machine, and the file that it lists."""
    file = listed("pip-24.0-py3-none-any.whl", hashes={"sha256": hashlib.sha256(WHEEL).hexdigest()})

    def answer(path: str) -> tuple[int, bytes]:
        status = 200 if path in ("/simple/pip/", f"/files/{file['filename']}") else 404
        return status, json.dumps({"files": [file]}).encode() if path == "/simple/pip/" else WHEEL

    with serving(answer) as address:
        yield f"{address}/simple", file


def test_the_newest_release_is_taken_by_number_and_neither_yanked_ones_nor_pre_releases() -> None:
    names = [
        "pip-9.0.1-py3-none-any.whl",
        "pip-24.0-py3-none-any.whl",
        "pip-25.0b1-py3-none-any.whl",
        "pip-24.0.tar.gz",
    ]
    files = [listed(name) for name in names]
    files.append(listed("pip-24.1-py3-none-any.whl", yanked="broken"))
    assert newest_wheel(files)["filename"] == "pip-24.0-py3-none-any.whl"


def test_an_index_without_pip_is_an_error() -> None:
    with pytest.raises(LookupError, match="no wheel of pip"):
        newest_wheel([])


def test_the_wheel_is_found_relative_to_the_page_that_lists_it(
    index: tuple[str, dict[str, object]], tmp_path: Path
) -> None:
    address, _ = index
    wheel = download_pip(tmp_path, address)
    assert wheel.name == "pip-24.0-py3-none-any.whl"
    assert wheel.read_bytes() == WHEEL


def test_a_wheel_with_another_hash_is_refused(index: tuple[str, dict[str, object]], tmp_path: Path) -> None:
    address, file = index
    file["hashes"] = {"sha256": "0" * 64}
    with pytest.raises(ValueError, match="wrong sha256"):
        download_pip(tmp_path, address)
    assert list(tmp_path.iterdir()) == []
