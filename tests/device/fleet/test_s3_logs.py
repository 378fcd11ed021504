"""Logs in S3 give the bytes of the same logs in a folder, and an object that changes is not judged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.device.fleet.drives import planned
from wakeful.device.cli import status
from wakeful.device.fleet import merge
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


def test_a_run_in_s3_from_the_command_line(client: Any, fleet: Path, tmp_path: Path) -> None:
    cloud, plain = str(tmp_path / "cloud"), str(tmp_path / "plain")
    store = ["--store", "s3://fleet/runs", "--jobs", "1"]
    assert status(["fleet", "replay", "s3://fleet/logs", *store, "--out", cloud]) == 0
    assert status(["fleet", "replay", str(fleet), "--store", str(tmp_path / "s"), "--jobs", "1", "--out", plain]) == 0
    assert Path(cloud, "fleet.json").read_bytes() == Path(plain, "fleet.json").read_bytes()
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
