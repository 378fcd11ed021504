"""How many different people a network of eye states needs: missed and wrong closures over the number of people.

Eyes are cut from the faces' pictures. Closed is what the teacher reads as under ``CLOSED``, open as over ``OPEN``: a
laugh or a look down may be among the closed, as FACES.md warns, for training and for judging alike. A picture without
a name counts as a person of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor, nn

from wakeful.files import replace_file
from wakeful.frozen import dataclass
from wakeful.models.eyes.augment import augmented, plain
from wakeful.models.eyes.net import EyeNet
from wakeful.models.studies.study import Answer, Result, Stepped, Trial, spread
from wakeful.models.training.run import Batch, Run, Settings
from wakeful.sensors.opencv import cv2

QUESTION = "How many different people does a network need to see before it tells closed eyes of strangers?"
STEPS = 1200
FACES, LABELS = FILES = ("faces.bin", "faces_labels.npz")
CLOSED, OPEN, MAX_DOUBT = 0.1, 0.2, 0.07
COUNTS = (13, 50, 200, 800, 3200, 0)
"""People, half of them with a closed eye as far as there are such; 0: all there are."""
DRIVERS = "13 drivers, all their pictures"
TEST_FOLDS = (0, 1)
SIDE_PX, EYE_PX, LEAST_PX = 64, 24, 8.0
PACKED = "eyes.npz"


@dataclass(frozen=True, slots=True)
class Eyes:
    """Patches uint8 [N, 64, 64] with the eye 24 pixels wide, and of whom."""

    patches: NDArray[np.uint8]
    closed: NDArray[np.bool_]
    person: NDArray[np.int64]
    test: NDArray[np.bool_]
    driver: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.patches)

    def where(self, chosen: NDArray[Any]) -> Eyes:
        """Those chosen."""
        return Eyes(*(getattr(self, one.name)[chosen] for one in fields(self)))


def trials() -> tuple[Trial, ...]:
    """Three seeds at both ends, where the choice of people is chance or there is none, one between."""
    counted = (
        Trial("all" if not count else f"{count} people", seed, {"count": count})
        for count in COUNTS
        for seed in ((1, 2, 3) if count in (COUNTS[0], COUNTS[-1]) else (1,))
    )
    return (*counted, Trial(DRIVERS, 1, {"count": 13, "drivers": True}))


def load(data: Path, out: Path) -> Eyes:
    """The eyes of the faces in a folder, cut once and then kept in ``out``."""
    return read(data, out / PACKED)


def run(trial: Trial, eyes: Eyes, out: Path, steps: int, device: torch.device, stepped: Stepped) -> Mapping[str, Any]:
    """One training on the eyes of some people, judged on people that none of the trials learns."""
    chosen = of_people(eyes.where(~eyes.test), trial.options, trial.seed)
    net = _trained(chosen, out, steps, trial.seed, device, stepped)
    return {
        "people": len(np.unique(chosen.person)),
        "eyes": len(chosen),
        "closed": int(chosen.closed.sum()),
        "train": judged(net, chosen),
        "test": judged(net, eyes.where(eyes.test)),
    }


def of_people(eyes: Eyes, options: Mapping[str, Any], seed: int) -> Eyes:
    """The eyes of so many people."""
    count = int(options["count"])
    rng = np.random.default_rng((seed, count))
    able = eyes.where(eyes.driver) if options.get("drivers") else eyes
    with_closed = rng.permutation(np.unique(able.person[able.closed]))
    others = rng.permutation(np.setdiff1d(able.person, with_closed))
    if not count:
        return eyes
    half = with_closed if options.get("drivers") else with_closed[: (count + 1) // 2]
    people = np.concatenate([half, others])[:count]
    return eyes.where(np.isin(eyes.person, people))


def _trained(
    eyes: Eyes, out: Path, steps: int, seed: int, device: torch.device, stepped: Callable[[int], None]
) -> nn.Module:
    settings = Settings(
        steps=steps,
        seed=seed,
        warm_up=100,
        averaging=0.995,
        bfloat16=False,
        exact=0.0,
        validate_every=steps,
        checkpoint_every=max(1, steps // 4),
    )
    training = Run(_Task(eyes, seed), settings, out, device)
    if (out / "checkpoint.pt").is_file():
        training.restore()
    return training.go(stepped=stepped)


class _Task:
    """Learns whether an eye is closed; both kinds are drawn equally often."""

    name = "study"

    def __init__(self, eyes: Eyes, seed: int) -> None:
        self.patches = torch.from_numpy(eyes.patches)
        self.closed = torch.from_numpy(eyes.closed.astype(np.float32))
        self.kinds = [np.flatnonzero(eyes.closed == kind) for kind in (False, True)]
        torch.manual_seed(seed)
        self.net: nn.Module = EyeNet()

    def batch(self, rng: np.random.Generator, size: int, calm: bool) -> Batch:
        """As many open as closed eyes, varied."""
        chosen = torch.from_numpy(np.concatenate([rng.choice(kind, size // 2) for kind in self.kinds]))
        return {"crops": augmented(self.patches[chosen]), "chosen": chosen}

    def loss(self, answers: Any, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Cross-entropy."""
        return F.binary_cross_entropy_with_logits(answers[:, 0], self.closed[batch["chosen"]]), {}

    def validate(self, net: nn.Module) -> dict[str, float]:
        """Nothing: the number of steps is fixed."""
        return {}


