"""A real broker and listeners for the tests of MQTT."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tools.rigs.broker import Broker, Listener

Listen = Callable[..., Listener]
"""Makes a listener at a broker, closed with the test."""


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    broker = Broker(tmp_path).start()
    yield broker
    broker.stop()


@pytest.fixture
def listen() -> Iterator[Listen]:
    listeners: list[Listener] = []

    def start(broker: Broker, *topics: str) -> Listener:
        listeners.append(Listener(broker, *topics))
        return listeners[-1]

    yield start
    for listener in listeners:
        listener.close()
