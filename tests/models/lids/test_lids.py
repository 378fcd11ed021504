"""The lids network: what goes in, lids drawn down, eyes hidden, shapes, and operators that map onto a Hexagon."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.models.training.test_pictures import covers, unlike
from wakeful.models.face.points import lid_gap
from wakeful.models.lids.bank import HUMAN_LIDS, human_gap

torch = pytest.importorskip("torch", reason="training needs the extra [train]")

from wakeful.models.lids import drawing, samples  # noqa: E402
from wakeful.models.lids.layout import COLUMNS, EYE_PX, OUTPUTS, READABLE, ROWS  # noqa: E402
from wakeful.models.lids.net import HIDDEN, LidsNet  # noqa: E402
from wakeful.models.lids.states import FEATURES, EyeFeatures, Labelled, StateHead, train_head  # noqa: E402
from wakeful.models.lids.task import auc, points_of, torch_gap  # noqa: E402
from wakeful.models.training.export import export  # noqa: E402

GREY = np.random.default_rng(1).integers(0, 255, (ROWS, COLUMNS), dtype=np.uint8)


def eye(opening: float = 0.3) -> np.ndarray:
    """Contour and iris [21, 2] of a level eye in crop pixels, its outer corner to the left."""
    across = np.linspace(-0.5, 0.5, 9) * EYE_PX
    arch = np.cos(np.linspace(-np.pi / 2, np.pi / 2, 9)) * EYE_PX * opening / 2
    lower, upper = np.stack([across, arch], 1), np.stack([across, -arch], 1)[1:-1]
    iris = np.array([[0, 0], [5, 0], [0, -5], [-5, 0], [0, 5]], float)
    return np.concatenate([lower, upper, iris]) + np.array([COLUMNS, ROWS]) / 2


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_lid_drawn_down_closes_the_eye(share: float) -> None:
    out, moved = drawing.draw_lid(np.random.default_rng(2), GREY, eye(), share)
    assert out.shape == GREY.shape
    assert lid_gap(moved[:16]) <= share * lid_gap(eye()[:16]) + 1e-6
    np.testing.assert_array_equal(moved[16:], eye()[16:])
    np.testing.assert_array_equal(out[-4:], GREY[-4:])


def test_gaps_agree_with_their_other_forms() -> None:
    contour = np.stack([eye(0.3)[:16], eye(0.1)[:16]])
    torch_form = torch_gap(torch.from_numpy(contour / EYE_PX))
    np.testing.assert_allclose(torch_form.numpy(), lid_gap(contour), rtol=1e-6)
    small, wide = human_gap(contour[1, HUMAN_LIDS]), human_gap(contour[0, HUMAN_LIDS])
    assert wide == pytest.approx(3 * small)


def test_a_left_eye_is_flipped_so_that_its_outer_corner_lies_left() -> None:
    outer, inner = np.array([90.0, 40.0]), np.array([60.0, 44.0])
    crop = samples.eye_crop(outer, inner, True)
    ends = crop.points(np.stack([outer, inner]))
    np.testing.assert_allclose(ends, [[32 - EYE_PX / 2, 24], [32 + EYE_PX / 2, 24]], atol=1e-6)


def test_hidden_eyes_get_a_reason() -> None:
    rng, given, area = np.random.default_rng(3), covers(), drawing.EyeArea.of(eye())
    reasons = {drawing.unreadable_light(rng, GREY)[1] for _ in range(30)}
    assert reasons == {READABLE.index(name) for name in ("dark", "glare", "blur")}
    for _ in range(30):
        for hide in (drawing.cover_eye, drawing.glaze_eye):
            out, reason, holds = hide(rng, GREY, area, given)
            assert out.shape == GREY.shape
            assert holds or reason != drawing.CLEAR


def test_an_eye_whose_iris_is_hidden_is_not_read_from_its_rim() -> None:
    area = drawing.EyeArea.of(eye())
    assert area.hidden(np.zeros(GREY.shape)) == 0.0
    assert area.hidden(area.core.astype(float)) == 1.0
    assert area.hidden(area.whole & ~area.core) < 1.0


def test_lashes_of_a_lid_that_is_drawn_shut_darken_its_edge() -> None:
    flat = np.full_like(GREY, 180)
    darkest = [int(drawing.draw_lid(np.random.default_rng(seed), flat, eye(), 0.0)[0].min()) for seed in range(40)]
    assert min(darkest) < 40 and max(darkest) > 120


def test_shapes_and_operators(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    net = unlike(LidsNet()).eval()
    out, hidden = net(torch.zeros(2, 1, ROWS, COLUMNS))
    assert out.shape == (2, OUTPUTS) and hidden.shape == (2, HIDDEN)
    assert points_of(out.detach().numpy()).shape == (2, 21, 2)
    assert StateHead()(torch.zeros(3, FEATURES)).shape == (3, 4)
    file = export(net, tmp_path / "lids.onnx", ROWS, COLUMNS, ("out", "hidden"))
    operators = {node.op_type for node in onnx.load(file).graph.node}
    assert operators <= {"Conv", "Relu", "Gemm", "Flatten", "Add", "Reshape"}


def test_auc_counts_ties_half() -> None:
    assert auc(np.array([2.0, 1.0]), np.array([1.0, 0.0])) == pytest.approx(0.875)


def test_of_an_eye_that_is_hidden_every_state_is_as_likely() -> None:
    states, faces = 4, 160
    rng = np.random.default_rng(5)
    state = rng.integers(states, size=faces)
    seen = torch.zeros(faces, FEATURES)
    seen[torch.arange(faces), torch.from_numpy(state)] = 3.0
    values = torch.stack([seen, torch.full((faces, FEATURES), 0.1)], dim=1)[:, None].repeat(1, 2, 1, 1)
    hidden = torch.tensor([False, True]).expand(faces, 2, 2)
    features = EyeFeatures(values.half(), torch.ones(faces, 2, dtype=torch.bool), hidden)
    given = Labelled(
        np.arange(faces), state, np.ones(faces, np.float32), np.ones(faces, bool), np.zeros(faces, np.intp),
        np.full(faces, "lfw"), np.zeros(faces, np.float32),
    )  # fmt: skip
    head = train_head(features, given, np.arange(faces), seed=0, steps=150)
    with torch.no_grad():
        of_seen, of_hidden = (torch.softmax(head(values[:, 0, i]), dim=1).numpy() for i in (0, 1))
    assert (of_seen.argmax(axis=1) == state).mean() > 0.95
    assert of_hidden.max() < 0.35
