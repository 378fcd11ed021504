"""Does this camera see its driver well from where it hangs? Measured on the live face: distance, height, side, light.

The driver sits as when driving and looks at the road for a few seconds. What counts is where the camera is as the head
sees it, so a camera that is tilted or a face beside the middle of the picture changes nothing: see ``view_of``.
``wakeful doctor --placement`` prints the checks, ``wakeful.device.doctor.placement_picture`` draws them.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

from wakeful.device.doctor.check import FAIL, OK, WARN, Check
from wakeful.device.perception.pipeline import Perception, Sighting
from wakeful.sensors.camera import kind_of, open_source
from wakeful.sensors.frame import Frame
from wakeful.sensors.source import EndOfSource, Source, StaleFrame

# What is accepted, then what is still usable. Found on the rendered driver with both readers: eyes held open and shut
# were distinguished in all poses inside these bounds, and the short-range detector still found the face.
FACE_PX = (100.0, 80.0)
"""Least width of the face, pixels. At 61 no face was found in a picture of 640x480; at 77 both eyes were read."""
MAX_FACE_SHARE = (0.5, 0.65)
"""Most of the picture's shorter side a face may take: a head that leans must stay in the picture."""
ABOVE_DEG = (15.0, 25.0)
"""Camera above the eyes: lids and brows hide the iris early, looks down look like closed eyes."""
BELOW_DEG = (28.0, 36.0)
"""Camera below the eyes, as measured: a head at 40 degrees is read as 34. Column and dashboard mounts lie here."""
ASIDE_DEG = (20.0, 30.0)
"""To either side. Beyond 32 to 36 degrees the far eye is no longer read, and the head turns besides."""
BRIGHTNESS = (60.0, 40.0)
"""Mean grey level of the face, 0 to 255. At 46 one reader takes shut eyes for half open, at 23 none can be read."""
TOO_BRIGHT = 235.0
MARGIN = (0.2, 0.08)
"""Distance of the face's middle from the picture's edge, as a share of the picture."""
SEEN = (0.95, 0.7)
"""Share of the frames with a face, and of the faces with an eye that could be read."""

OPENING_S = 5.0
"""Longest wait for a camera's first frame."""


@dataclass(frozen=True, slots=True)
class View:
    """Where the camera is, as one head sees it.

    Attributes:
        aside_deg: of the camera from straight ahead, positive to the person's left.
        above_deg: of the camera from eye level, positive up.
        distance_cm: if the head has the canonical size and the focal length is right.
        x, y: middle of the face in the picture, 0 to 1 from its left and its top.
        face_px: width of the face.
    """

    aside_deg: float
    above_deg: float
    distance_cm: float
    x: float
    y: float
    face_px: float


@dataclass(frozen=True, slots=True)
class Placement:
    """What was measured over some seconds; medians where there was a face.

    Attributes:
        view: None where no face was seen.
        face_share: of the frames, 0 to 1. eyes_share: of the faces, with an eye that could be read.
        obstacle: the most frequent reason why no eye could be read, "" if there was none.
        brightness: mean grey level of the face.
        frame, sighting: the last frame with a face, else the last one; for drawing.
    """

    view: View | None
    frames: int
    face_share: float
    eyes_share: float
    obstacle: str
    brightness: float | None
    width_px: int
    height_px: int
    frame: Frame | None = None
    sighting: Sighting | None = None

    @property
    def accepted(self) -> bool:
        return all(check.result != FAIL for check in checks(self))


def measure(spec: str, perception: Perception, focal_px: float | None = None, duration_s: float = 5.0) -> Placement:
    """Watches a source for a while.

    Args:
        spec: a camera, file, folder or ``synthetic[:SCENARIO]``, as for ``open_source``.

    Raises:
        SourceError: it cannot be opened, or broke.
    """
    # What is no camera need not be waited for.
    fast = spec != "auto" and kind_of(spec)[0] != "v4l2"
    with closing(open_source(spec, pace="fast" if fast else None)) as source:
        return summed_up(
            ((frame, perception.look(frame)) for frame in frames(source, duration_s)), focal_px, source.info.height
        )


def frames(source: Source, duration_s: float, clock_s: Callable[[], float] = time.monotonic) -> Iterator[Frame]:
    """Frames of ``duration_s`` by their own times; ends earlier with the source, or when a camera stays silent."""
    origin_ns: int | None = None
    deadline_s = clock_s() + OPENING_S
    while clock_s() < deadline_s:
        try:
            frame = source.read_latest(0.2)
        except StaleFrame:
            continue
        except EndOfSource:
            return
        origin_ns = frame.t_ns if origin_ns is None else origin_ns
        if frame.t_ns - origin_ns > duration_s * 1e9:
            return
        deadline_s = clock_s() + OPENING_S
        yield frame


def summed_up(looks: Iterable[tuple[Frame, Sighting]], focal_px: float | None, height_px: int = 0) -> Placement:
    """One placement from many looks; see ``Placement``."""
    count, width_px = 0, 0
    views: list[View] = []
    light: list[float] = []
    obstacles: list[str] = []
    shown: tuple[Frame | None, Sighting | None] = (None, None)
    for frame, sighting in looks:
        count += 1
        height_px, width_px = frame.image.shape[:2]
        view = view_of(sighting, width_px, height_px, focal_px)
        if view is not None or not views:
            shown = (frame, sighting)
        if view is None:
            continue
        views.append(view)
        seen = sighting.observation
        light += [] if seen.brightness is None else [seen.brightness]
        readable = seen.eye_aspect_left is not None or seen.eye_aspect_right is not None
        obstacles += [] if readable else [str(seen.unreadable or "turned away")]
    return Placement(
        view=_median(views) if views else None,
        frames=count,
        face_share=len(views) / count if count else 0.0,
        eyes_share=1.0 - len(obstacles) / len(views) if views else 0.0,
        obstacle=max(set(obstacles), key=obstacles.count) if obstacles else "",
        brightness=median(light) if light else None,
        width_px=width_px,
        height_px=height_px,
        frame=shown[0],
        sighting=shown[1],
    )


