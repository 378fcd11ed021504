"""The ROS 2 node without ROS: which report becomes which message, and the node on a stand-in for rclpy.

The stand-in knows what the node uses of rclpy and of the messages, and refuses anything else. It shows nothing about
quality of service, time or discovery.
"""

from __future__ import annotations

import json
import math
import re
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from types import ModuleType, SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.device.alerts.samples import AWAKE, MICROSLEEP, SECOND_NS, alert
from tools.rigs.waiting import eventually
from wakeful.deploy.ros2 import wakeful_node
from wakeful.deploy.ros2.wakeful_node import (
    ERROR,
    OK,
    STALE,
    UNKNOWN,
    WARN,
    Diagnostic,
    PersonTopic,
    StreamReader,
    Value,
    WakefulNode,
    messages,
)
from wakeful.device.alerts.report import Reporter, utc_now
from wakeful.device.alerts.run import Run
from wakeful.device.alerts.stream import StreamOutput
from wakeful.device.alerts.stream_settings import StreamSettings
from wakeful.device.messages import Acknowledge, Command, DriverState, Event, Health
from wakeful.version import __version__

FOLDER = Path(wakeful_node.__file__).parent
# Constants have an equals sign, fields have none.
FIELDS = {
    name: kind
    for kind, name in re.findall(
        r"(?m)^([\w/]+) ([a-z]\w*)$", (FOLDER / "msg" / "Person.msg").read_text(encoding="utf-8")
    )
}
REPORTER = Reporter("robot", ("neutral", "happiness"))


def state(**changes: Any) -> dict[str, Any]:
    return {**REPORTER.state(AWAKE), **changes}


def values(report: dict[str, Any]) -> dict[str, Any]:
    return {one.topic: one.data for one in messages(report) if isinstance(one, Value)}


def test_a_state_becomes_one_message_for_each_thing_a_robot_asks() -> None:
    said = values(state(looking=True, looking_s=2.5, awake=True, distance_m=0.8))
    assert (said["face"], said["looking"], said["awake"]) == (1, 1, 1)
    assert (said["looking_s"], said["distance_m"], said["expression"]) == (2.5, 0.8, "neutral")
    assert json.loads(said["state"])["health"] == "ok"
    assert set(said) == set(wakeful_node.TOPICS) - {"alert", "event"}


def test_what_is_unknown_is_published_as_unknown() -> None:
    """What is not published sticks: a robot would go on talking to somebody who has left."""
    said = values(state(looking=None, looking_s=None, awake=None, distance_m=None, expression=None))
    assert (said["face"], said["looking"], said["awake"], said["expression"]) == (1, UNKNOWN, UNKNOWN, "")
    assert math.isnan(said["looking_s"]) and math.isnan(said["distance_m"])


@pytest.mark.parametrize("health", [one for one in Health if not one.has_frame])
def test_without_a_frame_not_even_the_absence_of_a_face_is_known(health: Health) -> None:
    said = values(REPORTER.state(DriverState(0, 0, health)))
    assert (said["face"], said["looking"], said["awake"]) == (UNKNOWN, UNKNOWN, UNKNOWN)


def test_one_stamped_message_has_every_field_of_its_definition() -> None:
    report = replace(REPORTER, run=Run("5f0c91aa", 0, 1_772_366_400_250_000_000)).state(replace(MICROSLEEP, t_ns=0))
    (person,) = [one for one in messages(report) if isinstance(one, PersonTopic)]
    assert set(person.fields) == set(FIELDS) - {"header"}
    assert person.stamp_ns == 1_772_366_400_250_000_000
    for name, value in person.fields.items():
        assert type(value) is {"int8": int, "float32": float, "string": str}[FIELDS[name]], name
    assert (person.fields["level"], person.fields["code"], person.fields["eyes_closed"]) == (2, "microsleep", 1)


def test_sleepiness_is_in_the_message_and_in_the_diagnostics() -> None:
    reports = [REPORTER.state(one) for one in (AWAKE, replace(AWAKE, sleepiness=0.62, sleepiness_coverage=0.5))]
    unknown, known = (
        next(one for one in messages(report) if isinstance(one, PersonTopic)).fields for report in reports
    )
    assert math.isnan(unknown["sleepiness"]) and unknown["sleepiness_coverage"] == 0.0
    assert (known["sleepiness"], known["sleepiness_coverage"]) == (0.62, 0.5)
    shown = dict(next(one.values for one in messages(reports[1]) if isinstance(one, Diagnostic)))
    assert (shown["sleepiness"], shown["sleepiness_coverage"]) == ("0.62", "0.5")


