"""Logs in S3 give the bytes of the same logs in a folder, and an object that changes is not judged."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.device.fleet.drives import planned
from tools.rigs.tcp_proxy import TcpProxy
from wakeful.device.cli import status
from wakeful.device.fleet import here, merge, worker
from wakeful.device.fleet.plan import Plan, make_plan
from wakeful.device.fleet.shard import judge_shard
from wakeful.device.fleet.sources import find
from wakeful.device.record.errors import LogError


@pytest.fixture
def client(bucket: str, fleet: Path) -> Any:
    """S3, with the fleet in it."""
    import boto3

    found = boto3.client("s3")
    for path in fleet.rglob("*.mcap"):
        found.upload_file(str(path), "fleet", f"logs/{path.relative_to(fleet).as_posix()}")
    return found


def judged(given: Plan) -> bytes:
    return merge.to_json(merge.merge(given, [judge_shard(given, number) for number in range(len(given.shards))]))


@pytest.mark.parametrize("place", ["s3://fleet/logs", "s3://fleet/logs/"])
def test_logs_in_s3_give_the_bytes_of_those_in_a_folder(client: Any, fleet: Path, place: str) -> None:
    assert judged(make_plan(find([place]), shards=3)) == judged(planned(fleet))


def test_a_run_in_s3_from_the_command_line(client: Any, expected: bytes, tmp_path: Path) -> None:
    cloud = str(tmp_path / "cloud")
    store = ["--store", "s3://fleet/runs", "--jobs", "1"]
    assert status(["fleet", "replay", "s3://fleet/logs", *store, "--out", cloud]) == 0
    assert Path(cloud, "fleet.json").read_bytes() == expected
    assert list(Path(cloud, "reports").iterdir())


def test_an_object_that_changed_or_is_gone_is_a_row(client: Any) -> None:
    given = make_plan(find(["s3://fleet/logs"]), shards=1)
    keys = [one["Key"] for one in client.list_objects_v2(Bucket="fleet", Prefix="logs/")["Contents"]]
    client.put_object(Bucket="fleet", Key=keys[0], Body=b"something else")
    client.delete_object(Bucket="fleet", Key=keys[1])
    result = judge_shard(given, 0)
    assert len(result.judged) == 4
    assert sorted(one.kind for one in result.refused) == ["changed", "unreadable"]


def test_a_prefix_without_logs_is_one_line(client: Any) -> None:
    with pytest.raises(LogError, match="holds no logs"):
        find(["s3://fleet/nothing"])


@pytest.fixture
def line(bucket: str, client: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[TcpProxy]:
    """The network between this process and S3."""
    proxy = TcpProxy(int(os.environ["AWS_ENDPOINT_URL_S3"].rpartition(":")[2]))
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{proxy.port}")
    # boto3 pauses between its attempts.
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(time=time.time, sleep=lambda seconds: None))
    yield proxy
    proxy.close()


def shards(client: Any, prefix: str) -> dict[str, str]:
    listed = client.list_objects_v2(Bucket="fleet", Prefix=f"{prefix}/").get("Contents", ())
    return {one["Key"]: one["ETag"] for one in listed if "/shards/" in one["Key"]}


def gone_after_two(line: TcpProxy, client: Any, prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """S3 goes away when two shards are there and a third is judged."""
    left = [line.go_away]

    def judged_and_gone(plan: Plan, number: int) -> Any:
        result = judge_shard(plan, number)
        if left and len(shards(client, prefix)) == 2:
            left.pop()()
        return result

    monkeypatch.setattr(worker, "judge_shard", judged_and_gone)


@pytest.fixture(scope="module")
def expected(fleet: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What the fleet comes to in a folder."""
    folder = tmp_path_factory.mktemp("plain")
    store = ["--store", str(folder / "store")]
    assert status(["fleet", "replay", str(fleet), *store, "--jobs", "1", "--out", str(folder / "out")]) == 0
    return (folder / "out" / "fleet.json").read_bytes()


def test_s3_that_goes_away_in_the_middle_is_one_line_and_the_run_is_resumed(
    client: Any,
    line: TcpProxy,
    expected: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = str(tmp_path / "out")
    store = ["--store", "s3://fleet/gone"]
    monkeypatch.setattr(here, "PAUSES_S", (0.0, 0.0))
    with monkeypatch.context() as now:
        gone_after_two(line, client, "gone", now)
        capsys.readouterr()
        assert status(["fleet", "replay", "s3://fleet/logs", *store, "--jobs", "1", "--shards", "6"]) == 1
    (said,) = [one for one in capsys.readouterr().err.splitlines() if one.startswith("wakeful: ")]
    assert "S3 cannot be reached" in said and "finished shards are kept, `wakeful fleet resume" in said
    kept = shards(client, "gone")
    assert len(kept) == 2
    line.come_back()
    assert status(["fleet", "resume", "latest", *store, "--out", out]) == 0
    assert Path(out, "fleet.json").read_bytes() == expected
    assert len(shards(client, "gone")) == 6 and kept.items() <= shards(client, "gone").items()


def test_s3_that_comes_back_soon_ends_no_run(
    client: Any, line: TcpProxy, expected: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, slept = str(tmp_path / "out"), list[float]()

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        line.come_back()

    gone_after_two(line, client, "back", monkeypatch)
    monkeypatch.setattr(here, "sleep", sleep)
    command = [
        "fleet",
        "replay",
        "s3://fleet/logs",
        "--store",
        "s3://fleet/back",
        "--jobs",
        "1",
        "--shards",
        "6",
        "--out",
        out,
    ]
    assert status(command) == 0
    assert slept == [here.PAUSES_S[0]]
    assert Path(out, "fleet.json").read_bytes() == expected
