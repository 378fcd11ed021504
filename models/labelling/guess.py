"""What wakeful's own networks make of a picture: which pictures to ask about first, and where the eyes are.

It is shown to nobody who did not ask for it: a label that was seen before is no second opinion.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import field

import numpy as np
from numpy.typing import NDArray

from wakeful.device.perception.expression import ExpressionReader, expression_classes
from wakeful.device.perception.grey_crop import Placed
from wakeful.device.perception.network import load
from wakeful.device.perception.one_image import sight
from wakeful.device.perception.pipeline import Perception
from wakeful.frozen import dataclass
from wakeful.models.dataset.items import Picture, PictureSet
from wakeful.models.labelling.scheme import Scheme
from wakeful.models.lids.layout import STATES
from wakeful.models.lids.one_eye import read
from wakeful.sensors.frame import Frame
from wakeful.sensors.opencv import cv2

SAME_AS = {"narrowed": ("narrowed", "squeezed", "squint")}
"""What schemes may call the network's states otherwise."""
SMALL_FACE_PX = 160
"""Smaller pictures are enlarged, and their edge is continued, before a face is looked for."""
EYE_PATCH_PX = 128
"""Pictures up to this size in which there is no face may be one eye."""
STRIP_PX = (220, 132)
"""Size of each eye in a strip."""
STRIP_SCALE = 1.7
"""Width of what is shown of an eye over the distance of its corners."""


@dataclass(frozen=True, slots=True)
class Guess:
    """Probabilities by key of the scheme, none where nothing could be read.

    Attributes:
        eyes: corners of the right and the left eye in pixels, outer and inner; None without a face.
    """

    shares: Mapping[str, float] = field(default_factory=dict)
    eyes: NDArray[np.float32] | None = None

    @property
    def certainty(self) -> float:
        """Distance of the two best, 0 to 1; above 1 where nothing could be read: those come last."""
        if not self.shares:
            return 2.0
        first, second, *_ = sorted([*self.shares.values(), 0.0], reverse=True)
        return first - second


class Guesser:
    """Guesses and keeps what it guessed; for any thread.

    Args:
        scheme: gets a guess if it has names of lid states or of expressions, else only the eyes are found.
    """

    def __init__(self, pictures: PictureSet, scheme: Scheme) -> None:
        self._pictures = pictures
        self._keys = _state_keys(scheme)
        classes = () if self._keys else expression_classes()
        self._classes = {name: key for key, name in scheme.names.items() if name in classes}
        self._expression = ExpressionReader() if self._classes else None
        self._perception = Perception("wakeful", expression=self._expression)
        self._lids = load("lids")
        self._lock = threading.Lock()
        self._known: dict[int, Guess] = {}

    def __call__(self, row: int) -> Guess:
        """The guess of a picture, made where it is not known yet."""
        with self._lock:
            if row not in self._known:
                picture = self._pictures.picture(row)
                self._known[row] = Guess() if picture is None else self._guess(picture)
            return self._known[row]

    def certainty(self, row: int) -> float:
        """Of a guess that is known; between those that can be read and those that cannot where it is not."""
        guess = self._known.get(row)
        return 1.5 if guess is None else guess.certainty

    def strip(self, row: int) -> Picture | None:
        """Both eyes level and side by side, grey, stretched, as the picture shows them; None without a face."""
        eyes, picture = self(row).eyes, self._pictures.picture(row)
        if eyes is None or picture is None:
            return None
        parts = [_eye(picture, outer, inner) for outer, inner in ((eyes[0], eyes[1]), (eyes[3], eyes[2]))]
        strip = np.hstack(parts)
        return np.asarray(cv2.normalize(strip, strip.copy(), 0, 255, cv2.NORM_MINMAX), np.uint8)

    def _guess(self, picture: Picture) -> Guess:
        colour = picture if picture.ndim == 3 else np.asarray(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR), np.uint8)
        shown, scale, edge = _enlarged(colour)
        # A fork of one that has seen nobody: pictures of a set are not frames of a film.
        perception = self._perception.fork()
        # Small pictures are cut to an upright face or an eye: a search of all rotations and parts costs ten times more.
        seen = sight(shown, perception) if scale == 1.0 else perception.look(Frame(shown, 0, 0))
        if seen.landmarks is None:
            return Guess(self._of_patch(colour)) if max(picture.shape[:2]) <= EYE_PATCH_PX else Guess()
        face, found = seen.landmarks, seen.observation
        corners = np.stack([eye.contour[i] for eye in (face.right, face.left) for i in (0, 8)])
        shares = self._of_states(found.lid_states)
        if self._expression is not None and found.expression is not None:
            named = zip(self._expression.classes, found.expression, strict=True)
            shares = {self._classes[name]: share for name, share in named if name in self._classes}
        return Guess(shares, ((corners - edge) / scale).astype(np.float32))

    def _of_patch(self, colour: Picture) -> dict[str, float]:
        """A picture of one eye, whichever it is."""
        if not self._keys:
            return {}
        _, logits = read(self._lids, colour)
        powers = np.exp(logits - logits.max())
        return self._of_states((powers / powers.sum()).tolist())

    def _of_states(self, states: Sequence[float] | None) -> dict[str, float]:
        if states is None:
            return {}
        return {self._keys[name]: share for name, share in zip(STATES, states, strict=True) if name in self._keys}


def _state_keys(scheme: Scheme) -> dict[str, str]:
    """Keys of the network's lid states; none unless the scheme can tell open from closed."""
    by_name = {name: key for key, name in scheme.names.items()}
    found = {state: by_name[name] for state in STATES for name in SAME_AS.get(state, (state,)) if name in by_name}
    return found if {"open", "closed"} <= set(found) else {}


def _enlarged(colour: Picture) -> tuple[Picture, float, float]:
    """A small picture enlarged within a continued edge; the factor and the width of the edge."""
    least = min(colour.shape[:2])
    if least >= SMALL_FACE_PX:
        return colour, 1.0, 0.0
    scale = SMALL_FACE_PX / least
    large = cv2.resize(colour, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    edge = SMALL_FACE_PX // 4
    return np.asarray(cv2.copyMakeBorder(large, edge, edge, edge, edge, cv2.BORDER_REPLICATE), np.uint8), scale, edge


def _eye(picture: Picture, first: NDArray[np.float32], last: NDArray[np.float32]) -> Picture:
    """The eye between two corners, level, in its place from left to right."""
    along = last - first
    width = max(float(np.hypot(*along)), 1.0)
    x_px, y_px = ((first + last) / 2.0).tolist()
    angle = float(np.arctan2(along[1], along[0]))
    place = Placed.of(x_px, y_px, STRIP_PX[0] / (STRIP_SCALE * width), angle, *STRIP_PX)
    grey = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    cut = cv2.warpAffine(grey, place.matrix, STRIP_PX, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cut, np.uint8)
