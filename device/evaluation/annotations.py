"""The marks of clips, read from a JSON file and checked against the clips: what does not fit is refused.

    {"clips": {"drive.mp4": {"frames": 570, "fps": 30.0, "closed": [[107, 113], [198, 361]], "yawn": []}}}

Intervals are numbers of frames, counted from 0, both ends included. A key that is absent was not looked for; an empty
list was looked for and is not there.

| key | marks |
|---|---|
| `closed` | eye closures, blinks too; every one of the clip |
| `blink_centers` | single frames at which the eyes are closed; not every blink of the clip |
| `partial` | half closures: finding one is neither right nor wrong |
| `looking_down` | lids lowered because the eyes or the head go down: no closure |
| `yawn`, `head_turn` | yawns; looks or turns away from straight ahead |
| `talking` | for people; not scored |
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wakeful.errors import ConfigError
from wakeful.frozen import dataclass

INTERVALS = ("closed", "partial", "looking_down", "yawn", "head_turn", "talking")
CENTRES = "blink_centers"
NUMBERS = ("frames", "fps", "seconds", "width", "height", "face_px")
FPS_TOLERANCE = 0.05

Interval = tuple[int, int]


class AnnotationError(ConfigError):
    """Marks that cannot be read, or do not fit their clip."""


@dataclass(frozen=True, slots=True)
class ClipMarks:
    """The marks of one clip; None: not looked for.

    Attributes:
        frames: how many the clip has.
        fps, size: as the marks say, None where they do not; size is (width, height).
        intervals: key -> (first frame, last frame), rising and apart.
        blink_centers: frames.
    """

    name: str
    frames: int
    fps: float | None
    size: tuple[int, int] | None
    intervals: Mapping[str, tuple[Interval, ...]]
    blink_centers: tuple[int, ...] | None

    def require_fit(self, frames: int, fps: float | None, width: int, height: int) -> None:
        """Check the marks against the clip as it was played.

        Raises:
            AnnotationError: they were made for another clip.
        """
        if frames != self.frames:
            raise AnnotationError(f"{self.name}: frames is {self.frames}, but the clip has {frames}; annotate it again")
        if self.fps and fps and abs(fps - self.fps) > FPS_TOLERANCE * self.fps:
            raise AnnotationError(f"{self.name}: fps is {self.fps:g}, but the clip has {fps:g}; annotate it again")
        if self.size and self.size != (width, height):
            wanted = "x".join(map(str, self.size))
            raise AnnotationError(
                f"{self.name}: width and height are {wanted}, but the clip has {width}x{height}; annotate it again"
            )


def read_annotations(file: Path, clips: Path) -> tuple[ClipMarks, ...]:
    """Read the marks of all clips, in the order of the file.

    Raises:
        AnnotationError: the file cannot be read, or a clip or key is invalid; the message names it.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise AnnotationError(f"{file}: the annotations cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise AnnotationError(f"{file}: the annotations are not JSON: {error}") from None
    found = content.get("clips") if isinstance(content, dict) else None
    if not isinstance(found, dict) or not found:
        raise AnnotationError(f'{file}: annotations are {{"clips": {{"NAME": {{...}}}}}} with at least one clip')
    if not clips.is_dir():
        raise AnnotationError(f"{clips}: no such folder of clips")
    return tuple(_clip(name, marks, clips) for name, marks in found.items())


def _clip(name: str, marks: Any, clips: Path) -> ClipMarks:
    if Path(name).name != name or not (clips / name).is_file():
        raise AnnotationError(f"{name}: no such clip in {clips}; correct its name or remove its marks")
    if not isinstance(marks, dict):
        raise AnnotationError(f"{name}: its marks should be a table, not {_short(marks)}")
    _refuse_unknown(name, marks)
    for key in NUMBERS:
        if key in marks and not _is_number(marks[key]):
            raise AnnotationError(f"{name}: {key} should be a number above 0, not {_short(marks[key])}")
    frames = marks.get("frames")
    if not isinstance(frames, int):
        raise AnnotationError(f"{name}: frames is missing or not whole: say how many the clip has")
    size = (marks["width"], marks["height"]) if "width" in marks and "height" in marks else None
    intervals = {key: _intervals(name, key, marks[key], frames) for key in INTERVALS if key in marks}
    centres = _centres(name, marks[CENTRES], frames) if CENTRES in marks else None
    return ClipMarks(name, frames, marks.get("fps"), size, intervals, centres)


def _refuse_unknown(name: str, marks: dict[str, Any]) -> None:
    """A misspelt list would silently not be scored; notes of any name may be beside the marks."""
    known = [*INTERVALS, CENTRES]
    for key, value in marks.items():
        if isinstance(value, list) and key not in known:
            close = difflib.get_close_matches(key, known, n=1)
            fix = f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
            raise AnnotationError(f"{name}: unknown key {key}: {fix}")


def _intervals(name: str, key: str, value: Any, frames: int) -> tuple[Interval, ...]:
    if not isinstance(value, list):
        raise AnnotationError(f"{name}: {key} should be a list of [first, last], not {_short(value)}")
    checked: list[Interval] = []
    for one in value:
        if not (isinstance(one, list) and len(one) == 2 and all(_is_frame(frame) for frame in one)):
            raise AnnotationError(f"{name}: {key}: {_short(one)} is no interval [first, last] of frame numbers")
        first, last = one
        if not 0 <= first <= last < frames:
            raise AnnotationError(f"{name}: {key}: [{first}, {last}] does not lie within the frames 0 to {frames - 1}")
        if checked and first <= checked[-1][1]:
            raise AnnotationError(f"{name}: {key}: [{first}, {last}] begins before the interval ahead of it ends")
        checked.append((first, last))
    return tuple(checked)


def _centres(name: str, value: Any, frames: int) -> tuple[int, ...]:
    if not isinstance(value, list) or not all(_is_frame(frame) for frame in value):
        raise AnnotationError(f"{name}: {CENTRES} should be a list of frame numbers")
    outside = [frame for frame in value if not 0 <= frame < frames]
    if outside:
        raise AnnotationError(f"{name}: {CENTRES}: {outside[0]} does not lie within the frames 0 to {frames - 1}")
    if sorted(set(value)) != value:
        raise AnnotationError(f"{name}: {CENTRES} should rise from frame to frame")
    return tuple(value)


def _is_frame(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < float("inf")


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."
