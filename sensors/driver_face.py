"""Draws the synthetic driver: ``render(DriverPose(...))`` returns the camera's image of exactly that driver.

The driver is one photograph (NASA's portrait of Eileen Collins, public domain) made into a 3D head
(``wakeful.sensors.driver_head``) with lids that close (``wakeful.sensors.driver_eyes``), on a body and in a seat that
do not move. Every number of the pose is exact in the drawing: angles are the head's against the camera's axes in a
pinhole camera of 53 degrees, openings are shares of the photographed eye and of a full yawn.
"""

from __future__ import annotations

import functools
import math
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from wakeful.frozen import dataclass
from wakeful.sensors.driver_eyes import Eye, find_eyes, paint_eye
from wakeful.sensors.driver_eyewear import draw_eyewear
from wakeful.sensors.driver_hand import draw_hand
from wakeful.sensors.driver_head import PIVOT_CM
from wakeful.sensors.driver_surface import ASSETS, load_head, read_picture
from wakeful.sensors.driver_visibility import Projection
from wakeful.sensors.opencv import cv2

Array = NDArray[Any]
Picture = NDArray[np.uint8]

WIDTH_PX, HEIGHT_PX = 640, 480
FOCAL_PX = 640.0
NOMINAL_DISTANCE_CM = 62.0
HEAD_AT_CM = (0.0, -1.2)
"""Centre of the face at the nominal distance: right of and below the optical axis, cm."""
NECK_DEPTH_CM = -1.7
"""Distance of the foot of the neck, where the body is drawn, behind the centre of the head."""
CAVITY_COLOUR = (28.0, 22.0, 58.0)
JAW_SHADOW = 0.5
"""Share of its light that the neck loses under a yawning jaw."""
NOISE_SEED = 20


@dataclass(frozen=True, slots=True)
class DriverPose:
    """One moment of the driver: the ground truth of one image.

    Attributes:
        eye_left, eye_right: opening of the person's own left and right eye, 0 closed to 1 open.
        squint: how much of what the eyes are closed is a squint: 0 the upper lid came down, 1 the lower one rose to it
            and the brow came down, as in people who narrow their eyes.
        mouth: 0 closed to 1 as wide as a yawn.
        yaw_deg, pitch_deg, roll_deg: of the head against the camera's axes: to the person's left, up, towards the
            person's right shoulder. The head is rolled first, then pitched, then yawed.
        gaze_yaw_deg, gaze_pitch_deg: turn of the eyeballs in the head, to the person's left and up.
        distance: of the head, 1 nominal (0.62 m), 2 twice as far.
        brightness: gain of the picture, 1 nominal, 0.05 almost dark.
        noise: standard deviation of the sensor's noise in grey levels.
        glare: 0 to 1, a strong light from the person's left.
        eyewear: ``none``, ``glasses`` or ``sunglasses``.
        hand: 0 in the lap, 1 in front of both eyes.
        present: False: the seat is empty.
    """

    eye_left: float = 1.0
    eye_right: float = 1.0
    squint: float = 0.0
    mouth: float = 0.0
    yaw_deg: float = 0.0
    pitch_deg: float = 0.0
    roll_deg: float = 0.0
    gaze_yaw_deg: float = 0.0
    gaze_pitch_deg: float = 0.0
    distance: float = 1.0
    brightness: float = 1.0
    noise: float = 2.0
    glare: float = 0.0
    eyewear: Literal["none", "glasses", "sunglasses"] = "none"
    hand: float = 0.0
    present: bool = True


def render(pose: DriverPose, seed: int = 0) -> Picture:
    """The camera's image of ``pose``: uint8 [480, 640, 3], blue-green-red.

    The same pose and seed give the same image; the seed only affects the noise. It takes about
    10 to 15 ms on one core of a desktop processor, glasses 2 ms more; the same pose in another light takes 1 ms.
    """
    if not pose.present:
        return exposed(_seat(), pose, seed)
    driver, face = _evenly_lit(replace(pose, brightness=1.0, noise=0.0, glare=0.0))
    return exposed(_glaring(driver, face, pose.glare) if pose.glare > 0 and face else driver, pose, seed)


