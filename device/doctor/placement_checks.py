"""Checks where a camera is mounted: what is accepted, what is still usable, and the fix for what is not.

``wakeful doctor --placement`` prints the checks, ``wakeful.device.doctor.placement_picture`` draws them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from wakeful.device.config.as_text import toml_value
from wakeful.device.doctor.check import FAIL, OK, WARN, Check
from wakeful.device.doctor.placement import Placement, View
from wakeful.device.perception.proportion import is_squeezed

# Each pair: accepted, then still usable. Determined on the rendered driver with both readers: within these bounds open
# and shut eyes were distinguished in all poses, and the short-range detector found the face.
FACE_PX = (100.0, 80.0)
"""Minimum width of the face, pixels. At 61 no face was found in an image of 640x480; at 77 both eyes were read."""
MAX_FACE_SHARE = (0.5, 0.65)
"""Maximum share of the image's shorter side: a head that leans must stay in the image."""
ABOVE_DEG = (15.0, 25.0)
"""Camera above the eyes: lids and brows hide the iris early, and looking down looks like closed eyes."""
BELOW_DEG = (28.0, 36.0)
"""Camera below the eyes, as measured: a head at 40 degrees is read as 34. Column and dashboard mounts lie here."""
ASIDE_DEG = (20.0, 30.0)
"""To either side. Beyond 32 to 36 degrees the far eye is no longer readable, and the head turns as well."""
BRIGHTNESS = (60.0, 40.0)
"""Mean grey level of the face, 0 to 255. At 46 one reader reports shut eyes as half open, at 23 no eye is readable."""
TOO_BRIGHT = 235.0
MARGIN = (0.2, 0.08)
"""Distance of the face's centre from the edge, as a share of the image."""
SEEN = (0.95, 0.7)
"""Share of the frames with a face, and of those frames with a readable eye."""
IMAGE = "image"
"""Name of the check whose fix is a setting."""


def checks(placed: Placement) -> list[Check]:
    """All checks of a placement, in the order in which a user would fix them."""
    if placed.frames == 0:
        return [Check("picture", FAIL, "none received", "check the camera with `wakeful doctor` and `wakeful devices`")]
    found = [_face(placed)]
    if placed.view is not None:
        found += [
            _distance(placed.view, min(placed.width_px, placed.height_px)),
            _height(placed.view),
            _side(placed.view),
            _framing(placed.view),
            _image(placed),
        ]
    noted = [Check("frames", WARN, text, fix) for text, _, fix in (one.partition("; ") for one in placed.notes)]
    return [*found, *_light(placed), *noted]


def fixed(found: list[Check], file: Path, settings: Mapping[str, object]) -> list[Check]:
    """The checks once these settings of ``[source]`` are written into ``file``."""
    written = f"{file} now says {_in_words(settings)}"
    return [
        replace(one, result=OK, found=f"{one.found}; {written}", fix="") if one.name == IMAGE else one for one in found
    ]


def _face(placed: Placement) -> Check:
    result = _at_least(placed.face_share, SEEN)
    fix = "" if result == OK else "aim the camera at the driver's face, move it closer, clear the view (wheel, visor)"
    if fix and placed.sighting is not None and placed.sighting.seat is not None:
        fix += "; only the seat that is set was looked at: check [driver] side and region"
    return Check("face", result, f"in {placed.face_share:.0%} of {placed.frames} frames", fix)


def _image(placed: Placement) -> Check:
    """Whether images come as the head is: upright, and not squeezed."""
    wrong = []
    if placed.rotate_deg:
        wrong.append("upside down" if placed.rotate_deg == 180 else "on its side")
    if placed.proportion is not None and is_squeezed(placed.proportion):
        wrong.append("squeezed in height" if placed.proportion < 1.0 else "squeezed in width")
    if not wrong:
        return Check(IMAGE, OK, "the head is upright, its proportions are right")
    fix = 'set [source] aspect to the width over the height, as in "4:3"'
    if placed.wanted:
        fix = f"set {_in_words(placed.wanted)}; --config FILE --fix does that"
    return Check(IMAGE, FAIL, f"the head is {' and '.join(wrong)}", fix)


def _in_words(settings: Mapping[str, object]) -> str:
    return "[source] " + ", ".join(f"{key} = {toml_value(value)}" for key, value in settings.items())


def _distance(view: View, side_px: int) -> Check:
    far, near = _at_least(view.face_px, FACE_PX), _at_most(view.face_px / side_px, MAX_FACE_SHARE)
    found = f"face {view.face_px:.0f} px wide, about {view.distance_cm:.0f} cm away"
    if far != OK:
        fix = f"move the camera closer, or set a larger image size: the face must be {FACE_PX[0]:.0f} px wide"
        return Check("distance", far, f"{_too(far)} far: {found}", fix)
    if near != OK:
        fix = "move the camera back: a head that leans leaves the image"
        return Check("distance", near, f"{_too(near)} near: {found}", fix)
    return Check("distance", OK, found)


def _height(view: View) -> Check:
    above = view.above_deg > 0
    found = f"camera {abs(view.above_deg):.0f}° {'above' if above else 'below'} the eyes"
    result = _at_most(abs(view.above_deg), ABOVE_DEG if above else BELOW_DEG)
    if result == OK:
        return Check("height", OK, found)
    wrong, fix = ("high", "mount the camera lower") if above else ("low", "mount the camera higher")
    return Check("height", result, f"{_too(result)} {wrong}: {found}", fix)


def _side(view: View) -> Check:
    found = f"camera {abs(view.aside_deg):.0f}° to the driver's {'left' if view.aside_deg > 0 else 'right'}"
    result = _at_most(abs(view.aside_deg), ASIDE_DEG)
    if result == OK:
        return Check("side", OK, found)
    fix = "move the camera towards the line from the driver to the road"
    return Check("side", result, f"{_too(result)} far aside: {found}", fix)


def _framing(view: View) -> Check:
    nearest = min(view.x, 1.0 - view.x, view.y, 1.0 - view.y)
    result = _at_least(nearest, MARGIN)
    found = f"face at {view.x:.0%} from the left, {view.y:.0%} from the top"
    return Check("framing", result, found, "" if result == OK else "turn the camera until the face is in the centre")


def _light(placed: Placement) -> list[Check]:
    if placed.brightness is None:
        return []
    found = f"grey level of the face {placed.brightness:.0f} of 255"
    result = _at_least(placed.brightness, BRIGHTNESS)
    if result != OK:
        light = Check(
            "light",
            result,
            f"{_too(result)} dark: {found}",
            "add infra-red light beside the camera, or raise its exposure",
        )
    elif placed.brightness > TOO_BRIGHT:
        light = Check("light", WARN, f"too bright: {found}", "reduce the light or the exposure")
    else:
        light = Check("light", OK, found)
    eyes = _at_least(placed.eyes_share, SEEN)
    why = f", mostly {placed.obstacle}" if placed.obstacle else ""
    fix = "" if eyes == OK else "check the image for reflections in glasses, and for hair, shadow or blur over the eyes"
    return [light, Check("eyes", eyes, f"readable in {placed.eyes_share:.0%} of the frames with a face{why}", fix)]


def _too(result: str) -> str:
    return "too" if result == FAIL else "rather"


def _at_least(value: float, bounds: tuple[float, float]) -> str:
    return OK if value >= bounds[0] else WARN if value >= bounds[1] else FAIL


def _at_most(value: float, bounds: tuple[float, float]) -> str:
    return OK if value <= bounds[0] else WARN if value <= bounds[1] else FAIL
