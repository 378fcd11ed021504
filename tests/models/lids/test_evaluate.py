"""Eyes are judged one by one, and by both eyes of a face."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs torch: make test-train installs it")

from wakeful.models.lids.evaluate import shut_of_faces


def test_a_face_is_judged_by_the_mean_of_its_eyes() -> None:
    faces = np.array([7, 7, 3, 3, 5])
    closed = np.array([True, True, False, False, False])
    scores = np.array([0.9, 0.2, 0.5, 0.3, 0.45])
    # Face 7 has 0.55, the open faces 0.4 and 0.45: no eye alone would part them.
    found = shut_of_faces(scores, faces, closed)
    assert found["both_eyes"] == 1.0
    assert found["both_eyes_95"] == [1.0, 1.0]
    assert found["shut_95"][0] < 1.0
