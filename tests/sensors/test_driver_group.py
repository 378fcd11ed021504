"""Several rendered people: each where it stands, the nearer before the farther."""

from __future__ import annotations

import numpy as np

from wakeful.sensors.driver_group import Stand, render_group


def changed(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Columns, then rows, of the middle of what differs."""
    y, x = np.nonzero(np.abs(after.astype(int) - before).max(axis=2) > 20)
    return np.array([(x.min() + x.max()) / 2, (y.min() + y.max()) / 2])


def test_a_face_is_where_its_person_stands() -> None:
    stand = Stand(30, -5, 150)
    assert np.abs(changed(render_group([]), render_group([stand])) - stand.centre_px).max() < 15


def test_the_nearer_hides_the_farther_in_any_order() -> None:
    near, far = Stand(0, 0, 90), Stand(2, 0, 150)
    assert (render_group([near, far]) == render_group([far, near])).all()
    assert (render_group([near, far])[230:260, 310:330] == render_group([near])[230:260, 310:330]).all()


def test_the_same_seed_gives_the_same_picture() -> None:
    assert (render_group([Stand(0, 0, 90)], 3) == render_group([Stand(0, 0, 90)], 3)).all()
    assert (render_group([Stand(0, 0, 90)], 3) != render_group([Stand(0, 0, 90)], 4)).any()
