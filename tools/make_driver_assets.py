"""Make the synthetic driver's assets from NASA's portrait of Eileen Collins.

    python -m tools.make_driver_assets astronaut.png face_landmarker.task

``astronaut.png`` is the 512x512 picture that scikit-image ships as ``data.astronaut()``; the archive is the one that
``models/registry.toml`` names: it holds MediaPipe's canonical face. Both landmark readers must be in the model cache.
1. The person is cut out (GrabCut, seeded with outlines drawn by hand), head and body apart.
2. Its pose is measured against the canonical face and taken out, as is the turn that both readers still see after 3.
3. Every pixel of the head gets a depth: the canonical face inside the mesh, a cylinder for the neck, soap film between.
"""

from __future__ import annotations

import struct
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from wakeful.device.perception.head_pose import CANONICAL_POINTS, angles_deg
from wakeful.device.perception.pipeline import Perception
from wakeful.sensors.driver_face import DriverPose, head_rotation, render
from wakeful.sensors.driver_surface import ASSETS, load_head
from wakeful.sensors.frame import Frame

Array = NDArray[Any]

HEAD_BOX = (144, 6, 312, 198)
"""x0, y0, x1, y1 of the head in the portrait, px."""
BODY_TOP_PX = 140
ENLARGE = 4
PORTRAIT_FOCAL_PX = 8 * 512.0
"""The portrait was taken from afar; nearly parallel projection."""
FACE_AT_PX = (224.0, 120.0)
EQUATOR_CM = 3.5
"""Depth of the head's widest section behind the middle of the canonical face."""
NECK_RADIUS_CM, NECK_AXIS_CM = 6.2, 4.5
JAW_LINE = (172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397)
SHIRT_COLOUR = (24, 24, 27)
# Outlines in portrait pixels, drawn by hand.
PERHAPS_PERSON = (
    (150, 60), (175, 25), (205, 12), (245, 12), (285, 40), (305, 80), (300, 115), (275, 135), (268, 150), (310, 190),
    (345, 250), (365, 300), (375, 340), (510, 350), (511, 511), (20, 511), (20, 330), (45, 260), (110, 200), (118, 175),
    (160, 145), (182, 145), (168, 125), (152, 100),
)  # fmt: skip
SURELY_PERSON = (
    (165, 60), (185, 35), (215, 25), (245, 25), (275, 50), (290, 80), (285, 105), (262, 130), (250, 170), (300, 215),
    (330, 260), (345, 300), (350, 345), (430, 350), (490, 420), (500, 511), (40, 511), (45, 400), (60, 290), (120, 230),
    (140, 190), (170, 165), (190, 170), (188, 135), (170, 110), (160, 90),
)  # fmt: skip
TABLE = ((363, 335), (511, 335), (511, 440), (499, 440), (491, 405), (471, 375), (440, 354), (400, 345), (368, 352))
SHUTTLE_BASE = ((290, 205), (330, 205), (330, 245), (300, 232))
HEAD_OUTLINE = (
    (140, 0), (320, 0), (320, 140), (270, 140), (262, 160), (256, 172), (256, 187), (240, 190), (227, 190), (203, 187),
    (193, 182), (186, 178), (185, 160), (184, 150), (184, 143), (140, 130),
)  # fmt: skip
HEAD_CUT = (
    (140, 0), (320, 0), (320, 145), (272, 145), (264, 160), (258, 172), (258, 189), (240, 192), (227, 192), (203, 189),
    (193, 184), (185, 180), (183, 160), (183, 150), (182, 142), (140, 134),
)  # fmt: skip
BODY_CUT = ((0, 143), (186, 143), (186, 150), (257, 150), (257, 168), (272, 160), (511, 160), (511, 511), (0, 511))
SHIRT = ((186, 146), (257, 146), (257, 165), (257, 190), (240, 193), (227, 193), (203, 190), (193, 184), (186, 180))


@dataclass(frozen=True)
class Placement:
    """How the head stands in the portrait: canonical frame (OpenCV's axes, cm) to portrait, nearly parallel."""

    rotation: Array
    px_per_cm: float
    centre_px: Array


