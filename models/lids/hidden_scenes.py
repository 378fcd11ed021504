"""Still faces whose open eyes are hidden: hands, dark and mirroring lenses, a mask, darkness, glare; frame by frame.

Hands sway by themselves, what is worn moves with the head, and the camera shakes a little. Hands are cut-outs in the
colour of the face's own skin.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.frozen import dataclass
from wakeful.models.eyes.hands import draw_hand
from wakeful.models.face.points import LEFT_EYE, MASK, RIGHT_EYE
from wakeful.models.training.covers import Covers, lay_hand, lay_mask, lay_spectacles
from wakeful.models.training.light import Light, noise, varied
from wakeful.sensors.frame import Frame
from wakeful.sensors.opencv import cv2

Array = NDArray[Any]
Picture = NDArray[np.uint8]

FPS = 10
SIDE_PX, FACE_PX = 256, 142.0
CLEAR, HIDDEN = 0.1, 0.85
"""Share of an eye that may, and must, be covered: the bounds of the network ``eye_visibility``."""
WASHED_OUT = 245.0
TRIES = 400
BROWS = np.array([[70, 63, 105, 66, 107, 55, 65, 52, 53, 46], [300, 293, 334, 296, 336, 285, 295, 282, 283, 276]])
CHEEKS = np.array([50, 205, 280, 425])
SUN = Light(
    gamma=0.0, shade=0.0, coarse=0.0, blur=0.0, overflow=0.0, sun=1.0, infrared=0.0, leaves=0.0, dim=0.0, noise=0.0,
    jpeg=0.0, strength=0.0,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Still:
    """A face with open eyes in the middle of a picture: uint8 [256, 256, 3], points of the mesh float32 [468, 2]."""

    picture: Picture
    points: Array

    @property
    def eyes(self) -> Array:
        """Middles of the eyes [2, 2], the left one in the picture first."""
        return np.stack([self.points[RIGHT_EYE].mean(axis=0), self.points[LEFT_EYE].mean(axis=0)])

    def areas(self, outlines: Sequence[Array]) -> list[NDArray[np.bool_]]:
        """bool [256, 256] of each outline, a little wider."""
        found = []
        for outline in outlines:
            area = np.zeros((SIDE_PX, SIDE_PX), np.uint8)
            cv2.fillPoly(area, [cv2.convexHull(np.round(self.points[outline]).astype(np.int32))], 1)
            found.append(cv2.dilate(area, np.ones((5, 5), np.uint8)) > 0)
        return found

    @property
    def skin(self) -> Array:
        """Colour of the cheeks, blue-green-red."""
        x, y = np.clip(np.round(self.points[CHEEKS]), 2, SIDE_PX - 3).astype(int).T
        colour: Array = np.median(self.picture[y, x], axis=0)
        return colour


@dataclass(frozen=True, slots=True)
class Hidden:
    """A face as it looks while something hides it.

    Attributes:
        picture: with what is fixed to the head, in its light.
        hand: float32 [256, 256, 4], colours times cover, and cover: it moves by itself.
        noise: of the camera, grey levels.
    """

    picture: Picture
    hand: Array | None = None
    noise: float = 2.0


Hide = Callable[[np.random.Generator, Still, Covers], "Hidden | None"]


def hand_over(rng: np.random.Generator, still: Still, covers: Covers, where: str, drawn: bool = False) -> Hidden | None:
    """A hand over ``both`` eyes, ``one`` eye or the ``brow`` alone; None where none was drawn so in ``TRIES``."""
    eyes, brows = still.areas([RIGHT_EYE, LEFT_EYE]), still.areas(list(BROWS))
    span = float(np.ptp(still.points[:, 0]))
    black = np.zeros((SIDE_PX, SIDE_PX), np.uint8)
    middles, up = still.eyes, np.array([0.0, -0.25 * span])
    aim = {"both": middles.mean(axis=0), "one": middles[int(rng.integers(2))], "brow": middles.mean(axis=0) + up}[where]
    for _ in range(TRIES):
        at = aim + rng.normal(0.0, 0.08 * span, 2)
        if drawn:
            colours, cover = draw_hand(rng, SIDE_PX, at, span, still.skin, rng.uniform(-1.0, 1.0))
            colours = colours * cover[..., None]
        else:
            grey, cover = lay_hand(rng, black, covers, at, span)
            colours = grey[..., None] * (still.skin / max(float(still.skin.mean()), 1.0))
        less, more = sorted(float(cover[area].mean()) for area in eyes)
        brow = float(np.mean([cover[area].mean() for area in brows]))
        fits = {"both": less > HIDDEN, "one": less < CLEAR and more > HIDDEN, "brow": more < CLEAR and brow > 0.5}
        if fits[where]:
            layer = np.dstack([colours, cover]).astype(np.float32)
            return Hidden(still.picture, layer)
    return None


def behind_lenses(
    rng: np.random.Generator, still: Still, covers: Covers, dark: float, mirror: float = 0.0
) -> Hidden | None:
    """Spectacles that keep back a share of the light, and may mirror what is before them."""
    eyes = still.areas([RIGHT_EYE, LEFT_EYE])
    for seed in rng.integers(1 << 31, size=TRIES).tolist():
        laid = [
            lay_spectacles(np.random.default_rng(seed), channel, covers, still.eyes, dark=dark, reflection=mirror)
            for channel in _channels(still)
        ]
        if min(float(laid[0][1][area].mean()) for area in eyes) > HIDDEN:
            return Hidden(np.dstack([picture for picture, _ in laid]))
    return None


def behind_mask(rng: np.random.Generator, still: Still, covers: Covers) -> Hidden:
    """A mask over nose and mouth."""
    seed = int(rng.integers(1 << 31))
    laid = [lay_mask(np.random.default_rng(seed), channel, still.points[MASK]) for channel in _channels(still)]
    return Hidden(np.dstack(laid))


def in_the_dark(rng: np.random.Generator, still: Still, covers: Covers, light: float) -> Hidden:
    """A share of the light, and the noise of a camera that makes the most of it."""
    return Hidden(cv2.convertScaleAbs(still.picture, alpha=light).astype(np.uint8), noise=4.0)


def in_the_sun(rng: np.random.Generator, still: Still, covers: Covers) -> Hidden | None:
    """Low sun from one side that washes out both eyes; None where none did."""
    eyes = np.logical_or(*still.areas([RIGHT_EYE, LEFT_EYE]))
    for seed in rng.integers(1 << 31, size=TRIES).tolist():
        lit = [varied(np.random.default_rng(seed), channel, SUN) for channel in _channels(still)]
        if float(lit[1][eyes].mean()) > WASHED_OUT:
            return Hidden(np.dstack(lit))
    return None


KINDS: dict[str, Hide] = {
    "hand over both eyes": partial(hand_over, where="both"),
    "hand drawn over both eyes": partial(hand_over, where="both", drawn=True),
    "hand over one eye": partial(hand_over, where="one"),
    "hand on the brow": partial(hand_over, where="brow"),
    "eyes rubbed": partial(hand_over, where="both"),
    "lenses 0.6": partial(behind_lenses, dark=0.6),
    "lenses 0.8": partial(behind_lenses, dark=0.8),
    "lenses 0.95": partial(behind_lenses, dark=0.95),
    "lenses mirroring": partial(behind_lenses, dark=0.7, mirror=1.0),
    "mask": behind_mask,
    "light 0.2": partial(in_the_dark, light=0.2),
    "light 0.1": partial(in_the_dark, light=0.1),
    "light 0.05": partial(in_the_dark, light=0.05),
    "glare": in_the_sun,
}
RUBBED = "eyes rubbed"


def _channels(still: Still) -> list[Picture]:
    return [np.ascontiguousarray(still.picture[..., i]) for i in range(3)]


def shown(
    rng: np.random.Generator, hidden: Hidden, begin_s: float, seconds: float, rub: bool = False
) -> Iterator[Frame]:
    """Frames of a face in a camera that shakes a little; a hand sways by itself, or rubs."""
    phase = rng.uniform(0.0, 2.0 * math.pi, 4)
    for index in range(round(begin_s * FPS), round((begin_s + seconds) * FPS)):
        t_s = index / FPS
        sway = np.sin(2.0 * math.pi * np.array([0.3, 0.4, 0.37, 0.45]) * t_s + phase)
        levels: Array = _moved(rng, hidden.picture, 2.0 * sway[:2], 1.0).astype(np.float32)
        if hidden.hand is not None:
            off = 4.0 * sway[2:] + (10.0 * math.sin(2.0 * math.pi * 1.7 * t_s + phase[0]) if rub else 0.0)
            hand = _moved(rng, hidden.hand, off + 2.0 * sway[:2], 2.0)
            levels = levels * (1.0 - hand[..., 3:]) + hand[..., :3]
        levels = levels + noise(rng, levels.shape, hidden.noise)
        yield Frame(np.clip(levels, 0, 255).astype(np.uint8), round(t_s * 1e9), index)


def _moved(rng: np.random.Generator, picture: Array, off_px: Array, turn_deg: float) -> Array:
    centre, turn = (SIDE_PX / 2.0, SIDE_PX / 2.0), float(rng.normal(0.0, 0.3 * turn_deg))
    matrix: Array = cv2.getRotationMatrix2D(centre, turn, 1.0)
    matrix[:, 2] += off_px + rng.normal(0.0, 0.4, 2)
    border = cv2.BORDER_REPLICATE if picture.shape[2] == 3 else cv2.BORDER_CONSTANT
    moved: Array = cv2.warpAffine(picture, matrix, (SIDE_PX, SIDE_PX), borderMode=border)
    return moved