# Often the same moment is rendered in several lights, with each kind of eyewear.
@functools.lru_cache(maxsize=2)
def _evenly_lit(pose: DriverPose) -> tuple[Array, tuple[int, int] | None]:
    """The driver before light and camera (not to be changed), and the first column and the width of the head in it."""
    if pose.hand > 0.0:
        free, face = _evenly_lit(replace(pose, hand=0.0))
        picture = free.copy()
        draw_hand(picture, pose.hand, _skin(), load_head(), head_rotation(pose), _pivot(pose.distance), FOCAL_PX)
        return picture, face
    if pose.eyewear != "none":
        bare, face = _evenly_lit(replace(pose, eyewear="none"))
        picture = bare.copy()
        draw_eyewear(picture, pose.eyewear, load_head(), head_rotation(pose), _pivot(pose.distance), FOCAL_PX)
        return picture, face
    picture = _driver_in_seat(round(pose.distance, 3)).copy()
    return picture, draw_head(picture, pose, _face_at(pose.distance))


def draw_head(picture: Array, pose: DriverPose, face_at_cm: Array) -> tuple[int, int] | None:
    """Draw the head alone, evenly lit: changes the image.

    Args:
        picture: uint8 [480, 640, 3].
        face_at_cm: float32 [3], middle of the face in OpenCV's camera axes; ``pose.distance`` is not used.

    Returns:
        First column and width of the head; None if it is not in the picture.
    """
    pivot = face_at_cm + np.array(PIVOT_CM, np.float32)
    seen = load_head().project(head_rotation(pose), pivot, pose.mouth, FOCAL_PX, (WIDTH_PX, HEIGHT_PX))
    if seen is None:
        return None
    _draw_head(picture, _texture(pose), seen)
    return seen.x0, seen.cover.shape[1]


def head_rotation(pose: DriverPose) -> Array:
    """The head's rotation in OpenCV's camera axes, float32 [3, 3]: roll first, then pitch, then yaw."""
    yaw, pitch, roll = (math.radians(angle) for angle in (pose.yaw_deg, pose.pitch_deg, pose.roll_deg))
    turn = np.array([[math.cos(yaw), 0, -math.sin(yaw)], [0, 1, 0], [math.sin(yaw), 0, math.cos(yaw)]])
    nod = np.array([[1, 0, 0], [0, math.cos(pitch), math.sin(pitch)], [0, -math.sin(pitch), math.cos(pitch)]])
    tilt = np.array([[math.cos(roll), math.sin(roll), 0], [-math.sin(roll), math.cos(roll), 0], [0, 0, 1]])
    rotation: Array = (turn @ nod @ tilt).astype(np.float32)
    return rotation


def _face_at(distance: float) -> Array:
    return np.array([*HEAD_AT_CM, NOMINAL_DISTANCE_CM], np.float32) * distance


def _pivot(distance: float) -> Array:
    return _face_at(distance) + np.array(PIVOT_CM, np.float32)


def _texture(pose: DriverPose) -> Array:
    """The head's texture with this pose's eyes, and the shadow of an open jaw on the neck."""
    ahead = _looking_ahead()
    gaze = (pose.gaze_yaw_deg, pose.gaze_pitch_deg)
    eyes_changed = gaze != (0.0, 0.0) or min(pose.eye_left, pose.eye_right) < 1.0 or pose.squint > 0.0
    if not eyes_changed and pose.mouth <= 0.0:
        return ahead
    texture = ahead.copy()
    if eyes_changed:
        _paint_eyes(texture, (pose.eye_left, pose.eye_right), gaze, pose.squint)
    if pose.mouth > 0.0:
        shadow = load_head().under_jaw
        neck = texture[-len(shadow) :]
        neck[:] = neck * (1.0 - JAW_SHADOW * pose.mouth * shadow[..., None])
    return texture


