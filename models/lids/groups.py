"""Whether the lids network reads some people worse: lid states and openings by spectacles, cheeks, eyes and source.

Few faces are known of some groups: every figure comes with its interval and count, and a group is named where it lies
more than ``WORSE`` below the whole. ``spectacles.csv`` holds marks set by eye on the faces labelled l, c and s.
``python -m wakeful.models.lids.groups --data FOLDER --cache FOLDER --weights FILE [--states FILE ...]``
"""

from __future__ import annotations

import csv
import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from wakeful.frozen import dataclass
from wakeful.models.face.build import Targets
from wakeful.models.face.points import eye_span
from wakeful.models.lids.bank import Bank, labelled_faces, load_bank
from wakeful.models.lids.layout import OPENING
from wakeful.models.lids.net import NAME, LidsNet
from wakeful.models.lids.samples import EyeSamples
from wakeful.models.lids.states import (
    CLOSED,
    OPEN_ABOVE,
    EyeFeatures,
    Labelled,
    StateHead,
    closed_areas,
    crossed,
    features_of,
    labelled,
    load_head,
    logits_of,
)
from wakeful.models.lids.task import read
from wakeful.models.training.command import evaluation
from wakeful.models.training.covers import load_covers
from wakeful.models.training.pictures import Encoded
from wakeful.models.training.run import loaded
from wakeful.sensors.opencv import cv2

Array = NDArray[Any]
Groups = dict[str, NDArray[np.bool_]]
WORSE = 0.05
SPECTACLES = Path(__file__).with_name("spectacles.csv")
MARKS = ("none", "clear", "dark")
CHEEKS = np.array([36, 50, 101, 205, 266, 280, 330, 425])
OTHER_PICTURES = 2
"""A person's usual opening is known from at least this many other pictures."""


@dataclass(frozen=True, slots=True)
class Traits:
    """What faces are grouped by.

    Attributes:
        spectacles: index into ``MARKS``, -1 where nobody looked.
        cheeks: L* of the cheeks where the picture's 98th percentile of grey is white; NaN in grey pictures and under
            masks.
        usual: upper quartile of the openings in other pictures of the same person; NaN where there are too few. The
            picture itself says nothing about how narrow closed or lowered eyes are when they are open.
    """

    spectacles: NDArray[np.intp]
    cheeks: NDArray[np.float64]
    usual: NDArray[np.float64]
    grey: NDArray[np.bool_]
    source: NDArray[np.str_]

    def at(self, rows: NDArray[np.intp]) -> Traits:
        """Those of some rows."""
        return Traits(*(getattr(self, field.name)[rows] for field in fields(self)))


def marked(file: Path = SPECTACLES) -> dict[int, int]:
    """Spectacles of faces (indices into the faces' labels): indices into ``MARKS``."""
    with file.open(newline="") as opened:
        return {int(row["face"]): int(row["mark"]) for row in csv.DictReader(opened)}


def traits_of(data: Path, targets: Targets, rows: NDArray[np.intp]) -> Traits:
    """Traits of rows of the targets; those after the faces of the labels have only a source."""
    labels = dict(np.load(data / "faces_labels.npz"))
    count, marks = len(labels["source"]), marked()
    coloured = Encoded(np.memmap(data / "faces.bin", np.uint8, "r"), labels["offset"])
    usual = usual_openings(labels, labelled_faces(data))
    known = rows < count
    grey, source = np.zeros(len(rows), bool), targets.source[rows]
    grey[known] = labels["grey"][rows[known]]
    cheeks, openings = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    openings[known] = usual[rows[known]]
    for i in np.flatnonzero(known & ~grey & (source != "mask")).tolist():
        cheeks[i] = cheek_lightness(coloured.read(int(rows[i])), targets.points[rows[i], :, :2])
    return Traits(np.array([marks.get(int(row), -1) for row in rows]), cheeks, openings, grey, source)


def cheek_lightness(picture: NDArray[np.uint8], points: Array) -> float:
    """Median L* of small patches on both cheeks of a colour picture, its brightest parts taken as white."""
    reach = max(int(0.06 * float(eye_span(points))), 1)
    patches = []
    for x_px, y_px in np.round(np.maximum(points[CHEEKS], 0.0)).astype(int).tolist():
        patch = picture[max(y_px - reach, 0) : y_px + reach + 1, max(x_px - reach, 0) : x_px + reach + 1]
        patches.append(patch.reshape(-1, 3))
    white = max(float(np.percentile(np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))[::2, ::2], 98)), 1.0)
    colour = np.minimum(np.median(np.concatenate(patches), axis=0) / white, 1.0).astype(np.float32)
    lab: Any = cv2.cvtColor(colour.reshape(1, 1, 3), cv2.COLOR_BGR2LAB)
    return float(lab[0, 0, 0])


