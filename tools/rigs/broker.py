"""A real MQTT broker on loopback, and who listens to it: mosquitto, started by the test that needs it."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import pytest

MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


def need_mosquitto() -> str:
    """The broker's program; skips the test where it is not installed."""
    pytest.importorskip("paho.mqtt.client", reason="MQTT needs paho-mqtt")
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed: apt-get install mosquitto")
    return MOSQUITTO


class Broker:
    """Mosquitto without persistence, on a port of its own. ``options`` are lines of its configuration."""

    def __init__(self, folder: Path, *options: str) -> None:
        self._program = need_mosquitto()
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        lines = [f"listener {self.port} 127.0.0.1", "persistence false", *options]
        if not any(line.startswith("allow_anonymous") for line in lines):
            lines.append("allow_anonymous true")
        # Started as root, mosquitto would become a user who may not read the test's files.
        lines.append("user root")
        self._file = folder / "mosquitto.conf"
        self._file.write_text("\n".join(lines) + "\n")

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> Broker:
        log = (self._folder / "mosquitto.log").open("ab")
        self._process = subprocess.Popen([self._program, "-c", str(self._file)], stdout=log, stderr=log)
        log.close()
        give_up = time.monotonic() + 5.0
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 0.2).close()
                return self
            except OSError:
                if time.monotonic() > give_up or self._process.poll() is not None:
                    raise
                time.sleep(0.01)

    def signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


class Listener:
    """Another program at the broker: hears ``topics``, and may speak."""

    def __init__(self, broker: Broker, *topics: str) -> None:
        from paho.mqtt.client import Client
        from paho.mqtt.enums import CallbackAPIVersion

        self.messages: SimpleQueue[tuple[str, Any, bool]] = SimpleQueue()
        self._kept: list[tuple[str, Any, bool]] = []
        self._topics = topics
        self._client = Client(CallbackAPIVersion.VERSION2)
        self._client.reconnect_delay_set(0.1, 0.1)  # type: ignore[arg-type]
        self._client.on_connect = self._connected
        self._client.on_subscribe = lambda *_: self.messages.put(("subscribed", None, False))
        self._client.on_message = lambda client, data, message: self.messages.put(
            (message.topic, _read(message.payload), message.retain)
        )
        self._client.connect("127.0.0.1", broker.port)
        self._client.loop_start()
        for _ in topics:
            self.next("subscribed")

    def _connected(self, client: Any, *_: Any) -> None:
        for topic in self._topics:
            client.subscribe(topic, 1)

    def next(self, end: str, timeout_s: float = 15.0) -> Any:
        """The payload of the next message whose topic ends so."""
        return self.next_message(end, timeout_s)[1]

    def next_message(self, end: str, timeout_s: float = 15.0) -> tuple[str, Any, bool]:
        """Topic, payload and whether it had been retained; other messages are kept for later."""
        for number, message in enumerate(self._kept):
            if message[0].endswith(end):
                return self._kept.pop(number)
        give_up = time.monotonic() + timeout_s
        while (remaining := give_up - time.monotonic()) > 0:
            try:
                message = self.messages.get(timeout=remaining)
            except Empty:
                break
            if message[0].endswith(end):
                return message
            self._kept.append(message)
        raise AssertionError(f"nothing came on {end}; there was {[topic for topic, _, _ in self._kept]}")

    def all(self, end: str, settle_s: float = 0.3) -> list[Any]:
        """Payloads of all messages whose topic ends so, until nothing more comes for ``settle_s``."""
        found = []
        while True:
            try:
                found.append(self.next(end, settle_s))
            except AssertionError:
                return found

    def say(self, topic: str, payload: object, *, retain: bool = False) -> None:
        data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        self._client.publish(topic, data, qos=1, retain=retain).wait_for_publish(5.0)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def _read(payload: bytes | bytearray) -> Any:
    try:
        return json.loads(payload)
    except ValueError:
        return payload.decode()
