"""What the rules make of faces that a head has not seen, counted by their labels."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs the extra [train]")

from wakeful.models.lids.layout import STATES
from wakeful.models.lids.states import CLOSED, LOWERED, Labelled, decided


def test_faces_are_counted_by_label_and_by_what_the_rules_take_them_for() -> None:
    states = np.array([LOWERED, LOWERED, CLOSED, CLOSED, CLOSED])
    given = Labelled(
        face=np.arange(5),
        state=states,
        weight=np.ones(5, np.float32),
        by_hand=np.array([True, True, True, True, False]),
        fold=np.zeros(5, np.intp),
        source=np.full(5, "lfw"),
        pitch_deg=np.zeros(5, np.float32),
    )
    odds = np.full((5, 4), 1e-6)
    # Closed against lowered at 1 to 3, 3 to 2, 3 to 1; then eyes that see more likely than not.
    odds[:4, [LOWERED, CLOSED]] = [(3, 1), (2, 3), (1, 3), (1, 3)]
    odds[3, STATES.index("narrowed")] = 5
    odds[4, CLOSED] = 1
    assert decided(np.log(odds).astype(np.float32), given) == {
        "open": {"seeing": 0, "lowered": 0, "closed": 0, "unclear": 0},
        "lowered": {"seeing": 0, "lowered": 1, "closed": 0, "unclear": 1},
        "narrowed": {"seeing": 0, "lowered": 0, "closed": 0, "unclear": 0},
        "closed": {"seeing": 1, "lowered": 0, "closed": 1, "unclear": 0},
    }
