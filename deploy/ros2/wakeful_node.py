#!/usr/bin/env python3
"""A ROS 2 node that passes on what wakeful's local stream says: ``python3 wakeful_node.py --stream /tmp/wakeful``.

It needs a sourced ROS 2 (rclpy, std_msgs, diagnostic_msgs) and nothing of wakeful's: it reads JSON lines from a Unix
socket, so wakeful keeps an environment of its own. Built as a package (``colcon build``) it also publishes one stamped
message with everything, ``wakeful_ros/Person``; run as a script it has the standard messages alone. ``messages`` says
which report becomes which message, without ROS.
"""

from __future__ import annotations

import argparse
import json
import math
import socket
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from wakeful.frozen import dataclass

OK, WARN, ERROR, STALE = 0, 1, 2, 3
"""Levels of diagnostic_msgs/DiagnosticStatus."""

LEVELS = {
    "starting": WARN,
    "ok": OK,
    "calibrating": OK,
    "no_face": WARN,
    "degraded": WARN,
    "paused": WARN,
    "camera_lost": ERROR,
}
WITHOUT_FRAME = ("starting", "camera_lost", "stale")
"""Healths without a frame behind the state: nothing is known of the person, a face neither."""
ALERT_LEVELS = ("none", "advisory", "warning", "urgent", "emergency")
UNKNOWN = -1
"""Of a question that is answered by 0, no, or 1, yes."""
SILENT_AFTER_S = 2.0
RETRY_S = 0.5
MAX_LINE = 1 << 20
TOPICS = {
    "state": "String",
    "alert": "String",
    "event": "String",
    "face": "Int8",
    "looking": "Int8",
    "awake": "Int8",
    "expression": "String",
    "looking_s": "Float32",
    "distance_m": "Float32",
}
"""Topic below ``wakeful/``, and the kind of std_msgs it carries."""

QUESTIONS = ("face", "eyes_closed", "looking", "awake")
NUMBERS = (
    *("looking_s", "distance_m", "closure_s", "off_road_s", "perclos_60s", "kss_estimate"),
    *("sleepiness", "sleepiness_coverage"),
    *("yaw_deg", "pitch_deg", "roll_deg", "gaze_yaw_deg", "gaze_pitch_deg"),
)
WORDS = ("health", "reason", "code", "gaze_zone", "expression")

Report = dict[str, Any]
SILENT: Report = {"health": "stale"}
"""All that is known while there is no stream."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Value:
    """One message of std_msgs: what goes into its ``data``."""

    topic: str
    data: Any


@dataclass(frozen=True)
class PersonTopic:
    """One wakeful_ros/Person: its fields, and the capture time, ns since 1970; None where it is unknown."""

    fields: dict[str, Any]
    stamp_ns: int | None


@dataclass(frozen=True)
class Diagnostic:
    """One diagnostic_msgs/DiagnosticStatus."""

    level: int
    message: str
    values: tuple[tuple[str, str], ...] = ()
    stamp_ns: int | None = None


Message = Value | PersonTopic | Diagnostic


def messages(report: Report) -> Iterator[Message]:
    """What one report becomes."""
    kind = report.get("kind")
    text = json.dumps(report, separators=(",", ":"))
    if kind == "alert":
        yield Value("alert", text)
    elif kind == "state":
        yield Value("state", text)
        yield from about(report)
        yield diagnostic(report)
    elif kind not in ("hello", "landmarks"):
        yield Value("event", text)


def no_stream() -> Iterator[Message]:
    """What is published while nobody publishes states: a subscriber must not keep a look that is over."""
    yield from about(SILENT)
    yield Diagnostic(STALE, "no stream")


def about(state: Report) -> Iterator[Message]:
    """The person in one state. What is unknown is published as unknown: -1, NaN or an empty word."""
    seen = state.get("health") not in WITHOUT_FRAME
    fields: dict[str, Any] = {name: str(state.get(name) or "") for name in WORDS}
    for name in QUESTIONS:
        answer = state.get(name) if seen else None
        fields[name] = int(answer) if isinstance(answer, bool) else UNKNOWN
    for name in NUMBERS:
        number = state.get(name)
        known = isinstance(number, int | float) and math.isfinite(number)
        fields[name] = float(number) if known else math.nan  # type: ignore[arg-type]
    for topic in TOPICS:
        if topic in fields:
            yield Value(topic, fields[topic])
    level = state.get("level")
    fields["level"] = ALERT_LEVELS.index(level) if level in ALERT_LEVELS else UNKNOWN
    yield PersonTopic(fields, stamp_ns(state))


def stamp_ns(state: Report) -> int | None:
    """The capture time in a state, ns since 1970."""
    try:
        # To the microsecond: the float of a time stamp is not.
        return (datetime.fromisoformat(str(state.get("time"))) - EPOCH) // timedelta(microseconds=1) * 1000
    except (ValueError, TypeError):
        return None


def diagnostic(state: Report) -> Diagnostic:
    """How the monitor is; an active alert makes it no worse: then it does its work."""
    health = str(state.get("health"))
    notes = [str(note) for note in state.get("notes") or []]
    level = LEVELS.get(health, STALE)
    if notes and level == OK:
        level = WARN
    said = " ".join(filter(None, [health, str(state.get("reason") or ""), *notes]))
    shown = ("level", "code", "perclos_60s", "sleepiness", "sleepiness_coverage", "closure_s", "calibration_pct")
    return Diagnostic(level, said, tuple((name, str(state.get(name))) for name in shown), stamp_ns(state))


class StreamReader:
    """Reads reports from the socket for as long as it takes, and sends commands back.

    Args:
        path: of the socket, as in ``wakeful run --stream``.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._socket: socket.socket | None = None
        self._closed = threading.Event()

    def reports(self) -> Iterator[Report | None]:
        """Every report; None when the stream has been silent for 2 s, or is not there. Ends after ``close``."""
        while not self._closed.is_set():
            try:
                with socket.socket(socket.AF_UNIX) as opened:
                    opened.settimeout(SILENT_AFTER_S)
                    opened.connect(self._path)
                    self._socket = opened
                    yield from _lines(opened)
            except OSError:
                pass
            self._socket = None
            if not self._closed.is_set():
                yield None
            self._closed.wait(RETRY_S)

    def send(self, command: str) -> bool:
        """Hand a command over; False while nobody is there to take it."""
        opened = self._socket
        try:
            if opened is not None:
                opened.sendall(" ".join(command.split()).encode() + b"\n")
        except OSError:
            return False
        return opened is not None

    def close(self) -> None:
        self._closed.set()
        opened = self._socket
        if opened is not None:
            opened.close()


