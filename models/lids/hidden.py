"""What the monitor reports while open eyes are hidden: hands, dark and mirroring lenses, a mask, darkness, glare.

A driver behind a hand is not asleep, and one whose eyes cannot be read must be reported as such. The whole monitor
(perception and the engine, profile ``vehicle`` at 60 km/h) looks at still faces with open eyes in a camera that shakes
a little: ``OPEN_S`` seconds as they are, so that it learns them, then what hides the eyes comes, and goes.
``python -m wakeful.models.lids.hidden --data FOLDER [--landmarks READER] [--only KIND ...]``. The folder holds
``keypoints68.npz`` and ``.zip`` (test faces of HELEN, which no network of the project has learned), ``covers.npz`` and,
where there are any, ``clips/``. The lids network has learned these cut-out hands; drawn hands are new to it.
"""

from __future__ import annotations

import argparse
import copy
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.device.config.layers import load_profile
from wakeful.device.evaluation.eye_scenes import Portraits
from wakeful.device.messages import Alert, DriverState, Health, Phase, Unreadable
from wakeful.device.perception.one_image import look_at
from wakeful.device.perception.pipeline import Perception
from wakeful.device.state.engine import Engine
from wakeful.device.state.engine_config import EngineConfig
from wakeful.device.state.health import ROTATED
from wakeful.frozen import dataclass
from wakeful.models.lids.bank import LEFT_HUMAN, RIGHT_HUMAN, human_gap
from wakeful.models.lids.hidden_scenes import FACE_PX, KINDS, RUBBED, SIDE_PX, Hidden, Still, shown
from wakeful.models.training.covers import Covers, load_covers
from wakeful.sensors.frame import Frame
from wakeful.sensors.opencv import cv2

Picture = NDArray[np.uint8]

SPEED_KMH = 60.0
OPEN_S, COVER_S, RUB_S, AFTER_S = 4.0, 11.0, 3.0, 5.0
OPEN_GAP = 0.2
"""Test faces whose lid gaps, by people's points, are smaller are left out: these eyes may not be open."""
CLIP_FRAMES = {
    "blinks-glasses-selfie.mp4": 87,
    "car-eating-bald.mp4": 111,
    "glances-car.avi": 429,
    "glasses-coach-two-people.mp4": 152,
    "head-roll-male.gif": 35,
    "head-turns-lean.mp4": 63,
    "hijab-head-turns.mp4": 154,
    "long-closure-dim.mp4": 96,
    "long-closures-phone.mp4": 47,
    "many-blinks-webcam.mp4": 436,
    "no-blink-glasses.mp4": 125,
    "talking-car.avi": 145,
    "talking-face-200s.mp4": 400,
    "woman-winks.mp4": 39,
}
"""A frame of each person's with open eyes and the head nearly straight, chosen by eye."""
CLOSURES = ("microsleep", "sleep", "unresponsive")
FIGURES = (
    "faces",
    "reported",
    "after, s",
    "false closure alerts",
    "other alerts",
    "no face",
    "one eye used",
    "both eyes used",
    "well again, s",
    "not well again",
)
"""Heads of the table, in the order of ``figures``; of seconds the median and the longest, of frames the mean share."""
REASONS = frozenset([ROTATED, *map(str, Unreadable)])
"""A hand or a lens may pass for a face that is upside down: ``rotated`` is the wrong reason, but reported."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was reported of one face.

    Attributes:
        reported: reason of ``degraded``, or ``no_face``, whichever came first while the eyes were hidden; "" if none.
        after_s: how long after the cover came.
        no_face, one_eye, both_eyes: shares of the frames, while it was there: no face, one eye in use, both.
        closures: alerts of closed eyes, all of them false; ``others``: alerts of another kind.
        well_s: after the cover went, until neither is reported and an eye is in use; None where that did not come.
    """

    reported: str
    after_s: float | None
    no_face: float
    one_eye: float
    both_eyes: float
    closures: tuple[str, ...]
    others: tuple[str, ...]
    well_s: float | None


Moment = tuple[float, DriverState, tuple[Alert, ...]]


def watched(perception: Perception, engine: Engine, frames: Iterator[Frame]) -> list[Moment]:
    """What the monitor says of each frame, with its time in seconds."""
    steps = ((frame.t_ns / 1e9, engine.step(perception.observe(frame))) for frame in frames)
    return [(t_s, step.state, step.alerts) for t_s, step in steps]


def outcome(moments: list[Moment], end_s: float) -> Outcome:
    """Judges what was said since a cover came; it went at ``end_s``."""
    begin_s = moments[0][0]
    during = [state for t_s, state, _ in moments if t_s < end_s]
    known = [(state.eye_open_left is not None) + (state.eye_open_right is not None) for state in during]
    reports = ((t_s - begin_s, _trouble(state)) for t_s, state, _ in moments if t_s < end_s)
    after_s, reported = next(((t_s, trouble) for t_s, trouble in reports if trouble), (None, ""))
    well = (t_s - end_s for t_s, state, _ in moments if t_s >= end_s and _trouble(state) == "" and _in_use(state))
    codes = {alert.code: None for *_, alerts in moments for alert in alerts if alert.phase is not Phase.CLEARED}
    return Outcome(
        reported,
        after_s,
        no_face=sum(not state.face for state in during) / len(during),
        one_eye=known.count(1) / len(known),
        both_eyes=known.count(2) / len(known),
        closures=tuple(code for code in codes if code in CLOSURES),
        others=tuple(code for code in codes if code not in CLOSURES),
        well_s=next(well, None),
    )


def _trouble(state: DriverState) -> str:
    if state.health is Health.NO_FACE:
        return "no_face"
    return state.reason if state.health is Health.DEGRADED and state.reason in REASONS else ""


