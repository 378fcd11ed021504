"""One bad log among many is a row of its own with its reason; the others are judged."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.device.fleet.drives import head, planned, write_drive
from wakeful.device.fleet.plan import Plan, make_plan
from wakeful.device.fleet.rows import Refused, Row
from wakeful.device.fleet.shard import judge_shard
from wakeful.device.fleet.sources import find
from wakeful.device.record.errors import LogError


def outcome(given: Plan) -> tuple[list[Row], list[Refused]]:
    results = [judge_shard(given, number) for number in range(len(given.shards))]
    judged = [row for result in results for row in result.judged]
    return judged, [one for result in results for one in result.refused]


def logs(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.mcap"))


def flip(log: Path, at: float) -> None:
    """Spoil a byte of a log."""
    data = bytearray(log.read_bytes())
    data[int(len(data) * at)] ^= 0xFF
    log.write_bytes(data)


def test_a_corrupt_a_cut_and_a_foreign_log_are_three_rows_and_the_rest_is_judged(own_fleet: Path) -> None:
    corrupt, cut, foreign, *_ = logs(own_fleet)
    flip(corrupt, 0.6)
    cut.write_bytes(cut.read_bytes()[:-9000])
    foreign.write_bytes(b"\x00\x01" * 5000)
    judged, refused = outcome(planned(own_fleet))
    assert len(judged) == 3
    assert sorted(one.kind for one in refused) == ["corrupt", "cut", "foreign"]
    assert all(str(own_fleet) not in one.why and "\n" not in one.why for one in refused)
    assert [one.why for one in refused if one.kind != "foreign"] == [
        one.why for one in refused if "wakeful log repair" in one.why
    ]


@pytest.mark.parametrize(
    ("content", "kind", "why"),
    [
        (b"", "cut", "empty"),
        (b"\x89MCAP0\r\n", "cut", "cut off"),
        (b"not a log at all, but long enough to be read", "foreign", "not an MCAP file"),
    ],
)
def test_every_kind_of_file_that_is_no_log_has_its_reason(own_fleet: Path, content: bytes, kind: str, why: str) -> None:
    logs(own_fleet)[0].write_bytes(content)
    judged, (refused,) = outcome(planned(own_fleet))
    assert len(judged) == 5
    assert refused.kind == kind
    assert why in refused.why


def test_a_log_that_is_still_written_is_not_judged_as_a_whole_one(own_fleet: Path) -> None:
    growing = logs(own_fleet)[0]
    whole = growing.read_bytes()
    growing.write_bytes(whole[:-9000])
    given = planned(own_fleet)
    growing.write_bytes(whole)
    judged, (refused,) = outcome(given)
    assert len(judged) == 5
    assert refused.kind == "changed"
    assert "plan again" in refused.why


def test_a_log_that_is_gone_is_a_row(own_fleet: Path) -> None:
    given = planned(own_fleet)
    logs(own_fleet)[0].unlink()
    judged, (refused,) = outcome(given)
    assert len(judged) == 5
    assert refused.kind == "unreadable"


def test_the_same_log_twice_is_counted_once(own_fleet: Path) -> None:
    shutil.copy(logs(own_fleet)[0], own_fleet / "car-1" / "again.mcap")
    judged, (refused,) = outcome(planned(own_fleet))
    assert len(judged) == 6
    assert refused.kind == "copy"


def test_a_repaired_log_takes_the_place_of_the_broken_one(own_fleet: Path) -> None:
    from wakeful.device.record.repair import repair

    broken = logs(own_fleet)[0]
    broken.write_bytes(broken.read_bytes()[:-9000])
    repair(broken, None)
    judged, refused = outcome(planned(own_fleet))
    assert len(judged) == 6
    assert refused == []


def test_the_files_of_a_recording_are_one_drive(tmp_path: Path) -> None:
    first = write_drive(tmp_path, 0)
    parts = [replace(head(1), part=part) for part in (1, 2)]
    for part in parts:
        write_drive(tmp_path, 1, part)
    given = planned(tmp_path)
    assert [len(drive.files) for drive in given.drives] == [2, 1] or [len(d.files) for d in given.drives] == [1, 2]
    assert {drive.name for drive in given.drives} == {first.name, parts[0].session}


def test_equal_names_in_two_places_are_told_apart(fleet: Path, tmp_path: Path) -> None:
    write_drive(tmp_path / "car-0", 0, replace(head(0), wall_ns=1))
    given = make_plan(find([str(fleet), str(tmp_path)]))
    names = [drive.name for drive in given.drives]
    assert len(set(names)) == len(names) == 7


@pytest.mark.parametrize("place", ["nowhere", "empty"])
def test_no_logs_is_one_line(tmp_path: Path, place: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(LogError, match=r"there is no such|holds no logs"):
        find([str(tmp_path / place)])
