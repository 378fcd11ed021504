"""The serial line to a microcontroller or an ECU: alerts at once, a heartbeat always, commands back in.

Alerts go before a status and are sent once, in order; of the statuses only the newest is ever kept.

A sentence that the kernel has accepted counts as sent. When the port goes away in the middle of an alert, the whole
alert is sent again after the next opening, behind a line end that closes the torn one.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from wakeful.device.alerts.serial import sentences
from wakeful.device.alerts.serial.heartbeat import Heartbeat
from wakeful.device.alerts.serial.port import Port, open_port
from wakeful.device.alerts.serial.settings import SerialSettings
from wakeful.device.alerts.wire import Wire
from wakeful.device.config.section import needed
from wakeful.device.messages import Alert, Command, DriverState, VehicleSpeed
from wakeful.device.supervision.notes import Notes
from wakeful.device.supervision.workers import Liveness

STUCK_AFTER_S = 20.0
"""A driver that does not come back from opening a port: USB adapters take up to a few seconds."""


class SerialOutput(Wire[bytes, Port]):
    """Sends the protocol of ``wakeful.device.alerts.serial.sentences`` on one serial port, and keeps reopening it.

    The heartbeat repeats the newest state every 0.5 s by itself. When the monitor has not given a state for 2 s, it
    says ``stale``: a monitor that hangs must not look alive.

    Args:
        settings: the table ``[serial]``; its rate has no meaning for pseudo-terminals and sockets.
        on_command: gets each acknowledge, speed and marker that comes in, from this output's own thread. A speed that
            was sent, and then for 2 s no more, is unknown.
        notes: gets a speed that is lost.

    Raises:
        ConfigError: no port is set.
    """

    def __init__(
        self,
        settings: SerialSettings,
        on_command: Callable[[Command], None] | None = None,
        notes: Notes | None = None,
        liveness: Liveness | None = None,
    ) -> None:
        url = needed(settings.url, "serial.url")
        super().__init__("serial", url, "the serial line", STUCK_AFTER_S, on_command, notes, liveness)
        self._baud = settings.baud
        self._reader = sentences.SentenceReader()
        self._heartbeat = Heartbeat(settings.baud)
        self._unsent = b""

    @property
    def broken_sentences(self) -> int:
        """Inbound sentences that were refused so far."""
        return self._reader.broken

    def start(self, origin_ns: int) -> None:
        self._heartbeat.start(time.monotonic())
        super().start(origin_ns)

    def alert(self, alert: Alert) -> None:
        self._queue(sentences.encode_alert(alert, self._origin_ns))

    def state(self, state: DriverState) -> None:
        if self._heartbeat.beat(state, time.monotonic()):
            self._waker.wake()

    def _open(self) -> Port:
        return open_port(self._where, self._baud)

    def _speak(self, line: Port) -> None:
        if self._unsent:
            self._unsent = b"\r\n"  # what the last port tore is closed
        self._heartbeat.at_once()
        while self._on_duty():
            if not self._unsent:
                self._unsent = self._next()
            if self._unsent:
                self._unsent = self._unsent[line.write(self._unsent) :]
                if not self._unsent:
                    self._alerts.confirmed(time.monotonic())
            if line.wait(self._waker, self._patience_s(), writing=bool(self._unsent)):
                self._listen(line.read())
            self._watch.look(time.monotonic())

    def _next(self) -> bytes:
        """The sentence to send now, or nothing."""
        now_s = time.monotonic()
        alert = self._alerts.take(now_s)
        if alert is not None or self._closing:
            return alert or b""
        return self._heartbeat.sentence_if_due(now_s, self._origin_ns)

    def _patience_s(self) -> float | None:
        """How long there is nothing to do but listen; None until the port takes the rest of a sentence."""
        now_s = time.monotonic()
        silence_s = self._watch.due_in_s(now_s)
        if self._unsent:
            patience_s = min(silence_s, max(0.0, self._give_up_s - now_s)) if self._closing else silence_s
            return None if patience_s == float("inf") else patience_s
        return 0.0 if len(self._alerts) or self._closing else min(silence_s, self._heartbeat.due_in_s(now_s))

    def _unfinished(self) -> bool:
        return bool(self._unsent) or super()._unfinished()

    def _listen(self, data: bytes) -> None:
        for command in self._reader.feed(data):
            if isinstance(command, VehicleSpeed):
                self._watch.received(command.kmh, time.monotonic())
            else:
                self._pass_on(command)