def judged(net: nn.Module, eyes: Eyes) -> dict[str, Any]:
    """Shares of closed eyes that are missed and of open ones that are called closed, with 95 % intervals."""
    net.eval()
    with torch.no_grad():
        said = torch.cat([net(plain(part))[:, 0] for part in torch.from_numpy(eyes.patches).split(512)]).numpy() > 0.0
    return {"missed": _share(~said[eyes.closed]), "wrong": _share(said[~eyes.closed])}


def _share(wrong: NDArray[np.bool_]) -> dict[str, float]:
    """A share with Wilson's interval."""
    count, z = len(wrong), 1.96
    share = float(wrong.mean()) if count else float("nan")
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z * np.sqrt(share * (1 - share) / count + z * z / (4 * count * count)) / (1 + z * z / count)
    return {"share": share, "low": float(middle - half), "high": float(middle + half), "of": count}


def read(data: Path, packed: Path) -> Eyes:
    """The eyes of the faces in ``data``, cut once and then kept in ``packed``."""
    if not packed.is_file():
        eyes = _cut(data)

        def write(part: Path) -> None:
            with part.open("wb") as opened:
                np.savez(opened, **{one.name: getattr(eyes, one.name) for one in fields(eyes)})

        packed.parent.mkdir(parents=True, exist_ok=True)
        replace_file(packed, write, private=True)
    with np.load(packed) as held:
        return Eyes(*(held[one.name] for one in fields(Eyes)))


def _cut(data: Path) -> Eyes:
    labels = dict(np.load(data / LABELS))
    content = np.memmap(data / FACES, np.uint8, "r")
    opening, doubt = labels["opening"].astype(np.float32), labels["lid_doubt"].astype(np.float32)
    clear = ((opening < CLOSED) | (opening > OPEN)) & (doubt <= MAX_DOUBT)
    alone = labels["person"].max() + 1
    person = np.where(labels["person"] >= 0, labels["person"], alone + np.arange(len(opening)))
    drivers = labels["source_names"].tolist().index("yawdd")
    parts: list[tuple[NDArray[np.uint8], bool, int]] = []
    for face in np.flatnonzero(clear.any(axis=1)).tolist():
        start, end = labels["offset"][face : face + 2].tolist()
        picture: Any = cv2.imdecode(np.asarray(content[start:end]), cv2.IMREAD_GRAYSCALE)
        for side, lids in enumerate((labels["right_eye"], labels["left_eye"])):
            contour = labels["points"][face, lids] / np.float32(32.0)
            if clear[face, side] and np.hypot(*(contour[8] - contour[0])) >= LEAST_PX:
                parts.append((_patch(picture, contour), bool(opening[face, side] < CLOSED), face))
    faces = np.array([one[2] for one in parts])
    return Eyes(
        np.stack([one[0] for one in parts]),
        np.array([one[1] for one in parts]),
        person[faces].astype(np.int64),
        np.isin(labels["fold"][faces], TEST_FOLDS),
        labels["source"][faces] == drivers,
    )


