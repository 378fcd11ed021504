"""Numbers that no face can have are unknown."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from wakeful.device.messages import Observation
from wakeful.device.state.plausible import LENGTHS, MEASURES, without_impossible

MEASURED: dict[str, Any] = dict.fromkeys(MEASURES, 0.3)
USUAL = Observation(
    t_ns=1,
    seq=0,
    face=True,
    expression=(0.9, 0.1),
    iris_px=12.0,
    focal_px=640.0,
    lid_states=(0.7, 0.1, 0.1, 0.1),
    **MEASURED,
)


def test_a_usual_face_is_left_as_it_is() -> None:
    assert without_impossible(USUAL) is USUAL


@pytest.mark.parametrize("name", MEASURES + LENGTHS)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e9])
def test_a_measure_that_no_face_can_have_is_unknown_and_the_others_stay(name: str, value: float) -> None:
    measured: dict[str, Any] = {name: value}
    unknown: dict[str, Any] = {name: None}
    assert without_impossible(replace(USUAL, **measured)) == replace(USUAL, **unknown)


@pytest.mark.parametrize("name", LENGTHS)
def test_a_length_is_more_than_nothing(name: str) -> None:
    length: dict[str, Any] = {name: -3.0}
    assert getattr(without_impossible(replace(USUAL, **length)), name) is None


def test_an_expression_with_a_number_that_is_none_is_unknown() -> None:
    assert without_impossible(replace(USUAL, expression=(math.nan, 0.1))).expression is None


@pytest.mark.parametrize(
    "broken",
    [
        (math.nan, 0.1, 0.1, 0.8),
        (math.inf, 0.0, 0.0, 0.0),
        (-0.1, 0.1, 0.2, 0.8),
        (1.1, 0.0, 0.0, -0.1),
        (0.2, 0.2, 0.2, 0.2),
        (0.5, 0.5, 0.0),
        (0.25, 0.25, 0.25, 0.25, 0.0),
    ],
)
def test_states_of_the_lids_that_are_no_probabilities_are_unknown(broken: Any) -> None:
    assert without_impossible(replace(USUAL, lid_states=broken)) == replace(USUAL, lid_states=None)
