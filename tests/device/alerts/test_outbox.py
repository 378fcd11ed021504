"""The queue of alerts: in order, one under way, each until somebody has got it."""

from __future__ import annotations

import pytest

from device.alerts import outbox
from device.alerts.outbox import OFFER_AGAIN_S, UNHEARD_S, AlertQueue


def test_alerts_go_one_after_the_other() -> None:
    queue = AlertQueue()
    queue.put(b"a", 0.0)
    queue.put(b"b", 0.0)
    assert queue.next(0.0) == b"a"
    queue.under_way(1)
    assert queue.next(0.0) is None
    queue.confirmed(1, True, 0.1)
    assert queue.next(0.1) == b"b"
    assert queue.delivered == 1


def test_what_was_under_way_when_the_connection_broke_goes_out_again() -> None:
    queue = AlertQueue()
    queue.put(b"a", 0.0)
    queue.under_way(1)
    queue.connected(5.0)
    assert queue.next(5.0) == b"a"


def test_a_confirmation_of_something_else_changes_nothing() -> None:
    queue = AlertQueue()
    queue.put(b"a", 0.0)
    queue.confirmed(7, True, 0.0)
    assert len(queue) == 1


def test_an_alert_that_nobody_heard_is_offered_again_for_a_minute_and_then_given_up() -> None:
    queue = AlertQueue()
    queue.connected(100.0)
    queue.put(b"a", 0.0)
    now_s, offers = 100.0, 0
    while queue.next(now_s):
        queue.under_way(offers)
        queue.confirmed(offers, False, now_s)
        offers += 1
        now_s += queue.due_in_s(now_s) if len(queue) else 0.0
    assert now_s == pytest.approx(100.0 + UNHEARD_S, abs=OFFER_AGAIN_S)
    assert offers > 100
    assert (queue.unheard, queue.delivered) == (1, 0)


def test_too_many_alerts_push_out_the_oldest_that_is_not_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "MAX_ALERTS", 2)
    queue = AlertQueue()
    queue.put(b"a", 0.0)
    queue.under_way(1)
    queue.put(b"b", 0.0)
    queue.put(b"c", 0.0)
    queue.confirmed(1, True, 0.0)
    assert queue.next(0.0) == b"c"
    assert queue.dropped == 1


def test_it_says_when_there_is_something_to_do() -> None:
    queue = AlertQueue()
    assert queue.due_in_s(0.0) == float("inf")
    queue.put(b"a", 0.0)
    assert queue.due_in_s(0.0) == 0.0
    queue.under_way(1)
    assert queue.due_in_s(0.0) == float("inf")


def test_a_queue_that_takes_over_sends_the_other_s_alerts_first() -> None:
    old, new = AlertQueue(), AlertQueue()
    old.put(b"a", 0.0)
    old.put(b"b", 0.0)
    new.put(b"c", 1.0)
    old.under_way(1)
    new.take_over(old)
    assert len(old) == 0
    old.confirmed(1, True, 2.0)
    for number, expected in enumerate((b"a", b"b", b"c")):
        assert new.next(2.0) == expected
        new.under_way(number)
        new.confirmed(number, True, 2.0)
