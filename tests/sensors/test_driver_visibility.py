"""Which point a cell shows, and how well texture coordinates survive being scattered into cells."""

from __future__ import annotations

import numpy as np
import pytest

from wakeful.sensors.driver_visibility import visible


def plane(texels_per_px: float, z: float, x0: float = 20.0, x1: float = 120.0) -> tuple[np.ndarray, ...]:
    """Points of a flat sheet at irregular places, with the texture coordinates of where they are."""
    chance = np.random.default_rng(1)
    x = chance.uniform(x0, x1, 40_000).astype(np.float32)
    y = chance.uniform(30, 90, 40_000).astype(np.float32)
    return x, y, np.full_like(x, z), np.stack([x, y]) * np.float32(texels_per_px)


def test_texture_coordinates_follow_the_pixels_of_a_plane() -> None:
    x, y, z, uv = plane(texels_per_px=2.0, z=50.0)
    seen = visible(x, y, z, uv, np.zeros_like(x))
    columns = seen.x0 + np.arange(seen.u.shape[1]) + 0.5
    rows = seen.y0 + np.arange(seen.u.shape[0]) + 0.5
    inside = np.ix_((rows > 36) & (rows < 84), (columns > 26) & (columns < 114))
    assert seen.cover[inside].min() == pytest.approx(1.0)
    assert np.abs(seen.u - 2 * columns[None, :])[inside].max() < 0.5
    assert np.abs(seen.v - 2 * rows[:, None])[inside].max() < 0.5


def test_the_nearer_of_two_sheets_is_seen() -> None:
    behind, before = plane(1.0, z=60.0), plane(1.0, z=40.0, x0=60.0, x1=80.0)
    x, y, z = (np.concatenate([one, other]) for one, other in zip(behind[:3], before[:3], strict=True))
    uv = np.concatenate([behind[3], before[3] + np.float32(1000.0)], axis=1)
    seen = visible(x, y, z, uv, np.zeros_like(x))
    row = 60 - seen.y0
    assert (seen.u[row, 64 - seen.x0 : 77 - seen.x0] > 1000).all()
    assert (seen.u[row, 30 - seen.x0 : 56 - seen.x0] < 1000).all()


def test_nothing_is_interpolated_across_the_edge_of_a_sheet() -> None:
    behind, before = plane(1.0, z=60.0), plane(1.0, z=40.0, x0=60.0, x1=80.0)
    x, y, z = (np.concatenate([one, other]) for one, other in zip(behind[:3], before[:3], strict=True))
    uv = np.concatenate([behind[3], before[3] + np.float32(1000.0)], axis=1)
    seen = visible(x, y, z, uv, np.zeros_like(x))
    between = (seen.u > 200) & (seen.u < 1000) & (seen.cover > 0.5)
    assert not between.any()


def test_a_hole_with_surface_all_around_is_the_mouth_and_shows_no_background() -> None:
    x, y, z, uv = plane(1.0, z=50.0)
    kept = np.hypot(x - 70, y - 60) > 12.0
    seen = visible(x[kept], y[kept], z[kept], uv[:, kept], np.zeros_like(x[kept]))
    hole = np.s_[53 - seen.y0 : 67 - seen.y0, 63 - seen.x0 : 77 - seen.x0]
    assert seen.cover[hole].min() == 1.0
    assert seen.cavity[hole].min() == 1.0
    assert seen.cavity[:, : 50 - seen.x0].max() == 0.0


def test_beyond_the_sheet_nothing_is_covered() -> None:
    x, y, z, uv = plane(1.0, z=50.0)
    seen = visible(x, y, z, uv, np.zeros_like(x))
    assert seen.cover[0].max() == 0.0
    assert seen.cover[:, -1].max() == 0.0
