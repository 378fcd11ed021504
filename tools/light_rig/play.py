"""Runs the real monitor over one clip in one light, and keeps what it reported."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np

from tools.light_rig.cells import AS_IT_IS, CODED, EVERY, KNOWN, Cell
from tools.light_rig.effects import Picture, Shot
from wakeful.api import Watch
from wakeful.device.assembly import Assembly
from wakeful.device.config.layers import load_settings
from wakeful.device.messages import Phase
from wakeful.device.moment import Moment
from wakeful.errors import ConfigError
from wakeful.sensors.camera import open_source
from wakeful.sensors.frame import Frame
from wakeful.sensors.opencv import cv2
from wakeful.sensors.source import EndOfSource, Source, SourceInfo, Wrapped

PROFILE, SPEED_KMH = "vehicle", 60.0
MAX_AGE_S = 1.0
SHUT_EYES, LOOK_AWAY = ("microsleep", "sleep", "unresponsive"), "long_distraction"
MIDDLE = (0.5, 0.5, 0.3)
"""Where a face is taken to be in a clip in which none was found."""
THUMB_PX = 220
GST = "gst-launch-1.0"

Steps = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Played:
    """What the monitor reported of one clip in one light; times in seconds since its first frame.

    Attributes:
        times_s: of each frame.
        health: of each frame, with its reason after a colon where it has one.
        alerts: time and code of each alert of shut eyes, or of a long look away, that was raised or escalated.
        face: as ``Shot.face``, from the frames with a face.
        thumb: the face at ``thumb_at``, a JPEG.
    """

    times_s: tuple[float, ...]
    health: tuple[str, ...]
    alerts: tuple[tuple[float, str], ...]
    face: tuple[float, float, float]
    thumb: bytes

    @property
    def shut(self) -> list[tuple[float, str]]:
        """The alerts of shut eyes."""
        return [one for one in self.alerts if one[1] in SHUT_EYES]


class Varied(Wrapped):
    """A source whose pictures went through effects."""

    def __init__(self, source: Source, steps: Steps, face: tuple[float, float, float]) -> None:
        super().__init__(source)
        self._face = face
        self._skipped = int(dict(steps).get(EVERY, 1.0)) - 1
        self._steps = tuple(step for step in steps if step[0] != EVERY)
        self._begin_ns: int | None = None

    @property
    def info(self) -> SourceInfo:
        info = self._source.info
        info = replace(info, fps=info.fps and info.fps / (1 + self._skipped))
        for name, value in self._steps:
            if name == "width" and info.width > value:
                info = replace(info, width=int(value), height=max(round(info.height * value / info.width), 1))
        return info

    def read_latest(self, max_age_s: float) -> Frame:
        frame = self._source.read_latest(max_age_s)
        for _ in range(self._skipped if self._begin_ns is not None else 0):
            frame = self._source.read_latest(max_age_s)
        self._begin_ns = frame.t_ns if self._begin_ns is None else self._begin_ns
        shot = Shot(frame.seq, (frame.t_ns - self._begin_ns) / 1e9, self._face)
        image = frame.image
        for name, value in self._steps:
            image = KNOWN[name](image, shot, value)
        return replace(frame, image=np.ascontiguousarray(image))


class Coded(Wrapped):
    """A source whose pictures are replaced by those of a coded copy, with the times of their own."""

    def __init__(self, source: Source, copy: Source) -> None:
        super().__init__(source)
        self._copy = copy

    def read_latest(self, max_age_s: float) -> Frame:
        return replace(self._source.read_latest(max_age_s), image=self._copy.read_latest(max_age_s).image)

    def close(self) -> None:
        super().close()
        self._copy.close()


def play(
    clip: Path, cell: Cell, face: tuple[float, float, float] = MIDDLE, thumb_at: int = 0, landmarks: str = "auto"
) -> Played:
    """Play a clip to its end as ``wakeful run --pace fast`` does.

    Args:
        face: as ``Shot.face``.
        thumb_at: number of the frame to keep a small picture of.
        landmarks: the reader.
    """
    overrides = {
        "source.source": str(clip.resolve()),
        "source.pace": "fast",
        "vehicle.speed_kmh": SPEED_KMH,
        "perception.landmarks": landmarks,
        "perception.expression": False,
    }
    settings = load_settings(None, PROFILE, overrides)
    times: list[float] = []
    health: list[str] = []
    alerts: list[tuple[float, str]] = []
    faces: list[tuple[float, float, float]] = []
    shown: Picture | None = None
    with (
        tempfile.TemporaryDirectory() as scratch,
        Watch(Assembly(*settings, source=opened(clip, cell, face, Path(scratch)))) as watching,
    ):
        for moment in watching:
            if moment.frame is None:
                continue
            times.append(moment.t_s)
            state = moment.state
            health.append(f"{state.health.value}:{state.reason}" if state.reason else state.health.value)
            alerts += [
                (moment.t_s, one.code)
                for one in moment.alerts
                if one.code in (*SHUT_EYES, LOOK_AWAY) and one.phase in (Phase.RAISED, Phase.ESCALATED)
            ]
            if cell.name == AS_IT_IS and (found := _face(moment)):
                faces.append(found)
            if shown is None and moment.frame.seq >= thumb_at:
                shown = moment.frame.image
    middle = tuple(median(column) for column in zip(*faces, strict=True)) if faces else face
    face = (middle[0], middle[1], middle[2])
    thumb = b"" if shown is None else _thumb(shown, face)
    return Played(tuple(times), tuple(health), tuple(alerts), face, thumb)


def opened(clip: Path, cell: Cell, face: tuple[float, float, float], scratch: Path) -> Source:
    """The clip as this light shows it."""
    open_clip: Callable[[], Source] = partial(open_source, str(clip.resolve()), pace="fast")
    names = [name for name, _ in cell.steps]
    if CODED not in names:
        return Varied(open_clip(), cell.steps, face)
    at = names.index(CODED)
    coded = scratch / "coded.mp4"
    with closing(Varied(open_clip(), cell.steps[:at], face)) as before:
        _code(before, coded, round(cell.steps[at][1]))
    return Varied(Coded(open_clip(), open_source(str(coded), pace="fast")), cell.steps[at + 1 :], face)


def _code(source: Source, file: Path, quantizer: int) -> None:
    """Write a source's pictures as H.264."""
    if shutil.which(GST) is None:
        raise ConfigError(f"{CODED} needs {GST} with x264enc; install it or leave the cell out")
    frame = source.read_latest(MAX_AGE_S)
    high, wide = frame.image.shape[:2]
    high, wide = high - high % 2, wide - wide % 2
    command = (
        f"{GST} -q fdsrc fd=0 ! rawvideoparse width={wide} height={high} format=bgr framerate=30/1 ! videoconvert"
        f" ! x264enc pass=quant quantizer={quantizer} speed-preset=veryfast threads=1 ! mp4mux"
        f" ! filesink location={file}"
    )
    with subprocess.Popen(command.split(), stdin=subprocess.PIPE) as coder:
        assert coder.stdin is not None
        while True:
            coder.stdin.write(np.ascontiguousarray(frame.image[:high, :wide]).tobytes())
            try:
                frame = source.read_latest(MAX_AGE_S)
            except EndOfSource:
                break
    if coder.returncode:
        raise ConfigError(f"{CODED} needs {GST} with x264enc; install it or leave the cell out")


def _face(moment: Moment) -> tuple[float, float, float] | None:
    if moment.landmarks is None or moment.frame is None:
        return None
    high, wide = moment.frame.image.shape[:2]
    points = np.asarray(moment.landmarks.points)[:, :2]
    x0, y0 = points.min(axis=0).tolist()
    x1, y1 = points.max(axis=0).tolist()
    return (x0 + x1) / 2.0 / wide, (y0 + y1) / 2.0 / high, (x1 - x0) / wide


def _thumb(image: Picture, face: tuple[float, float, float]) -> bytes:
    """The surroundings of the face, small."""
    high, wide = image.shape[:2]
    reach = max(face[2] * wide * 0.8, 16.0)
    x0, x1 = (int(np.clip(face[0] * wide + side * reach, 0, wide)) for side in (-1, 1))
    y0, y1 = (int(np.clip(face[1] * high + side * reach, 0, high)) for side in (-1, 1))
    part = image[y0:y1, x0:x1] if x1 > x0 and y1 > y0 else image
    size = (THUMB_PX, max(round(THUMB_PX * part.shape[0] / part.shape[1]), 1))
    return bytes(cv2.imencode(".jpg", cv2.resize(part, size), [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes())
