"""MQTT against a real broker: what arrives, also when the broker goes away, restarts, hangs or refuses."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from tests.device.alerts.mqtt.conftest import Listen
from tests.device.alerts.samples import AWAKE, MICROSLEEP, SECOND_NS, alert, started
from tools.rigs.broker import Broker
from tools.rigs.waiting import eventually, usual_longest
from wakeful.device.alerts.mqtt.output import MqttOutput
from wakeful.device.alerts.mqtt.settings import MqttSettings
from wakeful.device.alerts.registry import make_output
from wakeful.device.alerts.report import schema
from wakeful.device.messages import Acknowledge, Command, Event, Health, Marker, Phase
from wakeful.device.people import Person


def valid(report: object) -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="the schema is checked with the package jsonschema")
    jsonschema.Draft202012Validator(schema()).validate(report)


def test_state_alert_health_and_availability_arrive_as_the_schema_says(broker: Broker, listen: Listen) -> None:
    listener = listen(broker, "wakeful/cab-7/#")
    with started(
        MqttOutput(MqttSettings(broker=broker.address), "cab-7", expression_classes=("neutral", "happiness"))
    ) as output:
        somebody = Person(7, watched=False, x=0.5, y=0.25, width=0.1, height=0.2, looking=True)
        output.state(replace(MICROSLEEP, people=(somebody,)))
        output.alert(alert(seq=3))
        output.event(Event(SECOND_NS, "yawn", {"start_ns": 0, "end_ns": SECOND_NS}))
        assert listener.next("/availability") == "online"
        reports = {end: listener.next(f"/{end}") for end in ("state", "alert", "health", "event")}
    for report in reports.values():
        valid(report)
    assert (reports["state"]["code"], reports["state"]["expression_p"]["neutral"]) == ("microsleep", 0.9)
    assert [(one["id"], one["looking"], one["x"]) for one in reports["state"]["people"]] == [(7, True, 0.5)]
    assert (reports["alert"]["seq"], reports["alert"]["t"]) == (3, 7.61)
    assert reports["health"]["health"] == "ok"
    assert reports["event"]["kind"] == "yawn"
    assert listener.next("/availability") == "offline"


def test_who_comes_later_still_learns_state_health_and_availability(broker: Broker, listen: Listen) -> None:
    with started(MqttOutput(MqttSettings(broker=broker.address), "cab-7")) as output:
        first = listen(broker, "wakeful/cab-7/#")
        output.state(AWAKE)
        output.alert(alert())
        for end in ("/state", "/health", "/alert"):
            first.next(end)
        late = listen(broker, "wakeful/cab-7/#")
        for end in ("/state", "/health", "/availability"):
            assert late.next_message(end)[2], f"{end} was not retained"
        assert late.all("/alert") == []


def test_states_come_five_times_a_second_and_only_when_there_is_news(broker: Broker, listen: Listen) -> None:
    listener = listen(broker, "wakeful/cab-7/state")
    with started(MqttOutput(MqttSettings(broker=broker.address), "cab-7")) as output:

        def told_in_a_second() -> int:
            begun = time.monotonic()
            while (now := time.monotonic()) - begun < 1.0:
                output.state(replace(AWAKE, t_ns=round(now * 1e9)))
                time.sleep(0.02)
            return len(listener.all("/state"))

        # Other work on the machine may spoil a second, but not every one.
        assert any(4 <= told_in_a_second() <= 7 for _ in range(5))
        assert listener.all("/state") == []


def test_a_monitor_that_hangs_is_called_stale(broker: Broker, listen: Listen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wakeful.device.alerts.staleness.STALE_AFTER_S", 0.3)
    listener = listen(broker, "wakeful/cab-7/health")
    with started(MqttOutput(MqttSettings(broker=broker.address), "cab-7")) as output:
        output.state(AWAKE)
        assert listener.next("/health")["health"] == "ok"
        assert listener.next("/health")["health"] == Health.STALE.value


def test_the_broker_says_offline_when_the_monitor_is_killed(broker: Broker, listen: Listen) -> None:
    listener = listen(broker, "wakeful/cab-7/availability")
    monitor = subprocess.Popen([sys.executable, "-c", MONITOR, broker.address])
    assert listener.next("/availability", 30.0) == "online"
    monitor.kill()
    monitor.wait()
    assert listener.next("/availability") == "offline"


MONITOR = """
import sys, time
from wakeful.device.alerts.mqtt.output import MqttOutput
from wakeful.device.alerts.mqtt.settings import MqttSettings
MqttOutput(MqttSettings(broker=sys.argv[1]), "cab-7").start(0)
time.sleep(60)
"""


def test_two_monitors_of_one_name_are_told_so(broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    with started(MqttOutput(MqttSettings(broker=broker.address), "cab-7")) as first:
        assert eventually(lambda: first.problem is None and bool(first.connections))
        with started(MqttOutput(MqttSettings(broker=broker.address), "cab-7")):
            assert eventually(lambda: "another client is called wakeful-cab-7 too" in caplog.text)


@pytest.mark.usefixtures("quick_retries")
def test_alerts_wait_for_a_broker_that_is_not_there_yet(tmp_path: Path, listen: Listen) -> None:
    broker = Broker(tmp_path)
    with started(MqttOutput(MqttSettings(broker=broker.address), "cab-7")) as output:
        for seq in range(1, 6):
            output.alert(alert(seq=seq, t_s=float(seq)))
        assert eventually(lambda: output.problem is not None)
        broker.start()
        listener = listen(broker, "wakeful/cab-7/alert")
        told = [listener.next("/alert") for _ in range(5)]
        assert [one["seq"] for one in told] == [1, 2, 3, 4, 5]
        assert [one["t"] for one in told] == [1.0, 2.0, 3.0, 4.0, 5.0]
        assert listener.all("/alert") == []
    broker.stop()


@pytest.mark.usefixtures("quick_retries")
def test_alerts_raised_while_the_broker_restarts_arrive_once_in_order_with_their_own_time(
    broker: Broker, listen: Listen
) -> None:
    listener = listen(broker, "wakeful/cab-7/alert")
    with started(MqttOutput(MqttSettings(broker=broker.address), "cab-7")) as output:
        output.alert(alert(seq=1))
        assert listener.next("/alert")["seq"] == 1
        broker.stop()
        assert eventually(lambda: output.problem is not None)
        raised_at = time.time()
        for phase in (Phase.RAISED, Phase.ESCALATED, Phase.CLEARED):
            output.alert(alert(seq=2, phase=phase, t_s=20.0))
        broker.start()
        told = [listener.next("/alert") for _ in range(3)]
        assert [one["phase"] for one in told] == ["raised", "escalated", "cleared"]
        assert all(abs(_unix_s(one["time"]) - raised_at) < 1.0 for one in told)
        assert listener.all("/alert") == []
        assert eventually(lambda: output.alerts_sent == 4)


def test_a_broker_that_knows_only_the_older_protocol_is_served_too(broker: Broker, listen: Listen) -> None:
    listener = listen(broker, "wakeful/cab-7/#")
    with started(MqttOutput(MqttSettings(broker=broker.address, version="3.1.1"), "cab-7")) as output:
        output.state(AWAKE)
        output.alert(alert(seq=1))
        assert listener.next("/state")["t"] == 5.0
        assert listener.next("/alert")["seq"] == 1
        assert eventually(lambda: output.alerts_sent == 1)
    assert [listener.next("/availability") for _ in range(2)] == ["online", "offline"]


def _unix_s(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def test_a_broker_that_hangs_costs_the_loop_nothing_and_no_alert(broker: Broker, listen: Listen) -> None:
    listener = listen(broker, "wakeful/cab-7/alert")
    with started(MqttOutput(MqttSettings(broker=broker.address), "cab-7")) as output:
        output.alert(alert(seq=0))
        listener.next("/alert")
        broker.signal(signal.SIGSTOP)
        took_s = []
        for seq in range(1, 200):
            begun = time.perf_counter()
            output.alert(alert(seq=seq))
            output.state(replace(MICROSLEEP, seq=seq))
            took_s.append(time.perf_counter() - begun)
            time.sleep(0.002)
        broker.signal(signal.SIGCONT)
        assert [listener.next("/alert")["seq"] for _ in range(199)] == list(range(1, 200))
        assert listener.all("/alert") == []
        assert usual_longest(took_s) < 0.05
        assert max(took_s) < 1.0  # one that waits for the broker takes seconds


def test_an_alert_that_nobody_hears_is_offered_again(
    broker: Broker, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wakeful.device.alerts.outbox.OFFER_AGAIN_S", 0.1)
    with started(MqttOutput(MqttSettings(broker=broker.address), "cab-7")) as output:
        output.alert(alert(seq=1))
        output.alert(alert(seq=2))
        assert eventually(lambda: output.problem is None)
        time.sleep(0.3)  # it is offered several times
        assert output.alerts_sent == 0
        listener = listen(broker, "wakeful/cab-7/alert")
        assert [listener.next("/alert")["seq"] for _ in range(2)] == [1, 2]
        assert listener.all("/alert") == []


def test_commands_come_in_and_broken_or_retained_ones_are_refused(broker: Broker, listen: Listen) -> None:
    commands: SimpleQueue[Command] = SimpleQueue()
    other = listen(broker, "wakeful/cab-7/availability")
    other.say("wakeful/cab-7/cmd", {"command": "acknowledge", "seq": 9}, retain=True)
    with started(MqttOutput(MqttSettings(broker=broker.address), "cab-7", on_command=commands.put)) as output:
        other.next("/availability")
        other.say("wakeful/cab-7/cmd", b"{")
        other.say("wakeful/cab-7/cmd", {"command": "acknowledge", "seq": 3})
        other.say("wakeful/cab-7/cmd", {"command": "marker", "text": "rain"})
        assert commands.get(timeout=10.0) == Acknowledge(3)
        assert commands.get(timeout=10.0) == Marker("rain")
        assert commands.empty()
    assert output.broken_commands == 2


def test_commands_can_be_turned_off(broker: Broker, listen: Listen) -> None:
    commands: SimpleQueue[Command] = SimpleQueue()
    other = listen(broker, "wakeful/cab-7/availability")
    with started(MqttOutput(MqttSettings(broker=broker.address, commands=False), "cab-7", on_command=commands.put)):
        other.next("/availability")
        other.say("wakeful/cab-7/cmd", {"command": "acknowledge", "seq": 3})
        time.sleep(0.3)
    assert commands.empty()


def test_home_assistant_is_told_about_the_device_and_again_when_it_restarts(broker: Broker, listen: Listen) -> None:
    home = listen(broker, "homeassistant/device/#")
    with started(MqttOutput(MqttSettings(broker=broker.address, discovery=True), "cab.7")):
        topic, described, _ = home.next_message("/config")
        assert topic == "homeassistant/device/wakeful_cab_7/config"
        assert described["availability_topic"] == "wakeful/cab.7/availability"
        home.say("homeassistant/status", b"online")
        assert home.next("/config") == described
    assert listen(broker, "homeassistant/device/#").next_message("/config")[2]


def test_a_button_of_home_assistant_reaches_the_monitor(broker: Broker, listen: Listen) -> None:
    commands: SimpleQueue[Command] = SimpleQueue()
    home = listen(broker, "homeassistant/device/#")
    with started(MqttOutput(MqttSettings(broker=broker.address, discovery=True), "cab-7", on_command=commands.put)):
        button = home.next_message("/config")[1]["components"]["acknowledge"]
        home.say(button["command_topic"], button["payload_press"].encode())
        assert commands.get(timeout=10.0) == Acknowledge(None)


def test_the_end_sends_what_is_queued_and_is_quick_without_a_broker(broker: Broker, listen: Listen) -> None:
    listener = listen(broker, "wakeful/cab-7/alert")
    output = MqttOutput(MqttSettings(broker=broker.address), "cab-7")
    with started(output):
        assert eventually(lambda: output.problem is None)
        for seq in range(50):
            output.alert(alert(seq=seq))
    assert [listener.next("/alert")["seq"] for _ in range(50)] == list(range(50))
    broker.stop()
    away = MqttOutput(MqttSettings(broker=broker.address), "cab-7")
    away.start(0)
    away.alert(alert())
    begun = time.monotonic()
    away.close()
    away.close()
    assert time.monotonic() - begun < 3.0


def test_a_changed_configuration_loses_no_alert_and_stays_online(
    broker: Broker, listen: Listen, tmp_path: Path
) -> None:
    away = MqttOutput(MqttSettings(broker="127.0.0.1:1"), "cab-7")
    away.start(0)
    away.alert(alert(seq=1))
    listener = listen(broker, "wakeful/cab-7/#")
    second = MqttOutput(MqttSettings(broker=broker.address), "cab-7")
    second.start(0)
    second.take_over(away)
    away.close()
    assert listener.next("/alert")["seq"] == 1
    with started(MqttOutput(MqttSettings(broker=broker.address, rate_hz=2.0), "cab-7")) as third:
        third.take_over(second)
        second.close()
        assert eventually(lambda: third.connections > 0)
        said = listener.all("/availability", 0.5)
        assert said[-1] == "online"


def test_its_settings_are_named_as_the_registry_hands_them_over(broker: Broker) -> None:
    settings: dict[str, Any] = {"broker": broker.address, "device": "cab-7", "rate_hz": 2.0}
    make_output("mqtt", settings).close()
