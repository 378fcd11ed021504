"""Two runs side by side, and the exact interval of the ratio of two rates."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.device.fleet.drives import planned
from wakeful.device.fleet.compare import compare, rate
from wakeful.device.fleet.merge import Fleet, merge
from wakeful.device.fleet.plan import Plan, make_plan, rules_of
from wakeful.device.fleet.shard import judge_shard
from wakeful.device.fleet.sources import find

pytest.importorskip("scipy", reason="the extra [evaluate] is not installed")


def judged(given: Plan) -> Fleet:
    return merge(given, [judge_shard(given, number) for number in range(len(given.shards))])


def test_a_run_compared_with_itself_changes_nothing(fleet: Path) -> None:
    one = judged(planned(fleet))
    found = compare(one, one)
    assert found.drives == 6
    assert found.differences == ()
    assert all(one.ratio == 1.0 and one.low < 1.0 for one in found.rates)


def test_other_rules_are_found_drive_by_drive(fleet: Path) -> None:
    before, after = judged(planned(fleet)), judged(make_plan(find([str(fleet)]), rules_of("robot")))
    found = compare(before, after)
    changed = {one.name for one in found.differences}
    assert changed
    for first, second in zip(before.rows, after.rows, strict=True):
        assert (first.name in changed) == (first.raised != second.raised or first.changes != second.changes)


def test_drives_of_only_one_run_do_not_count(fleet: Path) -> None:
    whole, part = judged(planned(fleet)), judged(planned(fleet / "car-0"))
    found = compare(whole, part)
    assert found.drives + len(found.first_only) == 6


def test_the_interval_of_a_ratio_is_the_conditional_one() -> None:
    # Ten against twenty in equal times: Clopper and Pearson for 20 of 30 are 0.4719 and 0.8271.
    found = rate("sleep", (10, 20), (2.0, 2.0))
    assert found.ratio == 2.0
    assert found.low == pytest.approx(0.8936, abs=1e-3)
    assert found.high == pytest.approx(4.784, abs=5e-3)
    twice = rate("sleep", (10, 20), (2.0, 4.0))
    assert twice.ratio == 1.0
    assert twice.low == pytest.approx(found.low / 2)


def test_nothing_against_something_has_no_ratio_but_a_bound() -> None:
    appeared, vanished, never = (rate("sleep", counts, (1.0, 1.0)) for counts in ((0, 5), (5, 0), (0, 0)))
    assert appeared.ratio is None and appeared.high is None and appeared.low > 0.9
    assert vanished.ratio == 0.0 and vanished.low == 0.0
    assert never.ratio is None and never.low == 0.0 and never.high is None
