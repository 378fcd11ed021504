"""CAN on python-can's virtual bus and through a serial adapter on a pseudo-terminal: what a vehicle gets, and says."""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue

import pytest

from tests.device.alerts.samples import AWAKE, MICROSLEEP, SECOND_NS, alert, started
from tools import rigs
from tools.rigs.can_adapter import Adapter
from tools.rigs.can_node import CanNode
from tools.rigs.waiting import eventually, usual_longest, within
from wakeful import ConfigError
from wakeful.device.alerts.can.settings import CanSettings
from wakeful.device.alerts.run import Run
from wakeful.device.config.layers import load_profile
from wakeful.device.messages import Acknowledge, Alert, Command, Gear, Health, Ignition, Level, Phase, VehicleSpeed
from wakeful.device.state.inputs import NewRules
from wakeful.device.supervision.notes import Notes

can = pytest.importorskip("can", reason="CAN needs python-can")
pytest.importorskip("cantools", reason="CAN needs cantools")

from wakeful.device.alerts.can import bus as can_bus  # noqa: E402
from wakeful.device.alerts.can import output as can_line  # noqa: E402
from wakeful.device.alerts.can.output import CanOutput  # noqa: E402

DBC = str(Path(rigs.__file__).with_name("vehicle.dbc"))
OBD2 = str(Path(__file__).parents[4] / "deploy" / "can" / "obd2.dbc")


@pytest.fixture
def channel(request: pytest.FixtureRequest) -> str:
    return str(request.node.name)[:60].replace("[", "-").replace("]", "")


@pytest.fixture
def vehicle(channel: str) -> Iterator[CanNode]:
    vehicle = CanNode(channel)
    yield vehicle
    vehicle.close()


def test_heartbeats_come_ten_times_a_second_and_a_change_at_once(channel: str, vehicle: CanNode) -> None:
    with started(CanOutput(CanSettings(address=f"virtual:{channel}"))) as output:
        output.state(AWAKE)
        begun_s = time.monotonic()
        changes = 1

        def ten_more_s() -> float:
            before_s, wanted = time.monotonic(), len(vehicle.of("WakefulHeartbeat")) + 10
            assert eventually(lambda: len(vehicle.of("WakefulHeartbeat")) >= wanted)
            return time.monotonic() - before_s

        def changed_s() -> float:
            nonlocal changes
            changes += 1
            state, code = (MICROSLEEP, "microsleep") if changes % 2 == 0 else (AWAKE, "none")
            before_s = time.monotonic()
            output.state(state)
            assert eventually(lambda: str(vehicle.of("WakefulHeartbeat")[-1]["Code"]) == code)
            return time.monotonic() - before_s

        # Other work on the machine may spoil a round, but not every one.
        assert any(0.7 < ten_more_s() < 1.4 for _ in range(5))
        assert within(0.1, changed_s)
    beats = vehicle.of("WakefulHeartbeat")
    assert len(beats) <= 10 * (time.monotonic() - begun_s) + changes + 2
    assert [beat["Counter"] for beat in beats] == list(range(len(beats)))


def test_alerts_arrive_in_order_and_are_acknowledged_by_their_number(channel: str, vehicle: CanNode) -> None:
    commands: SimpleQueue[Command] = SimpleQueue()
    with started(CanOutput(CanSettings(address=f"virtual:{channel}"), on_command=commands.put)) as output:
        for phase in (Phase.RAISED, Phase.ESCALATED):
            output.alert(alert(seq=7, phase=phase))
        assert eventually(lambda: len(vehicle.of("WakefulAlert")) == 2)
        vehicle.say(0x5F2, b"\x07\x00")
        assert commands.get(timeout=10.0) == Acknowledge(7)
    assert [str(one["Phase"]) for one in vehicle.of("WakefulAlert")] == ["raised", "escalated"]
    assert output.alerts_sent == 2


def test_a_profiles_own_code_has_its_number_and_another_one_after_a_reload(channel: str, vehicle: CanNode) -> None:
    own = Alert(SECOND_NS, 1, "x_nap", Level.WARNING, Phase.RAISED)
    profile = load_profile("vehicle")[0]
    first, second, *others = profile.rules
    changed = replace(profile, rules=(replace(first, code="x_doze"), replace(second, code="x_nap"), *others))
    output = CanOutput(CanSettings(address=f"virtual:{channel}"))
    output.begin(Run("5f0c91aa", codes=("sleep", "x_nap")))
    with started(output):
        output.alert(own)
        output.engine_input(NewRules(SECOND_NS, changed))
        output.alert(own)
        assert eventually(lambda: len(vehicle.of("WakefulAlert")) == 2)
    assert [str(one["Code"]) for one in vehicle.of("WakefulAlert")] == ["own_1", "own_2"]


