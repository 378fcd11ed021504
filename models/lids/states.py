"""The lid-state head: open, lowered, narrowed, closed, from lids labelled by hand, over the trunk of the lids network.

The trunk has seen none of the labelled faces. The head has its own hidden layer over the trunk's last convolution; it
is trained five times, each time without one fifth of the people, to say how well it does, and once with all.
``python -m wakeful.models.lids.states --data FOLDER --cache FOLDER --weights FILE --out FILE``
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from wakeful.device.state.lid_states import LidKind, kind_of
from wakeful.files import replace_file
from wakeful.frozen import dataclass
from wakeful.models.face.points import LEFT_EYE, RIGHT_EYE
from wakeful.models.lids.bank import Bank, cew_people, load_bank
from wakeful.models.lids.drawing import CLEAR, EyeArea, cover_eye, glaze_eye
from wakeful.models.lids.layout import COLUMNS, ROWS, STATES
from wakeful.models.lids.net import NAME, WIDTHS, LidsNet
from wakeful.models.lids.samples import LEAST_SPREAD, eye_crop, shaken
from wakeful.models.lids.task import LIGHT, auc
from wakeful.models.training.command import evaluation
from wakeful.models.training.covers import Covers, load_covers
from wakeful.models.training.geometry import cut
from wakeful.models.training.intervals import middle_95
from wakeful.models.training.light import standardise, varied
from wakeful.models.training.run import load_state, loaded
from wakeful.sensors.opencv import cv2

Array = NDArray[Any]
FOLDS = 5
LABELS = {"o": "open", "l": "lowered", "s": "narrowed", "c": "closed"}
OPEN_FACES, OPEN_ABOVE = 500, 0.24
"""Open eyes are rare among the labels: faces whose both openings are above this are added."""
SMOOTHING = 0.05
SPECTACLES, HANDS = 0.15, 0.05
"""Shares of the varied crops before which they are drawn."""
FEATURES = WIDTHS[-1] * (ROWS // 8) * (COLUMNS // 8)
LOWERED, NARROWED, CLOSED = (STATES.index(name) for name in ("lowered", "narrowed", "closed"))


@dataclass(frozen=True, slots=True)
class Labelled:
    """Faces with a lid state.

    Attributes:
        face: indices into the faces' labels.
        state: index into ``STATES``.
        weight: 1, or less for labels that were not sure.
        by_hand: whether a person labelled it.
    """

    face: NDArray[np.intp]
    state: NDArray[np.intp]
    weight: NDArray[np.float32]
    by_hand: NDArray[np.bool_]
    fold: NDArray[np.intp]
    source: NDArray[np.str_]
    pitch_deg: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.face)


class StateHead(nn.Module):
    """Logits [N, 4] of ``STATES`` from the trunk's last convolution [N, FEATURES]."""

    def __init__(self, hidden: int = 32, dropout: float = 0.3) -> None:
        super().__init__()
        self.hidden = nn.Sequential(nn.Dropout(dropout), nn.Linear(FEATURES, hidden), nn.ReLU(), nn.Dropout(dropout))
        self.out = nn.Linear(hidden, len(STATES))

    def forward(self, features: Tensor) -> Tensor:
        out: Tensor = self.out(self.hidden(features))
        return out


def load_head(file: Path) -> StateHead:
    """A head that ``main`` has written."""
    head = StateHead()
    head.load_state_dict(load_state(file, f"{NAME}-states")["weights"])
    head.eval()
    return head


def labelled(data: Path) -> Labelled:
    """The labels o, l, s and c, and open eyes beside them; people who occur in CEW are left out."""
    labels = dict(np.load(data / "faces_labels.npz"))
    person = np.where(labels["person"] >= 0, labels["person_names"][labels["person"]], "")
    barred = np.isin(person, list(cew_people(data)))
    with (data / "lid_labels.csv").open(newline="") as opened:
        rows = [row for row in csv.DictReader(opened) if row["label"] in LABELS and not barred[int(row["face"])]]
    face = [int(row["face"]) for row in rows]
    state = [STATES.index(LABELS[row["label"]]) for row in rows]
    weight = [1.0 if row["sure"] == "1" else 0.6 for row in rows]
    wide = np.flatnonzero(
        (labels["opening"].min(axis=1) > OPEN_ABOVE) & ~barred & (labels["lid_doubt"].max(axis=1) < 0.04)
    )
    wide = np.random.default_rng(2).choice(wide, min(OPEN_FACES, len(wide)), replace=False)
    every = np.array([*face, *wide.tolist()])
    return Labelled(
        face=every,
        state=np.array([*state, *[0] * len(wide)]),
        weight=np.array([*weight, *[1.0] * len(wide)], np.float32),
        by_hand=np.arange(len(every)) < len(face),
        fold=labels["fold"][every].astype(np.intp) % FOLDS,
        source=labels["source_names"][labels["source"][every]],
        pitch_deg=labels["pose"][every, 1].astype(np.float32),
    )


