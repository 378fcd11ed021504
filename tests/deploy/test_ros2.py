"""The ROS 2 node without ROS: which report becomes which message, and the node on a stand-in for rclpy.

The stand-in knows what the node uses of rclpy and of the messages, and refuses anything else. It shows nothing about
quality of service, time or discovery.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tests.device.alerts.samples import AWAKE, SECOND_NS, alert
from tools.rigs.waiting import eventually
from wakeful.deploy.ros2 import wakeful_node
from wakeful.deploy.ros2.wakeful_node import (
    ERROR,
    OK,
    STALE,
    WARN,
    Diagnostic,
    StreamReader,
    Value,
    WakefulNode,
    messages,
)
from wakeful.device.alerts.report import Reporter, utc_now
from wakeful.device.alerts.stream import StreamOutput
from wakeful.device.alerts.stream_settings import StreamSettings
from wakeful.device.messages import Acknowledge, Command, Event, Health

REPORTER = Reporter("robot", ("neutral", "happiness"))


def state(**changes: Any) -> dict[str, Any]:
    return {**REPORTER.state(AWAKE), **changes}


def values(report: dict[str, Any]) -> dict[str, Any]:
    return {one.topic: one.data for one in messages(report) if isinstance(one, Value)}


def test_a_state_becomes_one_message_for_each_thing_a_robot_asks() -> None:
    said = values(state(looking=True, looking_s=2.5, awake=True, distance_m=0.8))
    assert (said["face"], said["looking"], said["awake"]) == (True, True, True)
    assert (said["looking_s"], said["distance_m"], said["expression"]) == (2.5, 0.8, "neutral")
    assert json.loads(said["state"])["health"] == "ok"
    assert set(said) <= set(wakeful_node.TOPICS)


def test_what_is_unknown_is_not_published() -> None:
    said = values(state(looking=None, looking_s=None, awake=None, distance_m=None, expression=None))
    assert set(said) == {"state", "face"}


def test_alerts_and_events_are_passed_on_whole_and_a_greeting_is_not() -> None:
    assert json.loads(values(REPORTER.alert(alert(seq=3), utc_now()))["alert"])["seq"] == 3
    assert json.loads(values(REPORTER.event(Event(SECOND_NS, "yawn")))["event"])["kind"] == "yawn"
    assert list(messages(REPORTER.hello())) == []
    assert list(messages({"kind": "landmarks", "t": 1.0, "points": []})) == []


@pytest.mark.parametrize("health", Health)
def test_every_health_has_a_level(health: Health) -> None:
    expected = {"ok": OK, "calibrating": OK, "camera_lost": ERROR, "stale": STALE}.get(health.value, WARN)
    (told,) = [one for one in messages(state(health=health.value)) if isinstance(one, Diagnostic)]
    assert told.level == expected
    assert told.message.startswith(health.value)


def test_a_monitor_with_something_wrong_with_itself_is_not_ok() -> None:
    (told,) = [one for one in messages(state(notes=["disk_full"])) if isinstance(one, Diagnostic)]
    assert (told.level, told.message) == (WARN, "ok disk_full")


class Message:
    """A message whose fields are set by name, as rclpy's are."""

    FIELDS: tuple[str, ...] = ()

    def __init__(self, **given: Any) -> None:
        assert set(given) <= set(self.FIELDS), f"{type(self).__name__} has no {set(given) - set(self.FIELDS)}"
        for name in self.FIELDS:
            setattr(self, name, given.get(name))


class StandInNode:
    """What the node uses of ``rclpy.node.Node``."""

    def __init__(self) -> None:
        self.published: list[tuple[str, Any]] = []
        self.subscribed: dict[str, Any] = {}
        self.warned: list[str] = []

    def create_publisher(self, kind: type, topic: str, depth: int) -> Any:
        def publish(message: Any) -> None:
            assert type(message) is kind
            self.published.append((topic, message))

        return SimpleNamespace(publish=publish)

    def create_subscription(self, kind: type, topic: str, heard: Any, depth: int) -> Any:
        self.subscribed[topic] = (kind, heard)
        return object()

    def get_clock(self) -> Any:
        return SimpleNamespace(now=lambda: SimpleNamespace(to_msg=lambda: "now"))

    def get_logger(self) -> Any:
        return SimpleNamespace(warning=self.warned.append)


