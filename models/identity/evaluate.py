"""How well people are recognised: the embedding beside the classical ways, the cheapest trick and the teacher.

Identification: the enrolled person whose pictures (classical ways) or whose mean (embeddings) is nearest. Verification:
pairs of pictures of people whom no training has seen. Every way is given the same aligned crops.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.device.perception.embedder import Embedder
from wakeful.device.perception.network import load_file
from wakeful.device.perception.pipeline import Perception
from wakeful.errors import ConfigError
from wakeful.frozen import dataclass
from wakeful.models import registry, variants
from wakeful.models.identity import rates, sets, threshold
from wakeful.models.identity.classical import Classical, Eigenfaces, chi_square, methods
from wakeful.models.identity.cost import costs_ms
from wakeful.models.identity.people import TEST_FOLDS
from wakeful.models.identity.rates import Pairs
from wakeful.models.identity.sets import Faces
from wakeful.sensors.opencv import cv2

Array = NDArray[Any]
Similarity = Callable[[Pairs], Array]
Named = Callable[[Faces, Array, Array], Array]
"""Whose the pictures at the second places are, by those enrolled at the first: [N] people."""

WHOLE = "Eigenfaces of whole pictures"
OURS, FLOAT, TEACHER, TRICK = "embedding, int8", "embedding, float", "teacher (dlib)", "grey levels, correlated"
ENROLLED = range(1, 10)
NEUTRAL = ("normal", "noglasses", "glasses")
YALE_GROUPS = {
    "light": ("leftlight", "rightlight"),
    "expression": ("happy", "sad", "sleepy", "surprised", "wink"),
    "glasses": ("glasses",),
}
RATES = np.geomspace(1e-4, 1.0, 61)


@dataclass
class Report:
    """All figures.

    Attributes:
        found: of each set, pictures in which the reader finds a face, and all.
        orl: of each way, mean and deviation of rank 1 over ten draws, by number of enrolled pictures.
        yale: of each way and condition, pictures named right and all: one neutral picture enrolled.
        yale_three: the same with all neutral pictures enrolled.
        yale_left_out: the same with all other pictures enrolled, of the same light too: those of other people.
        verification: of each way, on LFW.
        curves: of each way, share of same pairs accepted at ``RATES`` of false acceptance.
        at_threshold: false acceptance and acceptance on LFW at the shipped threshold.
        cost_ms: processor time of each way to make of one crop what is compared.
        whole_ms: of an identification, from frame and landmarks on, and beside it of ``v2``'s landmarks.
    """

    reader: str
    found: dict[str, tuple[int, int]] = field(default_factory=dict)
    orl: dict[str, dict[int, tuple[float, float]]] = field(default_factory=dict)
    yale: dict[str, dict[str, tuple[int, int]]] = field(default_factory=dict)
    yale_three: dict[str, dict[str, tuple[int, int]]] = field(default_factory=dict)
    yale_left_out: dict[str, dict[str, tuple[int, int]]] = field(default_factory=dict)
    verification: dict[str, rates.Verification] = field(default_factory=dict)
    curves: dict[str, list[float]] = field(default_factory=dict)
    at_threshold: dict[str, float] = field(default_factory=dict)
    cost_ms: dict[str, float] = field(default_factory=dict)
    whole_ms: dict[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Way:
    """One way of recognising people.

    Attributes:
        numbers: [N, numbers] of faces: what is compared.
        classical: fitted on the enrolled pictures; None compares numbers with each person's mean.
        unit: numbers are brought to length 1, and the dot product compares; else Euclid's distance does.
    """

    numbers: Callable[[Faces], Array]
    classical: Classical | None = None
    unit: bool = True

    @property
    def least(self) -> int:
        return 1 if self.classical is None else self.classical.least

    def named(self, numbers: Array, person: Array, gallery: Array, queries: Array) -> Array:
        """Whose the pictures at ``queries`` are, by those enrolled at ``gallery``: [N] people."""
        enrolled = person[gallery]
        if self.classical is not None:
            self.classical.fit(numbers[gallery], enrolled)
            return np.asarray(enrolled[self.classical.similarity(numbers[queries]).argmax(axis=1)])
        people = np.unique(enrolled)
        means = np.stack([numbers[gallery[enrolled == one]].mean(axis=0) for one in people])
        if self.unit:
            means /= np.linalg.norm(means, axis=1, keepdims=True)
            return np.asarray(people[(numbers[queries] @ means.T).argmax(axis=1)])
        apart = np.linalg.norm(numbers[queries][:, None] - means[None], axis=2)
        return np.asarray(people[apart.argmin(axis=1)])

    def similarity(self, numbers: Array) -> Similarity:
        """Of pairs of pictures, without anybody enrolled."""
        if self.classical is not None:
            return lambda pairs: -_in_parts(chi_square, numbers, pairs)
        if self.unit:
            return dot(numbers)
        return lambda pairs: -np.linalg.norm(numbers[pairs[:, 0]] - numbers[pairs[:, 1]], axis=1)


def evaluate(data: Path, weights: Path | None = None, *, with_teacher: bool = False, draws: int = 10) -> Report:
    """All figures.

    Args:
        weights: another file of the network (.tflite or .onnx); by default the shipped one and the float one beside.
        with_teacher: dlib's network too.

    Raises:
        ConfigError: a set is missing from ``data``.
    """
    ways, perception = _ways(weights, with_teacher), Perception()
    orl, yale, lfw = sets.orl(data, perception), sets.yale(data, perception), sets.lfw(data, perception, TEST_FOLDS)
    report = Report(perception.reader, {one.name: (int(one.found.sum()), len(one.found)) for one in (orl, yale, lfw)})
    lfw = lfw.chosen(lfw.found)
    report.orl[WHOLE] = _by_enrolled(Way(_whole, Eigenfaces()), orl, _whole(orl), draws)
    for name, way in ways.items():
        begun = time.process_time()
        numbers = way.numbers(orl)
        report.cost_ms[name] = round((time.process_time() - begun) / len(orl.person) * 1e3, 3)
        report.orl[name] = _by_enrolled(way, orl, numbers, draws)
        numbers = way.numbers(yale)
        report.yale[name] = _by_condition(way, yale, numbers, NEUTRAL[:1])
        report.yale_three[name] = _by_condition(way, yale, numbers, NEUTRAL)
        report.yale_left_out[name] = _left_out(way, yale, numbers)
        if name not in ("Eigenfaces", "Eigenfaces without the first three", "Fisherfaces"):
            similarity = way.similarity(way.numbers(lfw))
            report.verification[name] = rates.verified(lfw.person, similarity)
            report.curves[name] = rates.curve(lfw.person, similarity, RATES).tolist()
        if name == OURS and weights is None:
            report.at_threshold = _at_threshold(lfw.person, similarity)
            report.whole_ms = costs_ms()
    return report


def embeddings(crops: Array, embedder: Embedder) -> Array:
    """float32 [N, 128] of length 1."""
    return np.stack([embedder.embed(crop) for crop in crops])


def dot(numbers: Array) -> Similarity:
    """Dot products of pairs of rows."""
    return lambda pairs: np.asarray((numbers[pairs[:, 0]] * numbers[pairs[:, 1]]).sum(axis=1))


def _ways(weights: Path | None, with_teacher: bool) -> dict[str, Way]:
    ways = {name: Way(_prepared(one), one) for name, one in methods().items()}
    ways[TRICK] = Way(_correlated)
    if weights is None:
        ways[OURS], file = Way(_embedded(Embedder())), variants.file(threshold.NETWORK, "float", "litert")
        ways[FLOAT] = Way(_embedded(_of_file(file)))
    else:
        ways[weights.name] = Way(_embedded(_of_file(weights)))
    if with_teacher:
        ways[TEACHER] = Way(_taught(), unit=False)
    return ways


def _of_file(file: Path) -> Embedder:
    """Raises ``ConfigError`` where the file takes something else than an aligned face."""
    network, wanted = load_file(file), registry.network(threshold.NETWORK).inputs[0].shape
    if network.input_shape != wanted:
        raise ConfigError(f"{file} is not an identity network: it takes {network.input_shape}, not {wanted}")
    return Embedder(load=lambda name, threads=1: network)


def _prepared(one: Classical) -> Callable[[Faces], Array]:
    return lambda faces: one.prepare(faces.crops)


def _embedded(embedder: Embedder) -> Callable[[Faces], Array]:
    return lambda faces: embeddings(faces.crops, embedder)


def _whole(faces: Faces) -> Array:
    """Pictures as the set has them, at half their size: of one place, size and background for each person."""
    halves = [cv2.resize(one, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) for one in faces.pictures]
    return np.array(halves, np.float64).reshape(len(halves), -1)


def _correlated(faces: Faces) -> Array:
    """Grey levels of the crop at 28 pixels, mean 0 and length 1."""
    small = faces.crops.reshape(len(faces.crops), 28, 4, 28, 4).mean(axis=(2, 4)).reshape(len(faces.crops), -1)
    small -= small.mean(axis=1, keepdims=True)
    return np.asarray(small / np.maximum(np.linalg.norm(small, axis=1, keepdims=True), 1e-9))


def _taught() -> Callable[[Faces], Array]:
    from wakeful.models.identity.teacher import Teacher

    teacher = Teacher()

    def numbers(faces: Faces) -> Array:
        out = np.zeros((len(faces.person), 128), np.float32)
        chips = [teacher.chip(faces.pictures[i], faces.meshes[i]) for i in np.flatnonzero(faces.found).tolist()]
        out[faces.found] = teacher.embed(chips)
        return out

    return numbers


def _by_enrolled(way: Way, faces: Faces, numbers: Array, draws: int) -> dict[int, tuple[float, float]]:
    found = {}
    for enrolled in ENROLLED:
        if not way.least <= enrolled < np.unique(faces.person, return_counts=True)[1].min():
            continue
        shares = []
        for gallery, queries in rates.draws(faces.person, enrolled, draws):
            known = gallery[faces.found[gallery]]
            right = way.named(numbers, faces.person, known, queries) == faces.person[queries]
            shares.append(float((right & faces.found[queries]).mean()))
        found[enrolled] = (round(float(np.mean(shares)), 5), round(float(np.std(shares)), 5))
    return found


def _by_condition(way: Way, faces: Faces, numbers: Array, enrolled: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Pictures named right and all, of each other condition and each of ``YALE_GROUPS``."""
    if len(enrolled) < way.least:
        return {}
    gallery = np.flatnonzero(np.isin(faces.condition, enrolled) & faces.found)
    rest = np.flatnonzero(~np.isin(faces.condition, enrolled))
    right = (way.named(numbers, faces.person, gallery, rest) == faces.person[rest]) & faces.found[rest]
    return _counted(faces.condition[rest], right)


