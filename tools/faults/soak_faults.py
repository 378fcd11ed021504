"""The faults of the soak: how each begins, how it ends, and what the monitor has to say meanwhile.

Those of the camera and the networks last simulated seconds and leave the person's naps alone, because what no camera
shows nobody can tell. Those of peers, disk and threads last real time and lie across a nap, whose alert must arrive.
"""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from tools.faults.soak_ears import CanEar, SerialEar
from tools.faults.soak_source import SoakSource
from tools.rigs.broker import Broker
from wakeful.device.perception.network import Network
from wakeful.device.perception.pipeline import Perception
from wakeful.device.supervision.workers import Liveness

WORKERS = ("serial", "can", "write-", "mqtt", "stream", "status", "reload")


@dataclass(frozen=True)
class Fault:
    """One kind.

    Attributes:
        health: what the monitor has to say while it lasts, None: nothing.
        outside: it lasts real time and lies across a nap.
        deafens: whose heartbeats cannot be heard meanwhile, ``serial`` or ``can``.
    """

    name: str
    begin: Callable[[], None]
    end: Callable[[], None]
    health: str | None = None
    outside: bool = False
    deafens: str = ""


class Bench:
    """What can be broken, and how."""

    def __init__(
        self,
        source: SoakSource,
        receiver: SerialEar,
        bus: CanEar | None,
        broker: Broker | None,
        files: list[Path],
        seed: int,
        liveness: Liveness,
    ) -> None:
        self._liveness = liveness
        self._source = source
        self._receiver = receiver
        self._bus = bus
        self._broker = broker
        self._files = files
        self._random = np.random.default_rng(seed)
        self._write = os.write
        self._time = (time.time, time.time_ns)
        self._nan = self._no_memory = False
        self._look = Perception.look
        self._break_perception()

    def faults(self) -> list[Fault]:
        """All kinds that this machine can be given."""
        found = [
            self._camera("camera silent", "silent", "camera_lost"),
            self._camera("camera gives noise", "noise", "no_face"),
            self._camera("camera changes its size", "small", None),
            self._camera("camera at 5 fps", "slow", None),
            Fault("network answers NaN", lambda: self._set(nan=True), lambda: self._set(nan=False), "no_face"),
            Fault("no memory", lambda: self._set(no_memory=True), lambda: self._set(no_memory=False), "no_face"),
            Fault("receiver stops reading", self._stop_reading, self._receiver.read_on, None, True, "serial"),
            Fault("serial line gone", self._cut, self._mend, None, True, "serial"),
            Fault("serial rubbish", self._rubbish, lambda: None, None, True),
            Fault("disk full", self._fill, self._mend, None, True),
            Fault("clock steps", self._step_clock, self._restore_clock, None, True),
            Fault("a worker dies", self._kill_worker, lambda: None, None, True),
            Fault("reload", lambda: os.kill(os.getpid(), signal.SIGHUP), lambda: None, None, True),
        ]
        if self._bus is not None:
            found += self._of_the_bus(self._bus)
        if self._broker is not None:
            broker = self._broker
            hang, go_on = (lambda number=number: broker.signal(number) for number in (signal.SIGSTOP, signal.SIGCONT))
            found.append(Fault("broker hangs", hang, go_on, None, True))
            found.append(Fault("broker gone", broker.stop, lambda: _restart(broker), None, True))
        return found

    def _of_the_bus(self, bus: CanEar) -> list[Fault]:
        import can
        from can.interfaces.virtual import VirtualBus

        send = VirtualBus.send

        def break_with(error: Exception) -> None:
            def broken(at: Any, message: Any, timeout: float | None = None) -> None:
                if threading.current_thread().name == "wakeful-can":
                    raise error
                send(at, message, timeout)

            setattr(VirtualBus, "send", broken)  # noqa: B010

        def mend() -> None:
            setattr(VirtualBus, "send", send)  # noqa: B010

        def rubbish() -> None:
            bus.say_rubbish(self._random.integers(0, 256, 100, dtype=np.uint8).tobytes())

        full = can.CanOperationError("no buffer space available")
        gone = OSError(errno.ENODEV, os.strerror(errno.ENODEV))
        return [
            Fault("CAN bus full", lambda: break_with(full), mend, None, True, "can"),
            Fault("CAN bus gone", lambda: break_with(gone), mend, None, True, "can"),
            Fault("CAN rubbish", rubbish, lambda: None, None, True),
        ]

    def close(self) -> None:
        """Everything as it was."""
        self._mend()
        self._restore_clock()
        Perception.look = self._look  # type: ignore[method-assign]

    def _camera(self, name: str, fault: str, health: str | None) -> Fault:
        return Fault(
            name, lambda: setattr(self._source, "fault", fault), lambda: setattr(self._source, "fault", ""), health
        )

    def _set(self, nan: bool = False, no_memory: bool = False) -> None:
        self._nan, self._no_memory = nan, no_memory

    def _break_perception(self) -> None:
        look, wrapped = self._look, set[int]()

        def breakable(perception: Perception, frame: Any) -> Any:
            if id(perception) not in wrapped:
                wrapped.add(id(perception))
                self._wrap(perception)
            if self._no_memory:
                raise MemoryError("none left")
            return look(perception, frame)

        setattr(Perception, "look", breakable)  # noqa: B010

    def _wrap(self, perception: Perception) -> None:
        reader = perception._reader
        for name in ("_face", "_lids", "_mouth", "_mesh", "_iris", "_network"):
            if hasattr(reader, name):
                setattr(reader, name, partial(self._answer, getattr(reader, name)))

    def _answer(self, network: Network, tensor: Any) -> list[Any]:
        answers = network(tensor)
        return [answer * np.nan for answer in answers] if self._nan else answers

    def _stop_reading(self) -> None:
        self._receiver.stop_reading()
        self._receiver.fill_up()

    def _cut(self) -> None:
        def cut(descriptor: int, data: bytes) -> int:
            if threading.current_thread().name == "wakeful-serial" and os.isatty(descriptor):
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return self._write(descriptor, data)

        os.write = cut  # type: ignore[assignment]

    def _fill(self) -> None:
        inodes = {file.stat().st_ino for file in self._files}

        def full(descriptor: int, data: bytes) -> int:
            if os.fstat(descriptor).st_ino in inodes:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return self._write(descriptor, data)

        os.write = full  # type: ignore[assignment]

    def _mend(self) -> None:
        os.write = self._write

    def _rubbish(self) -> None:
        self._receiver.say(self._random.integers(0, 256, 500, dtype=np.uint8).tobytes() + b"\n")

    def _step_clock(self) -> None:
        step_s = float(self._random.uniform(-1e5, 1e5))
        now, now_ns = self._time
        time.time = lambda: now() + step_s
        time.time_ns = lambda: now_ns() + round(step_s * 1e9)

    def _restore_clock(self) -> None:
        time.time, time.time_ns = self._time

    def _kill_worker(self) -> None:
        """Ends a thread as nothing in it expects: SystemExit, where it happens to be."""
        parts = [part for part in self._liveness.parts if part.name.startswith(WORKERS)]
        name = f"wakeful-{parts[int(self._random.integers(len(parts)))].name}"
        for thread in threading.enumerate():
            if thread.name == name and thread.ident is not None:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(SystemExit))


def _restart(broker: Broker) -> None:
    """Starts it without waiting for it."""
    threading.Thread(target=broker.start, name="broker starts", daemon=True).start()