@dataclass(frozen=True, slots=True)
class EyeFeatures:
    """What the trunk gives for both eyes of n faces, each as it is and varied k times.

    Attributes:
        values: float16 [n, 2, 1 + k, FEATURES].
        known: bool [n, 2], which eyes could be cut.
        hidden: bool [n, 2, 1 + k], crops whose eye something hides: nobody could tell its state.
    """

    values: Tensor
    known: Tensor
    hidden: Tensor


def features_of(net: LidsNet, bank: Bank, covers: Covers, faces: Array, varied_by: int) -> EyeFeatures:
    """Features of faces: plain, then ``varied_by`` crops in other light, some behind spectacles or a hand."""
    sharp = _sharp_of(bank)
    out = torch.zeros(len(faces), 2, 1 + varied_by, FEATURES, dtype=torch.float16)
    known = torch.zeros(len(faces), 2, dtype=torch.bool)
    concealed = torch.zeros(len(faces), 2, 1 + varied_by, dtype=torch.bool)
    rng, light = np.random.default_rng(4), LIGHT
    net.eval()
    for row, face in enumerate(faces.tolist()):
        for side, lids in enumerate((RIGHT_EYE, LEFT_EYE)):
            picture, contour = _eye(bank, sharp, face, side, lids)
            if not np.isfinite(contour).all():
                continue
            crop = eye_crop(contour[0], contour[8], side == 1)
            crops = [standardise(cut(picture, crop, cv2.BORDER_REPLICATE), LEAST_SPREAD)]
            for version in range(varied_by):
                place = shaken(rng, crop)
                grey = cut(picture, place, cv2.BORDER_REPLICATE)
                grey, hides = _concealed(rng, grey, place.points(contour), covers)
                crops.append(standardise(varied(rng, grey, light), LEAST_SPREAD))
                concealed[row, side, 1 + version] = hides
            with torch.no_grad():
                out[row, side] = net.features(torch.from_numpy(np.stack(crops))[:, None]).flatten(1).half()
            known[row, side] = True
    return EyeFeatures(out, known, concealed)


def _concealed(
    rng: np.random.Generator, grey: NDArray[np.uint8], contour: Array, covers: Covers
) -> tuple[NDArray[np.uint8], bool]:
    """The crop, now and then behind spectacles or a hand, and whether these hide the eye."""
    kind = rng.random()
    if kind > SPECTACLES + HANDS:
        return grey, False
    area = EyeArea.of(np.concatenate([contour, np.repeat(contour.mean(axis=0)[None], 5, axis=0)]))
    cover = glaze_eye if kind < SPECTACLES else cover_eye
    grey, reason, _ = cover(rng, grey, area, covers)
    return grey, reason not in (None, CLEAR)


def _sharp_of(bank: Bank) -> dict[tuple[int, int], int]:
    """(face, side) to the row of the bank that holds its sharp eye."""
    eyes = bank.eyes
    return {(int(eyes.face[i]), int(eyes.mirrored[i])): i for i in np.flatnonzero(eyes.sharp).tolist()}


def _eye(bank: Bank, sharp: dict[tuple[int, int], int], face: int, side: int, lids: Array) -> tuple[Any, Array]:
    if (face, side) in sharp:
        row = sharp[face, side]
        return bank.picture(row), bank.eyes.contour[row]
    return bank.faces[face], bank.targets.points[face, lids, :2]


