"""Whether the eyes of a seen face can be read, and if not, why.

Landmark networks draw an eye wherever a face has one: behind sunglasses, under a hand, in the dark. What they draw
there is mostly an open eye, and sometimes a closed one; neither is known. So the pixels are asked first. A closed eye
must stay readable: it has no white and no iris, but its lashes and folds are still dark lines on lit skin.

Each eye is looked at in a patch that is always ``EYE_PX`` pixels per eye width, so that one set of bounds serves faces
near and far. The bounds were found on recordings of about a dozen people (webcams, phones, mirror cameras in cars;
with and without glasses; one in a dim room, two lit from one side) as they are and darkened, blurred, overexposed and
covered step by step, until the readers no longer distinguished open from closed.

What has lines as an eye has (the fingers of a hand, cloth, print) passes these bounds:
``wakeful.device.perception.eye_sight`` distinguishes it from an eye. Not noticed: mirrored sunglasses
that show a scene, and smear along one direction.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from wakeful.device.messages import Unreadable
from wakeful.device.perception.eyes import NEAR_EYE_MAX_YAW_DEG, eye_aspect
from wakeful.device.perception.head_pose import HeadPose
from wakeful.device.perception.landmarks import Eye, FaceLandmarks
from wakeful.device.perception.picture_light import noise_of
from wakeful.frozen import dataclass
from wakeful.sensors.opencv import cv2

# Skin, or the lightest parts around an eye, darker than this many grey levels are too dark for the reader. Closed eyes
# begin to be read as open at 7 to 20 (the more noise, the earlier) by v2 and at 14 to 30 by mesh+iris; the dimmest
# recording has 59 around the eyes.
DARK_SKIN = {"wakeful": 18.0, "v2": 18.0, "mesh+iris": 30.0, "mediapipe": 18.0}
# Grey levels between the dark and the light parts of the eye, as a share of those of the whole face. Lowest on
# recordings 0.14 (the shaded side of a side-lit face), closed eyes above 0.25; behind sunglasses 0.04 to 0.09, washed
# out below 0.05.
MIN_CONTRAST = 0.11
# The lightest parts around the eye against the skin beside it. Lowest on recordings 0.63 (deep sockets, dim room).
# Lenses that let 30 % through give 0.42, and mesh+iris reads closed eyes as open behind these.
MIN_LIGHT = 0.5
# Share of the patch that is both dark (below this share of the skin) and even (smoothing changes it by less than this
# share of the skin, or these grey levels, which is noise): the lens of sunglasses seen from the side, past whose rim
# skin and lids are seen. Highest on recordings 0.27 (dim room, deep sockets); 0.45 and more with the head turned by 30
# degrees.
LENS_LEVEL, LENS_RELIEF, LENS_NOISE = 0.42, 0.01, 0.75
MAX_LENS = 0.36
# With one lens found on a head turned further than this, the eye behind the nose is taken for covered too.
PAIR_YAW_DEG = 22.0
# A part with no contrast that is lighter than this is washed out, not covered.
WASHED_OUT = 235.0
# Share of saturated pixels around the eye beyond which lids are mostly lost (closed eyes are read well up to 0.8).
SATURATED, MAX_SATURATED = 250, 0.9
# Share of the edges' energy that survives further smoothing: 0.3 to 0.6 in focus, at most 0.78 on recordings; above
# 0.82 from a blur of 0.15 eye widths on, where v2 reads open eyes as half closed.
MAX_SOFTNESS = 0.82
# An eye whose light and dark parts are fewer deviations of the noise apart than this is read, but not for certain. Of
# eyes on recordings 2 in 100 have less than 20. At a fifth of the light with noise of 4 grey levels closed eyes are
# read rightly at 5 to 7 and as lowered at 2 to 3; at an eighth with noise of 8, at 2, they are read as anything.
NEEDED_CONTRAST = 3.5
# ... and below this the bounds on grey levels are kept to, whatever else is said of the eye.
TRUSTED_CONTRAST = 5.0
# Skin lighter than this many deviations of the noise is lit well enough for the bounds on grey levels; below, noise
# alone passes or fails them. At a fifth of the light with noise of 4 grey levels skin has 6 to 16, recordings as they
# are have 28 and more. There the reader's network is asked, and what it reads is not for certain.
NOISY_SKIN = 20.0
# ... unless an eye has less contrast than this: then it is read as anything.
LEAST_CONTRAST = 2.0
# Noise below is the rounding of grey levels.
LEAST_NOISE = 0.5
# Grey levels between the lightest and darkest parts of a face as a share of its skin: at least 0.45 in 99 of 100 frames
# of every recording; 0.19 to 0.27 behind a fogged lens that lets 0.35 of the picture through, where closed lids are
# read as lowered or half open. Between the two, in logarithms.
VEILED = 0.35
# With the head further down or up the lids hide behind the brows or the cheeks.
MAX_PITCH_DEG = 45.0

# The eye behind the nose is read half open when closed beyond this yaw, where the near one is still read well (rendered
# driver, turned in steps of 5 and 10 degrees, either reader).
FAR_EYE_YAW_DEG = 32.0

PATCH_PX = 48
EYE_PX = 24
# The parts of a patch (rows, columns): the lids and lashes; with them the skin between brow and cheek; the same with
# a margin for gradients.
LIDS = np.s_[18:30, 12:36]
AROUND = np.s_[12:36, 10:38]
EDGES = np.s_[8:40, 6:42]
# Mesh points of skin: cheeks and temples by side, nose and forehead.
LEFT_SKIN = np.array([280, 425, 346, 266, 330, 411])
RIGHT_SKIN = np.array([50, 205, 117, 36, 101, 187])
SKIN = np.concatenate([LEFT_SKIN, RIGHT_SKIN, [4, 5, 195, 151, 9, 108, 337]])
Grey = NDArray[np.float32]
Patch = NDArray[np.uint8]
EyeReasons = tuple[Unreadable | None, Unreadable | None]
"""Why the person's left and right eye cannot be read; None for an eye that can be."""
GREY = np.array([0.114, 0.587, 0.299], np.float32)