def main() -> None:
    portrait_file, task_file = map(Path, sys.argv[1:3])
    portrait = cv2.imread(str(portrait_file))
    if portrait is None:
        raise SystemExit(f"{portrait_file} is not a picture")
    canonical, triangles = canonical_face(task_file)
    landmarks = read_landmarks(portrait)
    placement = place(landmarks["v2"])
    person = cut_out(portrait)
    head = person & _polygon(HEAD_OUTLINE)
    opacity, colour = matte(portrait.astype(np.float32), person)
    depth, equator = head_depth(landmarks["v2"], placement, canonical, triangles, head)

    x0, y0 = HEAD_BOX[:2]
    save_head(colour, opacity, head)
    save_body(colour, opacity, head)
    geometry: dict[str, Any] = {
        "depth_cm": depth.astype(np.float16),
        "equator_cm": equator.astype(np.float16),
        "landmarks_px": (landmarks["v2"][:, :2] - (x0, y0)).astype(np.float32),
        "px_per_cm": np.float32(placement.px_per_cm),
        "centre_px": (placement.centre_px - (x0, y0)).astype(np.float32),
        "body_centre_px": (placement.centre_px - (0, BODY_TOP_PX)).astype(np.float32),
        "straighten": placement.rotation.T.astype(np.float32),
    }
    np.savez_compressed(ASSETS / "driver_geometry.npz", **geometry)
    for _ in range(2):
        residual = unexplained_rotation()
        geometry["straighten"] = (residual.T @ geometry["straighten"]).astype(np.float32)
        np.savez_compressed(ASSETS / "driver_geometry.npz", **geometry)
        load_head.cache_clear()
    print("portrait's pose (yaw, pitch, roll):", np.round(angles_deg(geometry["straighten"].T.astype(float)), 2))


def read_landmarks(portrait: Array) -> dict[str, Array]:
    """Landmarks of both readers, float32 [478, 3], portrait px; 468 on are the irises, of v2 only."""
    large: Array = cv2.resize(portrait[:300, 80:380], None, fx=ENLARGE, fy=ENLARGE, interpolation=cv2.INTER_LANCZOS4)
    found = {}
    for reader in ("v2", "mesh+iris"):
        perception = Perception(reader)
        for seq in range(4):
            face = perception.look(Frame(large, seq * 33_000_000, seq)).landmarks
        assert face is not None
        irises = np.concatenate([face.right.iris, face.left.iris])
        points = np.concatenate([face.points, np.column_stack([irises, np.zeros(10)])])
        found[reader] = (points / ENLARGE + (80, 0, 0)).astype(np.float32)
    return found


def place(landmarks: Array) -> Placement:
    """Fit the canonical face to the landmarks that head pose uses."""
    indices = list(CANONICAL_POINTS)
    model = np.array(list(CANONICAL_POINTS.values())) * (1.0, -1.0, -1.0)
    camera = np.array([[PORTRAIT_FOCAL_PX, 0, FACE_AT_PX[0]], [0, PORTRAIT_FOCAL_PX, FACE_AT_PX[1]], [0, 0, 1]])
    seen = landmarks[indices, :2].astype(np.float64)
    _, turn, shift = cv2.solvePnP(model, seen, camera, None, flags=cv2.SOLVEPNP_SQPNP)
    scale = PORTRAIT_FOCAL_PX / float(shift[2, 0])
    return Placement(cv2.Rodrigues(turn)[0].astype(np.float32), scale, np.array(FACE_AT_PX) + scale * shift[:2, 0])


