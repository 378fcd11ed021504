"""States, alerts and health by MQTT, for a robot's other programs, a fleet or a home; commands back in.

    wakeful/<device>/state          5 times a second, retained (QoS 0)
    wakeful/<device>/alert          each step of each alert (QoS 1)
    wakeful/<device>/event          closures, yawns, glances, ... (QoS 0)
    wakeful/<device>/health         each change, retained (QoS 1)
    wakeful/<device>/availability   online, or offline: by us at the end, by the broker when we vanish; retained
    wakeful/<device>/cmd            in: the commands of device.alerts.commands

Payloads are JSON as ``device.alerts.report`` words it. One thread owns the connection; the monitor only queues. A
broker that is away costs the loop nothing: alerts wait, each with its own time, and go out once and in order when it is
back. An alert counts as delivered when the broker says so. With MQTT 5 it also says whether anybody listens, and an
alert that nobody hears is offered again for a minute, because after a restart of the broker its listeners come back one
by one.

QoS 1 means at least once: an alert whose confirmation was lost with the connection is sent again, with the same ``id``.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from device.alerts.mqtt_access import Access, read_access
from device.alerts.mqtt_link import Link, LinkError
from device.alerts.mqtt_session import OFFLINE, Manner, Session, Topics
from device.alerts.outbox import Outbox
from device.alerts.report import Reporter, json_bytes, utc_now
from device.alerts.serial_port import Waker
from device.commands.extras import need
from device.liveness import Worker
from device.messages import Alert, Command, DriverState, Event

FIRST_RETRY_S = 0.2
LONGEST_RETRY_S = 2.0
STEADY_AFTER_S = 2.0
CLOSE_TIMEOUT_S = 0.8
# Longer than all time-outs of one attempt to connect together, name resolution included.
STUCK_S = 60.0
LOCAL = ("localhost", "127.0.0.1", "::1")

_log = logging.getLogger("wakeful.mqtt")


class MqttOutput:
    """Publishes until it is closed, for as long as it takes a broker to come up.

    Args:
        broker: see ``device.alerts.mqtt_access``; ``credentials``, ``ca``, ``certificate`` and ``key`` as well.
        device: the name of this monitor in topics and reports; each needs its own.
        version: of the protocol, ``5`` or ``3.1.1``.
        rate_hz: states a second.
        discover: describe the device to Home Assistant.
        commands: obey what comes in on ``cmd``.
        on_command: told each command, from this output's own thread.

    Attributes:
        broken_commands: messages on ``cmd`` that were refused.
        connections: how often a broker let us in.

    Raises:
        ConfigError: the address or a file of secrets cannot be used, or paho-mqtt is not installed.
    """

    def __init__(
        self,
        broker: str,
        device: str,
        *,
        prefix: str = "wakeful",
        credentials: str | None = None,
        ca: str | None = None,
        certificate: str | None = None,
        key: str | None = None,
        version: str = "5",
        rate_hz: float = 5.0,
        discover: bool = False,
        commands: bool = True,
        expression_classes: Sequence[str] = (),
        on_command: Callable[[Command], None] | None = None,
    ) -> None:
        need("mqtt", "paho")
        self._access = read_access(broker, credentials, ca, certificate, key)
        _warn_of_clear_text(self._access)
        self._version = version
        topics, reporter = Topics(f"{prefix}/{device}"), Reporter(device, tuple(expression_classes))
        self._manner = Manner(topics, reporter, 1.0 / rate_hz, discover, on_command if commands else None)
        self._outbox = Outbox()
        self._waker = Waker()
        self._worker = Worker("mqtt", self._run, stuck_s=STUCK_S)
        self._closing = False
        self._replaced = False
        self._give_up_s = float("inf")
        self._problem: str | None = None
        self.broken_commands = 0
        self.connections = 0

    @property
    def problem(self) -> str | None:
        """Why nothing goes out at present, in one line; None while connected."""
        return self._problem

    @property
    def alerts_sent(self) -> int:
        """Alert messages whose arrival the broker has confirmed."""
        return self._outbox.alerts.delivered

    @property
    def alerts_dropped(self) -> int:
        """Alert messages lost because over 1000 waited, or because nobody had listened for a minute."""
        return self._outbox.alerts.dropped + self._outbox.alerts.unheard

    def start(self, origin_ns: int) -> None:
        self._manner = replace(self._manner, reporter=replace(self._manner.reporter, origin_ns=origin_ns))
        self._worker.start()

    def alert(self, alert: Alert) -> None:
        payload = json_bytes(self._manner.reporter.alert(alert, utc_now()))
        self._outbox.alerts.put(payload, time.monotonic())
        self._waker.wake()

    def take_over(self, before: MqttOutput) -> None:
        """Send what ``before``, which is about to be closed, could not deliver yet, and speak in its place."""
        self._outbox.alerts.take_over(before._outbox.alerts)
        before._replaced = before._manner.topics == self._manner.topics
        self._waker.wake()

    def event(self, event: Event) -> None:
        self._outbox.events.append(json_bytes(self._manner.reporter.event(event)))
        self._waker.wake()

    def state(self, state: DriverState) -> None:
        self._outbox.newest.tell(state, time.monotonic())

    def close(self) -> None:
        if self._closing:
            return
        self._give_up_s = time.monotonic() + CLOSE_TIMEOUT_S
        self._closing = True
        self._waker.wake()
        self._worker.join(CLOSE_TIMEOUT_S + 0.2)
        lost = len(self._outbox.alerts) + self.alerts_dropped
        if lost:
            _log.warning("mqtt: %d alerts could not be delivered to %s", lost, self._access.broker)

    def _run(self) -> None:
        retry_s = FIRST_RETRY_S
        while self._worker.in_charge() and not self._done():
            connected_s = float("inf")
            try:
                with self._worker.part.working():
                    link = self._connect()
                connected_s = time.monotonic()
                self.connections += 1
                self._report(None)
                self._speak(link)
            except LinkError as error:
                self._report(str(error))
            except Exception as error:  # whatever a library raises, the broker must be tried again
                _log.debug("mqtt failed", exc_info=error)
                self._report(f"{self._access.broker}: {error!r}")
            if time.monotonic() - connected_s > STEADY_AFTER_S:
                retry_s = FIRST_RETRY_S
            # A whole fleet must not come back to its broker in one moment.
            self._sleep(retry_s * random.uniform(0.7, 1.0))
            retry_s = min(2.0 * retry_s, LONGEST_RETRY_S)

    def _connect(self) -> Link:
        topics, device = self._manner.topics, self._manner.reporter.device
        return Link(self._access, f"wakeful-{device}", (topics.availability, OFFLINE), self._version)

    def _speak(self, link: Link) -> None:
        """Until the output is closed, or the connection breaks (LinkError)."""
        self._outbox.alerts.connected(time.monotonic())
        session = Session(self._manner, self._outbox, link, self._waker)
        politely = False
        try:
            session.greet()
            while self._worker.in_charge() and not self._done():
                session.turn()
            if not self._replaced:
                session.leave()
            politely = True
        finally:
            self.broken_commands += session.broken_commands
            link.close(politely)

    def _done(self) -> bool:
        if not self._closing:
            return False
        return not len(self._outbox.alerts) or self._problem is not None or time.monotonic() > self._give_up_s

    def _sleep(self, duration_s: float) -> None:
        until = time.monotonic() + duration_s
        while not self._closing and (remaining_s := until - time.monotonic()) > 0:
            self._waker.wait(remaining_s)

    def _report(self, problem: str | None) -> None:
        """Says once that the broker is away, and once that it is back."""
        if problem is not None and self._problem is None and not self._closing:
            _log.warning("mqtt: %s; trying again until it works", problem)
        elif problem is None and self._problem is not None:
            _log.warning("mqtt: connected to %s again", self._access.broker)
        self._problem = problem


def _warn_of_clear_text(access: Access) -> None:
    if access.password is not None and not access.broker.tls and access.broker.host not in LOCAL:
        _log.warning("mqtt: the password goes to %s in clear text; mqtts:// hides it", access.broker)
