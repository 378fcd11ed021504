"""Scripts for the synthetic driver: what the driver does at which second, as data and as exact ground truth.

    scenario = Scenario.load("demo")
    pose = scenario.pose_at(21.3)

A scenario is a TOML file: the bundled ones lie in ``sensors/assets/*.scenario.toml``, others are given by their path.
Keyframes name a time and some fields of ``DriverPose``; between two keyframes that name the same field its value runs
straight from one to the other, before the first and after the last it stays. ``eyes`` stands for both eyes. On top of
that the driver lives: the head sways and the eyes blink, by the numbers of ``life`` and its seed, so that the truth is
known to the last blink.

    about = "A nap"
    duration_s = 20.0
    life = { sway_deg = 1.5, blink_every_s = [3.0, 5.0], seed = 1 }
    keyframes = [
        { t = 10.0, eyes = 1 },
        { t = 10.2, eyes = 0 },
        { t = 14.0, eyes = 0, pitch_deg = 0 },
        { t = 14.3, eyes = 1 },
    ]
"""

from __future__ import annotations

import math
import random
import tomllib
from bisect import bisect_right
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from wakeful.errors import ConfigError
from wakeful.frozen import dataclass
from wakeful.sensors.driver_face import DriverPose
from wakeful.sensors.source import SourceNotFound

SUFFIX = ".scenario.toml"
MAX_BYTES = 256 * 1024
BUNDLED = Path(__file__).with_name("assets")

BLINK_CLOSING, BLINK_OPENING = 0.35, 0.45
"""Shares of a blink in which the lids come down and go up; they rest closed in between. Lids rise more slowly than
they fall (Evinger, Manning & Sibony, Invest. Ophthalmol. Vis. Sci. 32, 1991)."""
BLINK_CLEARANCE_S = 0.5
"""No blink of its own accord this close to eyes that the script has closing or closed."""
OPEN_EYES = 0.95

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Degrees = Annotated[float, Field(ge=-90.0, le=90.0)]
Range = tuple[Annotated[float, Field(gt=0.0)], Annotated[float, Field(gt=0.0)]]


class Keyframe(BaseModel):
    """What the script fixes at one time; fields as in ``DriverPose``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    t: Annotated[float, Field(ge=0.0, description="seconds since the start")]
    eyes: Share | None = None
    eye_left: Share | None = None
    eye_right: Share | None = None
    squint: Share | None = None
    mouth: Share | None = None
    yaw_deg: Degrees | None = None
    pitch_deg: Degrees | None = None
    roll_deg: Degrees | None = None
    gaze_yaw_deg: Annotated[float, Field(ge=-30.0, le=30.0)] | None = None
    gaze_pitch_deg: Annotated[float, Field(ge=-30.0, le=30.0)] | None = None
    distance: Annotated[float, Field(ge=0.4, le=4.0)] | None = None
    brightness: Annotated[float, Field(ge=0.0, le=4.0)] | None = None
    noise: Annotated[float, Field(ge=0.0, le=60.0)] | None = None
    glare: Share | None = None
    eyewear: Literal["none", "glasses", "sunglasses"] | None = None
    hand: Share | None = None
    present: bool | None = None


class Life(BaseModel):
    """What a person does all the time. Without it the driver is a statue."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sway_deg: Annotated[float, Field(ge=0.0, le=10.0, description="how far the head wanders")] = 0.0
    blink_every_s: Range | None = Field(default=None, description="shortest and longest time between blinks")
    blink_s: Range = Field(default=(0.15, 0.25), description="shortest and longest blink")
    seed: int = 0


