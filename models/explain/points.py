"""Looks into the networks that read points: face, lids and mouth."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from wakeful.frozen import dataclass
from wakeful.models.explain.network import Explanation, Floats, examine, open_network
from wakeful.models.expression.metrics import softmax
from wakeful.models.lids import layout as lids
from wakeful.models.mouth import layout as mouth

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from onnx import ModelProto

FACE_HALF_PX = 56.0
"""Points of the face lie in half crop sides; see ``models/face/net``."""
MARGIN = 0.35
"""How much of the picture is shown around the points, of their extent on each side."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is read of one crop.

    Attributes:
        name: of what is in it.
        points: [N, 2] as the network gives them, in ``unit_px`` crop pixels about the crop's middle.
        said: everything else, in words.
    """

    name: str
    points: Floats
    unit_px: float
    said: str


@dataclass(frozen=True, slots=True)
class Seen:
    """One picture and what the monitor read in it.

    Attributes:
        image: blue-green-red, uint8 [height, width, 3].
        crops: what the network was given, float32 [N, 1, rows, columns].
        points: [N, 2], where its points lie in the picture, pixels.
    """

    image: NDArray[np.uint8]
    crops: Floats
    points: Floats


@dataclass(frozen=True, slots=True)
class PointsExplanation(Explanation):
    """What was found."""

    picture: ClassVar[str] = "points"
    heading: ClassVar[str] = "What it reads"
    note: ClassVar[str] = (
        "Each crop as it is read, with the network's points, and where the monitor places them in the image."
    )

    network: str
    seen: Seen
    answers: tuple[Answer, ...]

    @property
    def title(self) -> str:
        """All but the points."""
        several = len(self.answers) > 1
        return f"{self.network}: " + "; ".join(
            f"{one.name} {one.said}" if several else one.said for one in self.answers
        )

    def draw(self) -> Figure:
        """The crops and the image."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=(4.6 * (len(self.answers) + 1), 4.6), layout="constrained")
        *places, whole = figure.subplots(1, len(self.answers) + 1)
        for axes, answer, crop in zip(places, self.answers, self.seen.crops[:, 0], strict=False):
            rows, columns = crop.shape
            points = answer.points * answer.unit_px + np.array([columns, rows]) / 2.0
            axes.imshow(crop, cmap="gray")
            axes.plot(*points.T, ".", color="#21d07a", markersize=120.0 / len(points) ** 0.6)
            axes.set_title(answer.name)
        whole.imshow(self.seen.image[..., ::-1])
        whole.plot(*self.seen.points.T, ".", color="#21d07a", markersize=3.0)
        (x0, y0), (x1, y1) = self.seen.points.min(axis=0).tolist(), self.seen.points.max(axis=0).tolist()
        reach = MARGIN * max(x1 - x0, y1 - y0)
        whole.set(xlim=(x0 - reach, x1 + reach), ylim=(y1 + reach, y0 - reach), title="in the image")
        for axes in (*places, whole):
            axes.set_axis_off()
        return figure


def open_points(name: str, weights: Path) -> ModelProto:
    """The network ``name`` of a float .onnx file. Raises WeightsError: it holds something else."""
    return open_network(weights, name, OUTPUTS[name])


def explain(name: str, weights: Path, model: ModelProto, seen: Seen) -> PointsExplanation:
    """Explains what the network ``name`` reads of a picture; silent channels are looked for in mirrored crops too."""
    tried = np.concatenate([seen.crops, seen.crops[..., ::-1]])
    anatomy, answers = examine(weights, model, tried)
    count = len(seen.crops)
    return PointsExplanation(anatomy, name, seen, READINGS[name]({key: one[:count] for key, one in answers.items()}))


def _face(answers: dict[str, Floats]) -> tuple[Answer, ...]:
    points = answers["mesh"].reshape(-1, 3)[:, :2]
    return (Answer("face", points, FACE_HALF_PX, f"present {_share(answers['presence'][0, 0])}"),)


def _lids(answers: dict[str, Floats]) -> tuple[Answer, ...]:
    found = []
    for name, out, states in zip(("right eye", "left eye (mirrored)"), answers["lids"], answers["states"], strict=True):
        state, reason = softmax(states), softmax(out[lids.REASON])
        said = f"{lids.STATES[state.argmax()]} {state.max():.0%}, {lids.READABLE[reason.argmax()]} {reason.max():.0%}"
        points = out[lids.POINTS].reshape(-1, 2)
        found.append(Answer(name, points, lids.EYE_PX, f"{said}, opening {out[lids.OPENING]:.2f}"))
    return tuple(found)


def _mouth(answers: dict[str, Floats]) -> tuple[Answer, ...]:
    out = answers["mouth"][0]
    said = f"opening {max(float(out[mouth.OPENING]), 0.0):.2f}, covered {_share(out[mouth.COVERED])}"
    return (Answer("mouth", out[mouth.POINTS].reshape(-1, 2), mouth.SPAN_PX, said),)


def _share(logit: float) -> str:
    return f"{1.0 / (1.0 + np.exp(-logit)):.0%}"


OUTPUTS = {"face": ("mesh", "presence"), "lids": ("lids", "states"), "mouth": ("mouth",)}
READINGS: dict[str, Callable[[dict[str, Floats]], tuple[Answer, ...]]] = {"face": _face, "lids": _lids, "mouth": _mouth}
