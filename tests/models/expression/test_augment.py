"""Varied faces stay faces, and are standardised as the monitor does it."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch: make test-train")

from tests.models.expression.samples import made_up  # noqa: E402
from wakeful.models.expression.augment import Augmentation, augmented, standardised  # noqa: E402
from wakeful.models.expression.face import standardise  # noqa: E402

STILL = Augmentation(rotation_deg=0, shift=0, scale=0, stretch=0, shear=0, log_gamma=0, hidden=0)
FACES = torch.from_numpy(made_up(64).images)


def test_training_and_monitor_standardise_alike() -> None:
    assert np.allclose(standardised(FACES[:, None].float()).numpy(), standardise(FACES.numpy()), atol=1e-5)


def test_without_variation_a_face_stays_itself_or_becomes_its_mirror_image() -> None:
    given = standardise(FACES.numpy())
    varied = augmented(FACES, STILL, 48).numpy()
    straight = np.abs(varied - given).max(axis=(1, 2, 3)) < 0.01
    mirrored = np.abs(varied - given[..., ::-1]).max(axis=(1, 2, 3)) < 0.01
    assert (straight | mirrored).all()
    assert 10 < mirrored.sum() < 54


@pytest.mark.parametrize("size", [32, 40, 48])
def test_varied_faces_have_the_size_asked_for_and_no_outliers(size: int) -> None:
    varied = augmented(FACES, Augmentation(), size)
    assert varied.shape == (64, 1, size, size)
    assert torch.isfinite(varied).all()
    assert float(varied.abs().max()) < 15.0


def test_the_same_seed_varies_alike_and_another_does_not() -> None:
    def drawn(seed: int) -> object:
        torch.manual_seed(seed)
        return augmented(FACES, Augmentation(), 48)

    assert torch.equal(drawn(1), drawn(1))
    assert not torch.equal(drawn(1), drawn(2))


def test_hidden_parts_are_as_large_and_as_many_as_asked_for() -> None:
    hiding = Augmentation(
        rotation_deg=0, shift=0, scale=0, stretch=0, shear=0, log_gamma=0, hidden=1.0, hidden_side=(0.25, 0.25)
    )
    hidden = (augmented(FACES, hiding, 48) == 0.0).sum(dim=(1, 2, 3))
    assert ((hidden >= 11 * 11) & (hidden <= 13 * 13)).all()


def test_calm_faces_differ_less_from_the_given_ones_and_are_whole() -> None:
    given = torch.from_numpy(standardise(FACES.numpy()))
    apart = []
    for how in (Augmentation(), Augmentation().calmer()):
        torch.manual_seed(5)
        varied = augmented(FACES, how, 48)
        nearer = torch.minimum(((varied - given) ** 2).mean((1, 2, 3)), ((varied - given.flip(3)) ** 2).mean((1, 2, 3)))
        apart.append(float(nearer.mean()))
    assert apart[1] < 0.8 * apart[0]
    assert Augmentation().calmer().hidden == 0.0
