"""No state for two seconds is stale, for every output alike."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest

import wakeful.device
from tests.device.alerts.samples import AWAKE
from wakeful.device.alerts.staleness import STALE_AFTER_S, NewestState
from wakeful.device.messages import DriverState, Health, Level

ASLEEP = replace(AWAKE, level=Level.URGENT, code="sleep", eyes_closed=True, closure_s=3.0)


def test_a_state_holds_for_two_seconds_and_not_longer() -> None:
    newest = NewestState()
    newest.update(AWAKE, 10.0)
    assert STALE_AFTER_S == 2.0
    assert [newest.is_stale(at_s) for at_s in (10.0, 11.0, 12.0, 12.001)] == [False, False, False, True]
    assert newest.stale_in_s(11.5) == pytest.approx(0.5)
    assert newest.at(12.0) is AWAKE


def test_a_stale_state_keeps_the_active_alert_and_claims_nothing_else() -> None:
    newest = NewestState()
    newest.update(ASLEEP, 10.0)
    stale = newest.at(12.5)
    assert stale is not None
    assert (stale.health, stale.level, stale.code) == (Health.STALE, Level.URGENT, "sleep")
    empty = DriverState(ASLEEP.t_ns, ASLEEP.seq, Health.STALE)
    kept = {one.name for one in fields(stale) if getattr(stale, one.name) != getattr(empty, one.name)}
    assert kept == {"level", "code"}
    assert newest.last is ASLEEP


def test_the_next_state_ends_it() -> None:
    newest = NewestState()
    newest.update(AWAKE, 10.0)
    assert newest.is_stale(20.0)
    newest.update(ASLEEP, 20.0)
    assert newest.at(20.1) is ASLEEP


def test_a_monitor_that_never_gives_a_state_is_stale_two_seconds_after_its_start() -> None:
    newest = NewestState()
    assert not newest.is_stale(1e9)
    newest.start(5.0)
    assert (newest.is_stale(7.0), newest.is_stale(7.1)) == (False, True)
    assert newest.at(7.1) is None


def test_no_other_file_has_a_bound_of_its_own() -> None:
    device = Path(wakeful.device.__path__[0])
    owners = [file.name for file in device.rglob("*.py") if "STALE_AFTER_S =" in file.read_text(encoding="utf-8")]
    assert owners == ["staleness.py"]