def train_head(features: EyeFeatures, given: Labelled, rows: Array, seed: int, steps: int = 900) -> StateHead:
    """A head trained on the chosen rows; states and sources count alike, whatever their numbers.

    Of an eye that is hidden every state is as likely as another.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    head = StateHead()
    optimizer = torch.optim.AdamW(head.parameters(), lr=1e-3, weight_decay=0.05)
    odds = _odds(given, rows)
    versions = features.values.shape[2]
    eyes = features.known.numpy()
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = 1e-3 * 0.5 * (1.0 + np.cos(np.pi * step / steps))
        chosen = rng.choice(rows, 192, p=odds)
        side = np.where(eyes[chosen].all(axis=1), rng.integers(2, size=192), eyes[chosen].argmax(axis=1))
        version = rng.integers(versions, size=192)
        batch = features.values[chosen, side, version].float()
        wanted = F.one_hot(torch.from_numpy(given.state[chosen]), len(STATES)).float() * (1.0 - SMOOTHING)
        wanted = wanted + SMOOTHING / len(STATES)
        wanted[features.hidden[chosen, side, version]] = 1.0 / len(STATES)
        loss = F.cross_entropy(head(batch), wanted, reduction="none")
        loss = (loss * torch.from_numpy(given.weight[chosen])).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    head.eval()
    return head


def _odds(given: Labelled, rows: Array) -> Array:
    state, source = given.state[rows], given.source[rows]
    odds = np.ones(len(rows))
    for one in range(len(STATES)):
        odds[state == one] /= max(int((state == one).sum()), 1)
        car = (state == one) & (source == "yawdd")
        odds[car] *= 0.5  # a car must not come to mean closed
    out: Array = odds / odds.sum()
    return out


def logits_of(head: StateHead, features: EyeFeatures) -> NDArray[np.float32]:
    """Logits [n, 4] of plain crops, mean of the eyes that are known."""
    with torch.no_grad():
        both = head(features.values[:, :, 0].float().reshape(-1, FEATURES)).reshape(-1, 2, len(STATES))
    known = features.known.float()
    share = known / known.sum(dim=1, keepdim=True).clamp(min=1.0)
    out: NDArray[np.float32] = (both * share[..., None]).sum(dim=1).numpy()
    return out


def crossed(features: EyeFeatures, given: Labelled, seeds: int = 3) -> NDArray[np.float32]:
    """Logits [n, 4] of each face by heads that have not seen its fold, mean over seeds."""
    out = np.zeros((len(given), len(STATES)), np.float32)
    for fold in range(FOLDS):
        rows, rest = np.flatnonzero(given.fold != fold), given.fold == fold
        for seed in range(seeds):
            head = train_head(features, given, rows, seed)
            out[rest] += logits_of(head, features)[rest] / seeds
    return out


def figures(logits: NDArray[np.float32], given: Labelled) -> dict[str, Any]:
    """Areas under the curve with intervals of 95 %, on faces labelled by hand."""
    hand, car = given.by_hand, given.source == "yawdd"
    out: dict[str, Any] = closed_areas(logits, given, hand)
    out |= {f"{name}_without_yawdd": area for name, area in closed_areas(logits, given, hand & ~car).items()}
    lowered, closed = (hand & (given.state == one) for one in (LOWERED, CLOSED))
    lc = logits[:, CLOSED] - logits[:, LOWERED]
    near = np.abs(given.pitch_deg[closed][:, None] - given.pitch_deg[lowered][None]) < 3.0
    right = (lc[closed][:, None] > lc[lowered][None]) + 0.5 * (lc[closed][:, None] == lc[lowered][None])
    out["lowered_closed_same_pitch"] = {"auc": round(float(right[near].mean()), 4), "pairs": int(near.sum())}
    out["counts"] = {name: int((hand & (given.state == i)).sum()) for i, name in enumerate(STATES)}
    for source in np.unique(given.source[hand]).tolist():
        area = closed_areas(logits, given, hand & (given.source == source))["lowered_closed"]
        if "auc" in area:
            out[f"lowered_closed_{source}"] = area
    return out


def decided(logits: NDArray[np.float32], given: Labelled) -> dict[str, dict[str, int]]:
    """What the rules take the lids for that see nothing but this picture: counts of faces labelled by hand."""
    states = torch.softmax(torch.from_numpy(logits), dim=1).tolist()
    out = {name: dict.fromkeys((kind.value for kind in LidKind), 0) for name in STATES}
    for row in np.flatnonzero(given.by_hand).tolist():
        out[STATES[given.state[row]]][kind_of(tuple(states[row])).value] += 1
    return out


def closed_areas(
    logits: NDArray[np.float32], given: Labelled, chosen: NDArray[np.bool_], fewest: int = 4
) -> dict[str, dict[str, Any]]:
    """Closed against lowered and against narrowed among the chosen; only counts where a state has under ``fewest``."""
    closed = chosen & (given.state == CLOSED)
    out = {}
    for name, state in (("lowered_closed", LOWERED), ("narrowed_closed", NARROWED)):
        score, other = logits[:, CLOSED] - logits[:, state], chosen & (given.state == state)
        counts = [int(closed.sum()), int(other.sum())]
        enough = min(counts) >= fewest
        out[name] = with_interval(score[closed], score[other]) if enough else {"counts": counts}
    return out


def with_interval(high: Array, low: Array, rounds: int = 1000) -> dict[str, Any]:
    """Area under the curve of two groups of scores, and its interval of 95 % over these."""
    rng = np.random.default_rng(9)
    draws = [auc(rng.choice(high, len(high)), rng.choice(low, len(low))) for _ in range(rounds)]
    return {
        "auc": round(auc(high, low), 4),
        "interval": [round(value, 3) for value in middle_95(np.array(draws))],
        "counts": [len(high), len(low)],
    }


def main() -> None:
    """The command: prints the figures of the five folds and writes a head that has seen all labels."""
    options = evaluation(__doc__, "data", "cache", "weights", "out")
    options.add_argument("--varied", type=int, default=8, help="varied crops of each eye")
    given = options.parse_args()
    net = loaded(LidsNet(), given.weights, NAME)
    faces = labelled(given.data)
    covers = load_covers(given.data / "covers.npz")
    features = features_of(net, load_bank(given.data, given.cache), covers, faces.face, given.varied)
    logits = crossed(features, faces)
    print(json.dumps(figures(logits, faces)), flush=True)
    print(json.dumps({"decided": decided(logits, faces)}), flush=True)
    head = train_head(features, faces, np.arange(len(faces)), seed=0)
    state = {"task": f"{NAME}-states", "weights": head.state_dict()}
    replace_file(given.out, lambda part: torch.save(state, part), private=False)


if __name__ == "__main__":
    main()
