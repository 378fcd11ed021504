"""Draws a camera's placement: its image, its position around the driver's head, and what is accepted."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.device.doctor.check import FAIL, OK, WARN, Check
from wakeful.device.doctor.placement import Placement
from wakeful.device.doctor.placement_checks import (
    ABOVE_DEG,
    ASIDE_DEG,
    BELOW_DEG,
    FACE_PX,
    MARGIN,
    MAX_FACE_SHARE,
    checks,
)
from wakeful.device.view.drawing import draw
from wakeful.errors import ConfigError
from wakeful.files import write_file
from wakeful.sensors.opencv import cv2

Picture = NDArray[np.uint8]
Colour = tuple[int, int, int]

WIDTH_PX, HEIGHT_PX = 1280, 832
CAMERA = (24, 88, 640, 480)
"""Position of the camera's image: left, top, width, height."""
DIAGRAMS = ((688, 88, 568, 232), (688, 336, 568, 232))
ROW_TOP, ROW_PX = 600, 62

# Blue-green-red.
BACKGROUND: Colour = (29, 24, 21)
PANEL: Colour = (42, 35, 31)
TEXT: Colour = (224, 218, 215)
QUIET: Colour = (150, 140, 132)
SKIN: Colour = (196, 188, 182)
COLOURS: dict[str, Colour] = {OK: (123, 216, 143), WARN: (102, 209, 255), FAIL: (107, 107, 255)}
VERDICTS = {OK: "accepted", WARN: "usable, not ideal", FAIL: "not accepted"}


def check_name(file: Path) -> None:
    """Raises: ConfigError: ``file`` is not to be a PNG."""
    if file.suffix.lower() != ".png":
        raise ConfigError(f"{file}: the image is a PNG: give it a name that ends in .png")


def save(placed: Placement, file: Path) -> None:
    """Writes the drawing as PNG, readable by its owner alone: it shows a face.

    Raises:
        ConfigError: the file cannot be written.
    """
    encoded = cv2.imencode(".png", drawn(placed))[1].tobytes()
    try:
        write_file(file, encoded, private=True)
    except OSError as error:
        raise ConfigError(f"cannot write {file}: {error.strerror}; name a file in a folder that exists") from error