def _left_out(way: Way, faces: Faces, numbers: Array) -> dict[str, tuple[int, int]]:
    """Each picture with all others enrolled, as Belhumeur et al. did."""
    right = np.zeros(len(faces.person), bool)
    for picture in range(len(faces.person)):
        others = np.flatnonzero((np.arange(len(faces.person)) != picture) & faces.found)
        right[picture] = way.named(numbers, faces.person, others, np.array([picture]))[0] == faces.person[picture]
    return _counted(faces.condition, right & faces.found)


def _counted(condition: Array, right: Array) -> dict[str, tuple[int, int]]:
    groups = (
        {str(one): (str(one),) for one in np.unique(condition)} | YALE_GROUPS | {"all": tuple(np.unique(condition))}
    )
    counted = {name: np.isin(condition, members) for name, members in groups.items()}
    return {name: (int(right[mine].sum()), int(mine.sum())) for name, mine in counted.items() if mine.any()}


def _at_threshold(person: Array, similarity: Similarity) -> dict[str, float]:
    chosen = threshold.load()
    alike, others = similarity(rates.same_pairs(person)), similarity(rates.different_pairs(person))
    return {
        "similarity": chosen.similarity,
        "false_acceptance": float((others > chosen.similarity).mean()),
        "accepted": float((alike > chosen.similarity).mean()),
    }


def _in_parts(measure: Callable[[Array, Array], Array], numbers: Array, pairs: Pairs, size: int = 4096) -> Array:
    parts = [pairs[start : start + size] for start in range(0, len(pairs), size)]
    return np.concatenate([measure(numbers[part[:, 0]], numbers[part[:, 1]]) for part in parts])