def _in_use(state: DriverState) -> bool:
    return state.eye_open_left is not None or state.eye_open_right is not None


def stills(data: Path, count: int, perception: Perception) -> Iterator[Still]:
    """``count`` test faces of HELEN with open eyes, evenly spread, and the faces of the clips."""
    faces = Portraits(data / "keypoints68.npz")
    chosen = [
        i
        for i in faces.chosen(1, ("test",))
        if min(float(human_gap(faces[i].points[eye])) for eye in (RIGHT_HUMAN, LEFT_HUMAN)) > OPEN_GAP
    ]
    for i in np.linspace(0, len(chosen) - 1, min(count, len(chosen))).round().astype(int).tolist():
        yield from placed(faces[chosen[i]].picture, perception)
    for name, number in CLIP_FRAMES.items():
        video = cv2.VideoCapture(str(data / "clips" / name))
        for _ in range(number):
            video.grab()
        found, picture = video.read()
        if found:
            yield from placed(np.asarray(picture, np.uint8), perception)


def placed(picture: Picture, perception: Perception) -> Iterator[Still]:
    """The largest face of a picture, ``FACE_PX`` wide in the middle of another one; nothing where none is read."""
    wide = cv2.copyMakeBorder(picture, 64, 64, 64, 64, cv2.BORDER_CONSTANT, value=(128, 128, 128))
    points = look_at(np.asarray(wide, np.uint8), perception.fork()).landmarks
    if points is None:
        return
    low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
    scale = FACE_PX / float(high[0] - low[0])
    shift = SIDE_PX / 2.0 - scale * (low + high) / 2.0
    matrix = np.array([[scale, 0.0, shift[0]], [0.0, scale, shift[1]]])
    smooth = cv2.GaussianBlur(wide, (0, 0), 0.4 / scale) if scale < 0.6 else wide
    square = cv2.warpAffine(smooth, matrix, (SIDE_PX, SIDE_PX), borderValue=(128, 128, 128))
    yield Still(np.asarray(square, np.uint8), points[:, :2] * scale + shift)


def outcomes(
    face: int, still: Still, covers: Covers, perception: Perception, engine: Engine, kinds: Sequence[str]
) -> dict[str, Outcome | None]:
    """Each kind of cover before one face, after one beginning; nothing of a face whose open eyes are not read in it.

    None: no cover was drawn so.
    """
    perception = perception.fork()
    rng = np.random.default_rng((face, 99))
    begun = watched(perception, engine, shown(rng, Hidden(still.picture), 0.0, OPEN_S))
    state = begun[-1][1]
    if None in (state.eye_open_left, state.eye_open_right) or state.eyes_closed or any(alerts for *_, alerts in begun):
        return {}
    found: dict[str, Outcome | None] = {}
    for kind in kinds:
        rng = np.random.default_rng((face, list(KINDS).index(kind)))
        hidden, seconds = KINDS[kind](rng, still, covers), RUB_S if kind == RUBBED else COVER_S
        if hidden is None:
            found[kind] = None
            continue
        end_s, twin, rules = OPEN_S + seconds, perception.fork(), copy.deepcopy(engine)
        moments = watched(twin, rules, shown(rng, hidden, OPEN_S, seconds, kind == RUBBED))
        moments += watched(twin, rules, shown(rng, Hidden(still.picture), end_s, AFTER_S))
        found[kind] = outcome(moments, end_s)
    return found


def figures(found: Sequence[Outcome]) -> dict[str, Any]:
    """Counts and times of one kind of cover."""

    def spread(times: list[float]) -> list[float]:
        return [round(float(np.median(times)), 1), round(max(times), 1)] if times else []

    return {
        "faces": len(found),
        "reported": dict(Counter(one.reported for one in found if one.reported).most_common()),
        "after_s": spread([one.after_s for one in found if one.after_s is not None]),
        "closures": dict(Counter(code for one in found for code in one.closures)),
        "others": dict(Counter(code for one in found for code in one.others)),
        **{
            name: round(float(np.mean([getattr(one, name) for one in found])), 2)
            for name in ("no_face", "one_eye", "both_eyes")
        },
        "well_s": spread([one.well_s for one in found if one.well_s is not None]),
        "not_well": sum(one.well_s is None for one in found),
    }


def main() -> None:
    """The command: a line of a table for each kind, or of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--landmarks", default="wakeful")
    parser.add_argument("--faces", type=int, default=24, help="test faces of HELEN, beside those of the clips")
    parser.add_argument("--only", nargs="*", default=list(KINDS), choices=list(KINDS), metavar="KIND")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    perception, covers = Perception(given.landmarks), load_covers(given.data / "covers.npz")
    config = EngineConfig(load_profile("vehicle")[0], perception.traits, SPEED_KMH)
    found: dict[str, list[Outcome]] = {kind: [] for kind in given.only}
    for face, still in enumerate(stills(given.data, given.faces, Perception("wakeful"))):
        for kind, one in outcomes(face, still, covers, perception, Engine(config), given.only).items():
            if one is not None:
                found[kind].append(one)
                if one.closures:
                    print(f"face {face}, {kind}: {', '.join(one.closures)}", file=sys.stderr, flush=True)
    kinds = {kind: figures(ones) for kind, ones in found.items() if ones}
    if given.json:
        print(json.dumps({"landmarks": perception.reader, **kinds}))
        return
    for cells in (["cover", *FIGURES], ["---"] * (1 + len(FIGURES))):
        print(f"| {' | '.join(cells)} |")
    for kind, figure in kinds.items():
        print(f"| {' | '.join([kind, *map(_text, figure.values())])} |")


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {count}" for name, count in value.items()) or "-"
    return ", ".join(str(one) for one in value) or "-" if isinstance(value, list) else str(value)


if __name__ == "__main__":
    main()