def usual_openings(labels: dict[str, Array], without: NDArray[np.intp]) -> NDArray[np.float64]:
    """[N] upper quartile of the mean openings of the same person's other pictures, frontal and read surely."""
    sure = (labels["person"] >= 0) & (np.abs(labels["pose"][:, 0]) < 25) & (labels["lid_doubt"].max(axis=1) < 0.06)
    sure[without] = False
    opening = labels["opening"].astype(float).mean(axis=1)
    of_person: dict[int, list[int]] = {}
    for face in np.flatnonzero(sure).tolist():
        of_person.setdefault(int(labels["person"][face]), []).append(face)
    out = np.full(len(opening), np.nan)
    for face, person in enumerate(labels["person"].tolist()):
        others = [other for other in of_person.get(person, []) if other != face]
        if len(others) >= OTHER_PICTURES:
            out[face] = np.quantile(opening[others], 0.75)
    return out


def groups_of(traits: Traits, among: NDArray[np.bool_]) -> tuple[Groups, dict[str, list[float]]]:
    """Groups among the rows, and the borders of the thirds."""
    out = {f"spectacles_{mark}": traits.spectacles == i for i, mark in enumerate(MARKS)}
    borders = {}
    for trait, values, names in (
        ("cheeks", traits.cheeks, ("darkest", "middle", "lightest")),
        ("usual_opening", traits.usual, ("narrowest", "middle", "widest")),
    ):
        known = np.isfinite(values)
        low, high = np.quantile(values[known & among], [1 / 3, 2 / 3]) if (known & among).any() else (0.0, 0.0)
        borders[trait] = [round(float(low), 3), round(float(high), 3)]
        thirds = values <= low, (values > low) & (values <= high), values > high
        out |= {f"{trait}_{name}": third & known for name, third in zip(names, thirds, strict=True)}
        out[f"{trait}_unknown"] = ~known
    out["grey"] = traits.grey
    out |= {f"source_{source}": traits.source == source for source in np.unique(traits.source).tolist()}
    return {name: chosen & among for name, chosen in out.items() if (chosen & among).any()}, borders


def state_figures(logits: NDArray[np.float32], given: Labelled, groups: Groups) -> dict[str, Any]:
    """Both areas of the whole and of every group, and which groups lie below."""
    whole = closed_areas(logits, given, given.by_hand)
    out: dict[str, Any] = {"whole": whole}
    below: dict[str, Any] = {}
    for name, chosen in groups.items():
        out[name] = closed_areas(logits, given, chosen & given.by_hand)
        for figure, area in out[name].items():
            if "auc" in area and whole[figure]["auc"] - area["auc"] > WORSE:
                below[f"{name}_{figure}"] = [round(area["auc"] - whole[figure]["auc"], 4), *area["counts"]]
    return {**out, "below": below}


def opening_figures(given: Array, reference: Array, row: Array, groups: Groups, rounds: int = 400) -> dict[str, Any]:
    """Mean error of openings, with an interval over faces, and correlation: ``row`` says which face an eye is of."""
    rng = np.random.default_rng(9)
    out: dict[str, Any] = {}
    for name, chosen in {"whole": np.ones(len(row), bool), **groups}.items():
        off = given[chosen] - reference[chosen]
        _, face = np.unique(row[chosen], return_inverse=True)
        eyes = np.bincount(face)
        total = np.bincount(face, np.abs(off))
        drawn = [rng.integers(len(eyes), size=len(eyes)) for _ in range(rounds)]
        means = [total[rows].sum() / eyes[rows].sum() for rows in drawn]
        out[name] = {
            "error": round(float(np.abs(off).mean()), 4),
            "interval": [round(float(value), 4) for value in np.quantile(means, [0.025, 0.975])],
            "bias": round(float(off.mean()), 4),
            "r": round(float(np.corrcoef(given[chosen], reference[chosen])[0, 1]), 3) if len(off) > 9 else None,
            "counts": [len(off), len(eyes)],
        }
    out["worse_groups"] = {name: off for name in groups if (off := _worse(out[name], out["whole"]))}
    return out


