"""The serial line against real pseudo-terminals: what a receiver gets, also when it does not behave."""

from __future__ import annotations

import queue
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from tests.device.alerts.samples import AWAKE, MICROSLEEP, alert, started
from tools.rigs.serial_receiver import Receiver
from tools.rigs.waiting import eventually, settled, usual_longest
from wakeful.device.alerts.serial.output import SerialOutput
from wakeful.device.alerts.serial.sentences import Sentence, encode_command, unframe
from wakeful.device.alerts.serial.settings import SerialSettings
from wakeful.device.messages import Acknowledge, Command, Health, Marker, Phase, VehicleSpeed
from wakeful.device.supervision.notes import Notes


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


def test_a_state_and_an_alert_arrive_as_the_protocol_says(receiver: Receiver) -> None:
    with started(SerialOutput(SerialSettings(url=receiver.path))) as output:
        output.alert(alert(seq=3))
        output.state(MICROSLEEP)
        assert eventually(lambda: len(receiver.lines) >= 2)
    assert receiver.of("WKA") == [Sentence("WKA", ("3", "7610", "microsleep", "warning", "raised"))]
    fields = ("0", "5000", "ok", "warning", "microsleep", "4", "1200", "12", "-3", "neutral")
    assert receiver.of("WKS")[0].fields == fields
    assert output.problem is None


def test_the_heartbeat_goes_on_by_itself_and_each_change_is_said_at_once(receiver: Receiver) -> None:
    with started(SerialOutput(SerialSettings(url=receiver.path))) as output:

        def three_are_in_time_and_then_a_change(health: Health) -> bool:
            begun = len(receiver.lines)
            assert eventually(lambda: len(receiver.lines) >= begun + 4)
            changed_at = time.monotonic()
            output.state(replace(AWAKE, health=health))
            assert eventually(lambda: receiver.of("WKS")[-1].fields[2] == health.value)
            times = [when for when, _ in receiver.lines[begun:]]
            return max(b - a for a, b in pairwise(times)) < 0.7 and times[-1] - changed_at < 0.3

        begun_s = time.monotonic()
        output.state(AWAKE)
        # Other work on the machine may spoil a round, but not every one.
        tries = (Health.NO_FACE, Health.OK, Health.NO_FACE, Health.OK)
        assert any(three_are_in_time_and_then_a_change(health) for health in tries)
    count = len(receiver.of("WKS"))
    assert count <= 2 * (time.monotonic() - begun_s) + len(tries) + 1
    assert [int(sentence.fields[0]) for sentence in receiver.of("WKS")] == list(range(count))


def test_equal_states_at_frame_rate_add_nothing_to_the_heartbeat(receiver: Receiver) -> None:
    begun_s = time.monotonic()
    with started(SerialOutput(SerialSettings(url=receiver.path))) as output:
        for seq in range(60):
            output.state(replace(AWAKE, seq=seq, t_ns=seq))
            time.sleep(0.01)
    assert 1 <= len(receiver.of("WKS")) <= 2 + 2 * (time.monotonic() - begun_s)


