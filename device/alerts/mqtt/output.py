"""States, alerts and health by MQTT, for a robot's other programs, a fleet or a home; commands back in.

    wakeful/<device>/state          5 times a second, retained (QoS 0)
    wakeful/<device>/alert          each step of each alert (QoS 1)
    wakeful/<device>/event          closures, yawns, glances, ... (QoS 0)
    wakeful/<device>/health         each change, retained (QoS 1)
    wakeful/<device>/availability   online, or offline: by us at the end, by the broker when we vanish; retained
    wakeful/<device>/cmd            in: the commands of wakeful.device.alerts.commands

Payloads are JSON as ``wakeful.device.alerts.report`` words it. While a broker is away alerts wait, each with its own
time, and go out once and in order when it is back. An alert counts as delivered when the broker says so. With MQTT 5 it
also says whether there is a subscriber, and an undelivered alert is retried for a minute, because after a restart
of the broker its listeners come back one by one.

QoS 1 means at least once: an alert whose confirmation was lost with the connection is sent again, same ``step``.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Self

from wakeful.device.alerts.mqtt.access import Access, read_access
from wakeful.device.alerts.mqtt.link import Link
from wakeful.device.alerts.mqtt.session import OFFLINE, Session, SessionConfig
from wakeful.device.alerts.mqtt.settings import MqttSettings
from wakeful.device.alerts.mqtt.topics import Topics
from wakeful.device.alerts.outbox import Outbox
from wakeful.device.alerts.report import Reporter, json_bytes, utc_now
from wakeful.device.alerts.run import Run
from wakeful.device.alerts.wire import Wire
from wakeful.device.config.section import needed
from wakeful.device.extras import need
from wakeful.device.messages import Alert, Command, DriverState, Event
from wakeful.device.supervision.workers import Liveness

# Longer than all time-outs of one attempt to connect together, name resolution included.
STUCK_S = 60.0
LOCAL = ("localhost", "127.0.0.1", "::1")

_log = logging.getLogger("wakeful.mqtt")


class MqttOutput(Wire[bytes, Link]):
    """Publishes until it is closed, for as long as it takes a broker to come up.

    Args:
        settings: the table ``[mqtt]``; see also ``wakeful.device.alerts.mqtt.access``.
        device: the name of this monitor in topics and reports; each needs its own.
        on_command: gets each command, from this output's own thread.

    Attributes:
        broken_commands: messages on ``cmd`` that were refused.
        connections: how often a broker let us in.

    Raises:
        ConfigError: the address or a file of secrets cannot be used, or paho-mqtt is not installed.
    """

    def __init__(
        self,
        settings: MqttSettings,
        device: str,
        *,
        expression_classes: Sequence[str] = (),
        on_command: Callable[[Command], None] | None = None,
        liveness: Liveness | None = None,
    ) -> None:
        need("mqtt", "paho")
        broker = needed(settings.broker, "mqtt.broker")
        access = read_access(broker, settings.credentials, settings.ca, settings.certificate, settings.key)
        _warn_of_clear_text(access)
        super().__init__("mqtt", str(access.broker), "the broker", STUCK_S, on_command, liveness=liveness)
        self._access = access
        self._version = settings.version
        self._config = SessionConfig(
            Topics(f"{settings.prefix}/{device}"),
            Reporter(device, tuple(expression_classes)),
            period_s=1.0 / settings.rate_hz,
            discovery=settings.discovery,
            on_command=self._pass_on if settings.commands and on_command is not None else None,
        )
        self._outbox = Outbox(self._alerts)
        self._replaced = False
        self.broken_commands = 0
        self.connections = 0

    def begin(self, run: Run) -> None:
        self._config = replace(self._config, reporter=replace(self._config.reporter, run=run))

    def start(self, origin_ns: int) -> None:
        self.begin(replace(self._config.reporter.run, origin_ns=origin_ns))
        super().start(origin_ns)

    def alert(self, alert: Alert) -> None:
        self._queue(json_bytes(self._config.reporter.alert(alert, utc_now())))

    def take_over(self, before: Self, in_doubt: bool = True) -> None:
        """See ``Wire``; it also publishes in the other's place, and does not wait for what that one is just sending."""
        super().take_over(before, in_doubt)
        before._replaced = before._config.topics == self._config.topics

    def event(self, event: Event) -> None:
        self._outbox.events.append(json_bytes(self._config.reporter.event(event)))
        self._waker.wake()

    def state(self, state: DriverState) -> None:
        self._outbox.newest.update(state, time.monotonic())

    def _open(self) -> Link:
        topics, device = self._config.topics, self._config.reporter.device
        link = Link(self._access, f"wakeful-{device}", (topics.availability, OFFLINE), self._version)
        self.connections += 1
        return link

    def _speak(self, line: Link) -> None:
        session = Session(self._config, self._outbox, line, self._waker)
        try:
            session.greet()
            while self._on_duty():
                session.turn()
            if not self._replaced:
                session.leave()
            line.close(politely=True)
        finally:
            self.broken_commands += session.broken_commands

    def _pause_s(self, retry_s: float) -> float:
        # A whole fleet must not come back to its broker in one moment.
        return retry_s * random.uniform(0.7, 1.0)


def _warn_of_clear_text(access: Access) -> None:
    if access.password is not None and not access.broker.tls and access.broker.host not in LOCAL:
        _log.warning("mqtt: the password goes to %s in clear text; mqtts:// hides it", access.broker)