def test_the_package_names_what_the_node_and_the_launch_file_need() -> None:
    package = ElementTree.parse(FOLDER / "package.xml").getroot()
    assert package.get("format") == "3" and package.findtext("version") == __version__.partition(".dev")[0]
    needs = {one.text for one in package if one.tag.endswith("depend")}
    imported = set(re.findall(r"(?:from|import) (rclpy|\w+_msgs)", (FOLDER / "wakeful_node.py").read_text()))
    assert {"rclpy", "std_msgs", "diagnostic_msgs"} == imported <= needs
    assert {"rosidl_default_generators", "rosidl_default_runtime", "launch_ros", "launch_xml"} <= needs
    build = (FOLDER / "CMakeLists.txt").read_text()
    assert f"project({package.findtext('name')})" in build
    named = re.findall(r"msg/\w+\.msg|(?<=DIRECTORY )\w+|(?<=PROGRAMS )[\w.]+", build)
    assert len(named) == 3 and all((FOLDER / name).exists() for name in named)


def test_the_launch_file_starts_the_node_with_options_it_knows(
    monkeypatch: pytest.MonkeyPatch, ros: StandInNode
) -> None:
    launch = ElementTree.parse(FOLDER / "launch" / "wakeful.launch.xml").getroot()
    (node,) = launch.iter("node")
    assert (node.get("pkg"), node.get("exec")) == ("wakeful_ros", "wakeful_node.py")
    defaults = {one.get("name"): str(one.get("default")) for one in launch.iter("arg")}
    words = re.sub(r"\$\(var (\w+)\)", lambda found: defaults[found[1]], str(node.get("args"))).split()
    assert words == ["--stream", "/run/wakeful/stream", "--frame", "camera"]
    left: list[list[str]] = []

    def init(args: list[str]) -> None:
        left.append(args)
        raise KeyboardInterrupt

    rclpy = ModuleType("rclpy")
    rclpy.init = init  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "rclpy", rclpy)
    with pytest.raises(KeyboardInterrupt):
        wakeful_node.main([*words, "--ros-args", "-r", "__node:=wakeful"])
    assert left == [["--ros-args", "-r", "__node:=wakeful"]]


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
        return SimpleNamespace(now=lambda: SimpleNamespace(to_msg=lambda: SimpleNamespace(sec=7, nanosec=0)))

    def get_logger(self) -> Any:
        return SimpleNamespace(warning=self.warned.append)


@pytest.fixture
def ros(monkeypatch: pytest.MonkeyPatch) -> StandInNode:
    def kind(name: str, *fields: str) -> type:
        return type(name, (Message,), {"FIELDS": fields})

    std, diagnostics = ModuleType("std_msgs.msg"), ModuleType("diagnostic_msgs.msg")
    for name in ("String", "Int8", "Float32"):
        setattr(std, name, kind(name, "data"))
    array = kind("DiagnosticArray", "header", "status")
    setattr(diagnostics, "DiagnosticArray", lambda: array(header=SimpleNamespace(stamp=None)))  # noqa: B010
    setattr(diagnostics, "DiagnosticStatus", kind("DiagnosticStatus", "level", "name", "message", "values"))  # noqa: B010
    setattr(diagnostics, "KeyValue", kind("KeyValue", "key", "value"))  # noqa: B010
    person, own = kind("Person", *FIELDS), ModuleType("wakeful_ros.msg")
    setattr(own, "Person", lambda **given: person(header=SimpleNamespace(stamp=None), **given))  # noqa: B010
    for name, module in {"std_msgs": std, "diagnostic_msgs": diagnostics, "wakeful_ros": own}.items():
        package = ModuleType(name)
        package.msg = module  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, name, package)
        monkeypatch.setitem(sys.modules, f"{name}.msg", module)
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
    assert eventually(lambda: on(node, "wakeful/face")[-1].data == 1)
    output.alert(alert(seq=3))
    assert eventually(lambda: bool(on(node, "wakeful/alert")))
    # Before the stream was there, the face was unknown.
    assert [one.data for one in (on(node, "wakeful/face")[0], on(node, "wakeful/face")[-1])] == [UNKNOWN, 1]
    person = on(node, "wakeful/person")[-1]
    assert (person.header.frame_id, person.expression, person.looking) == ("camera", "neutral", UNKNOWN)
    assert person.header.stamp.sec != 7
    assert on(node, "/diagnostics")[-1].status[0].level == bytes([OK])
    _, heard = node.subscribed["wakeful/command"]
    heard(SimpleNamespace(data='{"command": "acknowledge",\n "seq": 3}'))
    assert commands.get(timeout=3.0) == Acknowledge(3)
    output.close()
    assert eventually(lambda: on(node, "/diagnostics")[-1].status[0].level == bytes([STALE]))
    assert on(node, "wakeful/face")[-1].data == UNKNOWN
    heard(SimpleNamespace(data="{}"))
    assert node.warned


def test_as_a_script_it_publishes_the_standard_messages_alone_and_says_so(
    ros: StandInNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "wakeful_ros.msg", None)
    bridge = WakefulNode(ros, StreamReader("/nowhere"))
    for message in messages(state()):
        bridge._publish(message)
    assert "colcon build" in ros.warned[0]
    assert on(ros, "wakeful/face") and not on(ros, "wakeful/person")


def test_without_ros_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert "rclpy" not in sys.modules
    assert wakeful_node.main([]) == 2
    assert "source a ROS 2 first" in capsys.readouterr().err