def test_a_monitor_that_no_longer_speaks_is_called_stale(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wakeful.device.alerts.staleness.STALE_AFTER_S", 0.8)
    with started(SerialOutput(SerialSettings(url=receiver.path))) as output:
        output.state(AWAKE)
        assert eventually(lambda: receiver.of("WKS")[-1:] != [] and receiver.of("WKS")[-1].fields[2] == "stale")
        output.state(AWAKE)
        assert eventually(lambda: receiver.of("WKS")[-1].fields[2] == "ok")


def test_alerts_reach_the_wire_within_milliseconds(receiver: Receiver) -> None:
    raised_at: dict[int, float] = {}

    def slowest_of_a_round(seqs: range) -> float:
        for seq in seqs:
            raised_at[seq] = time.monotonic()
            output.alert(alert(seq=seq))
            time.sleep(0.003)
        assert eventually(lambda: len(receiver.of("WKA")) == seqs.stop)
        arrived = [(when, int(s.fields[0])) for when, s in receiver.lines if s.kind == "WKA"]
        return sorted(when - raised_at[seq] for when, seq in arrived[seqs.start :])[-2]

    with started(SerialOutput(SerialSettings(url=receiver.path))) as output:
        output.state(AWAKE)
        # Other work on the machine may spoil a round, but not every one.
        assert any(slowest_of_a_round(range(start, start + 100)) < 0.05 for start in range(0, 500, 100))


def test_a_receiver_that_stops_reading_costs_no_alert_and_no_time(receiver: Receiver) -> None:
    with started(SerialOutput(SerialSettings(url=receiver.path))) as output:
        output.state(AWAKE)
        assert eventually(lambda: len(receiver.lines) > 0)
        receiver.stop_reading()
        took_s = []
        for seq in range(900):
            before = time.monotonic()
            output.alert(alert(seq=seq))
            output.state(replace(AWAKE, seq=seq, code=f"code{seq}"))
            took_s.append(time.monotonic() - before)
            if seq % 100 == 0:
                time.sleep(0.02)
        receiver.read_on()
        assert eventually(lambda: len(receiver.of("WKA")) == 900)
    assert receiver.alert_seqs() == list(range(900))
    assert receiver.broken == []
    assert output.alerts_dropped == 0
    assert usual_longest(took_s) < 0.3


@pytest.mark.usefixtures("quick_retries")
def test_alerts_of_an_outage_arrive_once_and_in_order(tmp_path: Path) -> None:
    link = tmp_path / "ttyMCU"
    first, second = Receiver(), Receiver()
    link.symlink_to(first.path)
    with started(SerialOutput(SerialSettings(url=str(link)))) as output:
        output.state(AWAKE)
        output.alert(alert(seq=0))
        assert eventually(lambda: first.alert_seqs() == [0])
        first.close()
        link.unlink()
        assert eventually(lambda: output.problem is not None)
        for seq in range(1, 40):
            output.alert(alert(seq=seq))
        time.sleep(0.15)  # several openings fail
        link.symlink_to(second.path)
        assert eventually(lambda: len(second.of("WKA")) == 39)
        output.alert(alert(seq=40))
        assert eventually(lambda: len(second.of("WKA")) == 40)
        assert output.problem is None
    assert second.alert_seqs() == list(range(1, 41))
    assert second.broken == []
    second.close()


def test_an_alert_torn_by_an_outage_is_sent_again_whole(tmp_path: Path) -> None:
    link = tmp_path / "ttyMCU"
    first, second = Receiver(), Receiver()
    link.symlink_to(first.path)
    first.stop_reading()
    with started(SerialOutput(SerialSettings(url=str(link)))) as output:
        for seq in range(900):
            output.alert(alert(seq=seq))
        accepted = settled(lambda: output.alerts_sent)
        link.unlink()
        link.symlink_to(second.path)
        first.close()
        assert eventually(lambda: len(second.of("WKA")) == 900 - accepted)
    assert 0 < accepted < 900
    assert second.alert_seqs() == list(range(accepted, 900))
    second.close()


def test_of_too_many_waiting_alerts_the_oldest_are_dropped_and_counted(tmp_path: Path) -> None:
    link = tmp_path / "ttyMCU"
    with started(SerialOutput(SerialSettings(url=str(link)))) as output:
        for seq in range(1007):
            output.alert(alert(seq=seq))
        assert output.alerts_dropped == 7
        receiver = Receiver()
        link.symlink_to(receiver.path)
        assert eventually(lambda: len(receiver.of("WKA")) == 1000)
    assert receiver.alert_seqs() == list(range(7, 1007))
    receiver.close()


@pytest.mark.usefixtures("quick_retries")
def test_a_missing_port_is_reported_once_and_awaited(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    link = tmp_path / "ttyUSB7"
    with started(SerialOutput(SerialSettings(url=str(link)))) as output:
        assert eventually(lambda: output.problem is not None)
        assert "does not exist" in (output.problem or "")
        output.alert(alert(seq=1))
        time.sleep(0.15)  # several openings fail
        receiver = Receiver()
        link.symlink_to(receiver.path)
        assert eventually(lambda: receiver.alert_seqs() == [1])
    assert [r.message.count("does not exist") for r in caplog.records if "exist" in r.message] == [1]
    receiver.close()


def test_a_file_is_refused_as_no_serial_port(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("hello")
    with started(SerialOutput(SerialSettings(url=str(path)))) as output:
        assert eventually(lambda: "not a serial port" in (output.problem or ""))
    assert path.read_text() == "hello"


def test_a_port_in_use_is_named_so(receiver: Receiver) -> None:
    with started(SerialOutput(SerialSettings(url=receiver.path))) as first:
        first.state(AWAKE)
        assert eventually(lambda: len(receiver.lines) > 0)
        with started(SerialOutput(SerialSettings(url=receiver.path))) as second:
            assert eventually(lambda: "in use" in (second.problem or ""))


def test_commands_come_in_between_noise(receiver: Receiver) -> None:
    commands: queue.SimpleQueue[Command] = queue.SimpleQueue()
    with started(SerialOutput(SerialSettings(url=receiver.path), on_command=commands.put)) as output:
        output.state(AWAKE)
        assert eventually(lambda: len(receiver.lines) > 0)
        wanted: list[Command] = [Acknowledge(3), VehicleSpeed(61.5), VehicleSpeed(None), Marker("overtaking, left")]
        receiver.say(b"\x00\xff$WKV,nan*6F\r\n")
        for command in wanted:
            receiver.say(encode_command(command)[:5])
            receiver.say(encode_command(command)[5:])
        assert [commands.get(timeout=10.0) for _ in wanted] == wanted
        assert output.broken_sentences == 2


def test_a_listener_that_raises_does_not_stop_the_line(receiver: Receiver) -> None:
    refused: list[Command] = []

    def refuse(command: Command) -> None:
        refused.append(command)
        raise RuntimeError("no")

    with started(SerialOutput(SerialSettings(url=receiver.path), on_command=refuse)) as output:
        output.state(AWAKE)
        assert eventually(lambda: len(receiver.lines) > 0)
        receiver.say(encode_command(Acknowledge(1)))
        assert eventually(lambda: refused == [Acknowledge(1)])
        output.alert(alert(seq=9))
        assert eventually(lambda: receiver.alert_seqs() == [9])


def test_close_gets_queued_alerts_out(receiver: Receiver) -> None:
    output = SerialOutput(SerialSettings(url=receiver.path))
    output.start(0)
    for seq in range(300):
        output.alert(alert(seq=seq))
    output.close()
    output.close()
    assert eventually(lambda: receiver.alert_seqs() == list(range(300)))


def test_close_does_not_wait_for_a_port_that_is_stuck_or_gone(receiver: Receiver, tmp_path: Path) -> None:
    receiver.stop_reading()
    for url in (receiver.path, str(tmp_path / "none")):
        output = SerialOutput(SerialSettings(url=url))
        output.start(0)
        for seq in range(900):
            output.alert(alert(seq=seq))
        before = time.monotonic()
        output.close()
        assert time.monotonic() - before < 4.0


def test_the_loop_back_port_of_pyserial_works_and_its_echo_is_ignored() -> None:
    commands: list[Command] = []
    with started(SerialOutput(SerialSettings(url="loop://"), on_command=commands.append)) as output:
        output.state(AWAKE)
        for seq in range(100):
            output.alert(alert(seq=seq))
        assert eventually(lambda: output.alerts_sent == 100)
    assert output.problem is None
    assert (output.broken_sentences, commands) == (0, [])


def test_a_successor_sends_what_waited_and_what_the_port_did_not_take_whole(receiver: Receiver) -> None:
    other = Receiver()
    receiver.stop_reading()
    with started(SerialOutput(SerialSettings(url=receiver.path))) as stuck:
        for seq in range(900):
            stuck.alert(alert(seq=seq))
        settled(lambda: stuck.alerts_sent, rest_s=1.5)
        with started(SerialOutput(SerialSettings(url=other.path))) as successor:
            successor.take_over(stuck)
            accepted = stuck.alerts_sent
            assert eventually(lambda: len(other.of("WKA")) == 900 - accepted - 1)
            stuck.close()
            assert eventually(lambda: len(other.of("WKA")) == 900 - accepted)
    assert 0 < accepted < 900
    assert sorted(other.alert_seqs()) == list(range(accepted, 900))
    assert other.alert_seqs()[:-1] == list(range(accepted + 1, 900))
    other.close()


def test_a_speed_that_is_no_longer_told_is_unknown_after_two_seconds_and_noted(receiver: Receiver) -> None:
    commands: queue.SimpleQueue[Command] = queue.SimpleQueue()
    notes = Notes()
    with started(SerialOutput(SerialSettings(url=receiver.path), on_command=commands.put, notes=notes)) as output:
        output.state(AWAKE)
        assert eventually(lambda: len(receiver.lines) > 0)

        def lost_after_s() -> float:
            receiver.say(encode_command(VehicleSpeed(61.5)))
            assert commands.get(timeout=10.0) == VehicleSpeed(61.5)
            told_s = time.monotonic()
            assert not notes.codes
            assert commands.get(timeout=10.0) == VehicleSpeed(None)
            return time.monotonic() - told_s

        # Other work on the machine may spoil a round, but not every one.
        assert any(1.8 < lost_after_s() < 2.5 for _ in range(5))
        assert list(notes.codes) == ["speed_lost"]
        receiver.say(encode_command(VehicleSpeed(61.5)))
        assert commands.get(timeout=10.0) == VehicleSpeed(61.5)
        assert not notes.codes


def test_a_speed_is_lost_too_when_the_port_goes_away_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wakeful.device.alerts.speed_watch.LOST_AFTER_S", 0.4)
    link = tmp_path / "ttyMCU"
    receiver = Receiver()
    link.symlink_to(receiver.path)
    commands: queue.SimpleQueue[Command] = queue.SimpleQueue()
    with started(SerialOutput(SerialSettings(url=str(link)), on_command=commands.put)) as output:
        output.state(AWAKE)
        assert eventually(lambda: len(receiver.lines) > 0)
        receiver.say(encode_command(VehicleSpeed(61.5)))
        assert commands.get(timeout=10.0) == VehicleSpeed(61.5)
        link.unlink()
        receiver.close()
        assert commands.get(timeout=10.0) == VehicleSpeed(None)


def test_a_network_socket_serves_as_a_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        commands: queue.SimpleQueue[Command] = queue.SimpleQueue()
        with started(
            SerialOutput(SerialSettings(url=f"socket://127.0.0.1:{server.getsockname()[1]}"), on_command=commands.put)
        ) as output:
            peer, _ = server.accept()
            output.alert(alert(seq=5))
            peer.settimeout(10.0)
            assert unframe(peer.recv(100)).fields[0] == "5"
            peer.sendall(encode_command(Acknowledge(5)))
            assert commands.get(timeout=10.0) == Acknowledge(5)
            peer.close()


def test_every_alert_phase_of_the_contract_is_sent(receiver: Receiver) -> None:
    with started(SerialOutput(SerialSettings(url=receiver.path))) as output:
        for phase in Phase:
            output.alert(alert(seq=1, phase=phase))
        assert eventually(lambda: len(receiver.of("WKA")) == 4)
    assert [s.fields[4] for s in receiver.of("WKA")] == ["raised", "escalated", "acknowledged", "cleared"]
