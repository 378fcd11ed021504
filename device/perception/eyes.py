"""How far an eye is open, and where it looks, from its contour and iris."""

from __future__ import annotations

import math

import numpy as np

from wakeful.device.perception.head_pose import HeadPose
from wakeful.device.perception.landmarks import Eye, softmax

# The middle of the lids: points 1 and 7 beside the corners hardly move when an eye closes.
LOWER_LID = slice(2, 7)
UPPER_LID = slice(10, 15)
# Beyond these yaws the eye away from the camera, and then both, show too little lid to be read.
FAR_EYE_MAX_YAW_DEG = 45.0
NEAR_EYE_MAX_YAW_DEG = 65.0
# With the head turned further than this, the lower lid of an open eye is read too high, and a closure then looks like
# lowered lids (rendered driver, either reader).
LID_DROP_MAX_YAW_DEG = 25.0
# An eye narrower than this has lids less than two pixels apart.
MIN_EYE_WIDTH_PX = 8.0
# The centre of rotation of an eyeball lies this far behind its iris, and behind the line of its corners (cm; adult
# means, Le Grand & El Hage, Physiological Optics, 1980).
IRIS_RADIUS_CM = 1.05
CORNER_DEPTH_CM = 0.4
# An iris that looks straight ahead lies this far above the line of the eye's corners: so the median gaze of 40 people
# who look into the camera meets it (ORL faces, about 170 frontal readings with either reader, which agree within
# 0.1 mm; people differ by 0.9 mm, one standard deviation, which is 5 degrees).
IRIS_ABOVE_CORNERS_CM = 0.21
# The far rim of an iris that looks aside by more than 60 degrees is no longer seen.
MIN_IRIS_COSINE = 0.5


def eye_aspect(eye: Eye, yaw_deg: float, *, far: bool) -> float | None:
    """Lid distance over eye width, the width as if seen from the front.

    Args:
        eye: its contour in picture pixels.
        yaw_deg: of the head against the camera, to undo the foreshortening of the width.
        far: whether this eye is the one turned away.

    Returns:
        About 0.3 open, near 0 closed; None where the eye is too small or turned too far away to be read.
    """
    if abs(yaw_deg) > (FAR_EYE_MAX_YAW_DEG if far else NEAR_EYE_MAX_YAW_DEG):
        return None
    x, y = eye.along
    width = math.hypot(x, y)
    if width < MIN_EYE_WIDTH_PX:
        return None
    if eye.aspect is not None:
        return eye.aspect * math.cos(math.radians(yaw_deg))
    gaps = eye.contour[LOWER_LID] - eye.contour[UPPER_LID]
    across = np.abs(x * gaps[:, 1] - y * gaps[:, 0]) / width
    return float(across.mean()) / width * math.cos(math.radians(yaw_deg))


def lid_drop(eyes: list[Eye], yaw_deg: float) -> float | None:
    """How far the lower lid and the iris lie below the line of the eye's corners, summed, over the eye's width.

    An eye that looks down takes its lower lid along, one that closes lifts it: so lowered lids differ from closed ones.

    Args:
        eyes: those that can be read, open or not.
        yaw_deg: of the head against the camera.

    Returns:
        The mean of the eyes given; None without one, and where the head is turned too far to tell.
    """
    if not eyes or abs(yaw_deg) > LID_DROP_MAX_YAW_DEG:
        return None
    return sum(map(_drop, eyes)) / len(eyes)


def _drop(eye: Eye) -> float:
    x, y = eye.along
    width = max(math.hypot(x, y), 1e-3)
    down = np.array([-y, x]) / width
    if down[1] < 0.0:
        down = -down
    lower = (eye.contour[LOWER_LID] - eye.contour[0]) @ down
    return float(lower.mean() + (eye.iris[0] - eye.contour[0]) @ down) / width