class ScenarioFile(BaseModel):
    """The content of a scenario file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    about: str = ""
    duration_s: Annotated[float, Field(gt=0.0, le=86_400.0)]
    life: Life = Life()
    keyframes: list[Keyframe] = []


@dataclass(frozen=True, slots=True)
class Track:
    """One field over time: values at rising times; numbers run straight in between, anything else steps."""

    times_s: tuple[float, ...]
    values: tuple[Any, ...]

    def at(self, t_s: float) -> Any:
        after = bisect_right(self.times_s, t_s)
        if after == 0:
            return self.values[0]
        before_value = self.values[after - 1]
        if after == len(self.times_s) or isinstance(before_value, bool | str):
            return before_value
        start, end = self.times_s[after - 1], self.times_s[after]
        return before_value + (t_s - start) / (end - start) * (self.values[after] - before_value)


@dataclass(frozen=True, slots=True)
class Blink:
    """One blink: the lids begin to fall at ``start_s`` and are up again at ``end_s``."""

    start_s: float
    end_s: float

    def opening(self, t_s: float) -> float:
        """1 outside the blink, 0 while the eyes are shut."""
        share = (t_s - self.start_s) / (self.end_s - self.start_s)
        if not 0.0 < share < 1.0:
            return 1.0
        return min(1.0, max(0.0, 1.0 - share / BLINK_CLOSING, 1.0 - (1.0 - share) / BLINK_OPENING))


@dataclass(frozen=True)
class Scenario:
    """A scripted driver.

    Attributes:
        tracks: field of ``DriverPose`` -> its course.
        blinks: the blinks of ``life``, in order; scripted closures are not among them.
    """

    name: str
    about: str
    duration_s: float
    tracks: Mapping[str, Track]
    life: Life
    blinks: tuple[Blink, ...]

    @staticmethod
    def load(name: str) -> Scenario:
        """A bundled scenario by its name, or a file by its path (anything that ends in ``.toml``).

        Raises:
            ConfigError: no bundled scenario has that name, or the file is not a valid scenario; the message names the
                key that is wrong.
            SourceNotFound: there is no such file.
        """
        file = Path(name).expanduser() if name.endswith(".toml") else BUNDLED / f"{name}{SUFFIX}"
        if not name.endswith(".toml") and name not in bundled_scenarios():
            known = ", ".join(bundled_scenarios())
            raise ConfigError(f"no scenario is called {name!r}; choose {known}, or give the path of a .toml file")
        if not file.is_file():
            raise SourceNotFound(f"{name}: no such scenario file")
        return _built(name, _read(file))

    def pose_at(self, t_s: float) -> DriverPose:
        """The driver ``t_s`` seconds after the start: the ground truth of that moment."""
        fields = {name: track.at(t_s) for name, track in self.tracks.items()}
        blinking = self._blink_opening(t_s)
        for eye in ("eye_left", "eye_right"):
            fields[eye] = min(fields.get(eye, 1.0), blinking)
        for index, (angle, share) in enumerate((("yaw_deg", 1.0), ("pitch_deg", 0.6), ("roll_deg", 0.5))):
            fields[angle] = fields.get(angle, 0.0) + share * self.life.sway_deg * _sway(t_s, index, self.life.seed)
        return DriverPose(**fields)

    def _blink_opening(self, t_s: float) -> float:
        begun = bisect_right(self.blinks, t_s, key=lambda blink: blink.start_s)
        return self.blinks[begun - 1].opening(t_s) if begun else 1.0


def bundled_scenarios() -> list[str]:
    """Names of the scenarios that come with wakeful."""
    return sorted(file.name.removesuffix(SUFFIX) for file in BUNDLED.glob(f"*{SUFFIX}"))


def _read(file: Path) -> ScenarioFile:
    try:
        with file.open("rb") as opened:
            text = opened.read(MAX_BYTES + 1)
        if len(text) > MAX_BYTES:
            raise ConfigError(f"{file} is larger than {MAX_BYTES // 1024} KiB: it is not a scenario")
        content = ScenarioFile.model_validate(tomllib.loads(text.decode("utf-8-sig")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f"{file}: not valid TOML: {error}") from None
    except OSError as error:
        raise SourceNotFound(f"{file}: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{file}: {key}: {first['msg']}") from None
    _check_times(file, content)
    return content


def _check_times(file: Path, content: ScenarioFile) -> None:
    latest = 0.0
    for index, keyframe in enumerate(content.keyframes):
        if keyframe.t < latest:
            raise ConfigError(
                f"{file}: keyframes.{index}.t: {keyframe.t:g} s comes after {latest:g} s; sort them by time"
            )
        latest = keyframe.t
    for key in ("blink_every_s", "blink_s"):
        limits = getattr(content.life, key)
        if limits is not None and limits[0] > limits[1]:
            raise ConfigError(f"{file}: life.{key}: give the shortest time first, then the longest")


def _built(name: str, content: ScenarioFile) -> Scenario:
    tracks = _tracks(content.keyframes)
    blinks = _blinks(content, tracks)
    return Scenario(name, content.about, content.duration_s, tracks, content.life, blinks)


def _tracks(keyframes: list[Keyframe]) -> dict[str, Track]:
    courses: dict[str, list[tuple[float, Any]]] = {}
    for keyframe in keyframes:
        fields = keyframe.model_dump(exclude_none=True, exclude={"t"})
        if "eyes" in fields:
            both = fields.pop("eyes")
            fields = {"eye_left": both, "eye_right": both, **fields}
        for field, value in fields.items():
            courses.setdefault(field, []).append((keyframe.t, value))
    return {field: Track(*map(tuple, zip(*course, strict=True))) for field, course in courses.items()}


def _blinks(content: ScenarioFile, tracks: Mapping[str, Track]) -> tuple[Blink, ...]:
    """Blinks at random, but the same for the same file, and none where the script itself moves the lids."""
    if content.life.blink_every_s is None:
        return ()
    chance = random.Random(content.life.seed)
    blinks: list[Blink] = []
    t_s = 0.0
    while True:
        t_s += chance.uniform(*content.life.blink_every_s)
        length_s = chance.uniform(*content.life.blink_s)
        if t_s + length_s > content.duration_s:
            return tuple(blinks)
        if _eyes_rest(tracks, t_s - BLINK_CLEARANCE_S, t_s + length_s + BLINK_CLEARANCE_S):
            blinks.append(Blink(t_s, t_s + length_s))


def _eyes_rest(tracks: Mapping[str, Track], start_s: float, end_s: float) -> bool:
    """Whether the script leaves both eyes open from ``start_s`` to ``end_s``."""
    for eye in ("eye_left", "eye_right"):
        track = tracks.get(eye)
        if track is None:
            continue
        within = [value for t, value in zip(track.times_s, track.values, strict=True) if start_s < t < end_s]
        if min(track.at(start_s), track.at(end_s), *within) < OPEN_EYES:
            return False
    return True


def _sway(t_s: float, axis: int, seed: int) -> float:
    """A slow wander between -1 and 1 that hardly repeats; 0 at the start."""
    slow, quick = 9.0 + 2.3 * axis, 4.1 + 1.1 * axis
    phase = seed + 2.0 * axis

    def wave(t: float) -> float:
        return 0.6 * math.sin(math.tau * t / slow + phase) + 0.2 * math.sin(math.tau * t / quick + 2.0 * phase)

    return (wave(t_s) - wave(0.0)) / 1.6