def drawn(placed: Placement) -> Picture:
    """The drawing, uint8 [832, 1280, 3], blue-green-red."""
    picture = np.full((HEIGHT_PX, WIDTH_PX, 3), BACKGROUND, np.uint8)
    found = checks(placed)
    results = {check.name: check.result for check in found}
    worst = _worst(results, *results)
    _write(picture, "Camera placement", (24, 44), 26, TEXT, bold=True)
    _write(picture, VERDICTS[worst], (300, 44), 26, COLOURS[worst], bold=True)
    _write(picture, "the driver sits as when driving and looks at the road", (24, 70), 15, QUIET)
    _draw_seen(picture, placed, results)
    _draw_around(
        picture, DIAGRAMS[0], "from above", placed, results, (-ASIDE_DEG[1], -ASIDE_DEG[0], ASIDE_DEG[0], ASIDE_DEG[1])
    )
    _draw_around(
        picture,
        DIAGRAMS[1],
        "from the side",
        placed,
        results,
        (-BELOW_DEG[1], -BELOW_DEG[0], ABOVE_DEG[0], ABOVE_DEG[1]),
    )
    for index, check in enumerate(found):
        _draw_check(picture, check, (24 + 632 * (index % 2), ROW_TOP + ROW_PX * (index // 2)))
    return picture


def _draw_seen(picture: Picture, placed: Placement, results: dict[str, str]) -> None:
    """The camera's image with the face, the area for the face's centre, and the accepted sizes."""
    left, top, width, height = CAMERA
    cv2.rectangle(picture, (left, top), (left + width, top + height), PANEL, -1)
    if placed.frame is None:
        _write(picture, "no image", (left + 250, top + 245), 24, QUIET)
        return
    scale = min(width / placed.width_px, height / placed.height_px)
    size = (round(placed.width_px * scale), round(placed.height_px * scale))
    shown = np.asarray(cv2.resize(placed.frame.image, size, interpolation=cv2.INTER_AREA), np.uint8)
    if placed.sighting is not None:
        draw(shown, placed.sighting, scale)
    rows, columns = shown.shape[:2]
    margin = MARGIN[0]
    corner = (round(columns * (1.0 - margin)), round(rows * (1.0 - margin)))
    cv2.rectangle(shown, (columns - corner[0], rows - corner[1]), corner, COLOURS[OK], 1, cv2.LINE_AA)
    _shade(shown, columns - corner[0] + 1, corner[1] - 24, 180, 23)
    _write(shown, "centre of the face in here", (columns - corner[0] + 7, corner[1] - 8), 13, COLOURS[OK])
    _draw_sizes(shown, placed, results, scale)
    if placed.view is not None:
        middle = (int(placed.view.x * columns), int(placed.view.y * rows))
        cv2.drawMarker(shown, middle, COLOURS[results["framing"]], cv2.MARKER_CROSS, 18, 2, cv2.LINE_AA)
    x, y = left + (width - columns) // 2, top + (height - rows) // 2
    picture[y : y + rows, x : x + columns] = shown


def _draw_sizes(shown: Picture, placed: Placement, results: dict[str, str], scale: float) -> None:
    """Bars: minimum and maximum width of a face, and between them the width of this one."""
    side_px = min(placed.width_px, placed.height_px)
    sizes = [("minimum", FACE_PX[0], QUIET), ("maximum", MAX_FACE_SHARE[0] * side_px, QUIET)]
    if placed.view is not None:
        sizes.insert(1, ("this face", placed.view.face_px, COLOURS[results["distance"]]))
    _shade(shown, 8, 8, 372, 20 * len(sizes) + 6)
    for index, (name, size_px, colour) in enumerate(sizes):
        y = 24 + 20 * index
        _write(shown, f"{name} {size_px:.0f} px", (14, y), 13, colour)
        length = min(int(size_px * scale), 240)
        cv2.line(shown, (132, y - 5), (132 + length, y - 5), colour, 4)


def _shade(shown: Picture, x: int, y: int, width: int, height: int) -> None:
    """Darkens the background of text."""
    plate = shown[y : y + height, x : x + width]
    plate[:] = (plate * 0.35).astype(np.uint8)


def _worst(results: dict[str, str], *names: str) -> str:
    return max((results[name] for name in names), key=(OK, WARN, FAIL).index)


def _draw_around(
    picture: Picture,
    place: tuple[int, int, int, int],
    title: str,
    placed: Placement,
    results: dict[str, str],
    bounds: tuple[float, ...],
) -> None:
    """A head that looks to the right, the angles at which a camera is accepted, and the camera."""
    left, top, width, height = place
    # Drawing beyond the panel is clipped.
    panel = picture[top : top + height, left : left + width]
    panel[:] = PANEL
    head = (190, height // 2)
    reach = width - head[0] - 90
    above = title == "from above"
    # Angles of OpenCV's ellipses grow clockwise on the screen. From above, left is up; from the side, up is up.
    for low, high, result in ((bounds[0], bounds[3], WARN), (bounds[1], bounds[2], OK)):
        _sector(panel, head, (60, reach), (-high, -low), COLOURS[result])
    cv2.arrowedLine(panel, head, (head[0] + reach + 14, head[1]), QUIET, 1, cv2.LINE_AA, tipLength=0.02)
    _write(panel, "road", (width - 58, head[1] + 5), 15, QUIET)
    _write(panel, title, (14, 26), 16, TEXT)
    _write(panel, "accepted", (14, height - 32), 14, COLOURS[OK])
    _write(panel, "usable", (14, height - 12), 14, COLOURS[WARN])
    _draw_head(panel, head, above)
    if placed.view is not None:
        angle = placed.view.aside_deg if above else placed.view.above_deg
        colour = COLOURS[_worst(results, "side" if above else "height", "distance")]
        _draw_camera(panel, head, angle, placed.view.distance_cm, reach, colour)


def _sector(
    panel: Picture, centre: tuple[int, int], radii: tuple[int, int], angles_deg: tuple[float, float], colour: Colour
) -> None:
    """A translucent ring sector."""
    outer, inner = (
        cv2.ellipse2Poly(centre, (radius, radius), 0, round(angles_deg[0]), round(angles_deg[1]), 1)
        for radius in (radii[1], radii[0])
    )
    shape = np.concatenate([outer, inner[::-1]]).astype(np.int32)
    layer = panel.copy()
    cv2.fillPoly(layer, [shape], colour, cv2.LINE_AA)
    cv2.addWeighted(layer, 0.22, panel, 0.78, 0.0, dst=panel)
    cv2.polylines(panel, [shape], True, colour, 1, cv2.LINE_AA)


def _draw_head(panel: Picture, at: tuple[int, int], above: bool) -> None:
    x, y = at
    if above:
        cv2.ellipse(panel, (x - 12, y), (24, 62), 0, 0, 360, (92, 80, 72), -1, cv2.LINE_AA)
        cv2.ellipse(panel, (x - 8, y), (34, 27), 0, 0, 360, SKIN, -1, cv2.LINE_AA)
        nose = [(x + 22, y - 7), (x + 35, y), (x + 22, y + 7)]
    else:
        neck = [(x - 34, y + 20), (x + 6, y + 20), (x + 2, y + 66), (x - 44, y + 66)]
        cv2.fillPoly(panel, [_points(neck)], SKIN, cv2.LINE_AA)
        cv2.ellipse(panel, (x - 8, y + 2), (32, 40), 0, 0, 360, SKIN, -1, cv2.LINE_AA)
        cv2.ellipse(panel, (x + 10, y - 2), (5, 3), 0, 0, 360, PANEL, -1, cv2.LINE_AA)
        nose = [(x + 20, y - 2), (x + 35, y + 12), (x + 20, y + 16)]
    cv2.fillPoly(panel, [_points(nose)], SKIN, cv2.LINE_AA)


def _draw_camera(
    panel: Picture, head: tuple[int, int], angle_deg: float, distance_cm: float, reach: int, colour: Colour
) -> None:
    """The camera at its angle; the diagram is 1 m wide, farther cameras are drawn at its edge."""
    angle = math.radians(-angle_deg)
    along = max(70.0, min(distance_cm / 100.0, 1.0) * reach)
    # Keep it inside the panel.
    along = min(along, (panel.shape[0] / 2 - 18) / max(abs(math.sin(angle)), 0.01))
    x, y = round(head[0] + along * math.cos(angle)), round(head[1] + along * math.sin(angle))
    cv2.line(panel, head, (x, y), colour, 1, cv2.LINE_AA)
    cv2.circle(panel, (x, y), 11, BACKGROUND, -1, cv2.LINE_AA)
    cv2.circle(panel, (x, y), 11, colour, 3, cv2.LINE_AA)
    cv2.circle(panel, (x, y), 4, colour, -1, cv2.LINE_AA)
    words = (x + 12 if along < reach - 40 else x - 100, y + 28 if y < head[1] else y - 18)
    _write(panel, f"{abs(angle_deg):.0f}°, {distance_cm:.0f} cm", words, 15, colour)


def _draw_check(picture: Picture, check: Check, at: tuple[int, int]) -> None:
    x, y = at
    colour = COLOURS[check.result]
    cv2.circle(picture, (x + 9, y + 12), 7, colour, -1, cv2.LINE_AA)
    _write(picture, f"{check.name}: {check.found}", (x + 28, y + 18), 16, TEXT)
    if check.fix:
        _write(picture, check.fix, (x + 28, y + 40), 14, colour)


def _write(
    picture: Picture, words: str, at: tuple[int, int], size_px: int, colour: Colour, *, bold: bool = False
) -> None:
    """Text with its baseline at ``at``. OpenCV 5 has a real font; older ones have no degree sign."""
    cv: Any = cv2
    if hasattr(cv, "FontFace"):
        cv.putText(picture, words, at, colour, cv.FontFace("sans"), size_px, 600 if bold else 400)
        return
    plain = words.replace("°", " deg")
    cv.putText(picture, plain, at, cv.FONT_HERSHEY_SIMPLEX, size_px / 34.0, colour, 2 if bold else 1, cv.LINE_AA)


def _points(corners: list[tuple[int, int]]) -> NDArray[np.int32]:
    return np.array(corners, np.int32)
