"""The cells of the functional matrix as data: light, eyewear, head, camera and behaviour, and the expected result.

    for cell in select(matrix(), "dim,sleep"):
        print(cell.id, cell.expected.why)

The head's angles are those the camera sees while the driver looks at the road: 20 degrees of yaw are a camera mounted
20 degrees beside the road, 20 degrees down one mounted above the driver. The driver's movements are relative to the
road direction.

A camera that is mounted turned, or has another frame rate, meets every behaviour, but only in normal light and with
eyes that can be seen: the turned one with heads within 20 degrees, the other with a head that looks straight into it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Literal

from wakeful.device.scenarios.behaviour import BEHAVIOURS, START_S, Behaviour
from wakeful.errors import ConfigError
from wakeful.frozen import dataclass

Eyewear = Literal["none", "glasses", "sunglasses"]
Sight = Literal["visible", "blind", "either"]

DEGRADED_BY_S = 10.0
"""Eyes that cannot be read are reported within this time of the first frame."""
CLOSURE_CODES = frozenset({"microsleep", "sleep", "unresponsive"})
DISTRACTION_CODES = frozenset({"long_distraction", "short_distraction"})
READABLE_YAW_DEG = 20.0
"""Both eyes of a head turned no further than this face the camera."""
ROTATED_BY_S = 5.0
"""A turned image is reported within this time of the first frame."""
SLOW_BY_S = 6.0
"""A low frame rate is reported within this time of the first frame."""
FPS = 15.0
"""Frames per second: the lowest rate at which blinks are measured. The whole matrix then takes an hour on two cores."""


@dataclass(frozen=True, slots=True)
class Light:
    """The light in the image; the fields of ``wakeful.sensors.driver_face.DriverPose`` with the same names."""

    name: str
    brightness: float = 1.0
    noise: float = 2.0
    glare: float = 0.0


@dataclass(frozen=True, slots=True)
class Head:
    """Where the camera sees the head of a driver who looks at the road, degrees."""

    yaw_deg: int
    pitch_deg: int

    @property
    def words(self) -> tuple[str, str]:
        """As in a cell's name: ``("yaw+20", "pitch0")``."""
        return f"yaw{self.yaw_deg:+d}" if self.yaw_deg else "yaw0", f"pitch{self.pitch_deg}"


@dataclass(frozen=True, slots=True)
class Camera:
    """How the camera is mounted, and how often it delivers an image.

    Attributes:
        rotated_deg: the image lies turned clockwise by so many degrees.
        fps: frames per second.
    """

    rotated_deg: int = 0
    fps: float = FPS

    @property
    def name(self) -> str:
        """As in a cell's name: ``rotated90`` or ``fps5``; ``""`` for the upright one of the usual rate."""
        if self.rotated_deg:
            return f"rotated{self.rotated_deg}"
        return "" if self.fps == FPS else f"fps{self.fps:g}"


@dataclass(frozen=True, slots=True)
class Required:
    """Something that must be reported in time.

    Attributes:
        any_of: alert codes or kinds of events; one of them is enough.
        after_s, by_s: script time within which it must be reported.
    """

    any_of: tuple[str, ...]
    after_s: float
    by_s: float


@dataclass(frozen=True, slots=True)
class Expected:
    """The expected result of a cell.

    Attributes:
        required: what must be reported, if the driver is assessed at all.
        tolerated: alert codes that may be raised besides; any other is a false alarm.
        sight: ``visible``: the monitor must assess this driver; ``blind``: it must report that it cannot; ``either``.
        blind_healths: health values that report this.
        why: the reason for ``sight``, for the reader of the report.
        rotated: the image is turned, which must be reported; else it must not.
        slow: frames come so seldom that this must be reported; else it must not.
    """

    required: tuple[Required, ...]
    tolerated: frozenset[str]
    sight: Sight
    blind_healths: frozenset[str]
    why: str
    rotated: bool = False
    slow: bool = False


UPRIGHT = Camera()


@dataclass(frozen=True, slots=True)
class Cell:
    """One case."""

    light: Light
    eyewear: Eyewear
    head: Head
    behaviour: Behaviour
    camera: Camera = UPRIGHT

    @property
    def words(self) -> tuple[str, ...]:
        """One of each axis; the camera's is ``""`` where it is upright and has the usual rate."""
        return (self.light.name, self.eyewear, *self.head.words, self.camera.name, self.behaviour.name)

    @property
    def id(self) -> str:
        """Its name, as in ``dim/glasses/yaw-20/pitch0/sleep`` or ``normal/none/yaw0/pitch0/rotated90/sleep``."""
        return "/".join(filter(None, self.words))

    @property
    def stage(self) -> tuple[Light, Eyewear, Head, Camera]:
        """Everything but the behaviour: cells of one stage look the same until the behaviour begins."""
        return self.light, self.eyewear, self.head, self.camera

    @property
    def scene(self) -> tuple[Eyewear, Head]:
        """What is the same in any light: cells of one scene and behaviour are drawn once and lit differently."""
        return self.eyewear, self.head

    @property
    def expected(self) -> Expected:
        return _expected(self)