def _patch(picture: NDArray[np.uint8], contour: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The eye level and in the middle."""
    start, end = contour[0], contour[8]
    along = end - start if end[0] > start[0] else start - end
    scale = EYE_PX / max(float(np.hypot(*along)), 1e-3)
    cos, sin = along / np.hypot(*along) * scale
    turn = np.array([[cos, sin], [-sin, cos]])
    middle = (SIDE_PX - 1) / 2.0 - turn @ ((start + end) / 2.0)
    matrix = np.hstack([turn, middle[:, None]])
    return np.asarray(cv2.warpAffine(picture, matrix, (SIDE_PX, SIDE_PX), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def answer(results: Sequence[Result]) -> Answer:
    """Errors on strangers over the number of people."""
    names = list(dict.fromkeys(one.trial.name for one in results))
    of = {name: [one for one in results if one.trial.name == name] for name in names}
    error = {name: [_balanced(one) for one in some] for name, some in of.items()}
    few, most = f"{COUNTS[0]} people", "all"
    limit = 1.25 * float(np.mean(error[most]))
    enough = next(name for name in names if float(np.mean(error[name])) <= limit)
    most_people = np.mean([one.figures["people"] for one in of[most]])
    sentence = (
        f"{COUNTS[0]} people leave {spread(error[few])} % of strangers' eyes wrong (mean of missed and wrong), "
        f"all {most_people:,.0f} people {spread(error[most])} %; {enough} come within a quarter of that."
    )
    return Answer(
        sentence,
        _figure([of[name] for name in names if name != DRIVERS]),
        "Shares of strangers' eyes, with 95 % intervals over eyes of the first seed. Solid: closed eyes that are "
        "missed; dashed: open eyes that are called closed. None is drawn at 0.001.",
        ("people", "eyes", "closed among them", "missed, %", "wrong, %", "mean, %"),
        tuple(
            (
                name,
                *(f"{np.mean([one.figures[what] for one in some]):,.0f}" for what in ("eyes", "closed")),
                *(spread([one.figures["test"][what]["share"] for one in some]) for what in ("missed", "wrong")),
                spread(error[name]),
            )
            for name, some in of.items()
        ),
        (
            "truth by hand for all eyes: the teacher's openings stand for it",
            "the same number of pictures from fewer people, beyond the thirteen drivers",
            "larger networks",
        ),
    )


def _balanced(one: Result) -> float:
    test = one.figures["test"]
    return float(test["missed"]["share"] + test["wrong"]["share"]) / 2.0


def _figure(groups: Sequence[Sequence[Result]]) -> Figure:
    figure = Figure(figsize=(7.5, 4.6), layout="constrained")
    axes = figure.subplots()
    people = [np.mean([one.figures["people"] for one in some]) for some in groups]
    for over, colour in (("test", "tab:red"), ("train", "tab:blue")):
        for what, line in (("missed", "-"), ("wrong", "--")):
            mean = np.array([np.mean([one.figures[over][what]["share"] for one in some]) for some in groups])
            low, high = (np.array([some[0].figures[over][what][end] for some in groups]) for end in ("low", "high"))
            off = np.maximum([mean - low, high - mean], 0.0) if over == "test" else None
            label = f"{what}, {'strangers' if over == 'test' else 'people it learned'}"
            drawn = np.maximum(mean, 1e-3)
            axes.errorbar(people, drawn, yerr=off, marker="o", ls=line, color=colour, capsize=3, label=label)
    axes.set(xscale="log", yscale="log", xlabel="different people in training", ylabel="share of eyes")
    axes.grid(alpha=0.3, which="both")
    axes.legend(fontsize=8)
    return figure
