"""Who hears the monitor during the soak: on the serial line, on the CAN bus and at the broker.

They keep an alert as its number and phase, and of a heartbeat only its time: their memory is that of the process which
is measured.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from array import array
from collections import deque
from itertools import pairwise
from pathlib import Path
from typing import Any

from tools.rigs.broker import Broker, Listener
from tools.rigs.can_node import CanNode
from tools.rigs.serial_receiver import Receiver
from wakeful.device.alerts.can.frames import ALERT, BASE_ID, PROTECTED
from wakeful.device.alerts.serial.sentences import BrokenSentence, unframe

Told = tuple[int, str]
Span = tuple[float, float]


def overlap_s(span: Span, others: list[Span]) -> float:
    """How much of a span of time is covered by others, which do not overlap each other."""
    return sum(max(0.0, min(end, span[1]) - max(begin, span[0])) for begin, end in others)


class Ear:
    """What one of them has heard.

    Attributes:
        alerts: number and phase of each, as they came.
        beats_s: monotonic times of the heartbeats.
        repeated: alerts that came once more under the same ``id``, and so count once.
    """

    def __init__(self) -> None:
        self.alerts: list[Told] = []
        self.beats_s = array("d")
        self.repeated = 0

    def hear(self, number: object, phase: object) -> None:
        self.alerts.append((int(str(number)), sys.intern(str(phase))))

    def gaps(self, stalls: list[Span]) -> list[Span]:
        """From each heartbeat to the next, but for those that touch a stall of this receiver."""
        return [gap for gap in pairwise(self.beats_s) if not overlap_s(gap, stalls)]


class SerialEar(Receiver):
    """At the far end of the serial line."""

    def __init__(self) -> None:
        self.ear = Ear()
        super().__init__()

    def _take(self, line: bytes, now_s: float) -> None:
        try:
            sentence = unframe(line)
        except BrokenSentence:
            return
        if sentence.kind == "WKA":
            self.ear.hear(sentence.fields[0], sentence.fields[4])
        else:
            self.ear.beats_s.append(now_s)


class CanEar(CanNode):
    """Another node of the virtual bus ``channel``, in either layout; may also send what nobody understands."""

    def __init__(self, channel: str) -> None:
        self.ear = Ear()
        self._steps: deque[bytes] = deque(maxlen=16)
        super().__init__(channel)

    def _take(self, message: Any) -> None:
        if message.arbitration_id in (BASE_ID, BASE_ID + 4):
            self.ear.beats_s.append(time.monotonic())
        elif message.arbitration_id in (BASE_ID + 1, BASE_ID + 5):
            protected = message.arbitration_id == BASE_ID + 5
            found = self.decoded(ALERT + PROTECTED if protected else ALERT, message)
            # The copies of one step differ in CRC and counter alone.
            step = bytes((message.data[1] >> 4,)) + bytes(message.data[2:])
            if not (protected and step in self._steps):
                self.ear.hear(found["Number"], found["Phase"])
            self._steps.append(step)

    def say_rubbish(self, data: bytes) -> None:
        """Frames of odd lengths and unknown numbers, made of ``data``, and acknowledgements that are too short."""
        for number, byte in enumerate(data):
            if byte < 64:
                self.say(BASE_ID + 2, data[:1])
                self.say(BASE_ID + 6, data[number : number + 4])
            else:
                self.say(0x100 + byte, data[number : number + byte % 9])


class MqttEar(Listener):
    """A subscriber of the alerts, which knows one that comes again by its ``id``, as the report's contract says."""

    def __init__(self, broker: Broker, topic: str) -> None:
        self.ear = Ear()
        self._newest_id = ""
        super().__init__(broker, topic)
        self._client.on_message = self._hear

    @property
    def connected(self) -> bool:
        return self._client.is_connected()

    def _hear(self, client: Any, data: Any, message: Any) -> None:
        report = json.loads(message.payload)
        if report["step"] == self._newest_id:
            self.ear.repeated += 1
            return
        self._newest_id = report["step"]
        self.ear.hear(report["seq"], report["phase"])


class SpawnedBroker(Broker):
    """Started by a shell: a process that starts another one stands still meanwhile, with all its threads."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        log = shlex.quote(str(folder / "mosquitto.log"))
        command = f"{shlex.quote(self._program)} -c {shlex.quote(str(self._file))} >>{log} 2>&1"
        self._shell = subprocess.Popen(
            ["sh", "-c", f"while read word; do {command} & echo $!; wait $!; done"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._number = 0

    def start(self) -> Broker:
        assert self._shell.stdin is not None and self._shell.stdout is not None
        self._shell.stdin.write(b"start\n")
        self._shell.stdin.flush()
        self._number = int(self._shell.stdout.readline())
        while not self._answers():
            time.sleep(0.01)
        return self

    def signal(self, number: int) -> None:
        os.kill(self._number, number)

    def stop(self) -> None:
        self.signal(signal.SIGKILL)
        while self._answers():
            time.sleep(0.01)

    def close(self) -> None:
        """The shell ends too."""
        assert self._shell.stdin is not None and self._shell.stdout is not None
        self._shell.stdin.close()
        self._shell.stdout.close()
        self._shell.wait()

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 0.2).close()
        except OSError:
            return False
        return True


METRONOME = """
import os, sys, time
os.sched_setaffinity(0, {int(sys.argv[1])})
before = time.monotonic()
while True:
    time.sleep(0.05)
    now = time.monotonic()
    if now - before > 0.25:
        print(before, now, flush=True)
    before = now
"""


class Metronome:
    """A process on each core that only keeps time: when one cannot, the core stood still, and not the monitor."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "metronome"
        with self._file.open("ab") as out:
            self._processes = [
                subprocess.Popen([sys.executable, "-c", METRONOME, str(core)], stdout=out)
                for core in os.sched_getaffinity(0)
            ]

    def close(self) -> list[Span]:
        """Ends them; gives when a core stood still for longer than 0.2 s, as spans that do not overlap."""
        for process in self._processes:
            process.kill()
            process.wait()
        rows = (line.split() for line in self._file.read_text(encoding="utf-8").splitlines())
        still: list[Span] = []
        for begin, end in sorted((float(begin), float(end)) for begin, end in rows):
            if still and begin <= still[-1][1]:
                still[-1] = (still[-1][0], max(end, still[-1][1]))
            else:
                still.append((begin, end))
        return still
