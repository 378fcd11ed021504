"""What quantizing costs the project's own networks: points, lid gaps and states, the mouth, who is recognised."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.conversion.measure import POINTS_BAR_PX, Inputs, Outputs, data_of
from wakeful.models.face.points import lid_gap
from wakeful.models.identity.rates import different_pairs, equal_error, same_pairs
from wakeful.models.manifest import TaskFigure

# Pixels of the crop in one unit of the points, and how many numbers of the output are points.
HALF_FACE_PX, EYE_PX, MOUTH_SPAN_PX = 56.0, 36.0, 64.0
LIDS_AND_IRIS, LIDS, LIPS = 42, 32, 80
MOUTH_OPENING = 80
LOWERED, NARROWED, CLOSED = 1, 2, 3
P99_BAR_PX = 0.75
GAP_BAR = 0.004
OPENING_BAR = 0.01
AUC_BAR = 0.005
ANGLE_BAR = 0.01
EQUAL_BAR = 0.005
LEAST_PAIRS = 100
"""Accuracies over fewer pairs of one person say nothing of half a point."""


def figures(network: str, given: Outputs, floats: Outputs, inputs: Inputs, runs_on: str) -> tuple[TaskFigure, ...]:
    """The figures of one of these networks on the same inputs as the float network."""
    if network == "identity":
        return _recognised(given, floats, inputs, runs_on)

    def figure(name: str, value: float, bar: float, unit: str) -> TaskFigure:
        return TaskFigure(name, round(value, 5), 0.0, round(value, 5), bar, unit, data_of(inputs), runs_on)

    off = points_off_px(network, given, floats)
    found = [
        figure("mean error of points", float(off.mean()), POINTS_BAR_PX, "pixels of the input"),
        figure("99 % of points within", float(np.quantile(off, 0.99)), P99_BAR_PX, "pixels of the input"),
    ]
    if network == "lids":
        gaps = [lid_gap(one["lids"][:, :LIDS].reshape(-1, LIDS // 2, 2)) for one in (given, floats)]
        found.append(figure("lid gap off", float(np.abs(gaps[0] - gaps[1]).mean()), GAP_BAR, "of the eye's width"))
    if network == "mouth":
        openings = [one["mouth"][:, MOUTH_OPENING] for one in (given, floats)]
        off_by = float(np.abs(openings[0] - openings[1]).mean())
        found.append(figure("opening off", off_by, OPENING_BAR, "of the mouth's width"))
    return tuple(found)


def _recognised(given: Outputs, floats: Outputs, inputs: Inputs, runs_on: str) -> tuple[TaskFigure, ...]:
    """How far embeddings turn away, and how well pairs of one person are told from pairs of two."""
    mine, theirs = (
        one["embedding"] / np.linalg.norm(one["embedding"], axis=1, keepdims=True) for one in (given, floats)
    )
    turned = round(1.0 - float((mine * theirs).sum(axis=1).mean()), 5)
    found = [
        TaskFigure("cosine with float less than 1 by", turned, 0.0, turned, ANGLE_BAR, "", data_of(inputs), runs_on)
    ]
    pairs = None if inputs.labels is None else (same_pairs(inputs.labels), different_pairs(inputs.labels))
    if pairs is not None and len(pairs[0]) >= LEAST_PAIRS:
        own, reference = (
            round(equal_error(*((one[two[:, 0]] * one[two[:, 1]]).sum(axis=1) for two in pairs))[0], 5)
            for one in (mine, theirs)
        )
        loss = round(reference - own, 5)
        name = "accuracy at equal error"
        found.append(TaskFigure(name, own, reference, loss, EQUAL_BAR, "share", data_of(inputs), runs_on))
    return tuple(found)


def points_off_px(network: str, given: Outputs, floats: Outputs) -> NDArray[np.float64]:
    """Distance of each point from that of the float network, [N, points], in pixels of the crop."""
    if network == "face":
        apart = (given["mesh"] - floats["mesh"]).reshape(len(given["mesh"]), -1, 3)[..., :2] * HALF_FACE_PX
    elif network == "lids":
        apart = (given["lids"] - floats["lids"])[:, :LIDS_AND_IRIS].reshape(-1, LIDS_AND_IRIS // 2, 2) * EYE_PX
    else:
        apart = (given["mouth"] - floats["mouth"])[:, :LIPS].reshape(-1, LIPS // 2, 2) * MOUTH_SPAN_PX
    return np.asarray(np.linalg.norm(apart, axis=-1), np.float64)


def state_figures(given: Outputs, floats: Outputs, labelled: Inputs, runs_on: str) -> tuple[TaskFigure, ...]:
    """Areas under the curve of closed against lowered and narrowed lids, on pairs of eyes labelled by people."""
    assert labelled.labels is not None
    states = labelled.labels
    found = []
    for name, other in (("lowered/closed", LOWERED), ("narrowed/closed", NARROWED)):
        areas = []
        for one in (given, floats):
            logits = one["states"].reshape(len(states), -1, one["states"].shape[1]).mean(axis=1)
            score = logits[:, CLOSED] - logits[:, other]
            areas.append(_area(score[states == CLOSED], score[states == other]))
        loss = round(areas[1] - areas[0], 5)
        mine, theirs = round(areas[0], 5), round(areas[1], 5)
        found.append(TaskFigure(f"AUC {name}", mine, theirs, loss, AUC_BAR, "share", data_of(labelled), runs_on))
    return tuple(found)


def _area(high: NDArray[Any], low: NDArray[Any]) -> float:
    """How often one of ``high`` is above one of ``low``."""
    return float((high[:, None] > low[None]).mean() + 0.5 * (high[:, None] == low[None]).mean())
