"""Curves go along in fewer bytes and lose neither a blink nor a peak."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
import pytest

from wakeful.device.view import columns as columns_module
from wakeful.device.view.columns import STEPS, UNKNOWN, columns, quantised
from wakeful.device.view.drive import CURVES


def curves(count: int, **given: np.ndarray) -> dict[str, np.ndarray]:
    unknown = np.full(count, np.nan, np.float32)
    return {name: given.get(name, unknown).astype(np.float32) for name in CURVES}


def column(made: columns_module.Columns, name: str) -> np.ndarray:
    """A column as the page reads it."""
    about: dict[str, Any] = made.index[name]
    kind = {2: "<u2", 4: "<u4"}[about["bytes"]]
    return np.frombuffer(zlib.decompress(made.compressed()), kind, about["count"], about["at"])


def test_values_come_back_within_half_a_step_and_unknown_as_unknown() -> None:
    yaw = np.array([-180.0, -12.3, 0.0, np.nan, 44.9, 180.0])
    made = columns(np.arange(6) / 30, curves(6, yaw_deg=yaw))
    low, step = STEPS["yaw_deg"]
    back = column(made, "yaw_deg")
    assert back[3] == UNKNOWN
    known = np.isfinite(yaw)
    assert np.abs(low + back[known] * step - yaw[known]).max() <= step / 2


def test_times_come_back_to_the_millisecond() -> None:
    t_s = 100.0 + np.cumsum(np.random.default_rng(1).uniform(0.02, 0.05, 5000))
    made = columns(t_s, curves(5000))
    assert np.abs(np.cumsum(column(made, "t")) / 1000.0 - (t_s - t_s[0])).max() <= 0.003


def test_every_column_lies_where_the_page_may_read_its_numbers() -> None:
    made = columns(np.arange(7) / 30, curves(7))
    assert all(about["at"] % about["bytes"] == 0 for about in made.index.values())


def test_a_long_drive_keeps_the_lowest_and_highest_of_each_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns_module, "MAX_CELLS", 10)
    opening = np.full(95, 1.0)
    opening[42] = 0.05
    opening[60:70] = np.nan
    opening[80:84] = np.nan
    made = columns(np.arange(95) / 30, curves(95, eye_open_left=opening))
    low, high = column(made, "eye_open_left"), column(made, "eye_open_left/high")
    assert len(low) == len(high) == len(column(made, "t")) == 10
    assert (low[4], high[4]) == (10, 200)
    assert (low[6], high[6]) == (UNKNOWN, UNKNOWN)
    assert (low[8], high[8]) == (200, 200)


@pytest.mark.parametrize("value", [1e30, -1e30, np.inf, -np.inf, np.nan])
def test_what_no_drive_has_is_the_end_of_the_range_or_unknown(value: float) -> None:
    (whole,) = quantised(np.array([value], np.float32), 0.0, 0.005)
    assert whole in (0, UNKNOWN - 1, UNKNOWN)


def test_an_empty_drive_has_empty_columns() -> None:
    made = columns(np.array([]), curves(0))
    assert {about["count"] for about in made.index.values()} == {0}