LIGHTS = (
    Light("bright", brightness=1.4),
    Light("normal"),
    Light("dim", brightness=0.3, noise=3.0),
    Light("dark", brightness=0.08, noise=4.0),
    Light("glare", glare=0.7),
)
EYEWEAR: tuple[Eyewear, ...] = ("none", "glasses", "sunglasses")
ROTATED = tuple(Camera(rotated_deg) for rotated_deg in (90, 180, 270))
OTHER_RATES = tuple(Camera(fps=fps) for fps in (1.0, 2.0, 5.0, 10.0, 30.0))
CAMERAS = (UPRIGHT, *ROTATED, *OTHER_RATES)
OTHER_CAMERAS_LIGHT = "normal"
SLOW_BELOW_FPS = 8.0
"""Fewer frames per second are reported (``perclos.min_fps`` of the profiles)."""
HEADS = tuple(Head(yaw, pitch) for pitch in (0, -20) for yaw in (-40, -20, 0, 20, 40))

SAMPLE = (
    "normal/none/yaw0/pitch0",
    "dim/glasses/yaw0/pitch0/sleep",
    "dark/none/yaw0/pitch0/sleep",
    ("glare/none/yaw0/pitch0/microsleep"),
    "normal/sunglasses/yaw0/pitch0/sleep",
    "normal/none/yaw0/pitch0/rotated90/sleep",
    "normal/none/yaw0/pitch0/fps5/sleep",
)
"""What runs by default, without ``--matrix``, as selections."""


def matrix() -> tuple[Cell, ...]:
    """All cells; those of one scene follow each other, and within it those of one stage."""
    every = itertools.product(EYEWEAR, HEADS, LIGHTS, CAMERAS, BEHAVIOURS)
    cells = (Cell(light, eyewear, head, one, camera) for eyewear, head, light, camera, one in every)
    return tuple(cell for cell in cells if _is_in_matrix(cell))


def _is_in_matrix(cell: Cell) -> bool:
    if cell.behaviour.level_only and (cell.head.pitch_deg != 0 or not _is_visible(cell)):
        return False
    if cell.camera == UPRIGHT:
        return True
    seen = cell.light.name == OTHER_CAMERAS_LIGHT and _is_visible(cell)
    return seen and (cell.camera in ROTATED or cell.head == Head(0, 0))


def sample() -> tuple[Cell, ...]:
    """A small part of the matrix that touches every behaviour and every kind of expectation."""
    chosen = {cell.id for only in SAMPLE for cell in select(matrix(), only)}
    return tuple(cell for cell in matrix() if cell.id in chosen)


def select(cells: Sequence[Cell], only: str) -> tuple[Cell, ...]:
    """The cells that ``only`` names by words of their names, as in ``dim,normal,sleep`` or a whole name.

    Words of one axis are alternatives, and all axes must match; commas, slashes and blanks separate. The camera is
    upright and has the usual rate unless a word says otherwise.

    Raises:
        ConfigError: a word that no cell has.
    """
    words = set(only.replace(",", " ").replace("/", " ").split())
    axes = [{cell.words[axis] for cell in matrix()} for axis in range(6)]
    for word in sorted(words):
        if not any(word in axis for axis in axes):
            known = ", ".join(dict.fromkeys(word for axis in _axis_words() for word in axis))
            raise ConfigError(f"--only {word}: no cell of the matrix has this word; choose from {known}")
    wanted = [axis & words or ({""} if words and "" in axis else axis) for axis in axes]
    chosen = (cell for cell in cells if all(word in axis for word, axis in zip(cell.words, wanted, strict=True)))
    return tuple(chosen)


def _axis_words() -> Iterable[Iterable[str]]:
    yield (light.name for light in LIGHTS)
    yield EYEWEAR
    yield (head.words[0] for head in HEADS)
    yield (head.words[1] for head in HEADS)
    yield (camera.name for camera in CAMERAS[1:])
    yield (behaviour.name for behaviour in BEHAVIOURS)


def _is_visible(cell: Cell) -> bool:
    """Whether both eyes can be seen by the camera."""
    hidden = cell.eyewear == "sunglasses" or cell.light.name == "dark"
    return not hidden and abs(cell.head.yaw_deg) <= READABLE_YAW_DEG


def _expected(cell: Cell) -> Expected:
    frontal = abs(cell.head.yaw_deg) <= READABLE_YAW_DEG
    only_degraded, any_blind = frozenset({"degraded"}), frozenset({"degraded", "no_face"})
    if cell.eyewear == "sunglasses":
        return Expected(
            required=(),
            # Where the head points is seen without the eyes; the mouth too.
            tolerated=DISTRACTION_CODES | {"yawning"},
            sight="blind",
            blind_healths=only_degraded if frontal else any_blind,
            why="dark lenses hide the eyes: the monitor must report this, and must not report a closure",
        )
    fps, more_s = cell.camera.fps, 1.0 / min(cell.camera.fps, FPS) - 1.0 / FPS
    required = tuple(
        Required(one.any_of, START_S + one.after_s, START_S + one.by_s + more_s)
        for one in cell.behaviour.required
        if fps >= cell.behaviour.required_from_fps
    )
    if cell.light.name == "dark":
        why = "hardly any light: this driver is assessed, or the monitor reports that it cannot"
        blind = only_degraded if frontal else any_blind
        return Expected(required, cell.behaviour.tolerated | DISTRACTION_CODES | {"yawning"}, "either", blind, why)
    if frontal:
        why = "both eyes face the camera: this driver must be assessed"
        rotated, slow = cell.camera.rotated_deg != 0, fps < SLOW_BELOW_FPS
        return Expected(required, cell.behaviour.tolerated, "visible", only_degraded, why, rotated, slow)
    why = "at 40 degrees one eye is hidden: the other one is assessed, or the monitor reports that it cannot"
    return Expected(required, cell.behaviour.tolerated, "either", any_blind, why)