def cut_out(portrait: Array) -> Array:
    """The person, uint8 [512, 512], 0 or 1."""
    labels = np.full(portrait.shape[:2], cv2.GC_PR_BGD, np.uint8)
    labels[_polygon(PERHAPS_PERSON) > 0] = cv2.GC_PR_FGD
    labels[_polygon(SURELY_PERSON) > 0] = cv2.GC_FGD
    for nothing in (np.s_[:, :15], np.s_[:12], np.s_[:140, :145], np.s_[:130, 312:], np.s_[:340, 385:]):
        labels[nothing] = cv2.GC_BGD
    cv2.setRNGSeed(1)
    everywhere = (0, 0, portrait.shape[1], portrait.shape[0])  # not looked at: the labels say it all
    cv2.grabCut(portrait, labels, everywhere, np.zeros((1, 65)), np.zeros((1, 65)), 8, cv2.GC_INIT_WITH_MASK)
    person = ((labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)).astype(np.uint8)
    _, parts, stats, _ = cv2.connectedComponentsWithStats(person)
    person = (parts == 1 + np.argmax(stats[1:, cv2.CC_STAT_AREA])).astype(np.uint8)
    count, holes, stats, _ = cv2.connectedComponentsWithStats(1 - person)
    for hole in range(1, count):
        if stats[hole, cv2.CC_STAT_AREA] < 400:
            person[holes == hole] = 1
    smooth: Array = cv2.medianBlur(person, 5)
    smooth[(_polygon(TABLE) | _polygon(SHUTTLE_BASE)) > 0] = 0
    return smooth


def matte(portrait: Array, person: Array) -> tuple[Array, Array]:
    """Opacity [H, W] 0 to 1 along the soft outline, and colours [H, W, 3] free of the studio's wall."""
    core = cv2.erode(person, np.ones((7, 7), np.uint8))
    band = (cv2.dilate(person, np.ones((7, 7), np.uint8)) > 0) & (core == 0)
    wide = cv2.dilate(person, np.ones((9, 9), np.uint8))
    wall: Array = cv2.inpaint(portrait.astype(np.uint8), wide, 3, cv2.INPAINT_TELEA).astype(np.float32)
    wall = cv2.GaussianBlur(wall, (0, 0), 2)
    inner = _spread(portrait, core, 4)
    contrast = np.maximum(((inner - wall) ** 2).sum(-1), 100)
    share = ((portrait - wall) * (inner - wall)).sum(-1) / contrast
    soft = cv2.GaussianBlur(person.astype(np.float32), (0, 0), 1.0)
    opacity = np.clip(np.where(band, 0.65 * share + 0.35 * soft, core), 0, 1)
    opacity *= cv2.dilate(person, np.ones((5, 5), np.uint8)) > 0
    opacity = np.clip((opacity - 0.08) / 0.84, 0, 1)
    alone = (portrait - (1 - opacity[..., None]) * wall) / np.maximum(opacity[..., None], 0.25)
    colour = np.where(band[..., None], 0.5 * np.clip(alone, 0, 255) + 0.5 * inner, portrait).astype(np.float32)
    outside = _spread(colour, (opacity > 0.5).astype(np.uint8), 3)
    colour = np.where((opacity < 0.15)[..., None], outside, colour)
    return opacity.astype(np.float32), np.clip(colour, 0, 255).astype(np.float32)