def view_of(sighting: Sighting, width_px: int, height_px: int, focal_px: float | None) -> View | None:
    """Where the camera is, as the head in ``sighting`` sees it; None without a head.

    The head's angles are against the camera's axes. A face beside the optical axis sees the camera under that angle
    too, so the direction to the face is taken off.
    """
    face, pose = sighting.landmarks, sighting.pose
    if face is None or pose is None:
        return None
    focal = focal_px or float(max(width_px, height_px))
    x_px, y_px = _middle(face.points)
    return View(
        aside_deg=-math.degrees(math.atan2(x_px - width_px / 2.0, focal)) - pose.yaw_deg,
        above_deg=math.degrees(math.atan2(y_px - height_px / 2.0, focal)) - pose.pitch_deg,
        distance_cm=pose.distance_cm,
        x=x_px / width_px,
        y=y_px / height_px,
        face_px=float(np.ptp(face.points[:, 0])),
    )


def checks(placed: Placement) -> list[Check]:
    """What is right and wrong with a placement, in the order a user would fix it."""
    if placed.frames == 0:
        return [Check("picture", FAIL, "none came", "check the camera with `wakeful doctor` and `wakeful devices`")]
    found = [_face(placed)]
    if placed.view is not None:
        found += [
            _distance(placed.view, min(placed.width_px, placed.height_px)),
            _height(placed.view),
            _side(placed.view),
            _framing(placed.view),
        ]
    return [*found, *_light(placed)]


def _face(placed: Placement) -> Check:
    result = _at_least(placed.face_share, SEEN)
    fix = "" if result == OK else "aim the camera at the driver's face, nearer, with nothing between (wheel, visor)"
    return Check("face", result, f"in {placed.face_share:.0%} of {placed.frames} frames", fix)


def _distance(view: View, side_px: int) -> Check:
    far, near = _at_least(view.face_px, FACE_PX), _at_most(view.face_px / side_px, MAX_FACE_SHARE)
    found = f"face {view.face_px:.0f} px wide, about {view.distance_cm:.0f} cm away"
    if far != OK:
        fix = f"bring the camera nearer, or ask for a larger picture: the face needs {FACE_PX[0]:.0f} px"
        return Check("distance", far, f"{_too(far)} far: {found}", fix)
    if near != OK:
        fix = "move the camera back: a head that leans leaves the picture"
        return Check("distance", near, f"{_too(near)} near: {found}", fix)
    return Check("distance", OK, found)


def _height(view: View) -> Check:
    above = view.above_deg > 0
    found = f"camera {abs(view.above_deg):.0f}° {'above' if above else 'below'} the eyes"
    result = _at_most(abs(view.above_deg), ABOVE_DEG if above else BELOW_DEG)
    if result == OK:
        return Check("height", OK, found)
    wrong, fix = ("high", "mount the camera lower") if above else ("low", "mount the camera higher")
    return Check("height", result, f"{_too(result)} {wrong}: {found}", fix)


def _side(view: View) -> Check:
    found = f"camera {abs(view.aside_deg):.0f}° to the driver's {'left' if view.aside_deg > 0 else 'right'}"
    result = _at_most(abs(view.aside_deg), ASIDE_DEG)
    if result == OK:
        return Check("side", OK, found)
    fix = "move the camera towards the line from the driver to the road"
    return Check("side", result, f"{_too(result)} far aside: {found}", fix)


def _framing(view: View) -> Check:
    nearest = min(view.x, 1.0 - view.x, view.y, 1.0 - view.y)
    result = _at_least(nearest, MARGIN)
    found = f"face at {view.x:.0%} from the left, {view.y:.0%} from the top"
    return Check("framing", result, found, "" if result == OK else "turn the camera so that the face is in the middle")


def _light(placed: Placement) -> list[Check]:
    if placed.brightness is None:
        return []
    found = f"grey level of the face {placed.brightness:.0f} of 255"
    result = _at_least(placed.brightness, BRIGHTNESS)
    if result != OK:
        light = Check(
            "light",
            result,
            f"{_too(result)} dark: {found}",
            "add infra-red light beside the camera, or open its exposure",
        )
    elif placed.brightness > TOO_BRIGHT:
        light = Check("light", WARN, f"too bright: {found}", "turn the light or the exposure down")
    else:
        light = Check("light", OK, found)
    eyes = _at_least(placed.eyes_share, SEEN)
    why = f", mostly {placed.obstacle}" if placed.obstacle else ""
    fix = "" if eyes == OK else "look at the picture: glasses that mirror, hair, shade or blur over the eyes"
    return [light, Check("eyes", eyes, f"read in {placed.eyes_share:.0%} of the faces{why}", fix)]


def _too(result: str) -> str:
    return "too" if result == FAIL else "rather"


def _at_least(value: float, bounds: tuple[float, float]) -> str:
    return OK if value >= bounds[0] else WARN if value >= bounds[1] else FAIL


def _at_most(value: float, bounds: tuple[float, float]) -> str:
    return OK if value <= bounds[0] else WARN if value <= bounds[1] else FAIL


def _median(views: list[View]) -> View:
    return View(*(median(getattr(view, name) for view in views) for name in View.__slots__))


def _middle(points: NDArray[np.float32]) -> tuple[float, float]:
    low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
    return float(low[0] + high[0]) / 2.0, float(low[1] + high[1]) / 2.0