def _lines(opened: socket.socket) -> Iterator[Report]:
    with opened.makefile("rb") as lines:
        while line := lines.readline(MAX_LINE):
            try:
                report = json.loads(line)
            except ValueError:
                continue
            if isinstance(report, dict):
                yield report


class WakefulNode:
    """Publishes below ``wakeful/`` and on ``/diagnostics``; subscribes to ``wakeful/command`` (String, JSON).

    Args:
        frame: ``frame_id`` of the stamped messages.
    """

    def __init__(self, node: Any, reader: StreamReader, frame: str = "camera") -> None:
        from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
        from std_msgs import msg as std

        self._node = node
        self._reader = reader
        self._frame = frame
        self._std = std
        self._diagnostics = (DiagnosticArray, DiagnosticStatus, KeyValue)
        self._publishers = {
            topic: node.create_publisher(getattr(std, kind), f"wakeful/{topic}", 50) for topic, kind in TOPICS.items()
        }
        self._health = node.create_publisher(DiagnosticArray, "/diagnostics", 10)
        self._commands = node.create_subscription(std.String, "wakeful/command", self._obey, 10)
        self._person: Any = None
        try:
            from wakeful_ros.msg import Person as PersonMessage
        except ImportError:
            node.get_logger().warning("wakeful/person is not published: build the package wakeful_ros (colcon build)")
        else:
            self._person = (PersonMessage, node.create_publisher(PersonMessage, "wakeful/person", 50))

    def run(self) -> None:
        """Until the reader is closed."""
        for report in self._reader.reports():
            for message in no_stream() if report is None else messages(report):
                self._publish(message)

    def _publish(self, message: Message) -> None:
        if isinstance(message, Value):
            self._publishers[message.topic].publish(getattr(self._std, TOPICS[message.topic])(data=message.data))
        elif isinstance(message, PersonTopic):
            self._publish_person(message)
        else:
            self._publish_diagnostic(message)

    def _publish_person(self, message: PersonTopic) -> None:
        if self._person is None:
            return
        kind, publisher = self._person
        person = kind(**message.fields)
        person.header.frame_id = self._frame
        self._stamp(person.header, message.stamp_ns)
        publisher.publish(person)

    def _publish_diagnostic(self, message: Diagnostic) -> None:
        array, status, pair = self._diagnostics
        report = array()
        self._stamp(report.header, message.stamp_ns)
        values = [pair(key=key, value=value) for key, value in message.values]
        # The level is a byte in the message's definition.
        level = bytes([message.level])
        report.status = [status(level=level, name="wakeful", message=message.message, values=values)]
        self._health.publish(report)

    def _stamp(self, header: Any, stamp_ns: int | None) -> None:
        """The capture time; the node's own clock where there was no frame."""
        header.stamp = self._node.get_clock().now().to_msg()
        if stamp_ns is not None:
            header.stamp.sec, header.stamp.nanosec = divmod(stamp_ns, 1_000_000_000)

    def _obey(self, command: Any) -> None:
        if not self._reader.send(str(command.data)):
            self._node.get_logger().warning("wakeful's stream is not there: the command is lost")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Passes wakeful's local stream on to ROS 2.")
    parser.add_argument("--stream", default="/run/wakeful/stream", help="the socket of `wakeful run --stream`")
    parser.add_argument("--frame", default="camera", help="frame_id of the stamped messages")
    given, ros_arguments = parser.parse_known_args(arguments)
    try:
        import rclpy
    except ImportError:
        print("wakeful_node: rclpy is not here: source a ROS 2 first (source /opt/ros/*/setup.bash)", file=sys.stderr)
        return 2
    rclpy.init(args=ros_arguments)
    node = rclpy.create_node("wakeful")
    reader = StreamReader(given.stream)
    bridge = WakefulNode(node, reader, given.frame)
    thread = threading.Thread(target=bridge.run, name="wakeful-stream", daemon=True)
    thread.start()
    try:
        rclpy.spin(node)
    except KeyboardInterrupt:
        pass
    finally:
        reader.close()
        thread.join(SILENT_AFTER_S + RETRY_S)
        node.destroy_node()
        rclpy.try_shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
