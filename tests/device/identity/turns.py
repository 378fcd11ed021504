"""Films in which people take turns at the wheel: rendered, and composed of real clips; and who is taken up when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wakeful.device.assembly import Assembly
from wakeful.device.config.layers import load_settings
from wakeful.device.moment import Moment
from wakeful.sensors.camera import open_source
from wakeful.sensors.driver_face import DriverPose, render
from wakeful.sensors.frame import Frame
from wakeful.sensors.opencv import cv2
from wakeful.sensors.source import EndOfSource, SourceInfo

FPS = 15
WIDTH, HEIGHT = 640, 480

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Turn:
    """Somebody at the wheel for a while; without pictures the seat is empty."""

    name: str
    pictures: tuple[Picture, ...]


class FilmSource:
    """Pictures as a source, at ``FPS``."""

    lost: str | None = None
    dropped = 0

    def __init__(self, pictures: Iterable[Picture]) -> None:
        self.info = SourceInfo("turns", False, WIDTH, HEIGHT, float(FPS))
        self._frames = (Frame(image, round(i * 1e9 / FPS), i) for i, image in enumerate(pictures))

    def read_latest(self, max_age_s: float) -> Frame:
        for frame in self._frames:
            return frame
        raise EndOfSource("over")

    def close(self) -> None: ...


def watched(pictures: Iterable[Picture], **settings: object) -> Iterator[Moment]:
    """What the monitor makes of a film."""
    chosen, profile = load_settings(None, "vehicle", {key.replace("__", "."): one for key, one in settings.items()})
    with closing(Assembly(chosen, profile, source=FilmSource(pictures))) as parts, closing(parts.outputs()) as outputs:
        yield from parts.monitor(outputs).moments()


def rendered(seconds: float, **pose: object) -> tuple[Picture, ...]:
    """The rendered driver, who moves a little and blinks."""
    return tuple(render(_pose(index / FPS, pose), seed=index) for index in range(round(seconds * FPS)))


def empty(seconds: float) -> tuple[Picture, ...]:
    """The seat without anybody."""
    return tuple(render(DriverPose(present=False), seed=index) for index in range(round(seconds * FPS)))


def clip(file: Path, start_s: float, seconds: float) -> tuple[Picture, ...]:
    """A part of a real clip, as a picture of 640x480; it goes forth and back until the time is over."""
    pictures: list[Picture] = []
    with closing(open_source(str(file), pace="fast")) as source:
        origin_ns = None
        while True:
            try:
                frame = source.read_latest(1.0)
            except EndOfSource:
                break
            origin_ns = frame.t_ns if origin_ns is None else origin_ns
            t_s = (frame.t_ns - origin_ns) / 1e9
            if t_s >= start_s + seconds:
                break
            if t_s >= start_s + len(pictures) / FPS:
                pictures.append(_fitted(frame.image))
    count = round(seconds * FPS)
    forth_and_back = [*pictures, *pictures[-2:0:-1]] or pictures
    return tuple(forth_and_back[index % len(forth_and_back)] for index in range(count))


def taken_up(moments: Iterable[Moment], turns: list[Turn]) -> list[float | None]:
    """How long after each turn with somebody began the right name was published, s; None where it was not."""
    published = [
        (moment.t_s, event.data["name"]) for moment in moments for event in moment.events if event.kind == "driver"
    ]
    found: list[float | None] = []
    start_s = 0.0
    for turn in turns:
        end_s = start_s + len(turn.pictures) / FPS
        right = [t_s for t_s, name in published if start_s <= t_s < end_s and name == turn.name]
        if turn.name:
            found.append(right[0] - start_s if right else None)
        start_s = end_s
    return found


def _pose(t_s: float, pose: dict[str, object]) -> DriverPose:
    blink = 0.05 if t_s % 4.0 > 3.8 else 1.0
    shut = {"eye_left": blink, "eye_right": blink} if blink < 1.0 else {}
    sway = {"yaw_deg": 4.0 * np.sin(t_s), "pitch_deg": 2.0 * np.sin(0.7 * t_s)}
    return DriverPose(**{**sway, **pose, **shut})


def _fitted(image: Picture) -> Picture:
    scale = min(WIDTH / image.shape[1], HEIGHT / image.shape[0])
    size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    picture = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    x, y = (WIDTH - size[0]) // 2, (HEIGHT - size[1]) // 2
    picture[y : y + size[1], x : x + size[0]] = small
    return picture
