"""Two people in one picture: a driver who goes and comes back, and a passenger beside, composed frame by frame.

Every frame is made of two heads, cut out of pictures of single people, so it is known to the pixel where whose face is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tools.rigs.networks import kept
from wakeful.device.perception.face_detector import FaceDetector
from wakeful.device.perception.pipeline import Perception
from wakeful.device.perception.seat import Seat
from wakeful.sensors.driver_face import DriverPose, render
from wakeful.sensors.frame import Frame
from wakeful.sensors.opencv import cv2

Picture = NDArray[np.uint8]
Pictures = tuple[Picture, ...]

WIDTH, HEIGHT = 960, 540
GREY = (66, 60, 54)
FPS = 10.0
FACE_PX = 150
HEAD = 1.0
"""A head is cut out so many face widths to each side of the middle of its face."""

DRIVER_X, PASSENGER_X, LEANING_X = 0.3, 0.78, 0.52
FACE_Y = 0.5
GETS_IN_S, LEAVES_S, STAYS_S = 3.0, 10.0, 3.0
AWAY_S = (0.5, 1.5, 5.0, 60.0)
SEATS = {"seat set": Seat.of("left"), "seat learned": Seat()}


@dataclass(frozen=True)
class Passenger:
    """Somebody beside the driver.

    Attributes:
        scale: size of the face, 1 that of the driver.
        in_turn: is seen only while the driver is not.
        leans: leans over to the driver's side while the driver is not there.
    """

    name: str
    scale: float = 1.0
    asleep: bool = False
    in_turn: bool = False
    leans: bool = False


PASSENGERS = (
    Passenger("in turn", in_turn=True),
    Passenger("nearer", 1.3),
    Passenger("larger", 1.8),
    Passenger("asleep", asleep=True),
    Passenger("leaning in", 1.2, leans=True),
)


@dataclass(frozen=True)
class Cast:
    """The heads of the driver, and of the passenger awake and asleep; frames follow each other back and forth."""

    driver: Pictures
    awake: Pictures
    asleep: Pictures


@dataclass(frozen=True)
class Ride:
    """What was watched in each frame: seconds, whether the driver is in view, and where the face is across, or None."""

    moments: tuple[tuple[float, bool, float | None], ...]
    back_s: float

    def is_right(self, x: float | None) -> bool:
        """Whether that is the driver's face."""
        return x is not None and abs(x - DRIVER_X * WIDTH) < 0.6 * FACE_PX

    @property
    def late_s(self) -> float:
        """How long after the return the driver is watched from then on; infinity: not at the end."""
        wrong = [t_s for t_s, there, x in self.moments if there and t_s >= self.back_s and not self.is_right(x)]
        late_s = wrong[-1] + 1.0 / FPS - self.back_s if wrong else 0.0
        return late_s if late_s < STAYS_S else float("inf")


def ride(cast: Cast, passenger: Passenger, away_s: float, seat: Seat) -> Ride:
    """One drive, watched by the project's own reader."""
    perception = Perception("wakeful", load=kept, seat=seat)
    moments = []
    for index, (t_s, there, picture) in enumerate(pictures(cast, passenger, away_s)):
        seen = perception.look(Frame(picture, round(t_s * 1e9), index)).landmarks
        moments.append((t_s, there, None if seen is None else float(seen.points[:, 0].mean())))
    return Ride(tuple(moments), LEAVES_S + away_s)


def pictures(cast: Cast, passenger: Passenger, away_s: float) -> Iterator[tuple[float, bool, Picture]]:
    """Seconds, whether the driver is there, and the picture."""
    for index in range(round((LEAVES_S + away_s + STAYS_S) * FPS)):
        t_s = index / FPS
        there = not LEAVES_S <= t_s < LEAVES_S + away_s
        picture = np.full((HEIGHT, WIDTH, 3), GREY, np.uint8)
        if not there if passenger.in_turn else t_s >= GETS_IN_S:
            x = LEANING_X if passenger.leans and not there else PASSENGER_X
            paste(picture, _turn(cast.asleep if passenger.asleep else cast.awake, index), x, passenger.scale)
        if there:
            paste(picture, _turn(cast.driver, index), DRIVER_X, 1.0)
        yield t_s, there, picture


def paste(picture: Picture, head: Picture, x: float, scale: float) -> None:
    """Puts a head into the picture, the middle of its face at ``x``, a share of the width."""
    side = round(2 * HEAD * FACE_PX * scale)
    sized = cv2.resize(head, (side, side), interpolation=cv2.INTER_AREA)
    left, top = round(x * WIDTH) - side // 2, round(FACE_Y * HEIGHT) - side // 2
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + side, WIDTH), min(top + side, HEIGHT)
    picture[y0:y1, x0:x1] = sized[y0 - top : y1 - top, x0 - left : x1 - left]


def heads(images: list[Picture]) -> Pictures:
    """The head of the one person in these images, cut out as in the first one."""
    [face, *_] = FaceDetector(load=kept)(images[0])
    half = round(HEAD * face.size_px)
    x, y = (round(value) for value in face.centre)
    framed = [cv2.copyMakeBorder(one, half, half, half, half, cv2.BORDER_CONSTANT, value=GREY) for one in images]
    return tuple(np.ascontiguousarray(one[y : y + 2 * half, x : x + 2 * half]).astype(np.uint8) for one in framed)


@cache
def rendered() -> Cast:
    """The synthetic driver, and as a passenger the same with glasses in other light."""
    driver = [render(DriverPose(yaw_deg=yaw), seed=seed) for seed, yaw in enumerate((0.0, 4.0))]
    beside = {"eyewear": "glasses", "brightness": 0.8, "yaw_deg": -5.0}
    awake, asleep = (render(DriverPose(eye_left=eye, eye_right=eye, **beside)) for eye in (1.0, 0.0))  # type: ignore[arg-type]
    return Cast(heads(driver), heads([awake]), heads([asleep]))


@cache
def filmed(clips: Path) -> Cast:
    """Two men of the real clips; the passenger is the one who closes his eyes for long."""
    sleeper = "long-closures-phone.mp4"
    every = round(30.0 / FPS)
    asleep = _frames(clips / sleeper, 215, 345, every)
    return Cast(
        heads(_frames(clips / "no-blink-glasses.mp4", 0, 120, every)),
        heads(_frames(clips / sleeper, 0, 100, every)),
        heads(asleep),
    )


def _frames(clip: Path, first: int, last: int, step: int) -> list[Picture]:
    video = cv2.VideoCapture(str(clip))
    found = [video.read()[1] for _ in range(last)]
    video.release()
    return [one.astype(np.uint8) for one in found[first::step]]


def _turn(shown: Pictures, index: int) -> Picture:
    """Back and forth, so that no head jumps."""
    period = max(1, 2 * len(shown) - 2)
    at = index % period
    return shown[at if at < len(shown) else period - at]
