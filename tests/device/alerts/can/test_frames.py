"""Frames on the bus, read back by the shipped DBC file as any receiver would."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import pytest

from tests.device.alerts.samples import AWAKE, MICROSLEEP, SECOND_NS, alert
from wakeful import ConfigError
from wakeful.device.messages import Alert, DriverState, Health, Level, Phase
from wakeful.device.state.codes import Code

cantools = pytest.importorskip("cantools", reason="CAN needs cantools")

from wakeful.device.alerts.can.frames import CanFrame, Frames, dbc_text, parse_frame  # noqa: E402

DATABASE = cantools.database.load_string(dbc_text(), "dbc")
FRAMES = Frames()


def read(frame: CanFrame) -> dict[str, Any]:
    values: dict[str, Any] = DATABASE.decode_message(frame.id, frame.data)
    return {name: value if isinstance(value, int | float) else str(value) for name, value in values.items()}


def test_a_heartbeat_says_how_monitor_and_driver_are() -> None:
    said = read(FRAMES.heartbeat(replace(MICROSLEEP, pitch_deg=-3.46), 258))
    assert said == {
        "Counter": 2,
        "Health": "ok",
        "Level": "warning",
        "Code": "microsleep",
        "Face": "yes",
        "EyesClosed": "yes",
        "Perclos": 4.0,
        "Closure": 1.2,
        "HeadYaw": 12,
        "HeadPitch": -3,
    }


def test_what_is_unknown_is_said_to_be() -> None:
    said = read(FRAMES.heartbeat(DriverState(0, 1, Health.NO_FACE), 0))
    assert (said["EyesClosed"], said["Perclos"], said["Closure"]) == ("unknown", 127.5, 655.35)
    assert (said["HeadYaw"], said["HeadPitch"], said["Code"]) == (-128, -128, "none")


def test_before_the_first_state_only_starting_is_sent() -> None:
    said = read(FRAMES.heartbeat(None, 0))
    assert (said["Health"], said["Face"]) == ("starting", "unknown")
    assert read(FRAMES.heartbeat(None, 0, stale=True))["Health"] == "stale"


def test_extreme_figures_stay_within_their_signals() -> None:
    odd = replace(AWAKE, closure_s=1e9, perclos_60s=1.0, yaw_deg=-200.0, pitch_deg=float("nan"))
    said = read(FRAMES.heartbeat(odd, 0))
    assert (said["Closure"], said["Perclos"], said["HeadYaw"], said["HeadPitch"]) == (655.0, 100.0, -127, -128)


def test_an_alert_says_its_number_code_level_phase_and_time() -> None:
    assert read(FRAMES.alert(alert(seq=3), 0)) == {
        "Number": 3,
        "Code": "microsleep",
        "Level": "warning",
        "Phase": "raised",
        "Time": 7610,
    }


@pytest.mark.parametrize("health", Health)
@pytest.mark.parametrize("level", Level)
def test_every_health_and_level_has_its_value(health: Health, level: Level) -> None:
    said = read(FRAMES.heartbeat(replace(AWAKE, health=health, level=level, code="sleep"), 0))
    assert (said["Health"], said["Level"]) == (health.value, level.label)


@pytest.mark.parametrize("code", get_args(Code))
@pytest.mark.parametrize("phase", Phase)
def test_every_code_and_phase_has_its_value(code: str, phase: Phase) -> None:
    said = read(FRAMES.alert(Alert(0, 1, code, Level.URGENT, phase), 0))
    assert (said["Code"], said["Phase"]) == (code, phase.value)


def test_a_code_of_a_later_version_is_other_and_not_none() -> None:
    assert read(FRAMES.alert(Alert(0, 1, "hungry", Level.URGENT, Phase.RAISED), 0))["Code"] == "other"


def test_a_code_of_the_profiles_own_has_a_number_in_the_order_of_the_rules() -> None:
    frames = Frames()
    frames.codes = ("x_nap", "sleep", "x_gaze", "x_nap")
    for code, number in (("x_nap", 9), ("x_gaze", 10)):
        sent = frames.alert(Alert(0, 1, code, Level.URGENT, Phase.RAISED), 0)
        assert DATABASE.decode_message(sent.id, sent.data, decode_choices=False)["Code"] == number
        assert read(sent)["Code"] == f"own_{number - 8}"
        state = replace(AWAKE, level=Level.URGENT, code=code)
        assert read(frames.heartbeat(state, 0))["Code"] == f"own_{number - 8}"


def test_identifiers_move_together() -> None:
    moved = Frames(0x300)
    assert moved.heartbeat(AWAKE, 0).id == 0x300
    assert moved.alert(alert(), 0).id == 0x301
    assert moved.acknowledge_id == 0x302


@pytest.mark.parametrize("seq", [1, 65535, 65536, 65540, 200_000])
def test_the_number_of_an_acknowledgement_is_completed(seq: int) -> None:
    data = (seq % 65536).to_bytes(2, "little")
    assert FRAMES.acknowledged(data, newest_seq=seq + 3) == seq
    assert FRAMES.acknowledged(b"\x01", newest_seq=seq) is None


def test_times_wrap_as_the_description_says() -> None:
    late = Alert((1 << 32) * 1_000_000 + 5 * SECOND_NS, 1, "sleep", Level.URGENT, Phase.RAISED)
    assert read(FRAMES.alert(late, 0))["Time"] == 5000


def test_a_frame_is_read_from_text() -> None:
    assert parse_frame("7DF#02010D") == CanFrame(0x7DF, b"\x02\x01\x0d")
    assert parse_frame("18DB33F1#02010D") == CanFrame(0x18DB33F1, b"\x02\x01\x0d", extended=True)


@pytest.mark.parametrize(
    "text", ["", "7DF", "7DF#xyz", "#00", "7DF#001122334455667788", "8FF#00", "FFFFFFFF#00", "-1#00"]
)
def test_what_is_no_frame_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="not a CAN frame"):
        parse_frame(text)
