"""A real broker and listeners for the tests of MQTT."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tools.rigs.broker import Broker, Listener
from wakeful.device.alerts.mqtt.output import MqttOutput


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    broker = Broker(tmp_path).start()
    yield broker
    broker.stop()


@pytest.fixture
def listen() -> Iterator[Callable[..., Listener]]:
    listeners: list[Listener] = []

    def start(broker: Broker, *topics: str) -> Listener:
        listeners.append(Listener(broker, *topics))
        return listeners[-1]

    yield start
    for listener in listeners:
        listener.close()


@contextmanager
def started(output: MqttOutput) -> Iterator[MqttOutput]:
    output.start(0)
    try:
        yield output
    finally:
        output.close()
