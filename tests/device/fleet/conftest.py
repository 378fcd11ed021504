"""A fleet that is recorded once for all tests of this folder, which only read it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
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
    return Path(shutil.copytree(fleet, tmp_path / "logs"))


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A bucket in an S3 of this process."""
    server = pytest.importorskip("moto.server", reason="moto is not installed")
    import boto3

    served = server.ThreadedMotoServer(port=0, verbose=False)
    served.start()
    host, port = served.get_host_and_port()
    for name, value in (("ACCESS_KEY_ID", "rig"), ("SECRET_ACCESS_KEY", "rig"), ("DEFAULT_REGION", "us-east-1")):
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://{host}:{port}")
    boto3.client("s3").create_bucket(Bucket="fleet")
    yield "s3://fleet/some/prefix"
    served.stop()
