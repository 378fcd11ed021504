"""A whole monitor on a bench whose every part can be made to fail: camera, disk, peers, networks, threads.

The camera is the real ``V4l2Camera`` on a scripted driver that shows the rendered person; perception, engine, outputs,
watchdog and loop are the shipped ones. Patience and rules are shortened, so that a fault and its end take a second.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy as np

from tools.rigs.heard import Heard
from tools.rigs.networks import Breakable
from tools.rigs.scripted_camera import ScriptedCamera, ScriptedCapture
from tools.rigs.serial_receiver import Receiver
from tools.rigs.waiting import eventually
from wakeful import WakefulError
from wakeful.device.alerts.events import EventsOutput
from wakeful.device.alerts.fan_out import FanOut
from wakeful.device.alerts.output import Output
from wakeful.device.alerts.serial.output import SerialOutput
from wakeful.device.alerts.serial.settings import SerialSettings
from wakeful.device.config.layers import load_profile
from wakeful.device.messages import Command, Health
from wakeful.device.monitor import Monitor
from wakeful.device.perception.pipeline import Perception
from wakeful.device.state.cover import LONG_BLINK_S
from wakeful.device.state.engine import Engine
from wakeful.device.state.engine_config import EngineConfig
from wakeful.device.state.profile import Profile
from wakeful.device.summary import Summary
from wakeful.device.supervision.notes import Notes
from wakeful.device.supervision.overseer import overseen
from wakeful.device.supervision.workers import Liveness
from wakeful.sensors.driver_face import DriverPose, render
from wakeful.sensors.live import Patience
from wakeful.sensors.request import CaptureRequest
from wakeful.sensors.source import Source
from wakeful.sensors.v4l2 import V4l2Camera

PATIENCE = Patience(lost_after_s=0.4, first_retry_s=0.05, longest_retry_s=0.2, first_frame_s=1.0)
# Longer than a blink, which leaves the time of open eyes running: a shorter alert is cleared by the eyes of before it.
CLOSED_S = LONG_BLINK_S + 0.05
RECOVERS_WITHIN_S = 5.0


class FaceCamera(ScriptedCamera):
    """A camera that looks at the rendered person, 30 frames a second unless ``period_s`` says otherwise.

    Modes beside those of ``ScriptedCamera``: ``garbage`` gives pictures of noise, ``small`` another size.
    """

    def __init__(self, device: Path) -> None:
        self.period_s = 1 / 30
        self.asleep = False
        self.faces = {opening: render(DriverPose(eye_left=opening, eye_right=opening)) for opening in (0.0, 1.0)}
        self.frames = 0
        super().__init__(device, 640, 480)
        self.sizes = {(640, 480)}

    def open(self, path: str) -> FaceCapture:
        super().open(path)
        return FaceCapture(self, path)

    def picture(self) -> np.ndarray[Any, Any]:
        """The next picture; real sensors have noise, and so no two are the same."""
        self.frames += 1
        face = self.faces[0.0 if self.asleep else 1.0].copy()
        face[0, self.frames % 640] ^= 1
        if self.mode == "garbage":
            return self.noise.integers(0, 256, (480, 640, 3), dtype=np.uint8)
        if self.mode == "small":
            return np.ascontiguousarray(face[::2, ::2])
        return face


class FaceCapture(ScriptedCapture):
    """One opening of it."""

    def grab(self) -> bool:
        assert isinstance(self.camera, FaceCamera)
        time.sleep(self.camera.period_s)
        if self.camera.mode == "hangs":
            self.camera.driver_returns.wait(20.0)
            return False
        return self.camera.mode != "failing" and Path(self.path).exists()

    def retrieve(self) -> tuple[bool, Any]:
        assert isinstance(self.camera, FaceCamera)
        if self.camera.mode in ("garbled", "black", "odd"):
            return super().retrieve()
        if self.camera.mode != "frozen":
            self.last = self.camera.picture()
        return True, self.last.copy()


class Rig:
    """Everything, running from ``__enter__`` to ``__exit__``.

    Args:
        open_source: makes the source of the scripted camera; None: it is behind V4L2.

    Attributes:
        failure: what the loop ended with, None while it runs or if it ended as told.
    """

    def __init__(
        self, folder: Path, *outputs: Output, open_source: Callable[[FaceCamera], Source] | None = None
    ) -> None:
        self.folder = folder
        self.camera = FaceCamera(folder / "video0")
        self.receiver = Receiver()
        self.heard = Heard()
        self.notes = Notes()
        self.networks = Breakable()
        self.perception = Perception("mesh+iris", load=self.networks)
        self.events_file = folder / "events.jsonl"
        commands: SimpleQueue[Command] = SimpleQueue()
        self.liveness = Liveness()
        self.serial = SerialOutput(
            SerialSettings(url=self.receiver.path),
            on_command=commands.put,
            notes=self.notes,
            liveness=self.liveness,
        )
        self.events = EventsOutput(self.events_file, self.liveness)
        self.failure: WakefulError | None = None
        profile = quick_profile()
        self._source = (open_source or _by_v4l2)(self.camera)
        self._output = FanOut([self.heard, self.serial, self.events, *outputs])
        self.monitor = Monitor(
            self._source,
            self.perception,
            Engine(EngineConfig(profile, self.perception.traits)),
            self._output,
            Summary({}),
            commands,
            self.notes,
            stale_s=0.3,
            liveness=self.liveness,
        )
        self._thread = threading.Thread(target=self._run, name="rig-loop", daemon=True)

    def __enter__(self) -> Rig:
        self._thread.start()
        assert eventually(lambda: self.health() in (Health.OK, Health.CALIBRATING), RECOVERS_WITHIN_S)
        return self

    def __exit__(self, *_: object) -> None:
        self.camera.driver_returns.set()
        self.monitor.stop()
        self._thread.join(10.0)
        self._source.close()
        self._output.close()
        self.receiver.close()
        assert not self._thread.is_alive()

    def _run(self) -> None:
        try:
            with overseen(self.monitor, self._source, self.notes, self.liveness, self._output):
                self.monitor.run()
        except WakefulError as error:
            self.failure = error

    def health(self) -> Health | None:
        return self.heard.newest.health if self.heard.newest else None

    def standing_notes(self) -> tuple[str, ...]:
        return self.heard.newest.notes if self.heard.newest else ()

    def is_well(self) -> bool:
        """A face is seen, nothing is noted but that something was started again, and the serial line lives."""
        fine = self.health() in (Health.OK, Health.CALIBRATING) and bool(self.heard.newest and self.heard.newest.face)
        return fine and set(self.standing_notes()) <= {"restarted"} and self.serial.problem is None

    def recovers(self) -> bool:
        return eventually(self.is_well, RECOVERS_WITHIN_S)

    def microsleep(self) -> int:
        """The person's eyes close until that is told; gives the number of the alert."""
        before = len(self.heard.alerts)
        self.camera.asleep = True
        assert eventually(lambda: len(self.heard.alerts) > before, RECOVERS_WITHIN_S)
        self.camera.asleep = False
        assert eventually(lambda: len(self.heard.alerts) > before + 1, RECOVERS_WITHIN_S)
        return self.heard.alerts[before].seq

    def wire(self) -> list[tuple[int, str]]:
        """Alerts as the receiver at the serial line heard them."""
        return [(int(sentence.fields[0]), sentence.fields[4]) for sentence in self.receiver.of("WKA")]

    def written(self) -> list[tuple[int, str]]:
        """Alerts as the events file has them."""
        lines = [json.loads(line) for line in self.events_file.read_text(encoding="utf-8").splitlines()]
        return [(line["seq"], line["phase"]) for line in lines if line["kind"] == "alert"]

    def told(self) -> list[tuple[int, str]]:
        """Alerts as the engine gave them."""
        return [(alert.seq, str(alert.phase)) for alert in self.heard.alerts]


def _by_v4l2(camera: FaceCamera) -> Source:
    return V4l2Camera(camera.device, CaptureRequest(640, 480, 30.0), backend=camera.open, patience=PATIENCE)


def quick_profile() -> Profile:
    """The vehicle's rules, with a microsleep just after a long blink and a clear after 0.3 s."""
    profile = load_profile("vehicle")[0]
    rule = next(rule for rule in profile.rules if rule.code == "microsleep")
    quick = replace(rule, when={"closure_s": CLOSED_S}, clear={"eyes_open_s": 0.3})
    health = replace(profile.health, no_face_s=0.3, degraded_s=0.5, recovered_s=0.2)
    return replace(profile, rules=(quick,), health=health)


@contextlib.contextmanager
def full_disk(*files: Path) -> Iterator[Callable[[], int]]:
    """No room for anything more in ``files`` while the context lasts; gives how many writes were refused."""
    inodes = {file.stat().st_ino for file in files}
    write, refused = os.write, [0]

    def refusing(descriptor: int, data: bytes) -> int:
        if os.fstat(descriptor).st_ino in inodes:
            refused[0] += 1
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(descriptor, data)

    os.write = refusing  # type: ignore[assignment]
    try:
        yield lambda: refused[0]
    finally:
        os.write = write
