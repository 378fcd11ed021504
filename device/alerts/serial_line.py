"""The serial line to a microcontroller or an ECU: alerts at once, a heartbeat always, commands back in.

One thread owns the port. The monitor only leaves an alert in a queue or replaces the newest state, and wakes it, so a
receiver that stops reading, or a cable that is pulled, costs the loop nothing. Alerts go before a status, survive an
outage of the port and are sent once, in order; of the statuses only the newest is ever kept.

A sentence that the kernel has accepted counts as sent. When the port goes away in the middle of an alert, the whole
alert is sent again after the next opening, behind a line end that closes the torn one.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable

from device.alerts import sentences
from device.alerts.heartbeat import Heartbeat
from device.alerts.serial_port import Port, PortError, Waker, open_port
from device.alerts.speed_watch import SpeedWatch
from device.liveness import Worker
from device.messages import Alert, Command, DriverState, Event, VehicleSpeed
from device.notes import Notes

MAX_QUEUED_ALERTS = 1000
FIRST_RETRY_S = 0.2
LONGEST_RETRY_S = 2.0
STEADY_AFTER_S = 2.0
STUCK_AFTER_S = 20.0
"""A driver that does not come back from opening a port: USB adapters take up to a few seconds."""
CLOSE_TIMEOUT_S = 0.8

_log = logging.getLogger("wakeful.serial")


class SerialOutput:
    """Speaks the protocol of ``device.alerts.sentences`` on one serial port, for as long as it takes to come up.

    The heartbeat repeats the newest state every 0.5 s by itself. When the monitor has not given a state for 2 s, it
    says ``stale``: a monitor that hangs must not look alive.

    Args:
        url: device path or pyserial URL.
        baud: bits a second; without meaning for pseudo-terminals and sockets.
        on_command: told each acknowledge, speed and marker that comes in, from this output's own thread. A speed that
            was told, and then for 2 s no more, is unknown.
        notes: told of a speed that is lost.

    Attributes:
        alerts_dropped: alerts that were lost because over 1000 waited for the port.
        alerts_sent: alert sentences handed to the port as a whole.
    """

    def __init__(
        self,
        url: str,
        baud: int = 115200,
        on_command: Callable[[Command], None] | None = None,
        notes: Notes | None = None,
    ) -> None:
        self._url = url
        self._baud = baud
        self._on_command = on_command
        self._watch = SpeedWatch(f"the serial line {url}", self._tell, notes)
        self._reader = sentences.SentenceReader()
        self._waker = Waker()
        self._lock = threading.Lock()
        self._alerts: deque[bytes] = deque()
        self._heartbeat = Heartbeat(baud)
        self._origin_ns = 0
        self._closing = False
        self._give_up_at = float("inf")
        self._problem: str | None = None
        self._in_flight = b""
        self._unsent = b""
        self._torn = False
        self._worker = Worker("serial", self._run, stuck_s=STUCK_AFTER_S)
        self.alerts_dropped = 0
        self.alerts_sent = 0

    @property
    def problem(self) -> str | None:
        """Why nothing goes out at present, in one line; None while the port is open."""
        return self._problem

    @property
    def broken_sentences(self) -> int:
        """Inbound sentences that were refused so far."""
        return self._reader.broken

    def start(self, origin_ns: int) -> None:
        self._origin_ns = origin_ns
        self._heartbeat.start(time.monotonic())
        self._worker.start()

    def alert(self, alert: Alert) -> None:
        sentence = sentences.encode_alert(alert, self._origin_ns)
        with self._lock:
            if len(self._alerts) >= MAX_QUEUED_ALERTS:
                self._alerts.popleft()
                self.alerts_dropped += 1
            self._alerts.append(sentence)
        self._waker.wake()

    def take_over(self, before: SerialOutput) -> None:
        """Send what ``before``, which is about to be closed, could not send yet."""
        with before._lock:
            waiting = list(before._alerts)
            before._alerts.clear()
        with self._lock:
            self._alerts.extendleft(reversed(waiting))
        self._waker.wake()

    def event(self, event: Event) -> None:
        """The protocol has no sentence for events."""

    def state(self, state: DriverState) -> None:
        if self._heartbeat.beat(state, time.monotonic()):
            self._waker.wake()

    def close(self) -> None:
        if self._closing:
            return
        self._give_up_at = time.monotonic() + CLOSE_TIMEOUT_S
        self._closing = True
        self._waker.wake()
        self._worker.join(CLOSE_TIMEOUT_S + 0.2)
        lost = len(self._alerts) + self.alerts_dropped
        if lost:
            _log.warning("%s: %d alerts could not be sent", self._url, lost)

    def _run(self) -> None:
        retry_s = FIRST_RETRY_S
        self._take_back()
        while not self._done():
            opened_at = float("inf")
            try:
                with self._worker.part.working():
                    port = open_port(self._url, self._baud)
                if not self._worker.in_charge():
                    port.close()
                    return
                opened_at = time.monotonic()
                self._report(None)
                try:
                    self._serve(port)
                finally:
                    port.close()
            except Exception as error:
                # Whatever a driver or a URL handler raises, the line must come back.
                self._report(str(error) if isinstance(error, PortError) else f"{self._url}: {error!r}")
                self._take_back()
            if time.monotonic() - opened_at > STEADY_AFTER_S:
                retry_s = FIRST_RETRY_S
            self._sleep(retry_s)
            retry_s = min(2 * retry_s, LONGEST_RETRY_S)

    def _serve(self, port: Port) -> None:
        """Writes and reads until the output is closed; raises PortError when the port is gone."""
        if self._torn:
            self._unsent = b"\r\n"
        while not self._done():
            if not self._unsent:
                self._pick_next()
            if self._unsent:
                self._unsent = self._unsent[port.write(self._unsent) :]
                if not self._unsent:
                    self._sentence_is_out()
            if port.wait(self._waker, self._patience_s(), writing=bool(self._unsent)):
                self._listen(port.read())
            self._watch.look(time.monotonic())

    def _patience_s(self) -> float | None:
        """How long there is nothing to do but listen; None until the port takes the rest of a sentence."""
        now_s = time.monotonic()
        silence_s = self._watch.due_in_s(now_s)
        if self._unsent:
            patience_s = min(silence_s, max(0.0, self._give_up_at - now_s)) if self._closing else silence_s
            return None if patience_s == float("inf") else patience_s
        return 0.0 if self._alerts or self._closing else min(silence_s, self._heartbeat.due_in_s(now_s))

    def _pick_next(self) -> None:
        with self._lock:
            alert = self._alerts.popleft() if self._alerts else b""
        self._in_flight = alert
        if not alert and not self._closing:
            self._unsent = self._heartbeat.sentence_if_due(time.monotonic(), self._origin_ns)
        else:
            self._unsent = alert

    def _sentence_is_out(self) -> None:
        self._torn = False
        if self._in_flight:
            self._in_flight = b""
            self.alerts_sent += 1

    def _take_back(self) -> None:
        """The port is gone: an alert that is not wholly out goes back to the head of the queue."""
        self._torn = self._torn or bool(self._unsent)
        if self._in_flight:
            with self._lock:
                self._alerts.appendleft(self._in_flight)
        self._in_flight = self._unsent = b""

    def _listen(self, data: bytes) -> None:
        for command in self._reader.feed(data):
            if isinstance(command, VehicleSpeed):
                self._watch.heard(command.kmh, time.monotonic())
            else:
                self._tell(command)

    def _tell(self, command: Command) -> None:
        if self._on_command is None:
            return
        try:
            self._on_command(command)
        except Exception:
            _log.exception("%s: %s could not be passed on", self._url, command)

    def _done(self) -> bool:
        if not self._closing:
            return False
        return not (self._alerts or self._unsent) or self._problem is not None or time.monotonic() > self._give_up_at

    def _sleep(self, duration_s: float) -> None:
        until = time.monotonic() + duration_s
        while not self._closing and (remaining_s := until - time.monotonic()) > 0:
            self._waker.wait(min(remaining_s, self._watch.due_in_s(time.monotonic())))
            self._watch.look(time.monotonic())

    def _report(self, problem: str | None) -> None:
        """Says once that the port is down, and once that it is back."""
        if problem is not None and self._problem is None:
            _log.warning("serial: %s; trying again until it works", problem)
        elif problem is None and self._problem is not None:
            _log.warning("serial: %s is open again", self._url)
        self._problem = problem
