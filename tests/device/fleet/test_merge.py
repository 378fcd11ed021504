"""However a fleet is cut into shards and in whatever order they come, the result is the same to the byte."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

from tests.device.fleet.drives import planned
from wakeful.device.fleet import merge, plan, rows
from wakeful.device.fleet.errors import FleetError, OtherCode
from wakeful.device.fleet.merge import Fleet
from wakeful.device.fleet.plan import Plan, make_plan, rules_of
from wakeful.device.fleet.rows import KindScore
from wakeful.device.fleet.shard import judge_shard
from wakeful.device.fleet.sources import find
from wakeful.device.record.outcome import Job, replay_job
from wakeful.device.record.reader import log_files


def judged(given: Plan, order: int = 0) -> Fleet:
    """The result of a plan whose shards come in some order, by way of their files."""
    numbers = list(range(len(given.shards)))
    random.Random(order).shuffle(numbers)
    files = [rows.to_json(judge_shard(plan.from_json(plan.to_json(given), "plan"), number)) for number in numbers]
    return merge.merge(given, [rows.from_json(file, "shard") for file in files])


@pytest.fixture(scope="module")
def whole(fleet: Path) -> Fleet:
    """The result of one shard."""
    return judged(planned(fleet, 1))


@pytest.mark.parametrize("shards", [2, 4, 6])
def test_any_sharding_gives_the_same_bytes(fleet: Path, whole: Fleet, shards: int) -> None:
    content = merge.to_json(whole)
    assert merge.to_json(judged(planned(fleet, shards), order=shards)) == content
    assert merge.to_json(merge.from_json(content, "fleet.json")) == content


def test_a_fleet_says_what_a_replay_of_each_drive_says(fleet: Path, whole: Fleet) -> None:
    found = whole
    outcomes = {path.name: replay_job(Job((path,))) for path in log_files(sorted(fleet.iterdir()))}
    assert len(found.rows) == len(outcomes) == 6
    for row in found.rows:
        done = outcomes[row.name.rpartition("/")[2]].done
        assert row.raised == {code: n for code, n in done.raised.items() if n}
        assert (row.frames, row.watched_ms) == (done.frames, round(done.seconds * 1000))
        assert (row.differences, row.appeared, row.vanished, row.moved) == (0, 0, 0, 0)
        assert row.raised == row.then
    assert found.total.drives == 6
    assert found.total.watched_ms == sum(row.watched_ms for row in found.rows)
    assert sum(found.total.raised.values()) == sum(sum(row.raised.values()) for row in found.rows) > 0


def test_drives_are_summed_by_driver_and_vehicle_and_names_are_hashed(fleet: Path, whole: Fleet) -> None:
    hidden, named = whole, judged(planned(fleet, names=True))
    assert set(named.drivers) == {"", "ada", "eve"}
    assert set(hidden.drivers) == {"", plan.pseudonym("ada"), plan.pseudonym("eve")}
    assert set(hidden.vehicles) == {"car-0", "car-1"}
    assert b"ada" not in merge.to_json(hidden)
    assert all(one.drives == 2 for one in hidden.drivers.values())
    assert all(one.drives == 3 for one in hidden.vehicles.values())


def test_other_rules_change_drives_and_travel_in_the_plan(fleet: Path, tmp_path: Path) -> None:
    profile = tmp_path / "mine.toml"
    profile.write_text('extends = "vehicle"\n[[rules]]\ncode = "microsleep"\nwhen = { closure_s = 0.5 }\n')
    given = make_plan(find([str(fleet)]), rules_of(str(profile)))
    profile.unlink()
    found = judged(given)
    assert found.profile == str(profile)
    assert found.total.raised["microsleep"] > found.total.then.get("microsleep", 0)
    changed = [row for row in found.rows if row.appeared or row.moved]
    assert changed and changed[0].changes[0].what in ("appeared", "moved")
    assert found.total.differing == len([row for row in found.rows if merge.differs(row)])


def test_a_truth_is_scored_as_evaluate_log_scores_it(fleet: Path, tmp_path: Path) -> None:
    from wakeful.device.evaluation.drive_logs import drives_of
    from wakeful.device.evaluation.drives import Bounds, Score, score
    from wakeful.device.evaluation.truth import read_truth
    from wakeful.device.record.reader import recordings

    truth = tmp_path / "truth.csv"
    sessions = [path.name.removeprefix("wakeful-")[:21] for path in log_files(sorted(fleet.iterdir()))]
    lines = [f"{name},,microsleep,{20 + place % 3},{24 + place % 3}," for place, name in enumerate(sessions)]
    truth.write_text("recording,driver,event,start,end,value\n" + "\n".join(lines) + "\n")
    bounds = Bounds()
    drives, _ = drives_of(recordings(sorted(fleet.iterdir())), read_truth(truth), bounds)
    expected = sum((score(drive, "microsleep", bounds) for drive in drives), Score())
    found = judged(make_plan(find([str(fleet)]), truth=read_truth(truth), bounds=bounds)).total.scores["microsleep"]
    assert found == KindScore(
        expected.events,
        len(expected.delays_s),
        expected.false_alarms,
        found.quiet_ms,
        tuple(sorted(round(delay * 1000) for delay in expected.delays_s)),
    )
    assert found.quiet_ms == pytest.approx(expected.quiet_s * 1000, abs=6)


def test_a_shard_refuses_other_code_than_the_plan(fleet: Path) -> None:
    given = replace(planned(fleet), code="0" * 12)
    with pytest.raises(OtherCode, match="planned by other code"):
        judge_shard(given, 0)


def test_shards_of_other_code_and_missing_ones_are_not_merged(fleet: Path) -> None:
    given = planned(fleet, 3)
    results = [judge_shard(given, number) for number in range(3)]
    with pytest.raises(FleetError, match="1 of 3 shards are not judged"):
        merge.merge(given, results[:2])
    with pytest.raises(FleetError, match="judged by other code"):
        merge.merge(given, [*results[:2], replace(results[2], code="f" * 12)])


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"\x80\x04N.", b'{"number":0,"code":"","judged":[],"refused":[],"format":99}']
)
def test_a_result_that_is_none_is_an_error_of_one_line(content: bytes) -> None:
    with pytest.raises(FleetError) as error:
        rows.from_json(content, "shards/00000.json")
    assert "\n" not in str(error.value)


def test_the_processor_time_is_no_part_of_the_result(fleet: Path) -> None:
    given = planned(fleet, 2)
    results = [judge_shard(given, number) for number in range(2)]
    slow = [replace(result, cpu_ms=99_999) for result in results]
    assert merge.to_json(merge.merge(given, slow)) == merge.to_json(merge.merge(given, results))
    assert "cpu_ms" not in json.dumps(json.loads(merge.to_json(merge.merge(given, results))))
