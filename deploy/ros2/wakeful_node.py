#!/usr/bin/env python3
"""A ROS 2 node that passes on what wakeful's local stream says: ``python3 wakeful_node.py --stream /tmp/wakeful``.

It needs a sourced ROS 2 (rclpy, std_msgs, diagnostic_msgs) and nothing of wakeful's: it reads JSON lines from a Unix
socket, so wakeful keeps an environment of its own. Messages are standard ones; nothing has to be built. ``messages``
says which report becomes which message, without ROS.
"""

from __future__ import annotations

import argparse
import json
import math
import socket
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

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
SILENT_AFTER_S = 2.0
RETRY_S = 0.5
MAX_LINE = 1 << 20
TOPICS = {
    "state": "String",
    "alert": "String",
    "event": "String",
    "face": "Bool",
    "looking": "Bool",
    "awake": "Bool",
    "expression": "String",
    "looking_s": "Float32",
    "distance_m": "Float32",
}
"""Topic below ``wakeful/``, and the kind of std_msgs it carries."""

Report = dict[str, Any]


@dataclass(frozen=True)
class Value:
    """One message of std_msgs: what goes into its ``data``."""

    topic: str
    data: Any


@dataclass(frozen=True)
class Diagnostic:
    """One diagnostic_msgs/DiagnosticStatus."""

    level: int
    message: str
    values: tuple[tuple[str, str], ...] = ()


def messages(report: Report) -> Iterator[Value | Diagnostic]:
    """What one report becomes. Unknown values become no message: a subscriber keeps the last one, with its time."""
    kind = report.get("kind")
    text = json.dumps(report, separators=(",", ":"))
    if kind == "alert":
        yield Value("alert", text)
    elif kind == "state":
        yield Value("state", text)
        for name in ("face", "looking", "awake"):
            if isinstance(report.get(name), bool):
                yield Value(name, report[name])
        for name in ("looking_s", "distance_m"):
            number = report.get(name)
            if isinstance(number, int | float) and math.isfinite(number):
                yield Value(name, float(number))
        if isinstance(report.get("expression"), str):
            yield Value("expression", report["expression"])
        yield diagnostic(report)
    elif kind not in ("hello", "landmarks"):
        yield Value("event", text)


def diagnostic(state: Report) -> Diagnostic:
    """How the monitor is; an active alert makes it no worse: then it does its work."""
    health = str(state.get("health"))
    notes = [str(note) for note in state.get("notes") or []]
    level = LEVELS.get(health, STALE)
    if notes and level == OK:
        level = WARN
    said = " ".join(filter(None, [health, str(state.get("reason") or ""), *notes]))
    shown = ("level", "code", "perclos_60s", "closure_s", "calibration_pct")
    return Diagnostic(level, said, tuple((name, str(state.get(name))) for name in shown))


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
    """Publishes below ``wakeful/`` and on ``/diagnostics``; subscribes to ``wakeful/command`` (String, JSON)."""

    def __init__(self, node: Any, reader: StreamReader) -> None:
        from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
        from std_msgs import msg as std

        self._node = node
        self._reader = reader
        self._std = std
        self._diagnostics = (DiagnosticArray, DiagnosticStatus, KeyValue)
        self._publishers = {
            topic: node.create_publisher(getattr(std, kind), f"wakeful/{topic}", 50) for topic, kind in TOPICS.items()
        }
        self._health = node.create_publisher(DiagnosticArray, "/diagnostics", 10)
        self._commands = node.create_subscription(std.String, "wakeful/command", self._obey, 10)

    def run(self) -> None:
        """Until the reader is closed."""
        for report in self._reader.reports():
            for message in [Diagnostic(STALE, "no stream")] if report is None else messages(report):
                self._publish(message)

    def _publish(self, message: Value | Diagnostic) -> None:
        if isinstance(message, Value):
            self._publishers[message.topic].publish(getattr(self._std, TOPICS[message.topic])(data=message.data))
            return
        array, status, pair = self._diagnostics
        report = array()
        report.header.stamp = self._node.get_clock().now().to_msg()
        values = [pair(key=key, value=value) for key, value in message.values]
        # The level is a byte in the message's definition.
        level = bytes([message.level])
        report.status = [status(level=level, name="wakeful", message=message.message, values=values)]
        self._health.publish(report)

    def _obey(self, command: Any) -> None:
        if not self._reader.send(str(command.data)):
            self._node.get_logger().warning("wakeful's stream is not there: the command is lost")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Passes wakeful's local stream on to ROS 2.")
    parser.add_argument("--stream", default="/run/wakeful/stream", help="the socket of `wakeful run --stream`")
    given, ros_arguments = parser.parse_known_args(arguments)
    try:
        import rclpy
    except ImportError:
        print("wakeful_node: rclpy is not here: source a ROS 2 first (source /opt/ros/*/setup.bash)", file=sys.stderr)
        return 2
    rclpy.init(args=ros_arguments)
    node = rclpy.create_node("wakeful")
    reader = StreamReader(given.stream)
    bridge = WakefulNode(node, reader)
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