@functools.cache
def _skin() -> Array:
    """The colour of the cheeks, blue-green-red."""
    head = load_head()
    x, y = head.landmarks[[280, 425, 50, 205]].round().astype(int).T
    colour: Array = np.median(head.texture[y, x], axis=0)
    return colour


@functools.cache
def _looking_ahead() -> Array:
    texture = load_head().texture.copy()
    _paint_eyes(texture, (1.0, 1.0), (0.0, 0.0))
    return texture


def _paint_eyes(
    texture: Array, openings: tuple[float, float], gaze_deg: tuple[float, float], squint: float = 0.0
) -> None:
    head = load_head()
    # In the photograph the gaze differs from the direction of the nose.
    turn_deg = (gaze_deg[0] - head.gaze_deg[0], gaze_deg[1] - head.gaze_deg[1])
    for eye, opening in zip(_eyes(), openings, strict=True):
        paint_eye(texture, head.texture, eye, opening, turn_deg, head.texels_per_cm, squint)


@functools.cache
def _eyes() -> tuple[Eye, Eye]:
    return find_eyes(load_head().landmarks)


def _draw_head(picture: Array, texture: Array, seen: Projection) -> None:
    head = cv2.remap(texture, seen.u, seen.v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    # Single wrong texels along the edges of nose and jaw.
    np.copyto(head, cv2.medianBlur(head, 5), where=seen.edge[..., None])
    rows, columns = np.flatnonzero(seen.cavity.any(axis=1)), np.flatnonzero(seen.cavity.any(axis=0))
    if rows.size:
        mouth = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        _darken_mouth(head[mouth], seen.cavity[mouth])
    _blend(picture, head, seen.cover, seen.x0, seen.y0)


def _darken_mouth(part: Array, cavity: Array) -> None:
    """The inside of the mouth: dark, and darker further in. Changes the image."""
    depth = cv2.GaussianBlur(cavity, (0, 0), 5.0, borderType=cv2.BORDER_CONSTANT)
    dark = np.array(CAVITY_COLOUR, np.float32) * (1.5 - depth[..., None])
    part[:] = part + cavity[..., None] * (dark - part)


def _blend(picture: Array, layer: Array, cover: Array, x0: int, y0: int) -> None:
    """Draw a part over the image, clipped to it."""
    height, width = cover.shape
    left, top = max(x0, 0), max(y0, 0)
    right, bottom = min(x0 + width, WIDTH_PX), min(y0 + height, HEIGHT_PX)
    if right <= left or bottom <= top:
        return
    part = np.s_[top - y0 : bottom - y0, left - x0 : right - x0]
    under = picture[top:bottom, left:right]
    # blendLinear divides by the sum of the weights and keeps 8 bits throughout.
    share = np.ascontiguousarray(cover[part])
    under[:] = cv2.blendLinear(np.ascontiguousarray(layer[part]), np.ascontiguousarray(under), share, 1.0 - share)


@functools.lru_cache(maxsize=2)
def _driver_in_seat(distance: float) -> Array:
    """The seat with the body in it, without the head."""
    body, centre, px_per_cm = _body()
    scale = FOCAL_PX / (NOMINAL_DISTANCE_CM * distance + NECK_DEPTH_CM)
    at = np.array(HEAD_AT_CM) * distance * scale + (WIDTH_PX / 2, HEIGHT_PX / 2) - centre * scale / px_per_cm
    move = np.array([[scale / px_per_cm, 0, at[0]], [0, scale / px_per_cm, at[1]]])
    placed = cv2.warpAffine(body, move, (WIDTH_PX, HEIGHT_PX), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    picture = _seat().copy()
    _blend(picture, placed[..., :3], placed[..., 3].astype(np.float32) / 255, 0, 0)
    return picture


@functools.cache
def _body() -> tuple[Array, Array, float]:
    """The body's image (BGRA), the centre of the head in it, and its scale."""
    body = read_picture("driver_body.webp")
    with np.load(ASSETS / "driver_geometry.npz") as geometry:
        return body, geometry["body_centre_px"].astype(np.float32), float(geometry["px_per_cm"])


@functools.cache
def _seat() -> Array:
    """An empty seat in a dim cabin, out of focus."""
    picture: Array = np.zeros((HEIGHT_PX, WIDTH_PX, 3), np.uint8)
    picture[:] = (96, 92, 88)
    cv2.rectangle(picture, (0, 0), (WIDTH_PX, 34), (74, 72, 70), -1)
    for left, right in ((-40, 150), (500, 700)):
        cv2.rectangle(picture, (left, 60), (right, 215), (196, 190, 178), -1)
    cv2.rectangle(picture, (0, 300), (WIDTH_PX, HEIGHT_PX), (70, 68, 66), -1)
    picture = cv2.GaussianBlur(picture, (0, 0), 16)
    seat = picture.copy()
    cv2.ellipse(seat, (320, 470), (225, 270), 0, 180, 360, (62, 58, 56), -1)
    cv2.ellipse(seat, (320, 475), (170, 250), 0, 180, 360, (72, 68, 65), -1)
    cv2.rectangle(seat, (262, 150), (378, 235), (54, 52, 50), -1)
    cv2.ellipse(seat, (320, 130), (96, 66), 0, 0, 360, (66, 62, 60), -1)
    return cv2.GaussianBlur(seat, (0, 0), 7)


def _glaring(picture: Array, face: tuple[int, int], glare: float) -> Array:
    """Light from the person's left: that side of the face is washed out, the other falls into shade."""
    left, width = face
    reach = width / 4
    side = 1.0 / (1.0 + np.exp(-(np.arange(WIDTH_PX, dtype=np.float32) - (left + width / 2)) / reach * 2.0))
    gain, haze = 1.0 + glare * (2.2 * side - 0.5), 70.0 * glare * side**2
    # Rows of single numbers: broadcasting over colours would loop over three numbers at a time.
    lit = picture.reshape(HEIGHT_PX, -1) * np.repeat(gain, 3).astype(np.float32)
    lit += np.repeat(haze, 3).astype(np.float32)
    return np.clip(lit, 0, 255, out=lit).astype(np.uint8).reshape(picture.shape)


def exposed(picture: Array, pose: DriverPose, seed: int) -> Picture:
    """Gain and noise of the camera, in a new image."""
    image = cv2.convertScaleAbs(picture, alpha=pose.brightness)
    if pose.noise <= 0:
        return image.astype(np.uint8)
    lighter, darker = _noise(pose.noise)
    spare_y, spare_x = lighter.shape[0] - HEIGHT_PX, lighter.shape[1] - WIDTH_PX
    y, x = np.random.default_rng(seed).integers(0, (spare_y + 1, spare_x + 1))
    cut = np.s_[y : y + HEIGHT_PX, x : x + WIDTH_PX]
    cv2.add(image, lighter[cut], dst=image)
    return cv2.subtract(image, darker[cut], dst=image).astype(np.uint8, copy=False)


@functools.lru_cache(maxsize=4)
def _noise(strength: float) -> tuple[Array, Array]:
    """What Gaussian noise adds and subtracts, in grey levels; larger than an image: each frame uses another part."""
    shape = (HEIGHT_PX + 97, WIDTH_PX + 113, 3)
    random = np.random.default_rng(NOISE_SEED)
    lighter, darker = np.empty(shape, np.uint8), np.empty(shape, np.uint8)
    # Row by row: a whole image in floating point would be the memory peak of the process.
    for row in range(shape[0]):
        levels = np.rint(random.standard_normal(shape[1:], dtype=np.float32) * np.float32(strength))
        lighter[row], darker[row] = np.clip(levels, 0, 255), np.clip(-levels, 0, 255)
    return lighter, darker
