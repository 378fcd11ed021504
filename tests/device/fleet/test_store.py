"""A folder and a bucket keep runs alike, and what is wrong with either is one line."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from wakeful.device.fleet.errors import NotInStore, StoreAway, StoreError
from wakeful.device.fleet.store import FolderStore, S3Store, Store, open_store


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """A store of each kind."""
    if request.param == "bucket":
        return S3Store(request.getfixturevalue("bucket"))
    return FolderStore(tmp_path / "store")


def test_what_is_written_is_read_listed_and_deleted(store: Store) -> None:
    assert store.names("runs/") == [] and store.keys("runs/") == []
    for key in ("runs/b/run.json", "runs/a/run.json", "runs/a/shards/00001.json", "runs/a/shards/00000.json"):
        store.write(key, key.encode())
    store.write("runs/a/run.json", b"again")
    assert store.read("runs/a/run.json") == b"again"
    assert store.names("runs/") == ["a", "b"]
    assert store.names("runs/a/shards/") == ["00000.json", "00001.json"]
    assert store.keys("runs/a/") == ["runs/a/run.json", "runs/a/shards/00000.json", "runs/a/shards/00001.json"]
    store.delete("runs/a/")
    store.delete("runs/nothing/")
    assert store.keys("runs/") == ["runs/b/run.json"]
    assert open_store(store.url).read("runs/b/run.json") == b"runs/b/run.json"


def test_what_is_not_there_is_said(store: Store) -> None:
    with pytest.raises(NotInStore) as error:
        store.read("runs/nothing")
    assert "\n" not in str(error.value)


def test_a_bucket_that_is_not_there_is_one_line(bucket: str) -> None:
    with pytest.raises(StoreError, match="no such bucket"):
        S3Store("s3://nosuch").write("a", b"")


def test_a_store_without_rights_is_one_line(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = S3Store(bucket)
    # From the first request on it looks at rights, and nobody has any.
    monkeypatch.setattr("moto.settings.INITIAL_NO_AUTH_ACTION_COUNT", 0.0)
    for touch in (partial(store.write, "a", b""), partial(store.read, "a"), partial(store.names, "runs/")):
        with pytest.raises(StoreError, match=r"access denied .*check the credentials and the rights") as error:
            touch()
        assert "\n" not in str(error.value) and not isinstance(error.value, StoreAway)


def test_an_s3_that_does_not_answer_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("boto3", reason="the extra [fleet] is not installed")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.setattr("time.sleep", lambda _: None)
    with pytest.raises(StoreAway, match="cannot be reached"):
        S3Store("s3://fleet").read("a")


def test_a_prefix_without_a_bucket_is_refused() -> None:
    with pytest.raises(StoreError, match="names no bucket"):
        S3Store("s3://")
