"""Enrolment: which looks at a face make a template, and why others are refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

import numpy as np
from numpy.typing import NDArray

from wakeful.device.identity.embedding import Embedder, Embedding
from wakeful.device.identity.gallery import Gallery
from wakeful.device.identity.template_file import MAX_LOOKS, Template
from wakeful.device.messages import Unreadable
from wakeful.device.perception.face_detector import Detection
from wakeful.device.perception.pipeline import Sighting
from wakeful.frozen import dataclass
from wakeful.sensors.frame import Frame
from wakeful.sensors.opencv import cv2

LEAST_FACE_PX = 80.0
"""Smaller faces have fewer pixels than the network's crop."""
AHEAD_DEG, TURNED_DEG = 10.0, 12.0
"""A head that is turned by less than the first from where it looks ahead is ahead; by more than the second aside."""
MOST_DEG = 40.0
LOOKS_PER_PART = 3
APART_NS = 300_000_000
SAME = 0.7
"""A look that is enrolled needs this share of the similarity of one person: heads that turn and glasses
that come off look less alike, and whoever enrols says who it is."""
LEAST_SHARPNESS = 0.045
"""Of the fine detail of a face, as a share of its contrast; see ``sharpness``. Faces in seven clips have 0.09 to 0.14,
and at least 0.055 while they turn; what is blurred by a fiftieth of the face has less."""
FINE_PX = 1.0
FACE_PX = 112
PARTS = {
    "ahead": "look straight ahead",
    "left": "turn your head a little to your left",
    "right": "turn your head a little to your right",
    "up": "raise your chin a little",
    "down": "lower your chin a little",
}
"""The looks that are asked for, in their order."""
REASONS = {
    Unreadable.DARK: "too dark: more light on the face",
    Unreadable.GLARE: "too bright: less light, or from another side",
    Unreadable.BLUR: "blurred: hold still, clean the lens",
    Unreadable.OCCLUDED: "covered: take hands, hair and dark glasses away from the eyes",
    Unreadable.OFF_AXIS: "turned too far from the camera",
}


@dataclass(frozen=True, slots=True)
class Look:
    """One look: what became of it.

    Attributes:
        part: of ``PARTS``, "" where it fits none.
        refused: why it was not taken, "" if it was.
    """

    part: str
    refused: str = ""


@dataclass(slots=True)
class Enrolment:
    """Collects the looks of one person.

    Args:
        others: everybody who is enrolled already.
        before: looks that the person was enrolled from already.
        guided: no more than ``LOOKS_PER_PART`` of each part, some time apart; else every picture counts.
    """

    embedder: Embedder
    others: Gallery
    guided: bool
    before: Sequence[Embedding] = ()
    taken: list[tuple[str, Embedding]] = field(default_factory=list)
    _ahead_deg: tuple[float, float] | None = None
    _last_ns: int | None = None

    def offer(self, frame: Frame, sighting: Sighting, faces: Sequence[Detection]) -> Look | None:
        """Take in what a frame shows; None for one that comes too soon after the last, or is of no further use.

        Args:
            faces: all faces that were found in it.
        """
        if self.guided and self._last_ns is not None and frame.t_ns - self._last_ns < APART_NS:
            return None
        refused = refusal(frame.image, sighting, faces)
        if refused:
            return Look("", refused)
        assert sighting.landmarks is not None
        part = self._part(sighting)
        if self.guided and (not part or self.missing(part) == 0):
            return None
        embedding = self.embedder(frame.image, sighting.landmarks)
        if refused := self._stranger(embedding):
            return Look(part, refused)
        if self._ahead_deg is None and part == "ahead":
            self._ahead_deg = (sighting.observation.yaw_deg or 0.0, sighting.observation.pitch_deg or 0.0)
        self._last_ns = frame.t_ns
        self.taken.append((part, embedding))
        return Look(part)

    def missing(self, part: str) -> int:
        """How many looks of a part are still wanted."""
        return max(0, LOOKS_PER_PART - sum(of == part for of, _ in self.taken))

    @property
    def wanted(self) -> str:
        """The part that is asked for next, "" when there is enough of all."""
        return next((part for part in PARTS if self.missing(part)), "")

    def template(self, name: str, day: str) -> Template:
        """What was collected, as the template of a person."""
        looks = np.stack([embedding for _, embedding in self.taken[:MAX_LOOKS]])
        return Template(name, self.embedder.version, looks, day)

    def _part(self, sighting: Sighting) -> str:
        seen = sighting.observation
        ahead_yaw, ahead_pitch = self._ahead_deg or (0.0, 0.0)
        yaw, pitch = (seen.yaw_deg or 0.0) - ahead_yaw, (seen.pitch_deg or 0.0) - ahead_pitch
        if self._ahead_deg is None or max(abs(yaw), abs(pitch)) < AHEAD_DEG:
            return "ahead" if max(abs(yaw), abs(pitch)) < 2.0 * AHEAD_DEG or not self.guided else ""
        if abs(yaw) >= abs(pitch):
            return ("left" if yaw > 0.0 else "right") if abs(yaw) >= TURNED_DEG else ""
        return ("up" if pitch > 0.0 else "down") if abs(pitch) >= TURNED_DEG else ""

    def _stranger(self, embedding: Embedding) -> str:
        """Whether this is somebody else than before, or somebody who is enrolled by another name."""
        answer = self.others.answer(embedding)
        if answer is not None and answer.name:
            return f"this face is enrolled as {answer.name} already"
        known = [*self.before, *(one for _, one in self.taken)]
        if known and max(float(one @ embedding) for one in known) < SAME * self.embedder.threshold:
            return "shows somebody else than before, or looks too different: try again in the same light"
        return ""


def refusal(image: NDArray[np.uint8], sighting: Sighting, faces: Sequence[Detection]) -> str:
    """Why a face in a picture is not fit to be enrolled, "" if it is."""
    seen, face = sighting.observation, sighting.landmarks
    if face is None:
        return "no face" if seen.unreadable is None else REASONS[seen.unreadable]
    if len(faces) > 1:
        return "several faces: only one person may be in the picture"
    if (seen.face_px or 0.0) < LEAST_FACE_PX:
        return f"too small: {seen.face_px or 0:.0f} pixels wide, {LEAST_FACE_PX:.0f} are needed; come nearer"
    if seen.yaw_deg is None or seen.pitch_deg is None or max(abs(seen.yaw_deg), abs(seen.pitch_deg)) > MOST_DEG:
        return REASONS[Unreadable.OFF_AXIS]
    why = seen.unreadable or seen.doubt
    if why is not None:
        return REASONS[why]
    if sharpness(image, face.points) < LEAST_SHARPNESS:
        return REASONS[Unreadable.BLUR]
    return ""


def sharpness(image: NDArray[np.uint8], points: NDArray[np.float32]) -> float:
    """How much of a face's contrast is fine detail, in a crop of the network's size."""
    height, width = image.shape[:2]
    x0, y0 = (max(int(edge), 0) for edge in points[:, :2].min(axis=0))
    x1, y1 = (min(int(edge) + 1, most) for edge, most in zip(points[:, :2].max(axis=0), (width, height), strict=True))
    if x1 <= x0 or y1 <= y0:
        return 0.0
    grey = cv2.cvtColor(image[y0:y1, x0:x1], cv2.COLOR_BGR2GRAY)
    crop = cv2.resize(grey, (FACE_PX, FACE_PX), interpolation=cv2.INTER_AREA).astype(np.float32)
    fine = crop - cv2.GaussianBlur(crop, (0, 0), FINE_PX)
    return float(fine.std() / max(float(crop.std()), 1.0))
