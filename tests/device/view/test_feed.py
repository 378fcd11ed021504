"""Gauges, curves and alerts as server-sent events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from tests.device.alerts.samples import AWAKE, MICROSLEEP, SECOND_NS, alert
from wakeful.device.alerts.loop_stats import LoopStats
from wakeful.device.alerts.run import Run
from wakeful.device.messages import Alert, Event, Level, Phase
from wakeful.device.view.feed import CELL_NS, Feed, Message

STATS = LoopStats(29.97, 12.3, 4, "v2")


@pytest.fixture
def feed() -> Iterator[Feed]:
    made = Feed("synthetic:demo, vehicle", lambda: STATS, ("neutral", "happiness"))
    yield made
    made.close()


def read(message: Message) -> tuple[str, dict[str, Any]]:
    kind, data, *rest = message.text.decode().split("\n")
    assert rest == ["", ""]
    return kind.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def next_of(feed: Feed, kind: str, number: int = 0) -> dict[str, Any]:
    for _ in range(50):
        for message in feed.after(number, 1.0) or []:
            number = message.number
            found, told = read(message)
            if found == kind:
                return told
    raise AssertionError(f"no {kind} came")


def test_an_alert_is_told_at_once_not_with_the_next_gauges(feed: Feed) -> None:
    feed.begin(Run("5f0c91aa"))
    feed.alert(alert())
    (message,) = feed.after(0, 0.0) or []
    kind, told = read(message)
    assert kind == "happened"
    assert told["t"] == 7.61 and told["level"] == "warning" and "microsleep raised" in told["text"]
    names = {"run": "5f0c91aa", "id": "5f0c91aa-1"}
    assert {name: told[name] for name in names} == names
    active = {"seq": 1, "name": "microsleep", "level": "warning", "acknowledged": False, **names}
    assert told["standing"] == [active]


def test_gauges_say_what_is_known_and_null_where_it_is_not(feed: Feed) -> None:
    feed.start(0)
    feed.state(replace(MICROSLEEP, gaze_yaw_deg=None, gaze_pitch_deg=float("nan"), notes=("disk_full",)))
    told = next_of(feed, "state")
    assert (told["t"], told["health"], told["level"], told["says"]) == (5.0, "ok", "warning", "microsleep")
    assert (told["eyes"], told["closed"], told["closure_s"], told["lids"]) == ([0.95, 0.9], True, 1.2, "")
    assert told["gaze"] == [None, None]
    assert told["expression_p"] == [["neutral", 0.9], ["happiness", 0.1]]
    assert (told["fps"], told["dropped"], told["notes"]) == (30.0, 4, ["disk_full"])


def test_a_loop_that_has_stopped_is_told_as_stale() -> None:
    now_s = [100.0]
    feed = Feed("", lambda: STATS, clock_s=lambda: now_s[0])
    feed.state(MICROSLEEP)
    now_s[0] += 3.0
    told = feed._gauges(MICROSLEEP)
    assert (told["health"], told["level"]) == ("stale", "none")


def test_a_new_viewer_gets_two_minutes_of_curves_and_what_happened(feed: Feed) -> None:
    for tenth in range(2000):
        feed.state(replace(AWAKE, t_ns=tenth * SECOND_NS // 10))
    feed.alert(alert(t_s=199.0))
    kind, told = read(feed.welcome())
    assert kind == "welcome"
    cells = told["cells"]
    assert cells[-1][0] - cells[0][0] == pytest.approx(120.0, abs=0.3)
    assert {round(b[0] - a[0], 2) for a, b in pairwise(cells)} == {CELL_NS / 1e9}
    assert [entry["t"] for entry in told["recent"]] == [199.0]


def test_a_blink_shows_in_the_curve_of_a_quarter_of_a_second(feed: Feed) -> None:
    for frame in range(16):
        opening = 0.05 if frame in (4, 5) else 1.0
        state = replace(AWAKE, t_ns=frame * SECOND_NS // 30, eye_open_left=opening, eye_open_right=opening)
        feed.state(state if frame != 6 else replace(state, eye_open_left=None, eye_open_right=None))
    _, told = read(feed.welcome())
    assert [cell[1] for cell in told["cells"]] == [0.05, 1.0, 1.0]


def test_a_clock_that_goes_back_begins_new_curves(feed: Feed) -> None:
    for t_s in (50, 51, 3):
        feed.state(replace(AWAKE, t_ns=t_s * SECOND_NS))
    assert [cell[0] for cell in read(feed.welcome())[1]["cells"]] == [3.0]


def test_an_alert_stands_until_it_is_cleared_the_most_urgent_first(feed: Feed) -> None:
    feed.alert(Alert(SECOND_NS, 1, "drowsy", Level.WARNING, Phase.RAISED))
    feed.alert(Alert(2 * SECOND_NS, 2, "sleep", Level.URGENT, Phase.RAISED))
    feed.alert(Alert(3 * SECOND_NS, 2, "sleep", Level.URGENT, Phase.ACKNOWLEDGED))
    standing = read((feed.after(0, 0.0) or [])[-1])[1]["standing"]
    assert [(one["name"], one["acknowledged"]) for one in standing] == [("sleep", True), ("drowsy", False)]
    feed.alert(Alert(4 * SECOND_NS, 2, "sleep", Level.URGENT, Phase.CLEARED))
    assert [one["name"] for one in read((feed.after(0, 0.0) or [])[-1])[1]["standing"]] == ["drowsy"]


def test_markers_and_long_closures_are_told_blinks_are_not(feed: Feed) -> None:
    feed.event(Event(SECOND_NS, "closure", {"start_ns": 0, "end_ns": SECOND_NS // 5}))
    feed.event(Event(SECOND_NS, "closure", {"start_ns": 0, "end_ns": SECOND_NS}))
    feed.event(Event(2 * SECOND_NS, "marker", {"text": "tunnel\n\nevent: forged", "pressed_ns": SECOND_NS}))
    told = [read(message)[1] for message in feed.after(0, 0.0) or []]
    assert [(one["text"][:11], one["level"]) for one in told] == [("eyes closed", "none"), ("marker, tex", "note")]


def test_the_end_is_told_to_who_waits(feed: Feed) -> None:
    feed.close()
    assert feed.after(0, 5.0) is None