def _worse(group: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    """In what a group is worse than the whole, and by how much; empty where in nothing."""
    off = {"error": round(group["error"] - whole["error"], 4)}
    if group["r"] is not None and whole["r"] is not None:
        off["r"] = round(whole["r"] - group["r"], 3)
    worse: dict[str, Any] = {name: value for name, value in off.items() if value > WORSE}
    return {**worse, "counts": group["counts"]} if worse else {}


def open_figures(logits: NDArray[np.float32], groups: Groups) -> dict[str, Any]:
    """How often faces with open eyes are taken for closed, or for anything but open."""
    taken = logits.argmax(axis=1)
    return {
        name: {
            "closed": round(float((taken[chosen] == CLOSED).mean()), 4),
            "not_open": round(float((taken[chosen] != 0).mean()), 4),
            "count": int(chosen.sum()),
        }
        for name, chosen in {"whole": np.ones(len(taken), bool), **groups}.items()
    }


@dataclass(frozen=True, slots=True)
class Judged:
    """Eyes of some faces as the network reads them.

    Attributes:
        row: rows of the targets, one for each eye; ``mirrored``: left eyes.
        reference: openings by people's points where they set some, else by the teacher's.
    """

    row: NDArray[np.intp]
    mirrored: NDArray[np.bool_]
    opening: NDArray[np.float32]
    reference: NDArray[np.float32]
    features: torch.Tensor


def judged(net: LidsNet, bank: Bank, samples: EyeSamples, chosen: NDArray[np.bool_]) -> Judged:
    """Reads the chosen eyes of the bank, each once: the sharp picture of an eye where there is one."""
    eyes = bank.eyes
    row = np.where(eyes.sharp, eyes.face, eyes.picture)
    once = {(int(row[i]), bool(eyes.mirrored[i])): i for i in np.flatnonzero(chosen).tolist()}
    index = np.array(sorted(once.values()), np.intp)
    plain = [samples.plain(i) for i in index.tolist()]
    crops = np.stack([sample.crop for sample in plain])
    with torch.no_grad():
        features = torch.cat([net.features(part[:, None]).flatten(1) for part in torch.from_numpy(crops).split(512)])
    reference = np.array([sample.opening for sample in plain], np.float32)
    opening = np.maximum(read(net, crops)[:, OPENING], 0.0)
    return Judged(row[index], eyes.mirrored[index], opening, reference, features)


def open_logits(head: StateHead, eyes: Judged, without: Array) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """Logits [n, 4] of faces with two open eyes, and the places of their right eyes among ``eyes``."""
    places = {(int(row), bool(left)): i for i, (row, left) in enumerate(zip(eyes.row, eyes.mirrored, strict=True))}
    rows = [row for row, left in places if not left and (row, True) in places]
    pairs = np.array([(places[row, False], places[row, True]) for row in rows], np.intp)
    pairs = pairs[(eyes.reference[pairs].min(axis=1) > OPEN_ABOVE) & ~np.isin(rows, without)]
    features = eyes.features[torch.from_numpy(pairs)][:, :, None]
    seen = torch.ones(features.shape[:2], dtype=torch.bool)
    return logits_of(head, EyeFeatures(features, seen, ~seen[..., None])), pairs[:, 0]


def main() -> None:
    """The command: prints JSON, one line for each test."""
    options = evaluation(__doc__, "data", "cache", "weights")
    options.add_argument("--states", type=Path, nargs="*", default=[], help="heads asked about open eyes")
    options.add_argument("--varied", type=int, default=8, help="varied crops of each eye, as for the states")
    given = options.parse_args()
    net = loaded(LidsNet(), given.weights, NAME)
    bank, faces = load_bank(given.data, given.cache), labelled(given.data)
    features = features_of(net, bank, load_covers(given.data / "covers.npz"), faces.face, given.varied)
    groups, borders = groups_of(traits_of(given.data, bank.targets, faces.face), faces.by_hand)
    print(
        json.dumps({"states": state_figures(crossed(features, faces), faces, groups), "borders": borders}),
        flush=True,
    )
    samples = EyeSamples(bank, load_covers(given.data / "covers.npz", held_out=True), "valid")
    looked_at = np.isin(bank.eyes.face, list(marked())) & (bank.eyes.split == "out")
    valid, of_labels = bank.eyes.split == "valid", bank.eyes.face >= 0
    for name, chosen in (
        ("labelled", looked_at),
        ("set_by_people", valid & ~of_labels),
        ("validation", valid & of_labels),
    ):
        eyes = judged(net, bank, samples, chosen)
        rows, place = np.unique(eyes.row, return_inverse=True)
        traits = traits_of(given.data, bank.targets, rows).at(place)
        groups, borders = groups_of(traits, np.ones(len(place), bool))
        figures = opening_figures(eyes.opening, eyes.reference, eyes.row, groups)
        print(json.dumps({f"openings_{name}": figures, "borders": borders}), flush=True)
    for file in given.states:
        logits, first = open_logits(load_head(file), eyes, faces.face)
        groups, borders = groups_of(traits.at(first), np.ones(len(first), bool))
        print(json.dumps({f"open_eyes_{file.stem}": open_figures(logits, groups), "borders": borders}), flush=True)


if __name__ == "__main__":
    main()
