"""Pictures for a log: encoded, other people's faces made unrecognisable, and of events only if so asked.

``events`` keeps the last ten seconds in memory, and gives them out with an alert or a marker, and the ten seconds after
it. What is blurred is blurred before it is given out; until then it is nowhere but in memory.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from wakeful.device.messages import Alert, Event, Phase
from wakeful.device.record.encode import Recorded
from wakeful.device.record.schema import Picture
from wakeful.frozen import dataclass
from wakeful.sensors.opencv import cv2

BEFORE_NS = AFTER_NS = 10_000_000_000
JPEG_QUALITY = 80
MAX_RING = 1200
"""Pictures kept at most, whatever the clock says."""
REMEMBERED_NS = 1_000_000_000
"""Where another face was, it stays blurred for this long: a face is not found in each picture."""
BLOCKS = 6
"""Patches of colour across a face that is made unrecognisable."""
MARGIN = 0.25
"""The face is larger than its box by this share on each side."""

Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 in pixels."""


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture as it came.

    Attributes:
        image: uint8 [H, W, 3] blue-green-red, not to be written to.
        watched: where the watched face is; None: nobody is watched.
    """

    t_ns: int
    seq: int
    image: NDArray[np.uint8]
    watched: Box | None


@dataclass(frozen=True, slots=True)
class _Encoded:
    t_ns: int
    seq: int
    jpeg: bytes
    watched: Box | None


class Video:
    """Decides which pictures are written, and prepares them. Used by one thread.

    Args:
        events_only: only around alerts and markers.
        find_faces: boxes of all faces of a picture; None: nobody is blurred.
    """

    def __init__(self, *, events_only: bool, find_faces: Callable[[NDArray[np.uint8]], list[Box]] | None) -> None:
        self._events_only = events_only
        self._find_faces = find_faces
        self._ring: deque[_Encoded] = deque(maxlen=MAX_RING)
        self._until_ns: int | None = None
        self._blurred: list[tuple[int, Box]] = []

    def shot(self, shot: Shot) -> Iterator[Picture]:
        """Take in the next picture; gives what is to be written of it."""
        encoded = _Encoded(shot.t_ns, shot.seq, _jpeg(shot.image), shot.watched)
        if not self._events_only or self._is_within_event(shot.t_ns):
            yield self._finished(encoded, shot.image)
            return
        self._until_ns = None
        self._ring.append(encoded)
        # A clock that jumped leaves pictures behind that are neither before nor after.
        while self._ring and not 0 <= shot.t_ns - self._ring[0].t_ns <= BEFORE_NS:
            self._ring.popleft()

    def happened(self, message: Recorded) -> Iterator[Picture]:
        """Take in a message of the monitor; an alert or a marker yields the pictures before it."""
        if not self._events_only or not is_occasion(message):
            return
        t_ns = message.t_ns  # type: ignore[union-attr]
        self._until_ns = t_ns + AFTER_NS
        ring, self._ring = self._ring, deque(maxlen=MAX_RING)
        for encoded in ring:
            if 0 <= t_ns - encoded.t_ns <= BEFORE_NS:
                yield self._finished(encoded)

    def _is_within_event(self, t_ns: int) -> bool:
        return self._until_ns is not None and self._until_ns - AFTER_NS - BEFORE_NS <= t_ns <= self._until_ns

    def _finished(self, encoded: _Encoded, image: NDArray[np.uint8] | None = None) -> Picture:
        if self._find_faces is None:
            return Picture(encoded.t_ns, encoded.seq, encoded.jpeg)
        if image is None:
            image = np.asarray(cv2.imdecode(np.frombuffer(encoded.jpeg, np.uint8), cv2.IMREAD_COLOR), np.uint8)
        others = self._others(encoded, self._find_faces(image))
        if not others:
            return Picture(encoded.t_ns, encoded.seq, encoded.jpeg)
        return Picture(encoded.t_ns, encoded.seq, _jpeg(blurred(image, others)), count_faces(others))

    def _others(self, encoded: _Encoded, found: list[Box]) -> list[Box]:
        """Whom to blur: who is there but the watched one, and who was there a moment ago and may be missed now."""
        lately = [(t_ns, box) for t_ns, box in self._blurred if 0 <= encoded.t_ns - t_ns <= REMEMBERED_NS]
        others = [box for box in found if not is_watched(box, encoded.watched)]
        before = [box for _, box in lately if not is_watched(box, encoded.watched)]
        self._blurred = [*lately, *((encoded.t_ns, box) for box in others)]
        return [*others, *before]


def is_occasion(message: Recorded) -> bool:
    """Whether a message is worth the pictures around it."""
    if isinstance(message, Alert):
        return message.phase in (Phase.RAISED, Phase.ESCALATED)
    return isinstance(message, Event) and message.kind == "marker"


def is_watched(face: Box, watched: Box | None) -> bool:
    """Whether a face that was found is the watched one."""
    return watched is not None and are_one(face, watched)


def are_one(face: Box, other: Box) -> bool:
    """Whether two boxes are of one face: the middle of each lies within the other."""
    return _holds(other, _middle(face)) and _holds(face, _middle(other))


def count_faces(boxes: Iterable[Box]) -> int:
    """How many faces these boxes are, of which several may be the same one at different moments."""
    faces: list[Box] = []
    for box in boxes:
        if not any(are_one(box, one) for one in faces):
            faces.append(box)
    return len(faces)


def blurred(image: NDArray[np.uint8], boxes: Iterable[Box]) -> NDArray[np.uint8]:
    """A copy in which these faces are a few patches of colour each, from which nobody can be recognised."""
    image = image.copy()
    height, width = image.shape[:2]
    for x0, y0, x1, y1 in boxes:
        across, down = MARGIN * (x1 - x0), MARGIN * (y1 - y0)
        left, right = max(0, int(x0 - across)), min(width, int(x1 + across) + 1)
        top, bottom = max(0, int(y0 - down)), min(height, int(y1 + down) + 1)
        if right <= left or bottom <= top:
            continue
        part = image[top:bottom, left:right]
        small = cv2.resize(part, (BLOCKS, BLOCKS), interpolation=cv2.INTER_AREA)
        size = (part.shape[1], part.shape[0])
        image[top:bottom, left:right] = cv2.resize(small, size, interpolation=cv2.INTER_LINEAR)
    return image


def face_finder(threads: int = 1) -> Callable[[NDArray[np.uint8]], list[Box]]:
    """Finds faces to blur, whichever way up they are; rather one too many than one too few.

    Raises:
        ModelError: the network is missing or corrupt.
    """
    from wakeful.device.perception.face_detector import FaceDetector

    detector = FaceDetector(min_score=0.3, threads=threads)
    return lambda image: [found.box for quarter in range(4) for found in detector(image, quarter)]


def _jpeg(image: NDArray[np.uint8]) -> bytes:
    _, encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return encoded.tobytes()


def _middle(box: Box) -> tuple[float, float]:
    return (box[0] + box[2]) / 2.0, (box[1] + box[3]) / 2.0


def _holds(box: Box, point: tuple[float, float]) -> bool:
    return box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3]