@pytest.fixture
def ros(monkeypatch: pytest.MonkeyPatch) -> StandInNode:
    def kind(name: str, *fields: str) -> type:
        return type(name, (Message,), {"FIELDS": fields})

    std, diagnostics = ModuleType("std_msgs.msg"), ModuleType("diagnostic_msgs.msg")
    for name in ("String", "Bool", "Float32"):
        setattr(std, name, kind(name, "data"))
    array = kind("DiagnosticArray", "header", "status")
    setattr(diagnostics, "DiagnosticArray", lambda: array(header=SimpleNamespace(stamp=None)))  # noqa: B010
    setattr(diagnostics, "DiagnosticStatus", kind("DiagnosticStatus", "level", "name", "message", "values"))  # noqa: B010
    setattr(diagnostics, "KeyValue", kind("KeyValue", "key", "value"))  # noqa: B010
    packages = {"std_msgs": ModuleType("std_msgs"), "diagnostic_msgs": ModuleType("diagnostic_msgs")}
    packages["std_msgs"].msg, packages["diagnostic_msgs"].msg = std, diagnostics  # type: ignore[attr-defined]
    for name, module in {**packages, "std_msgs.msg": std, "diagnostic_msgs.msg": diagnostics}.items():
        monkeypatch.setitem(sys.modules, name, module)
    node = StandInNode()
    # The publisher of diagnostics is made for the class, of which ours is a function.
    node.create_publisher = lambda kind, topic, depth: SimpleNamespace(  # type: ignore[method-assign]
        publish=lambda message: node.published.append((topic, message))
    )
    return node


@pytest.fixture
def running(ros: StandInNode, tmp_path: Path) -> Iterator[tuple[StandInNode, Path]]:
    reader = StreamReader(str(tmp_path / "stream"))
    bridge = WakefulNode(ros, reader)
    thread = threading.Thread(target=bridge.run, daemon=True)
    thread.start()
    yield ros, tmp_path / "stream"
    reader.close()
    thread.join(4.0)
    assert not thread.is_alive()


def on(node: StandInNode, topic: str) -> list[Any]:
    return [message for name, message in list(node.published) if name == topic]


def test_the_node_publishes_a_real_stream_and_hands_commands_back(running: tuple[StandInNode, Path]) -> None:
    node, path = running
    assert eventually(lambda: bool(on(node, "/diagnostics")))
    assert on(node, "/diagnostics")[0].status[0].level == bytes([STALE])
    commands: SimpleQueue[Command] = SimpleQueue()
    output = StreamOutput(StreamSettings(path=str(path)), on_command=commands.put)
    output.start(0)
    output.state(AWAKE)
    assert eventually(lambda: bool(on(node, "wakeful/face")))
    output.alert(alert(seq=3))
    assert eventually(lambda: bool(on(node, "wakeful/alert")))
    assert on(node, "wakeful/face")[0].data is True
    assert on(node, "/diagnostics")[-1].status[0].level == bytes([OK])
    _, heard = node.subscribed["wakeful/command"]
    heard(SimpleNamespace(data='{"command": "acknowledge",\n "seq": 3}'))
    assert commands.get(timeout=3.0) == Acknowledge(3)
    output.close()
    assert eventually(lambda: on(node, "/diagnostics")[-1].status[0].level == bytes([STALE]))
    heard(SimpleNamespace(data="{}"))
    assert node.warned


def test_without_ros_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert "rclpy" not in sys.modules
    assert wakeful_node.main([]) == 2
    assert "source a ROS 2 first" in capsys.readouterr().err
