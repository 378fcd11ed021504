"""The protected layout on the bus, read by the shipped DBC file; and the plain one, whose bytes stay."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from typing import Any, get_args

import pytest

from tests.device.alerts.samples import AWAKE, MICROSLEEP, alert, started
from tools.rigs.can_node import CanNode
from tools.rigs.waiting import eventually
from wakeful import ConfigError
from wakeful.device.alerts.can.settings import CanSettings
from wakeful.device.cli import status
from wakeful.device.config.layers import load_profile
from wakeful.device.messages import Acknowledge, Command, DriverState, Health, Level, Phase, Unreadable
from wakeful.device.state.codes import Code
from wakeful.device.state.health import ROTATED, SLOW, UNSURE_DRIVER

can = pytest.importorskip("can", reason="CAN needs python-can")
cantools = pytest.importorskip("cantools", reason="CAN needs cantools")

from wakeful.device.alerts.can.e2e import checksum, protect  # noqa: E402
from wakeful.device.alerts.can.frames import CanFrame, Frames, dbc_text  # noqa: E402
from wakeful.device.alerts.can.output import CanOutput  # noqa: E402

DATABASE = cantools.database.load_string(dbc_text(), "dbc")
FRAMES = Frames(layout="protected")
PROFILES = ("vehicle", "robot", "eu-gsr", "r171")
DOZING = replace(
    MICROSLEEP, gaze_zone="lap", off_road_s=1.256, kss_estimate=7.3, health=Health.DEGRADED, reason="glare"
)


def read(frame: CanFrame) -> dict[str, Any]:
    values: dict[str, Any] = DATABASE.decode_message(frame.id, frame.data)
    return {name: value if isinstance(value, int | float) else str(value) for name, value in values.items()}


def test_the_bytes_of_the_plain_layout_stay() -> None:
    plain = Frames()
    sent = (
        plain.heartbeat(replace(MICROSLEEP, pitch_deg=-3.46), 258),
        plain.heartbeat(AWAKE, 7),
        plain.heartbeat(None, 0),
        plain.heartbeat(DriverState(0, 1, Health.NO_FACE), 0),
        plain.alert(alert(seq=70000), 0),
    )
    assert [(one.id, one.extended, one.data.hex()) for one in sent] == [
        (0x5F0, False, "0220510878000cfd"),
        (0x5F0, False, "0700100800000cfd"),
        (0x5F0, False, "0007f0ffffff8080"),
        (0x5F0, False, "0003c0ffffff8080"),
        (0x5F1, False, "70112100ba1d0000"),
    ]
    assert (plain.acknowledge_id, plain.acknowledge_data_id) == (0x5F2, None)


def test_two_frames_say_how_monitor_and_driver_are() -> None:
    heartbeat, attention = (read(one) for one in FRAMES.states(DOZING, 0))
    assert heartbeat == {
        "Crc": 0,
        "Counter": 0,
        "Health": "degraded",
        "Level": "warning",
        "Code": "microsleep",
        "Face": "yes",
        "EyesClosed": "yes",
        "Reason": "glare",
        "Perclos": 4.0,
        "Closure": 1.2,
        "Sleepiness": pytest.approx(7.3),
    }
    assert attention == {
        "Crc": 0,
        "Counter": 0,
        "GazeZone": "lap",
        "OffRoad": 1.26,
        "HeadYaw": 12,
        "HeadPitch": -3,
        "GazeYaw": 4,
        "GazePitch": -1,
    }


def test_what_is_unknown_is_said_to_be() -> None:
    heartbeat, attention = (read(one) for one in FRAMES.states(None, 0))
    assert (heartbeat["Health"], heartbeat["Reason"], heartbeat["Sleepiness"]) == ("starting", "none", 25.5)
    assert (attention["GazeZone"], attention["OffRoad"]) == ("unknown", 655.35)
    assert (attention["GazeYaw"], attention["GazePitch"], attention["HeadYaw"]) == (-128, -128, -128)


@pytest.mark.parametrize("reason", [*Unreadable, ROTATED, SLOW, UNSURE_DRIVER])
def test_every_reason_has_its_value(reason: str) -> None:
    assert read(FRAMES.heartbeat(replace(DOZING, reason=str(reason)), 0))["Reason"] == reason
    assert read(FRAMES.heartbeat(replace(DOZING, reason="itches"), 0))["Reason"] == "other"


@pytest.mark.parametrize("profile", PROFILES)
def test_every_zone_of_the_shipped_profiles_has_its_value(profile: str) -> None:
    for zone in [*(zone.name for zone in load_profile(profile)[0].gaze.zones), "elsewhere"]:
        assert read(FRAMES.attention(replace(AWAKE, gaze_zone=zone)))["GazeZone"] == zone
    assert read(FRAMES.attention(replace(AWAKE, gaze_zone="radio")))["GazeZone"] == "other"


@pytest.mark.parametrize("code", get_args(Code))
@pytest.mark.parametrize("phase", Phase)
def test_an_alert_says_its_number_code_level_phase_and_time(code: str, phase: Phase) -> None:
    said = read(FRAMES.alert(replace(alert(seq=70000, t_s=20_000.0), code=code, phase=phase), 0))
    assert said == {
        "Crc": 0,
        "Counter": 0,
        "Phase": phase.value,
        "Number": 70000 - 65536,
        "Code": code,
        "Level": "warning",
        "Time": 20_000_000 % (1 << 24),
    }


def test_every_frame_and_signal_is_described() -> None:
    for message in DATABASE.messages:
        assert message.comment
        assert message.send_type
        for signal in message.signals:
            assert signal.comment, signal.name
            assert signal.raw_initial is not None, signal.name
            assert "GenSigSendType" in signal.dbc.attributes, signal.name
    data_ids = [one.dbc.attributes["E2EDataId"].value for one in DATABASE.messages if one.name.endswith("E2E")]
    assert len(set(data_ids)) == 4


@pytest.fixture
def channel(request: pytest.FixtureRequest) -> str:
    return str(request.node.name)[:60].replace("[", "-").replace("]", "")


@pytest.fixture
def vehicle(channel: str) -> Iterator[CanNode]:
    vehicle = CanNode(channel)
    yield vehicle
    vehicle.close()


def test_each_frame_that_leaves_is_sealed_and_each_step_comes_three_times(channel: str, vehicle: CanNode) -> None:
    steps = [(seq, phase) for seq in range(1, 6) for phase in (Phase.RAISED, Phase.ESCALATED)]
    with started(CanOutput(CanSettings(address=f"virtual:{channel}", layout="protected"))) as output:
        output.state(DOZING)
        for seq, phase in steps:
            output.alert(alert(seq=seq, phase=phase))
            assert eventually(lambda: len({one["Number"] for one in vehicle.of("WakefulAlertE2E")}) == seq)  # noqa: B023
            number = steps.index((seq, phase)) + 1
            assert eventually(lambda: len(vehicle.of("WakefulAlertE2E")) == 3 * number)  # noqa: B023
        assert eventually(lambda: len(vehicle.of("WakefulAttentionE2E")) >= 3)
        assert output.alerts_sent == len(steps)
    for message in DATABASE.messages:
        frames = [bytes(one.data) for _, one in vehicle.frames if one.arbitration_id == message.frame_id]
        assert bool(frames) == (message.name.endswith("E2E") and "Acknowledge" not in message.name)
        for number, data in enumerate(frames):
            assert data[0] == checksum(data, message.dbc.attributes["E2EDataId"].value)
            assert data[1] & 0x0F == number % 15
    copies = [(one["Number"], str(one["Phase"])) for one in vehicle.of("WakefulAlertE2E")]
    assert copies == [(seq, phase.value) for seq, phase in steps for _ in range(3)]


def test_an_older_step_is_not_repeated_after_a_newer_one_and_the_end_sends_all_copies(
    channel: str, vehicle: CanNode
) -> None:
    with started(CanOutput(CanSettings(address=f"virtual:{channel}", layout="protected"))) as output:
        output.alert(alert(seq=1))
        output.alert(alert(seq=1, phase=Phase.CLEARED))
    assert eventually(lambda: len(vehicle.of("WakefulAlertE2E")) == 4)
    assert [str(one["Phase"]) for one in vehicle.of("WakefulAlertE2E")] == ["raised"] + 3 * ["cleared"]


def test_only_sound_acknowledgements_of_active_alerts_arrive(
    channel: str, vehicle: CanNode, caplog: pytest.LogCaptureFixture
) -> None:
    commands: SimpleQueue[Command] = SimpleQueue()
    settings = CanSettings(address=f"virtual:{channel}", layout="protected")
    with started(CanOutput(settings, on_command=commands.put)) as output:
        output.alert(alert(seq=7))
        output.alert(alert(seq=8))
        output.alert(alert(seq=8, phase=Phase.CLEARED))
        assert eventually(lambda: bool(vehicle.of("WakefulAlertE2E")))
        sound = [protect(bytes((0, 0, number, 0)), 0x574B, counter) for counter, number in enumerate((8, 7, 7, 7))]
        wrong = bytes((sound[2][0] ^ 0x80,)) + sound[2][1:]
        vehicle.say(0x5F2, b"\x07\x00")
        for data in (sound[0], sound[1], sound[1], wrong, sound[2]):
            vehicle.say(0x5F6, data)
        assert [commands.get(timeout=10.0) for _ in range(2)] == [Acknowledge(7)] * 2
        assert output.refused == {"no such active alert": 1, "repeated counter": 1, "wrong CRC": 1}
        assert commands.empty()
    assert len([text for text in caplog.messages if "acknowledgement was refused" in text]) == 3
    assert "no such active alert 1" in caplog.messages[-1]


def test_long_identifiers_and_can_fd_carry_the_same_frames(
    channel: str, vehicle: CanNode, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "board.toml"
    file.write_text(
        f'[can]\naddress = "virtual:{channel}"\nlayout = "protected"\nextended = true\nbase_id = 0x18FF50A0\n'
    )
    assert status(["export", "dbc", "--config", str(file)]) == 0
    database = cantools.database.load_string(capsys.readouterr().out, "dbc")
    settings = CanSettings(address=f"virtual:{channel}", layout="protected", extended=True, base_id=0x18FF50A0, fd=True)
    commands: SimpleQueue[Command] = SimpleQueue()
    with started(CanOutput(settings, on_command=commands.put)) as output:
        output.state(AWAKE)
        output.alert(alert(seq=7))
        assert eventually(lambda: len(vehicle.frames) >= 5)
        vehicle.say(0x18FF50A6, protect(bytes((0, 0, 7, 0)), 0x574B, 0), extended=True)
        assert commands.get(timeout=10.0) == Acknowledge(7)
    heard = {(one.arbitration_id, one.is_extended_id, one.is_fd, one.bitrate_switch) for _, one in vehicle.frames}
    assert heard == {(0x18FF50A0 + place, True, True, True) for place in (4, 5, 7)}
    for _, one in vehicle.frames:
        message = database.get_message_by_frame_id(one.arbitration_id)
        assert (message.is_extended_frame, message.comment[:16]) == (True, "Layout protected")
        assert message.signals[0].comment
        assert message.decode(bytes(one.data))["Crc"] == one.data[0]


@pytest.mark.parametrize(
    ("values", "fix"),
    [
        ({"base_id": 0x7F9, "layout": "protected"}, "base_id of at most 2040"),
        ({"base_id": 0x7FE}, "base_id of at most 2045"),
        ({"fd": True, "address": "slcan:/dev/ttyACM0"}, "socketcan or virtual"),
    ],
)
def test_identifiers_and_addresses_that_do_not_go_together_are_refused(values: dict[str, Any], fix: str) -> None:
    with pytest.raises(ValueError, match=fix):
        CanSettings(**values)


def test_only_the_dbc_depends_on_a_configuration(tmp_path: Path) -> None:
    from wakeful.device.commands.export import What, export

    with pytest.raises(ConfigError, match="leave it out"):
        export(What.SCHEMA, None, tmp_path / "board.toml")


def test_level_and_health_have_the_values_of_the_plain_layout() -> None:
    for level in Level:
        for health in Health:
            said = read(FRAMES.heartbeat(replace(AWAKE, level=level, health=health, code="sleep"), 0))
            assert (said["Level"], said["Health"]) == (level.label, health.value)