def lid_states(eyes: list[Eye]) -> tuple[float, float, float, float] | None:
    """Probabilities of open, lowered, narrowed and closed lids: softmax of the mean logits of the eyes given.

    Args:
        eyes: those that can be read.

    Returns:
        None without an eye, and from a reader that does not tell the states.
    """
    logits = [eye.states.tolist() for eye in eyes if eye.states is not None]
    if not logits:
        return None
    means = [sum(column) / len(logits) for column in zip(*logits, strict=True)]
    of_open, lowered, narrowed, closed = softmax(means)
    return of_open, lowered, narrowed, closed


def iris_px(eyes: list[Eye], off_deg: float, drawn: float = 1.0) -> float | None:
    """Horizontal diameter of the iris as if it looked straight into the camera, pixels: mean of the eyes given.

    The lids cover an iris above and below, never at its sides; a look aside narrows it by the cosine.

    Args:
        eyes: those that are open and seen.
        off_deg: how far the gaze goes past the camera to a side.
        drawn: width of the iris as the reader draws it over its true one.
    """
    if not eyes:
        return None
    # Point 0 is the centre; whichever order a network gives the rim in, the widest span along the eye is the diameter.
    widths: list[float] = []
    for eye in eyes:
        x, y = eye.along
        spans = [right * x + down * y for right, down in eye.iris[1:].tolist()]
        widths.append((max(spans) - min(spans)) / max(math.hypot(x, y), 1e-3))
    return sum(widths) / len(widths) / drawn / max(math.cos(math.radians(off_deg)), MIN_IRIS_COSINE)


def gaze_deg(eyes: list[Eye], pose: HeadPose, focal_px: float) -> tuple[float, float] | None:
    """Where the eyes look, in the camera's frame: yaw and pitch in degrees, signs as for the head.

    The eyeball is a sphere that turns behind the corners of the eye and a little above their line: the iris's shift
    from the middle of the corners, and the way the head's turn moves the eyeball against them, give the direction.

    Args:
        eyes: those that are open and seen.
        pose: of the head; gives the scale of the picture at the eyes.
        focal_px: focal length.
    """
    if not eyes:
        return None
    px_per_cm = focal_px / pose.distance_cm
    shift_x, shift_y = (sum(shifts) / len(eyes) for shifts in zip(*map(_shift_px, eyes), strict=True))
    yaw, pitch = math.radians(pose.yaw_deg), math.radians(pose.pitch_deg)
    share, above = CORNER_DEPTH_CM / IRIS_RADIUS_CM, IRIS_ABOVE_CORNERS_CM / IRIS_RADIUS_CM
    px = px_per_cm * IRIS_RADIUS_CM
    crown_right, crown_up = _crown(yaw, pitch, math.radians(pose.roll_deg))
    right = shift_x / px + share * math.sin(yaw) * math.cos(pitch) - above * crown_right
    up = -shift_y / px + share * math.sin(pitch) - above * crown_up
    length = math.hypot(right, up)
    if length > 0.99:
        right, up = right / length * 0.99, up / length * 0.99
    ahead = math.sqrt(1.0 - right * right - up * up)
    return math.degrees(math.atan2(right, ahead)), math.degrees(math.asin(up))


def _shift_px(eye: Eye) -> tuple[float, float]:
    """From the middle of the corners to the middle of the iris."""
    (x, y), (outer_x, outer_y), (inner_x, inner_y) = (
        place.tolist() for place in (eye.iris[0], eye.contour[0], eye.contour[8])
    )
    return x - (outer_x + inner_x) / 2.0, y - (outer_y + inner_y) / 2.0


def _crown(yaw: float, pitch: float, roll: float) -> tuple[float, float]:
    """How far a step towards the crown goes to the right and up in the picture; angles of the head in radians."""
    right = -math.cos(roll) * math.sin(yaw) * math.sin(pitch) - math.sin(roll) * math.cos(yaw)
    return right, math.cos(roll) * math.cos(pitch)