@dataclass(frozen=True, slots=True)
class EyeReading:
    """The aspects of the person's eyes, None for one that cannot be read, and why neither can be (else None).

    ``doubt``: why those that were read may be misread.
    """

    left: float | None
    right: float | None
    unreadable: Unreadable | None
    doubt: Unreadable | None = None


@dataclass(frozen=True, slots=True)
class FaceLight:
    """Grey levels of a face: of its skin, of the skin beside each eye, and between its lightest and darkest parts."""

    skin: float
    left: float
    right: float
    contrast: float


@dataclass(frozen=True, slots=True)
class EyeLight:
    """What the patch of one eye looks like.

    Attributes:
        noise: standard deviation of the noise of single pixels, grey levels.
        light: grey level of the lightest tenth between brow and cheek.
        contrast: grey levels between the dark and the light parts of lids and lashes.
        lens: share of dark and even pixels, 0 to 1.
        saturated: share of saturated pixels, 0 to 1.
        softness: share of the edges' energy that survives smoothing, 0 to 1.
    """

    light: float
    contrast: float
    lens: float
    saturated: float
    softness: float
    noise: float = 0.0


@dataclass(frozen=True, slots=True)
class EyeLook:
    """The pixels of one eye, None outside the picture, why their light leaves nothing to read, and why little.

    ``contrast``: between its dark and light parts, as a share of the light around it; 0 where noise makes it up.
    ``in_noise``: the reason is one of grey levels that noise makes up, too.
    """

    reason: Unreadable | None
    patch: Patch | None
    doubt: Unreadable | None = None
    contrast: float = 0.0
    in_noise: bool = False


