"""What is sent on one connection to a broker, from its greeting to its end."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from wakeful.device.alerts.commands import BrokenCommand, decode_command
from wakeful.device.alerts.mqtt.home_assistant import STATUS_TOPIC, discovery
from wakeful.device.alerts.mqtt.link import Link, Message
from wakeful.device.alerts.mqtt.topics import Topics
from wakeful.device.alerts.outbox import Outbox
from wakeful.device.alerts.report import Reporter, json_bytes
from wakeful.device.alerts.waker import Waker
from wakeful.device.messages import Command, DriverState
from wakeful.frozen import dataclass

ONLINE, OFFLINE = b"online", b"offline"

_log = logging.getLogger("wakeful.mqtt")


@dataclass(frozen=True, slots=True)
class SessionConfig:
    """What all connections of a device have in common.

    Attributes:
        period_s: between two states.
        discovery: describe the device to Home Assistant.
        on_command: gets each command; None: commands are not subscribed to.
    """

    topics: Topics
    reporter: Reporter
    period_s: float
    discovery: bool
    on_command: Callable[[Command], None] | None


class Session:
    """Speaks on ``link`` for as long as it lasts.

    Attributes:
        broken_commands: messages on the topic of commands that were refused.
    """

    def __init__(self, config: SessionConfig, outbox: Outbox, link: Link, waker: Waker) -> None:
        self._config = config
        self._outbox = outbox
        self._link = link
        self._waker = waker
        self._sent_health: tuple[object, ...] | None = None
        self._sent_state: DriverState | None = None
        self._state_due_s = 0.0
        self._alert_number: int | None = None
        self.broken_commands = 0

    def greet(self) -> None:
        """Raises: LinkError: the connection is gone."""
        topics = self._config.topics
        if self._config.discovery:
            self._link.subscribe(STATUS_TOPIC, 0)
            self._describe()
        if self._config.on_command is not None:
            self._link.subscribe(topics.command, 1)
        self._link.publish(topics.availability, ONLINE, qos=1, retain=True)

    def turn(self) -> None:
        """Say what there is to say, then wait for something to do. Raises: LinkError: the connection is gone."""
        now_s = time.monotonic()
        self._say_alert(now_s)
        if not self._link.congested:
            # What is not worth waiting for is not piled up on a network that is slow.
            self._say_events()
            self._say_health_and_state(now_s)
        due_s = min(self._outbox.alerts.due_in_s(now_s), max(0.0, self._state_due_s - now_s))
        self._link.wait(self._waker, due_s)
        self._hear(time.monotonic())

    def leave(self) -> None:
        """Raises: LinkError: the connection is gone."""
        self._link.publish(self._config.topics.availability, OFFLINE, qos=1, retain=True)

    def _say_alert(self, now_s: float) -> None:
        payload = self._outbox.alerts.take(now_s)
        if payload is not None:
            self._alert_number = self._link.publish(self._config.topics.alert, payload, qos=1)

    def _say_events(self) -> None:
        events = self._outbox.events
        while events and not self._link.congested:
            self._link.publish(self._config.topics.event, events.popleft())

    def _say_health_and_state(self, now_s: float) -> None:
        if now_s < self._state_due_s:
            return
        self._state_due_s = now_s + self._config.period_s
        state = self._outbox.newest.at(now_s)
        if state is None:
            return
        health = (state.health, state.reason, state.notes)
        if health != self._sent_health:
            self._sent_health = health
            report = self._config.reporter.health(state)
            self._link.publish(self._config.topics.health, json_bytes(report), qos=1, retain=True)
        if state != self._sent_state:
            self._sent_state = state
            self._link.publish(self._config.topics.state, json_bytes(self._config.reporter.state(state)), retain=True)

    def _hear(self, now_s: float) -> None:
        while self._link.acked:
            number, delivered = self._link.acked.popleft()
            if number == self._alert_number:
                self._outbox.alerts.confirmed(now_s, delivered)
        while self._link.inbox:
            message = self._link.inbox.popleft()
            if message.topic == self._config.topics.command:
                self._handle_command(message)
            elif message.topic == STATUS_TOPIC and message.payload == ONLINE:
                self._describe()

    def _describe(self) -> None:
        topic, payload = discovery(self._config.topics, self._config.reporter, self._config.on_command is not None)
        self._link.publish(topic, json_bytes(payload), qos=1, retain=True)

    def _handle_command(self, message: Message) -> None:
        try:
            if message.retained:
                # It would be executed again after every reconnection.
                raise BrokenCommand("a retained message is not a command")
            command = decode_command(message.payload)
        except BrokenCommand as error:
            self.broken_commands += 1
            _log.log(logging.WARNING if self.broken_commands == 1 else logging.DEBUG, "mqtt: refused: %s", error)
            return
        if self._config.on_command is not None:
            self._config.on_command(command)
