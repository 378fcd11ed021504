"""Recorded drives for the tests and measurements of the report: real judge, real log, a made-up person.

python -m tools.rigs.report_logs drive.mcap --seconds 3600
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from tools.rigs.log_samples import CLASSES, CONFIG, at
from wakeful.device.messages import CommandReceived, DriverState, Event, Health, Observation, Tick, VehicleSpeed
from wakeful.device.record.encode import Recorded
from wakeful.device.record.replay import advance
from wakeful.device.record.schema import ExpressionReading, LogConfig, Picture
from wakeful.device.record.writer import LogWriter
from wakeful.device.state.engine import Engine
from wakeful.device.state.inputs import EngineInput
from wakeful.sensors.driver_face import DriverPose, render
from wakeful.sensors.opencv import cv2

FPS = 30.0
OPEN = 0.3
LOG_CONFIG = replace(CONFIG, engine_config=replace(CONFIG.engine_config, known=None, road=None, speed_kmh=None))


def a_tiring_driver(seconds: float, seed: int = 1, fps: float = FPS) -> Iterator[EngineInput]:
    """Awake at first, then with longer and longer closures; looks aside, yawns, and is out of sight for a while.

    What this does not simulate: faces. The observations are made up, only their judgement is real.
    """
    random = np.random.default_rng(seed)
    shut = _closures(random, seconds)
    aside = _glances(random, seconds)
    shares = np.array([0.9, 0.1])
    speed_told = -1
    seq = 0
    for frame in range(round(seconds * fps)):
        t_s = frame / fps
        if t_s // 2 > speed_told:
            speed_told = int(t_s // 2)
            yield CommandReceived(
                at(t_s), VehicleSpeed(round(max(0.0, 85 + 30 * math.sin(t_s / 140) + float(random.normal())), 1))
            )
        if 0.62 < t_s / seconds < 0.62 + 8.0 / seconds:
            yield Tick(at(t_s), Health.CAMERA_LOST)
            continue
        seq += 1
        if random.random() < 0.001:
            continue  # a frame that was dropped
        if seq % 300 == 0:
            shares = random.dirichlet([3, 1])
        yield _seen(random, seq, t_s, _inside(shut, t_s), _inside(aside, t_s), tuple(shares.tolist()), seconds)


def _seen(
    random: np.random.Generator,
    seq: int,
    t_s: float,
    closed: bool,
    aside: bool,
    shares: tuple[float, ...],
    seconds: float,
) -> Observation:
    yawning = (t_s % 600) > 590 - 6 * t_s / seconds and (t_s % 600) < 594
    opening = 0.05 if closed else OPEN * (1.0 - 0.18 * t_s / seconds)
    yaw = 38.0 if aside else 3.0 * math.sin(t_s / 9)
    noise = random.normal(0, 1, 8).tolist()
    gone = 0.3 < t_s / seconds < 0.3 + 5.0 / seconds
    if gone:
        return Observation(at(t_s), seq, face=False)
    return Observation(
        at(t_s),
        seq,
        face=True,
        presence=0.99,
        face_px=180.0,
        brightness=110.0,
        eye_aspect_left=max(0.0, opening + 0.006 * noise[0]),
        eye_aspect_right=max(0.0, opening + 0.006 * noise[1]),
        lid_drop=0.2,
        mouth_aspect=0.7 if yawning else 0.05,
        yaw_deg=yaw + 0.4 * noise[2],
        pitch_deg=-4.0 + 0.4 * noise[3],
        roll_deg=0.3 * noise[4],
        gaze_yaw_deg=None if closed else yaw + noise[5],
        gaze_pitch_deg=None if closed else -5.0 + noise[6],
        expression=shares if seq % 3 == 0 else None,
    )


def _closures(random: np.random.Generator, seconds: float) -> list[tuple[float, float]]:
    """Blinks all along, and closures that come oftener and last longer the later it is."""
    spans, t_s = [], 3.0
    while t_s < seconds:
        late = t_s / seconds
        length_s = 0.13 + 0.1 * random.random()
        if late > 0.4 and random.random() < 0.25 * late:
            length_s = 0.4 + 3.2 * late**3 * random.random()
        spans.append((t_s, t_s + length_s))
        t_s += length_s + random.exponential(4.0) + 0.5
    return spans


def _glances(random: np.random.Generator, seconds: float) -> list[tuple[float, float]]:
    spans, t_s = [], 60.0
    while t_s < seconds:
        length_s = 0.6 + random.exponential(1.0)
        spans.append((t_s, t_s + min(length_s, 5.0)))
        t_s += length_s + random.exponential(50.0) + 4
    return spans


def _inside(spans: list[tuple[float, float]], t_s: float) -> bool:
    while spans and spans[0][1] <= t_s:
        spans.pop(0)
    return bool(spans) and spans[0][0] <= t_s


def write_log(
    file: Path,
    inputs: Iterator[EngineInput],
    marks: dict[float, str] | None = None,
    video_fps: float = 0.0,
    config: LogConfig = LOG_CONFIG,
) -> Path:
    """Judges the inputs and writes what the recorder would.

    Args:
        marks: text of a marker by the second at which it is set.
        video_fps: pictures of the synthetic driver a second, 0 for none.
    """
    waiting = sorted((marks or {}).items())
    engine = Engine(config.engine_config)
    next_picture_s = 0.0
    with file.open("wb") as stream:
        log = _Log(LogWriter(stream, config))
        for given in inputs:
            t_s = config.seconds(given.t_ns)
            while waiting and waiting[0][0] <= t_s:
                pressed_s, text = waiting.pop(0)
                log.add(Event(given.t_ns, "marker", {"text": text, "pressed_ns": at(pressed_s)}), given.t_ns)
            log.add(given, given.t_ns)
            said, state = advance(engine, given)
            for one in said:
                log.add(one, one.t_ns)
            if state is not None:
                log.state(state)
            if video_fps and t_s >= next_picture_s and isinstance(given, Observation):
                next_picture_s = t_s + 1.0 / video_fps
                log.writer.add(_picture(given), given.t_ns, 0)
        log.writer.finish()
    return file


class _Log:
    """Numbers what it writes, and adds the expression where it has changed."""

    def __init__(self, writer: LogWriter) -> None:
        self.writer = writer
        self._sequence = 0
        self._told: tuple[float, ...] = ()

    def add(self, message: Recorded, t_ns: int) -> None:
        self._sequence += 1
        self.writer.add(message, t_ns, self._sequence)

    def state(self, state: DriverState) -> None:
        self.add(state, state.t_ns)
        if state.expression_p != self._told:
            self._told = state.expression_p
            shares = dict(zip(CLASSES, self._told, strict=False))
            # Made from a state, so it shares its number.
            self.writer.add(ExpressionReading(state.t_ns, state.expression, shares), state.t_ns, self._sequence)


def _picture(seen: Observation) -> Picture:
    opening = min(1.0, (seen.eye_aspect_left or 0.0) / OPEN)
    image = render(DriverPose(eye_left=opening, eye_right=opening, yaw_deg=seen.yaw_deg or 0.0), seed=seen.seq)
    _, jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 75])
    return Picture(seen.t_ns, seen.seq, jpeg.tobytes())


def main() -> None:
    """Writes a log of a tiring driver."""
    parser = argparse.ArgumentParser(description="A made-up drive, judged and logged.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--seconds", type=float, default=3600.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--video", type=float, default=0.0, metavar="FPS")
    chosen = parser.parse_args()
    marks = {
        chosen.seconds * share: text for share, text in ((0.1, "tunnel"), (0.55, "driver says: tired"), (0.9, "break"))
    }
    write_log(chosen.file, a_tiring_driver(chosen.seconds, chosen.seed), marks, chosen.video)


if __name__ == "__main__":
    main()