def read_eyes(
    image: NDArray[np.uint8],
    face: FaceLandmarks,
    pose: HeadPose | None,
    reader: str,
    reasons: EyeReasons | None = None,
) -> EyeReading:
    """The aspects of the eyes that can be read, and why none can be.

    Args:
        image: uint8 [height, width, 3], blue-green-red.
        face: landmarks in pixels of ``image``.
        pose: of the head; None where none fits.
        reader: name of the landmark reader whose reading is to be trusted.
        reasons: a recent result of ``unreadable_eyes``; None examines the pixels now.
    """
    if pose is None or abs(pose.pitch_deg) > MAX_PITCH_DEG or abs(pose.yaw_deg) > NEAR_EYE_MAX_YAW_DEG:
        return EyeReading(None, None, Unreadable.OFF_AXIS)
    left_is_far = pose.yaw_deg > 0.0
    left_reason, right_reason = reasons or unreadable_eyes(image, face, pose.yaw_deg, reader)
    if abs(pose.yaw_deg) > FAR_EYE_YAW_DEG:
        if left_is_far:
            left_reason = left_reason or Unreadable.OFF_AXIS
        else:
            right_reason = right_reason or Unreadable.OFF_AXIS
    yaw_deg = pose.yaw_deg
    left = None if left_reason or face.unread == "left" else eye_aspect(face.left, yaw_deg, far=left_is_far)
    right = None if right_reason or face.unread == "right" else eye_aspect(face.right, yaw_deg, far=not left_is_far)
    if left is not None or right is not None:
        return EyeReading(left, right, None)
    # An eye on the near side that shows no fault and has no aspect either is too few pixels wide.
    near_reason = right_reason if left_is_far else left_reason
    return EyeReading(None, None, near_reason or left_reason or right_reason or Unreadable.BLUR)


def unreadable_eyes(image: NDArray[np.uint8], face: FaceLandmarks, yaw_deg: float, reader: str) -> EyeReasons:
    """Why the light of the person's left and right eye leaves nothing to read; None for an eye where it does not."""
    left, right = look_at_eyes(image, face, yaw_deg, reader)
    return left.reason, right.reason


def look_at_eyes(image: NDArray[np.uint8], face: FaceLandmarks, yaw_deg: float, reader: str) -> tuple[EyeLook, EyeLook]:
    """The pixels of the person's left and right eye, and what their light says."""
    seen = face_light(image, face.points)
    sides = ((face.left, True, min(seen.skin, seen.left)), (face.right, False, min(seen.skin, seen.right)))
    left, right = (
        look_of(eye_patch(image, eye, yaw_deg, left=is_left), skin, seen.contrast, DARK_SKIN[reader])
        if _in_picture(image, eye)
        else EyeLook(Unreadable.OFF_AXIS, None)
        for eye, is_left, skin in sides
    )
    near, far = (right, left) if yaw_deg > 0.0 else (left, right)
    if abs(yaw_deg) > PAIR_YAW_DEG and near.reason is Unreadable.OCCLUDED:
        far = replace(far, reason=near.reason)
    return (far, near) if yaw_deg > 0.0 else (near, far)


def look_of(patch: Patch, skin: float, face_contrast: float, dark: float) -> EyeLook:
    """What the light of one eye's patch says; the arguments are those of ``why_unreadable``."""
    eye = eye_light(patch, skin)
    reason, doubt = why_unreadable(eye, skin, face_contrast, dark), why_doubtful(eye, skin, face_contrast)
    noise = max(eye.noise, LEAST_NOISE)
    own = eye.contrast / max(eye.light, 1.0) if eye.contrast >= TRUSTED_CONTRAST * noise else 0.0
    in_noise = skin < NOISY_SKIN * noise and eye.contrast >= LEAST_CONTRAST * noise
    return EyeLook(reason, patch, doubt, own, in_noise)


def why_doubtful(eye: EyeLight, skin: float, face_contrast: float) -> Unreadable | None:
    """What makes an eye hard to read, whatever its brightness: noise, or a veil of light over the face."""
    if eye.contrast < NEEDED_CONTRAST * max(eye.noise, LEAST_NOISE):
        return Unreadable.DARK
    if face_contrast < VEILED * skin:
        return Unreadable.GLARE if skin > WASHED_OUT else Unreadable.BLUR
    return None


def why_unreadable(eye: EyeLight, skin: float, face_contrast: float, dark: float) -> Unreadable | None:
    """The reason why an eye cannot be read, None if it can.

    Args:
        eye: its light.
        skin: grey level of the skin beside it.
        face_contrast: grey levels between the lightest and darkest parts of the face.
        dark: grey level below which the reader fails.
    """
    if skin < dark:
        return Unreadable.DARK
    if eye.contrast < MIN_CONTRAST * face_contrast:
        return Unreadable.GLARE if eye.light > WASHED_OUT else Unreadable.OCCLUDED
    if eye.light < MIN_LIGHT * skin or eye.lens > MAX_LENS:
        return Unreadable.OCCLUDED
    if eye.light < dark:
        return Unreadable.DARK
    if eye.saturated > MAX_SATURATED:
        return Unreadable.GLARE
    if eye.softness > MAX_SOFTNESS:
        return Unreadable.BLUR
    return None