def test_a_monitor_that_hangs_is_called_stale(channel: str, vehicle: CanNode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wakeful.device.alerts.staleness.STALE_AFTER_S", 0.2)
    with started(CanOutput(CanSettings(address=f"virtual:{channel}"))) as output:
        output.state(AWAKE)
        assert eventually(
            lambda: Health.STALE.value in [str(beat["Health"]) for beat in vehicle.of("WakefulHeartbeat")]
        )


def test_speed_ignition_and_gear_come_in_and_a_lost_speed_is_noted(
    channel: str, vehicle: CanNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wakeful.device.alerts.speed_watch.LOST_AFTER_S", 1.0)
    commands: SimpleQueue[Command] = SimpleQueue()
    notes = Notes()
    settings = CanSettings(
        address=f"virtual:{channel}",
        dbc=DBC,
        speed="Brakes.VehicleSpeed",
        ignition="Body.Ignition",
        gear="Transmission.Lever",
        ignition_on=2.0,
    )
    with started(CanOutput(settings, on_command=commands.put, notes=notes)):
        assert eventually(lambda: bool(vehicle.frames))
        vehicle.say(257, b"\x02\x00")
        assert commands.get(timeout=10.0) == Ignition(True)
        vehicle.say(2566844161 & 0x1FFFFFFF, bytes([3, 0, 0, 0, 0, 0, 0, 0]), extended=True)
        assert commands.get(timeout=10.0) == Gear("D")
        vehicle.say(256, struct.pack("<HHHH", 6350, 0, 0, 0))
        assert commands.get(timeout=10.0) == VehicleSpeed(63.5)
        assert notes.codes == ()
        assert commands.get(timeout=10.0) == VehicleSpeed(None)
        assert "speed_lost" in notes.codes
        vehicle.say(256, struct.pack("<HHHH", 6350, 0, 0, 0))
        assert commands.get(timeout=10.0) == VehicleSpeed(63.5)
        assert notes.codes == ()


def test_a_car_is_asked_for_its_speed_by_obd2_and_nothing_else_is_sent(channel: str, vehicle: CanNode) -> None:
    commands: SimpleQueue[Command] = SimpleQueue()
    obd = CanOutput(
        CanSettings(
            address=f"virtual:{channel}",
            dbc=OBD2,
            speed="Obd2Response.VehicleSpeed",
            request="7DF#02010D0000000000",
            request_hz=20.0,
            send=False,
        ),
        on_command=commands.put,
    )
    with started(obd) as output:
        output.state(AWAKE)
        output.alert(alert())
        assert eventually(lambda: len(vehicle.frames) >= 2)
        vehicle.say(0x7E8, bytes([3, 0x41, 0x0D, 88, 0, 0, 0, 0]))
        assert commands.get(timeout=10.0) == VehicleSpeed(88.0)
    asked = {(one.arbitration_id, bytes(one.data)) for _, one in vehicle.frames}
    assert asked == {(0x7DF, bytes.fromhex("02010D0000000000"))}


def test_a_bus_that_is_not_there_costs_nothing_and_alerts_wait(tmp_path: Path) -> None:
    with started(CanOutput(CanSettings(address=f"slcan:{tmp_path}/nothing"))) as output:
        took_s = []
        for seq in range(50):
            begun = time.perf_counter()
            output.alert(alert(seq=seq))
            output.state(AWAKE)
            took_s.append(time.perf_counter() - begun)
        assert eventually(lambda: output.problem is not None)
        assert "wakeful devices" in str(output.problem)
        assert usual_longest(took_s) < 0.05
        assert output.alerts_sent == 0


def test_socketcan_that_is_not_up_is_told_with_its_mend() -> None:
    with started(CanOutput(CanSettings(address="socketcan:wakeful9"))) as output:
        assert eventually(lambda: output.problem is not None)
        assert "sudo ip link set wakeful9 up" in str(output.problem)


@pytest.fixture
def adapter(monkeypatch: pytest.MonkeyPatch) -> Iterator[Adapter]:
    monkeypatch.setattr(can_bus, "ADAPTER_BOOT_S", 0.0)
    adapter = Adapter()
    yield adapter
    adapter.close()


def test_a_serial_adapter_is_opened_at_the_bus_s_speed_and_carries_frames_both_ways(adapter: Adapter) -> None:
    commands: SimpleQueue[Command] = SimpleQueue()
    output = CanOutput(
        CanSettings(address=f"slcan:{adapter.path}", bitrate=250_000, dbc=DBC, speed="Brakes.VehicleSpeed"),
        on_command=commands.put,
    )
    with started(output):
        output.state(AWAKE)
        output.alert(alert(seq=3))
        assert eventually(lambda: adapter.alert_numbers() == [3])
        adapter.say(b"t1008" + struct.pack("<HHHH", 6350, 0, 0, 0).hex().upper().encode() + b"\r")
        assert commands.get(timeout=10.0) == VehicleSpeed(63.5)
        adapter.say(b"t5F220300\r")
        assert commands.get(timeout=10.0) == Acknowledge(3)
    assert adapter.lines[:1] == [b"C"]
    assert b"S5" in adapter.lines
    assert b"O" in adapter.lines


def test_an_adapter_that_talks_nonsense_is_heard_again_when_it_makes_sense(adapter: Adapter) -> None:
    commands: SimpleQueue[Command] = SimpleQueue()
    with started(CanOutput(CanSettings(address=f"slcan:{adapter.path}"), on_command=commands.put)) as output:
        output.alert(alert(seq=3))
        assert eventually(lambda: adapter.alert_numbers() == [3])
        for noise in (b"tZZZ\r", b"t\r", b"\xff\xfe\x00\r", b"t5F29\r", os.urandom(2000), b"A" * 9000):
            adapter.say(noise)
            time.sleep(0.03)  # each is read for itself
        adapter.say(b"\r")
        time.sleep(0.05)
        adapter.say(b"t5F220300\r")
        assert commands.get(timeout=10.0) == Acknowledge(3)
        assert output.problem is None or "open" not in output.problem


def test_an_adapter_that_is_pulled_and_one_that_takes_its_place(adapter: Adapter, tmp_path: Path) -> None:
    port = tmp_path / "adapter"
    port.symlink_to(adapter.path)
    with started(CanOutput(CanSettings(address=f"slcan:{port}"))) as output:
        output.alert(alert(seq=1))
        assert eventually(lambda: adapter.alert_numbers() == [1])
        adapter.close()
        assert eventually(lambda: output.problem is not None)
        output.alert(alert(seq=2))
        output.alert(alert(seq=3))
        other = Adapter()
        port.unlink()
        port.symlink_to(other.path)
        assert eventually(lambda: other.alert_numbers() == [2, 3])
        other.close()


def test_what_is_not_configured_well_is_told_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="INTERFACE:CHANNEL"):
        CanOutput(CanSettings.model_construct(address="can0"))
    with pytest.raises(ConfigError, match="DBC file"):
        CanOutput(CanSettings(address="virtual:x", speed="Brakes.VehicleSpeed"))
    with pytest.raises(ConfigError, match="not a CAN frame"):
        CanOutput(CanSettings.model_construct(address="virtual:x", request="what?"))


def test_the_end_sends_what_is_queued(channel: str, vehicle: CanNode) -> None:
    with started(CanOutput(CanSettings(address=f"virtual:{channel}"))) as output:
        for seq in range(100):
            output.alert(alert(seq=seq))
    assert eventually(lambda: [one["Number"] for one in vehicle.of("WakefulAlert")] == list(range(100)))


def test_a_successor_sends_what_waited_and_takes_acknowledgements_of_what_was_told_before(
    channel: str, vehicle: CanNode, tmp_path: Path
) -> None:
    commands: SimpleQueue[Command] = SimpleQueue()
    with started(CanOutput(CanSettings(address=f"slcan:{tmp_path}/nothing"))) as away:
        for seq in (998, 999, 1000):
            away.alert(alert(seq=seq))
        with started(CanOutput(CanSettings(address=f"virtual:{channel}"), on_command=commands.put)) as successor:
            successor.take_over(away)
            away.close()
            assert eventually(lambda: len(vehicle.of("WakefulAlert")) == 3)
            vehicle.say(0x5F2, b"\xe7\x03")
            assert commands.get(timeout=10.0) == Acknowledge(999)
            successor.alert(alert(seq=1001))
    assert eventually(lambda: len(vehicle.of("WakefulAlert")) == 4)
    assert [one["Number"] for one in vehicle.of("WakefulAlert")] == [998, 999, 1000, 1001]
    assert (away.alerts_sent, successor.alerts_sent) == (0, 4)


def test_its_thread_is_watched(channel: str) -> None:
    from wakeful.device.supervision.workers import Liveness

    liveness = Liveness()
    with started(CanOutput(CanSettings(address=f"virtual:{channel}"), liveness=liveness)):
        assert [part.name for part in liveness.parts] == ["can"]
    assert can_line.STUCK_S > can_bus.ADAPTER_BOOT_S
