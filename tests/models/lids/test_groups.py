"""Figures of groups: a group that is read worse shows, with its count; the marks and the traits of faces."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs the extra [train]")

from wakeful.models.lids import groups
from wakeful.models.lids.states import CLOSED, LOWERED, NARROWED, Labelled, closed_areas

COUNT = 120


def given() -> Labelled:
    """Faces of the three states in turn."""
    zeros = np.zeros(COUNT)
    return Labelled(
        face=np.arange(COUNT),
        state=np.tile([LOWERED, NARROWED, CLOSED], COUNT // 3),
        weight=zeros.astype(np.float32),
        by_hand=np.arange(COUNT) < COUNT - 3,
        fold=zeros.astype(np.intp),
        source=np.full(COUNT, "lfw"),
        pitch_deg=zeros.astype(np.float32),
    )


def traits(**changes: np.ndarray) -> groups.Traits:
    known = {
        "spectacles": np.full(COUNT, -1),
        "cheeks": np.full(COUNT, np.nan),
        "usual": np.full(COUNT, np.nan),
        "grey": np.zeros(COUNT, bool),
        "source": np.full(COUNT, "lfw"),
    }
    return groups.Traits(**{**known, **changes})


def test_states_of_a_group_that_is_read_worse_show_with_their_counts() -> None:
    faces, worse = given(), np.arange(COUNT) < 36
    logits = np.eye(4, dtype=np.float32)[faces.state]
    swapped = np.flatnonzero(worse & (faces.state != NARROWED))
    logits[swapped, CLOSED], logits[swapped, LOWERED] = logits[swapped, LOWERED], logits[swapped, CLOSED]
    out = groups.state_figures(logits, faces, {"worse": worse, "fine": ~worse, "few": np.arange(COUNT) < 6})
    assert out["worse"]["lowered_closed"]["auc"] == 0.0 and out["fine"]["lowered_closed"]["auc"] == 1.0
    assert out["whole"]["lowered_closed"]["counts"] == [39, 39]
    assert out["below"]["worse_lowered_closed"][1:] == [12, 12]
    assert not [name for name in out["below"] if name.startswith("fine")]
    assert out["few"]["lowered_closed"] == {"counts": [2, 2]}


def test_the_interval_of_an_area_holds_it_and_narrows_with_the_count() -> None:
    faces = given()
    logits = np.random.default_rng(1).normal(size=(COUNT, 4)).astype(np.float32)
    logits[faces.state == CLOSED, CLOSED] += 1.0
    widths = []
    for among in (np.arange(COUNT) < 30, np.ones(COUNT, bool)):
        area = closed_areas(logits, faces, among)["lowered_closed"]
        low, high = area["interval"]
        assert low < area["auc"] < high
        widths.append(high - low)
    assert widths[1] < widths[0]


def test_openings_of_a_group_that_is_read_worse_show_with_their_counts() -> None:
    rng = np.random.default_rng(2)
    reference = rng.uniform(0.1, 0.35, COUNT)
    worse = np.arange(COUNT) < 40
    read = reference + rng.normal(0.0, 0.01, COUNT) - 0.1 * worse
    out = groups.opening_figures(read, reference, np.arange(COUNT) // 2, {"worse": worse, "fine": ~worse})
    assert out["worse_groups"]["worse"]["counts"] == [40, 20] and list(out["worse_groups"]) == ["worse"]
    assert out["worse"]["bias"] == pytest.approx(-0.1, abs=0.01) and out["fine"]["error"] < 0.02
    low, high = out["worse"]["interval"]
    assert low < out["worse"]["error"] < high


def test_openings_that_follow_their_reference_less_in_a_group_show() -> None:
    rng = np.random.default_rng(3)
    reference = rng.uniform(0.1, 0.35, COUNT)
    worse = np.arange(COUNT) < 40
    read = np.where(worse, rng.permutation(reference), reference)
    out = groups.opening_figures(read, reference, np.arange(COUNT), {"worse": worse, "fine": ~worse})
    assert list(out["worse_groups"]) == ["worse"]
    assert out["worse_groups"]["worse"]["r"] == pytest.approx(out["whole"]["r"] - out["worse"]["r"], abs=1e-3)


def test_thirds_are_laid_over_what_is_known_and_chosen() -> None:
    cheeks = np.arange(COUNT, dtype=float)
    cheeks[60:] = np.nan
    among = np.arange(COUNT) < 90
    spectacles = np.where(np.arange(COUNT) < 7, 1, 0)
    out, borders = groups.groups_of(traits(cheeks=cheeks, spectacles=spectacles), among)
    sizes = {name: int(chosen.sum()) for name, chosen in out.items()}
    thirds = [sizes[f"cheeks_{name}"] for name in ("darkest", "middle", "lightest", "unknown")]
    assert thirds == [20, 20, 20, 30]
    assert sizes["spectacles_clear"] == 7 and sizes["spectacles_none"] == 83 and sizes["source_lfw"] == 90
    assert "grey" not in out and "spectacles_dark" not in out and sizes["usual_opening_unknown"] == 90
    assert borders["cheeks"] == pytest.approx([19.667, 39.333])


def test_usual_openings_come_from_other_pictures_of_the_person() -> None:
    count = 6
    labels = {
        "person": np.array([5, 5, 5, 5, -1, 8]),
        "pose": np.zeros((count, 3)),
        "lid_doubt": np.zeros((count, 2)),
        "opening": np.array([0.1, 0.2, 0.2, 0.4, 0.3, 0.3])[:, None].repeat(2, axis=1),
    }
    out = groups.usual_openings(labels, np.array([3]))
    np.testing.assert_allclose(out[:4], [0.2, 0.175, 0.175, 0.2])
    assert np.isnan(out[4:]).all()


def test_darker_cheeks_are_darker_whatever_the_exposure() -> None:
    points = np.zeros((478, 2))
    points[groups.CHEEKS] = [30.0, 30.0]
    points[263] = [50.0, 10.0]

    def lightness(cheek: int, exposure: float) -> float:
        picture = np.full((60, 60, 3), 200, np.uint8)
        picture[20:40, 20:40] = cheek
        return groups.cheek_lightness((picture * exposure).astype(np.uint8), points)

    assert lightness(60, 1.0) < lightness(150, 1.0) - 20
    assert lightness(120, 1.0) == pytest.approx(lightness(120, 0.5), abs=1.0)


def test_marks_name_each_face_once() -> None:
    marks = groups.marked()
    lines = groups.SPECTACLES.read_text().splitlines()
    assert len(marks) == len(lines) - 1 == 994
    assert set(marks.values()) == set(range(len(groups.MARKS)))