def face_light(image: NDArray[np.uint8], points: NDArray[np.float32]) -> FaceLight:
    """Grey levels under the mesh points [468, >=2]; those outside the picture count as its edge."""
    height, width = image.shape[:2]
    x = np.clip(points[:, 0], 0, width - 1).astype(np.intp)
    y = np.clip(points[:, 1], 0, height - 1).astype(np.intp)
    grey = image[y, x] @ GREY
    ordered = np.sort(grey)
    return FaceLight(
        skin=_middle(grey[SKIN]),
        left=_middle(grey[LEFT_SKIN]),
        right=_middle(grey[RIGHT_SKIN]),
        contrast=_at(ordered, 0.95) - _at(ordered, 0.02),
    )


def eye_light(grey: Patch, skin: float) -> EyeLight:
    """What the patch of one eye looks like.

    Args:
        grey: as ``eye_patch`` cuts it.
        skin: grey level of the skin beside the eye.
    """
    # Noise of single pixels is neither contrast nor sharpness.
    smooth: Grey = cv2.GaussianBlur(grey.astype(np.float32), (5, 5), 1.0).astype(np.float32, copy=False)
    softer: Grey = cv2.GaussianBlur(smooth, (9, 9), math.sqrt(3.0)).astype(
        np.float32, copy=False
    )  # together as one of 2 px
    around, lids = np.sort(smooth[AROUND], axis=None), np.sort(smooth[LIDS], axis=None)
    even = np.abs(smooth[AROUND] - softer[AROUND]) < max(LENS_RELIEF * skin, LENS_NOISE)
    return EyeLight(
        light=_at(around, 0.9),
        contrast=_at(lids, 0.95) - _at(lids, 0.05),
        lens=float(np.count_nonzero(even & (smooth[AROUND] < LENS_LEVEL * skin))) / around.size,
        saturated=float(np.count_nonzero(grey[AROUND] >= SATURATED)) / around.size,
        softness=_edge_energy(softer[EDGES]) / max(_edge_energy(smooth[EDGES]), 1e-3),
        noise=noise_of(grey),
    )


def _in_picture(image: NDArray[np.uint8], eye: Eye) -> bool:
    height, width = image.shape[:2]
    return all(0.0 <= x < width and 0.0 <= y < height for x, y in eye.contour[::8].tolist())


def eye_patch(
    image: NDArray[np.uint8], eye: Eye, yaw_deg: float, *, left: bool, side_px: int = PATCH_PX
) -> NDArray[np.uint8]:
    """The person's left or right eye in the middle, level, ``EYE_PX`` wide: grey levels, uint8 [side_px, side_px].

    Args:
        image: uint8 [height, width, 3], blue-green-red.
        eye: contour in pixels of ``image``.
        yaw_deg: of the head, to undo the foreshortening of the width.
        left: whether it is the person's left eye, whose inner corner is on the left of the picture.
        side_px: of the patch.
    """
    along = eye.contour[0] - eye.contour[8] if left else eye.contour[8] - eye.contour[0]
    px = 1.0 / (EYE_PX * max(math.cos(math.radians(yaw_deg)), 0.5))
    right, down = float(along[0]) * px, float(along[1]) * px
    middle = (eye.contour[0] + eye.contour[8]) / 2.0
    half = (side_px - 1) / 2.0
    to_picture = np.array(
        [
            [right, -down, middle[0] - (right - down) * half],
            [down, right, middle[1] - (down + right) * half],
        ],
        np.float32,
    )
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    patch = cv2.warpAffine(image, to_picture, (side_px, side_px), flags=how, borderMode=cv2.BORDER_REPLICATE)
    return cv2.cvtColor(patch, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)


def _edge_energy(grey: Grey) -> float:
    """Sum of the squared differences between neighbours."""
    across = cv2.norm(grey[:, 1:], grey[:, :-1], cv2.NORM_L2SQR)
    return across + cv2.norm(grey[1:], grey[:-1], cv2.NORM_L2SQR)


def _at(ordered: Grey, share: float) -> float:
    return float(ordered[round(share * (ordered.size - 1))])


def _middle(values: Grey) -> float:
    return _at(np.sort(values), 0.5)
