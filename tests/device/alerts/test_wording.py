"""What people read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.device.alerts.samples import AWAKE, MICROSLEEP, SECOND_NS, alert
from wakeful.device.alerts.wording import alert_text, event_text, status_text, time_text
from wakeful.device.messages import Alert, DriverState, Event, Health, Level, Phase


def test_alerts_say_their_evidence_with_units() -> None:
    assert alert_text(alert()) == "microsleep raised, closure 1.0 s"
    turned = Alert(0, 1, "long_distraction", Level.WARNING, Phase.CLEARED, {"yaw_deg": -31.2, "perclos": 0.1534})
    assert alert_text(turned) == "long distraction cleared, yaw -31°, perclos 0.153"
    drowsy = Alert(0, 1, "drowsy", Level.ADVISORY, Phase.RAISED, {"perclos_60s": 0.0834})
    assert alert_text(drowsy) == "drowsy raised, PERCLOS 8.3%"


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (Event(0, "closure", {"start_ns": 0, "end_ns": SECOND_NS}), "eyes closed, 1.0 s"),
        (Event(0, "closure", {"start_ns": 0, "end_ns": SECOND_NS // 5}), None),
        (Event(0, "yawn", {"start_ns": 0, "end_ns": 4 * SECOND_NS}), "yawn, 4.0 s"),
        (Event(0, "health", {"health": "ok"}), None),
        (Event(0, "calibration", {"progress_pct": 50}), None),
        (Event(0, "seat_belt", {"open_pct": 50, "side": "left"}), "seat belt, open 50 %, side left"),
        (Event(0, "nod"), "nod"),
        (
            Event(0, "watched", {"person": 2, "previous": 1, "unsure": 1}),
            "person 2 is watched instead of 1, unsure who drives",
        ),
        (Event(0, "watched", {"person": 1, "previous": 2, "unsure": 0}), "person 1 is watched instead of 2"),
    ],
)
def test_events_are_said_in_few_words_and_blinks_not_at_all(event: Event, said: str | None) -> None:
    assert event_text(event) == said


@pytest.mark.parametrize("health", Health)
def test_without_an_alert_the_health_explains_itself(health: Health) -> None:
    assert status_text(DriverState(0, 0, health))
    assert status_text(AWAKE) == "no alert"
    assert status_text(replace(MICROSLEEP, health=health)) == "microsleep"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-1.0, "0:00.0"), (0.26, "0:00.2"), (62.3, "1:02.3"), (59.99, "0:59.9"), (3602.3, "1:00:02.3")],
)
def test_times_read_like_a_clock(seconds: float, said: str) -> None:
    assert time_text(seconds) == said


def test_a_driver_of_whom_it_is_not_sure_is_said_to_be_and_how_to_say_who_it_is() -> None:
    assert "[driver] side" in status_text(DriverState(0, 0, Health.DEGRADED, "unsure_driver"))
