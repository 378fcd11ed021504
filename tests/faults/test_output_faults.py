"""What peers, disks and threads do to a running monitor: no alert is lost or told twice, and all comes back."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tools.faults.rig import RECOVERS_WITHIN_S, Rig, full_disk
from tools.rigs.broker import Broker, Listener
from tools.rigs.can_node import CanNode
from tools.rigs.networks import LANDMARKS
from tools.rigs.waiting import eventually
from wakeful.device.alerts.can.frames import Layout
from wakeful.device.alerts.can.settings import CanSettings
from wakeful.device.alerts.mqtt.output import MqttOutput
from wakeful.device.alerts.mqtt.settings import MqttSettings
from wakeful.device.alerts.serial.sentences import encode_command
from wakeful.device.messages import Health, VehicleSpeed
from wakeful.device.supervision import workers as liveness


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with Rig(tmp_path_factory.mktemp("rig")) as running:
        yield running


@pytest.fixture(autouse=True)
def nothing_is_lost_or_told_twice(rig: Rig) -> Iterator[None]:
    """Holds after every fault."""
    yield
    assert rig.recovers(), f"{rig.health()}, {rig.standing_notes()}, {rig.serial.problem}"
    rig.microsleep()
    assert eventually(lambda: rig.wire() == rig.told() == rig.written(), RECOVERS_WITHIN_S), (rig.wire(), rig.written())
    assert len(set(rig.told())) == len(rig.told())
    assert rig.failure is None


def test_a_receiver_that_stops_reading_gets_the_alerts_when_it_reads_on(rig: Rig) -> None:
    rig.receiver.stop_reading()
    rig.receiver.fill_up()
    rig.microsleep()
    states = len(rig.heard.states)
    assert eventually(lambda: len(rig.heard.states) > states + 10)
    rig.receiver.read_on()


def test_a_receiver_that_sends_rubbish_is_not_listened_to(rig: Rig) -> None:
    broken = rig.serial.broken_sentences
    rubbish = np.random.default_rng(5).integers(0, 256, 20_000, dtype=np.uint8).tobytes()
    for start in range(0, len(rubbish), 1000):
        rig.receiver.say(rubbish[start : start + 1000])
    rig.receiver.say(b"\n$WKK,9999*00\r\n")
    assert eventually(lambda: rig.serial.broken_sentences > broken)


def test_a_speed_that_is_told_no_more_opens_the_gates_and_health_says_so(tmp_path: Path) -> None:
    with Rig(tmp_path) as moving:
        moving.receiver.say(encode_command(VehicleSpeed(0.0)))
        assert eventually(lambda: bool(moving.heard.newest and moving.heard.newest.speed_kmh == 0.0))
        moving.camera.asleep = True
        time.sleep(1.0)
        assert moving.heard.alerts == []
        assert eventually(lambda: bool(moving.heard.alerts))
        # An alert goes out before the state that carries the note.
        assert eventually(lambda: "speed_lost" in moving.standing_notes())
        assert "speed_lost" in [event.data.get("note") for event in moving.heard.events if event.kind == "health"]
        moving.receiver.say(encode_command(VehicleSpeed(0.0)))
        assert eventually(lambda: "speed_lost" not in moving.standing_notes())


def test_a_line_that_is_gone_gets_the_alerts_when_it_is_back(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    def unplugged(descriptor: int, data: bytes) -> int:
        if os.isatty(descriptor) and os.ttyname(descriptor) == rig.receiver.path:
            raise OSError(5, "Input/output error")
        return write(descriptor, data)

    write = os.write
    with monkeypatch.context() as gone:
        gone.setattr(os, "write", unplugged)
        assert eventually(lambda: rig.serial.problem is not None)
        rig.microsleep()
    assert eventually(lambda: rig.serial.problem is None, RECOVERS_WITHIN_S)


def test_alerts_wait_for_a_full_disk(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(liveness, "BLOCKED_AFTER_S", 0.2)
    with full_disk(rig.events_file) as refused:
        rig.microsleep()
        assert eventually(lambda: "output_blocked" in rig.standing_notes())
        assert refused() > 0
    assert eventually(lambda: "output_blocked" not in rig.standing_notes(), RECOVERS_WITHIN_S)


def test_a_network_that_answers_nan_shows_nobody_until_it_does_not(rig: Rig) -> None:
    rig.networks.broken = LANDMARKS
    assert eventually(lambda: rig.health() is Health.NO_FACE)
    assert rig.perception.network_faults > 0
    rig.networks.broken = ()
    assert rig.recovers()


def test_no_memory_for_a_frame_is_noted_and_over_with_the_next(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    def scarce(frame: object) -> None:
        raise MemoryError

    with monkeypatch.context() as pressure:
        pressure.setattr(rig.perception, "look", scarce)
        assert eventually(lambda: "perception_failed" in rig.standing_notes())
    assert eventually(lambda: "perception_failed" not in rig.standing_notes())


def test_a_clock_that_is_set_changes_nothing(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    real, step_s = time.time, [3600.0]
    with monkeypatch.context() as clock:
        clock.setattr(time, "time", lambda: real() + step_s[0])
        clock.setattr(time, "time_ns", lambda: round((real() + step_s[0]) * 1e9))
        for step_s[0] in (3600.0, -3600.0, 0.0):
            before = len(rig.heard.states)
            assert eventually(lambda before=before: len(rig.heard.states) > before + 5)  # type: ignore[misc]
            assert rig.is_well()
        rig.microsleep()


@pytest.mark.parametrize("name", ["serial", "write-"])
def test_a_thread_that_dies_is_started_again(name: str, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = rig.events._lines
    worker = rig.serial._worker if name == "serial" else lines._worker
    thread, died = worker._thread, threading.Event()
    assert thread is not None

    def die() -> None:
        died.set()
        raise RuntimeError("a fault in the thread")

    with monkeypatch.context() as fault:
        if name == "serial":
            fault.setattr(rig.serial, "_on_duty", die)
            rig.microsleep()
        else:
            fault.setattr(lines, "_take_lines", die)
            lines.write("")
        assert died.wait(10.0)
        assert eventually(lambda: not thread.is_alive())
    assert eventually(worker.is_alive)
    assert worker._thread is not thread
    assert eventually(lambda: "restarted" in rig.standing_notes())


def test_a_broker_that_hangs_goes_and_comes_back_gets_every_alert_in_order(tmp_path: Path) -> None:
    broker = Broker(tmp_path).start()
    listener = Listener(broker, "wakeful/rig/alert")
    mqtt = MqttOutput(MqttSettings(broker=f"mqtt://{broker.address}"), "rig")
    folder = tmp_path / "rig"
    folder.mkdir()
    with Rig(folder, mqtt) as own:
        own.microsleep()
        broker.signal(signal.SIGSTOP)
        own.microsleep()
        broker.signal(signal.SIGCONT)
        broker.stop()
        own.microsleep()
        broker.start()
        assert eventually(lambda: mqtt.alerts_sent == len(own.told()), 15.0), (
            mqtt.alerts_sent,
            own.told(),
            mqtt.problem,
        )
        own.microsleep()
        heard = [(message["seq"], message["phase"]) for message in listener.all("alert", 1.0)]
    listener.close()
    broker.stop()
    # QoS 1 is at least once: what the broker passed on and could not acknowledge before it went comes a second time.
    assert list(dict.fromkeys(heard)) == own.told()


def test_the_number_of_threads_and_descriptors_is_as_before(rig: Rig) -> None:
    assert {part.name for part in rig.liveness.parts} >= {"serial", "the loop", "camera supervisor"}
    wakeful = [thread.name for thread in threading.enumerate() if thread.name.startswith("wakeful-serial")]
    assert wakeful == ["wakeful-serial"]


@pytest.mark.parametrize("layout", ["plain", "protected"])
def test_a_bus_that_takes_nothing_and_then_rubbish_gets_the_alerts_once(tmp_path: Path, layout: Layout) -> None:
    can = pytest.importorskip("can", reason="CAN needs python-can")
    pytest.importorskip("cantools", reason="CAN needs cantools")
    from wakeful.device.alerts.can.output import CanOutput

    vehicle, gone = CanNode("rig"), threading.Event()
    send = can.interfaces.virtual.VirtualBus.send

    def sends(bus: object, message: object, timeout: float | None = None) -> None:
        if gone.is_set():
            raise can.CanOperationError("no buffer space available")
        send(bus, message, timeout)

    def heard() -> list[tuple[int, str]]:
        sent = vehicle.of("WakefulAlert" if layout == "plain" else "WakefulAlertE2E")
        steps = [(int(frame["Number"]), str(frame["Phase"])) for frame in sent]
        return steps if layout == "plain" else list(dict.fromkeys(steps))

    folder = tmp_path / "rig"
    folder.mkdir()
    with (
        pytest.MonkeyPatch.context() as fault,
        Rig(folder, CanOutput(CanSettings(address="virtual:rig", layout=layout))) as own,
    ):
        fault.setattr(can.interfaces.virtual.VirtualBus, "send", sends)
        gone.set()
        own.microsleep()
        gone.clear()
        for number in range(50):
            vehicle.say(0x5F2 if layout == "plain" else 0x5F6, bytes([number] * (number % 9)))
        own.microsleep()
        assert eventually(lambda: heard() == own.told(), RECOVERS_WITHIN_S), (heard(), own.told())
    vehicle.close()