def head_depth(
    landmarks: Array, placement: Placement, canonical: Array, triangles: Array, head: Array
) -> tuple[Array, Array]:
    """Depth of each pixel of ``HEAD_BOX`` in the portrait frame, cm, and that of the head's widest section."""
    x0, y0, x1, y1 = HEAD_BOX
    placed = canonical @ placement.rotation.T
    # How much deeper than the canonical face the network sees this one.
    depth_gain = np.polyfit(placed[:, 2] * placement.px_per_cm, landmarks[:468, 2], 1)[0]
    middle = float(placed[:, 2].max())
    mesh = _draw_mesh(landmarks[:468, :2] - (x0, y0), middle + (placed[:, 2] - middle) * depth_gain, triangles)
    face = ~np.isnan(mesh)

    x, y = np.meshgrid(np.arange(x1 - x0), np.arange(y1 - y0))
    x_cm = (x + x0 - placement.centre_px[0]) / placement.px_per_cm
    y_cm = (y + y0 - placement.centre_px[1]) / placement.px_per_cm
    axis = placement.rotation[:, 2]
    equator = (EQUATOR_CM - axis[0] * x_cm - axis[1] * y_cm) / axis[2]
    inside = (head[y0:y1, x0:x1] > 0) | face
    neck = _neck(landmarks, inside, face)
    neck_middle = float(x_cm[neck].mean())
    cylinder = NECK_AXIS_CM - np.sqrt(np.clip(NECK_RADIUS_CM**2 - (x_cm - neck_middle) ** 2, 1, None))

    # The square of the swelling is smooth up to the silhouette, where the swelling itself is as steep as a sphere's.
    square = np.zeros(face.shape)
    square[face] = np.clip(equator - np.nan_to_num(mesh), 0.05, None)[face] ** 2
    square[neck] = np.clip(equator - cylinder, 0.3, None)[neck] ** 2
    near_face = cv2.dilate(face.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    free = inside & ~face & ~(neck & ~near_face)
    pressure = 1.1 / placement.px_per_cm**2
    for _ in range(4000):
        wide = np.pad(square, 1, mode="edge")
        mean = (wide[:-2, 1:-1] + wide[2:, 1:-1] + wide[1:-1, :-2] + wide[1:-1, 2:]) / 4
        square = np.where(free, mean + pressure, square)
    depth = np.where(inside, equator - np.sqrt(square), equator)
    depth = _continue_below(depth, inside)
    return cv2.GaussianBlur(depth, (0, 0), 0.8).astype(np.float32), equator.astype(np.float32)


def _neck(landmarks: Array, inside: Array, face: Array) -> Array:
    """What lies under the jaw."""
    jaw = np.round(landmarks[list(JAW_LINE), :2] - HEAD_BOX[:2]).astype(np.int32)
    bottom = inside.shape[0]
    outline = np.vstack([jaw, [[jaw[-1, 0] + 8, bottom], [jaw[0, 0] - 8, bottom]]])
    below = cv2.fillPoly(np.zeros(inside.shape, np.uint8), [outline], 1) > 0
    return below & inside & ~(cv2.dilate(face.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)


def _continue_below(depth: Array, inside: Array) -> Array:
    """The foot of the neck is a cut, not a silhouette: its depth goes on below."""
    rows = np.arange(depth.shape[0])[:, None]
    last = np.where(inside.any(axis=0), inside.shape[0] - 1 - np.argmax(inside[::-1], axis=0), 0)
    foot = (rows > last) & (last > 150)
    return np.where(foot, depth[np.maximum(last - 1, 0), np.arange(depth.shape[1])], depth)


def _draw_mesh(points: Array, depth: Array, triangles: Array) -> Array:
    """Depth of the mesh on the pixels of the head box, the nearer where it folds; NaN outside."""
    width, height = HEAD_BOX[2] - HEAD_BOX[0], HEAD_BOX[3] - HEAD_BOX[1]
    drawn = np.full((height, width), np.nan, np.float32)
    for triangle in triangles:
        corner, z = points[triangle].astype(np.float64), depth[triangle]
        sides = np.column_stack([corner[0] - corner[2], corner[1] - corner[2]])
        if abs(np.linalg.det(sides)) < 1e-6:
            continue
        low = np.maximum(np.floor(corner.min(axis=0)), 0).astype(int)
        high = np.minimum(np.ceil(corner.max(axis=0)) + 1, (width, height)).astype(int)
        x, y = (axis.ravel() for axis in np.meshgrid(np.arange(low[0], high[0]), np.arange(low[1], high[1])))
        first_two = np.linalg.inv(sides) @ (np.stack([x, y]) - corner[2][:, None])
        share = np.vstack([first_two, 1 - first_two.sum(axis=0)])
        hit = (share > -1e-3).all(axis=0)
        x, y, here = x[hit], y[hit], z @ share[:, hit]
        drawn[y, x] = np.fmin(drawn[y, x], here)
    return drawn


def save_head(colour: Array, opacity: Array, head: Array) -> None:
    x0, y0, x1, y1 = HEAD_BOX
    outline = cv2.GaussianBlur(cv2.dilate(head, np.ones((3, 3), np.uint8)).astype(np.float32), (0, 0), 0.7)
    cut = cv2.GaussianBlur(_polygon(HEAD_CUT).astype(np.float32), (0, 0), 0.7)
    picture = np.dstack([colour, np.minimum(opacity, outline) * cut * 255])[y0:y1, x0:x1]
    _write(ASSETS / "driver_head.png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 9])


def save_body(colour: Array, opacity: Array, head: Array) -> None:
    """The body with the shirt going on where the head was."""
    hidden = cv2.dilate(head, np.ones((5, 5), np.uint8))
    body = cv2.inpaint(np.clip(colour, 0, 255).astype(np.uint8), hidden, 4, cv2.INPAINT_TELEA).astype(np.float32)
    shirt = _polygon(SHIRT).astype(np.float32)
    share = cv2.GaussianBlur(shirt, (0, 0), 1.0)[..., None]
    body = body * (1 - share) + np.array(SHIRT_COLOUR, np.float32) * share
    cover = np.where(np.arange(512)[:, None] < 143, 0, opacity)
    cover = np.maximum(cover, shirt) * cv2.GaussianBlur(_polygon(BODY_CUT).astype(np.float32), (0, 0), 0.7)
    picture = np.dstack([body, cover * 255])[BODY_TOP_PX:]
    _write(ASSETS / "driver_body.webp", picture, [cv2.IMWRITE_WEBP_QUALITY, 88])


def unexplained_rotation() -> Array:
    """What both readers, on average, still see of a rotation in the head that is rendered straight."""
    angles = []
    for reader in ("v2", "mesh+iris"):
        perception = Perception(reader)
        for seq in range(8):
            seen = perception.observe(Frame(render(DriverPose(), seed=seq), seq * 33_000_000, seq))
            angles.append((seen.yaw_deg, seen.pitch_deg, seen.roll_deg))
    yaw, pitch, roll = np.mean(np.array(angles, float), axis=0)
    print(f"straightened head reads yaw {yaw:.2f}, pitch {pitch:.2f}, roll {roll:.2f}")
    return head_rotation(DriverPose(yaw_deg=yaw, pitch_deg=pitch, roll_deg=roll))


def canonical_face(task: Path) -> tuple[Array, Array]:
    """MediaPipe's canonical face: float32 [468, 3] cm in OpenCV's axes, and its triangles [898, 3]."""
    with zipfile.ZipFile(task) as archive:
        metadata = archive.read("geometry_pipeline_metadata_landmarks.binarypb")
    mesh = next(value for number, value in _fields(metadata) if number == 1 and isinstance(value, bytes))
    vertices = [
        struct.unpack("<f", value)[0] for number, value in _fields(mesh) if number == 3 and isinstance(value, bytes)
    ]
    indices = [value for number, value in _fields(mesh) if number == 4 and isinstance(value, int)]
    points = np.array(vertices, np.float32).reshape(-1, 5)[:, :3] * np.array((1, -1, -1), np.float32)
    return points, np.array(indices, np.intp).reshape(-1, 3)


def _fields(message: bytes) -> Iterator[tuple[int, bytes | int]]:
    """Fields of a protocol buffer message: number and value (numbers of fixed width as their bytes)."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(message, at)
            yield key >> 3, value
            continue
        length, at = _varint(message, at) if kind == 2 else ({1: 8, 5: 4}[kind], at)
        yield key >> 3, message[at : at + length]
        at += length


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def _polygon(outline: tuple[tuple[int, int], ...]) -> Array:
    mask: Array = cv2.fillPoly(np.zeros((512, 512), np.uint8), [np.array(outline, np.int32)], 1)
    return mask


def _spread(colour: Array, where: Array, sigma: float) -> Array:
    """Colours of the masked pixels, spread to their surroundings."""
    weight = where.astype(np.float32)
    total = cv2.GaussianBlur(colour * weight[..., None], (0, 0), sigma)
    spread: Array = total / np.maximum(cv2.GaussianBlur(weight, (0, 0), sigma), 1e-3)[..., None]
    return spread


def _write(file: Path, picture: Array, options: list[int]) -> None:
    if not cv2.imwrite(str(file), np.clip(picture, 0, 255).astype(np.uint8), options):
        raise OSError(f"cannot write {file}")
    print(file.name, file.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
