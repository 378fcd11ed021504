"""The eyes of one face, read frame by frame: light in each look, what lies before them over several.

``wakeful.device.perception.readability`` judges the pixels of one frame by their light;
``wakeful.device.perception.eye_sight`` is asked whether what is left is an eye at all.
"""

from __future__ import annotations

from collections.abc import Callable

from wakeful.device.messages import Unreadable
from wakeful.device.perception.eye_sight import Doubt, covered
from wakeful.device.perception.head_pose import HeadPose
from wakeful.device.perception.landmarks import FaceLandmarks
from wakeful.device.perception.readability import (
    FAR_EYE_YAW_DEG,
    EyeLook,
    EyeReading,
    Patch,
    Whys,
    look_at_eyes,
    read_eyes,
)
from wakeful.sensors.frame import Frame

# Pixels of the eyes are judged this often.
JUDGE_EVERY_NS = 90_000_000
# What covers an eye does not come and go within this time; a lens of which half a patch is seen now and then does.
COVERED_FOR_NS = 500_000_000


class EyeReader:
    """Reads the eyes of one face frame by frame.

    Light, blur and what covers an eye change slowly, lids do not: pixels are judged ten times a second, which halves
    the cost of all that comes after the networks, and landmarks in every frame.

    Args:
        reader: name of the landmark reader.
        sight: asked for each eye whose light shows no fault; None leaves patterned covers unnoticed.
    """

    def __init__(self, reader: str, sight: Callable[[Patch], float] | None = None) -> None:
        self._reader = reader
        self._sight = sight
        self._judged_ns: int | None = None
        self._whys: Whys = (None, None)
        self._covered_ns: tuple[int | None, int | None] = (None, None)
        self._doubts = (Doubt(), Doubt())

    def forget(self) -> None:
        """The face is gone: the next one's pixels are judged at once. What hid it may have hidden the eyes before."""
        self._judged_ns = None
        self._covered_ns = (None, None)

    def __call__(self, frame: Frame, face: FaceLandmarks, pose: HeadPose | None) -> EyeReading:
        """As ``read_eyes``, for the next frame.

        Raises:
            NetworkOutputError: ``sight`` answered NaN; asked for the same frame again, light alone decides.
        """
        if pose is None:
            return read_eyes(frame.image, face, None, self._reader)
        if self._judged_ns is None or not 0 <= frame.t_ns - self._judged_ns < JUDGE_EVERY_NS:
            self._judged_ns = frame.t_ns
            looks = look_at_eyes(frame.image, face, pose.yaw_deg, self._reader)
            self._whys = self._steadied(frame.t_ns, (looks[0].why, looks[1].why))
            self._whys = self._uncovered(frame.t_ns, looks, pose.yaw_deg)
        return read_eyes(frame.image, face, pose, self._reader, self._whys)

    def _steadied(self, t_ns: int, whys: Whys) -> Whys:
        """An eye that was covered a moment ago still is."""
        seen = [t_ns if why is Unreadable.OCCLUDED else ns for why, ns in zip(whys, self._covered_ns, strict=True)]
        self._covered_ns = (seen[0], seen[1])
        left, right = (
            Unreadable.OCCLUDED if why is None and ns is not None and 0 <= t_ns - ns < COVERED_FOR_NS else why
            for why, ns in zip(whys, seen, strict=True)
        )
        return left, right

    def _uncovered(self, t_ns: int, looks: tuple[EyeLook, EyeLook], yaw_deg: float) -> Whys:
        """Whether the eyes without fault are seen at all."""
        if self._sight is None:
            return self._whys
        doubts = []
        for look, doubt, left in zip(looks, self._doubts, (True, False), strict=True):
            far = abs(yaw_deg) > FAR_EYE_YAW_DEG and (yaw_deg > 0.0) == left
            if far:
                doubts.append(Doubt())
            elif look.why is None and look.patch is not None:
                doubts.append(doubt.then(t_ns, self._sight(look.patch)))
            else:
                doubts.append(doubt.at(t_ns))
        self._doubts = (doubts[0], doubts[1])
        left_why, right_why = (
            why or (Unreadable.OCCLUDED if hidden else None)
            for why, hidden in zip(self._whys, covered(*self._doubts), strict=True)
        )
        return left_why, right_why
