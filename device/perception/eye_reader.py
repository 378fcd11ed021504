"""The eyes of one face, frame by frame: can they be read at all, and if so, how far open are they.

``wakeful.device.perception.readability`` examines the light in the pixels of one frame;
``wakeful.device.perception.eye_sight`` decides over several frames whether what passes is an eye
or something before it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from wakeful.device.messages import Unreadable
from wakeful.device.perception.eye_sight import SURE, OcclusionFilter, covered
from wakeful.device.perception.head_pose import HeadPose
from wakeful.device.perception.landmarks import Eye, FaceLandmarks, NetworkOutputError
from wakeful.device.perception.picture_light import is_burnt_out
from wakeful.device.perception.readability import (
    FAR_EYE_YAW_DEG,
    EyeLook,
    EyeReading,
    EyeReasons,
    Patch,
    look_at_eyes,
    read_eyes,
)
from wakeful.sensors.frame import Frame

# The pixels of the eyes are examined this often.
EXAMINE_EVERY_NS = 90_000_000
# Eyes whose mean logit is below this are read, but not for certain. Of eyes that are seen on recordings, the better one
# has less than 1.8 in 2 frames of 100 at most.
DOUBTED_BELOW = 1.2
# What covers eyes and mirrors in lenses comes and goes; it is left to the mean over time.
OF_LIGHT = (Unreadable.DARK, Unreadable.GLARE, Unreadable.BLUR)
# Of these reasons the reader's network knows more than bounds on grey levels.
TRUSTED_OVER = (Unreadable.DARK, Unreadable.OCCLUDED)
# ... if its contrast is at least this share of the light around it: 0.45 in 95 of 100 eyes in the dark, in patches of
# sun and in deep sockets that the bounds took for dark or covered; behind rendered sunglasses 0.19 to 0.35.
OWN_CONTRAST = 0.4
# What covers an eye does not come and go within this time; a lens that fills half a patch flickers in and out.
COVERED_FOR_NS = 500_000_000


class EyeReader:
    """Reads the eyes of one face frame by frame.

    Light, blur and covers change slowly, lids do not: pixels are examined ten times a second, which halves the cost of
    everything after the networks, and landmarks are measured in every frame.

    Args:
        reader: name of the landmark reader.
        sight: rates each eye that passed the light checks, where the reader has not done so itself; without either,
            patterned covers go unnoticed.
    """

    def __init__(self, reader: str, sight: Callable[[Patch], float] | None = None) -> None:
        self._reader = reader
        self._sight = sight
        self._examined_ns: int | None = None
        self._reasons: EyeReasons = (None, None)
        self._doubts: EyeReasons = (None, None)
        self._covered_ns: tuple[int | None, int | None] = (None, None)
        self._filters = (OcclusionFilter(), OcclusionFilter())

    def forget(self) -> None:
        """The face is gone, so the next one is examined at once. The filters stay: a hand may have hidden the face."""
        self._examined_ns = None
        self._covered_ns = (None, None)

    def __call__(
        self, frame: Frame, face: FaceLandmarks, pose: HeadPose | None, on_fault: Callable[[NetworkOutputError], None]
    ) -> EyeReading:
        """As ``read_eyes``, for the next frame.

        Args:
            on_fault: called where ``sight`` answered NaN; the light checks alone then decide.
        """
        if pose is None:
            return read_eyes(frame.image, face, None, self._reader)
        if self._examined_ns is None or not 0 <= frame.t_ns - self._examined_ns < EXAMINE_EVERY_NS:
            self._examined_ns = frame.t_ns
            left, right = look_at_eyes(frame.image, face, pose.yaw_deg, self._reader)
            looks = by_network(face.left, left), by_network(face.right, right)
            self._reasons = self._hold_covers(frame.t_ns, (looks[0].reason, looks[1].reason))
            try:
                self._reasons = self._add_covers(frame.t_ns, face, looks, pose.yaw_deg)
            except NetworkOutputError as error:
                on_fault(error)
            self._doubts = self._doubted(frame.image, face, looks)
        reading = read_eyes(frame.image, face, pose, self._reader, self._reasons)
        doubts = [
            doubt
            for aspect, doubt in zip((reading.left, reading.right), self._doubts, strict=True)
            if aspect is not None
        ]
        # One eye that is read for certain is enough.
        return replace(reading, doubt=doubts[0]) if doubts and all(doubts) else reading

    def _doubted(self, image: NDArray[np.uint8], face: FaceLandmarks, looks: tuple[EyeLook, EyeLook]) -> EyeReasons:
        """What makes each eye hard to read, by its pixels, by the network, or in all of the picture."""
        if is_burnt_out(image):
            return Unreadable.GLARE, Unreadable.GLARE
        left, right = (
            look.doubt or (eye.hidden if eye.hidden in OF_LIGHT and occlusion.mean < DOUBTED_BELOW else None)
            for look, occlusion, eye in zip(looks, self._filters, (face.left, face.right), strict=True)
        )
        return left, right

    def _hold_covers(self, t_ns: int, reasons: EyeReasons) -> EyeReasons:
        """An eye that was covered a moment ago still counts as covered."""
        seen = [
            t_ns if reason is Unreadable.OCCLUDED else ns for reason, ns in zip(reasons, self._covered_ns, strict=True)
        ]
        self._covered_ns = (seen[0], seen[1])
        left, right = (
            Unreadable.OCCLUDED if reason is None and ns is not None and 0 <= t_ns - ns < COVERED_FOR_NS else reason
            for reason, ns in zip(reasons, seen, strict=True)
        )
        return left, right

    def _add_covers(self, t_ns: int, face: FaceLandmarks, looks: tuple[EyeLook, EyeLook], yaw_deg: float) -> EyeReasons:
        """The reasons so far, and ``OCCLUDED`` for eyes that passed the light checks and are covered all the same."""
        filters = []
        sides = ((face.left, True), (face.right, False))
        for look, occlusion, (eye, left) in zip(looks, self._filters, sides, strict=True):
            far = abs(yaw_deg) > FAR_EYE_YAW_DEG and (yaw_deg > 0.0) == left
            answer = None if far or look.reason is not None else self._rated(eye, look)
            if far:
                filters.append(OcclusionFilter())
            elif answer is not None:
                filters.append(occlusion.updated(t_ns, answer))
            else:
                filters.append(occlusion.at(t_ns))
        self._filters = (filters[0], filters[1])
        left_reason, right_reason = (
            reason or (Unreadable.OCCLUDED if hidden else None)
            for reason, hidden in zip(self._reasons, covered(*self._filters), strict=True)
        )
        return left_reason, right_reason

    def _rated(self, eye: Eye, look: EyeLook) -> float | None:
        """Logit that the eye is visible, within ``SURE``; None where nobody rates it."""
        if eye.clear is not None:
            return min(max(eye.clear, -SURE), SURE)
        return self._sight(look.patch) if self._sight and look.patch is not None else None


def by_network(eye: Eye, look: EyeLook) -> EyeLook:
    """What bounds on grey levels say against an eye does not count where the reader's network is sure that it sees it.

    Patches of sun look like lenses, and eyes are read with little light as long as contrast is left. Focus is left to
    the bounds: lids that are blurred look shut, and clear.
    """
    if eye.clear is None or eye.clear < SURE or look.reason not in TRUSTED_OVER:
        return look
    if look.contrast >= OWN_CONTRAST and look.doubt is None:
        return replace(look, reason=None)
    return replace(look, reason=None, doubt=look.doubt or Unreadable.DARK) if look.in_noise else look
