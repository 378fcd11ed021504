"""The queue of alerts: in order, one under way, each until somebody has got it."""

from __future__ import annotations

import pytest

from wakeful.device.alerts import outbox
from wakeful.device.alerts.outbox import OFFER_AGAIN_S, UNHEARD_S, AlertQueue


def test_alerts_go_one_after_the_other() -> None:
    queue = AlertQueue[bytes]()
    queue.put(b"a", 0.0)
    queue.put(b"b", 0.0)
    assert queue.take(0.0) == b"a"
    assert queue.take(0.0) is None
    queue.confirmed(0.1)
    assert queue.take(0.1) == b"b"
    assert queue.delivered == 1


def test_what_was_under_way_when_the_connection_broke_goes_out_again() -> None:
    queue = AlertQueue[bytes]()
    queue.put(b"a", 0.0)
    queue.take(0.0)
    queue.connected(5.0)
    assert queue.take(5.0) == b"a"


def test_what_did_not_get_out_is_taken_once_more() -> None:
    queue = AlertQueue[bytes]()
    queue.put(b"a", 0.0)
    queue.take(0.0)
    queue.again()
    assert queue.take(0.0) == b"a"


def test_a_confirmation_when_nothing_is_under_way_changes_nothing() -> None:
    queue = AlertQueue[bytes]()
    queue.confirmed(0.0)
    queue.put(b"a", 0.0)
    queue.confirmed(0.0)
    assert (len(queue), queue.delivered) == (1, 0)


def test_an_alert_that_nobody_heard_is_offered_again_for_a_minute_and_then_given_up() -> None:
    queue = AlertQueue[bytes]()
    queue.connected(100.0)
    queue.put(b"a", 0.0)
    now_s, offers = 100.0, 0
    while queue.take(now_s):
        queue.confirmed(now_s, delivered=False)
        offers += 1
        now_s += queue.due_in_s(now_s) if len(queue) else 0.0
    assert now_s == pytest.approx(100.0 + UNHEARD_S, abs=OFFER_AGAIN_S)
    assert offers > 100
    assert (queue.undelivered, queue.delivered) == (1, 0)


def test_too_many_alerts_push_out_the_oldest_that_is_not_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "MAX_ALERTS", 2)
    queue = AlertQueue[bytes]()
    queue.put(b"a", 0.0)
    queue.take(0.0)
    queue.put(b"b", 0.0)
    queue.put(b"c", 0.0)
    queue.confirmed(0.0)
    assert queue.take(0.0) == b"c"
    assert queue.dropped == 1


def test_it_says_when_there_is_something_to_do() -> None:
    queue = AlertQueue[bytes]()
    assert queue.due_in_s(0.0) == float("inf")
    queue.put(b"a", 0.0)
    assert queue.due_in_s(0.0) == 0.0
    queue.take(0.0)
    assert queue.due_in_s(0.0) == float("inf")


def drained(queue: AlertQueue[bytes]) -> list[bytes]:
    taken = []
    while (alert := queue.take(9.0)) is not None:
        taken.append(alert)
        queue.confirmed(9.0)
    return taken


def half_said() -> tuple[AlertQueue[bytes], AlertQueue[bytes]]:
    """A queue of which the first is under way, and one that is about to take it over."""
    old, new = AlertQueue[bytes](), AlertQueue[bytes]()
    old.put(b"a", 0.0)
    old.put(b"b", 0.0)
    new.put(b"c", 1.0)
    old.take(1.0)
    return old, new


def test_a_queue_that_takes_over_sends_the_other_s_alerts_first() -> None:
    old, new = half_said()
    new.take_over(old, in_doubt=True)
    old.confirmed(2.0)
    assert (len(old), old.delivered) == (0, 0)
    assert drained(new) == [b"a", b"b", b"c"]


def test_what_is_under_way_may_be_left_to_the_old_queue_and_fetched_if_it_did_not_get_out() -> None:
    for gets_out in (True, False):
        old, new = half_said()
        new.take_over(old, in_doubt=False)
        assert len(old) == 1
        if gets_out:
            old.confirmed(2.0)
        new.take_over(old, in_doubt=True)
        assert drained(new) == ([b"b", b"c"] if gets_out else [b"a", b"b", b"c"])


def test_what_the_successor_is_just_sending_stays_the_first() -> None:
    old, new = half_said()
    assert new.take(2.0) == b"c"
    new.take_over(old, in_doubt=True)
    new.confirmed(2.0)
    assert drained(new) == [b"a", b"b"]
