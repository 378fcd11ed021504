"""Whom is believed of an eye in bad light: bounds on its grey levels, or the network that reads it."""

from __future__ import annotations

import numpy as np
import pytest

from wakeful.device.messages import Unreadable
from wakeful.device.perception.eye_reader import by_network
from wakeful.device.perception.landmarks import Eye
from wakeful.device.perception.readability import EyeLook, look_of

SURE, UNSURE = 4.0, 0.5
NOWHERE = np.zeros((16, 2), np.float32)
PATCH_PX = 48
DARK, OCCLUDED, BLUR = Unreadable.DARK, Unreadable.OCCLUDED, Unreadable.BLUR


def eye(clear: float | None) -> Eye:
    return Eye(NOWHERE, NOWHERE[:5], clear=clear)


@pytest.mark.parametrize(
    ("clear", "look", "reason", "doubt"),
    [
        (SURE, EyeLook(OCCLUDED, None, contrast=0.5), None, None),
        (SURE, EyeLook(OCCLUDED, None, contrast=0.3), OCCLUDED, None),
        (SURE, EyeLook(OCCLUDED, None, in_noise=True), None, DARK),
        (SURE, EyeLook(DARK, None, doubt=DARK, in_noise=True), None, DARK),
        (SURE, EyeLook(DARK, None, doubt=DARK), DARK, DARK),
        (SURE, EyeLook(BLUR, None, in_noise=True), BLUR, None),
        (UNSURE, EyeLook(OCCLUDED, None, contrast=0.5, in_noise=True), OCCLUDED, None),
        (None, EyeLook(OCCLUDED, None, contrast=0.5, in_noise=True), OCCLUDED, None),
        (SURE, EyeLook(None, None, in_noise=True), None, None),
    ],
)
def test_a_network_that_is_sure_of_an_eye_is_believed_over_grey_levels_and_in_noise_with_doubt(
    clear: float | None, look: EyeLook, reason: Unreadable | None, doubt: Unreadable | None
) -> None:
    found = by_network(eye(clear), look)
    assert (found.reason, found.doubt) == (reason, doubt)


@pytest.mark.parametrize(
    ("skin", "contrast", "noise", "in_noise"),
    [(20.0, 20.0, 4.0, True), (20.0, 6.0, 4.0, False), (150.0, 20.0, 4.0, False), (20.0, 20.0, 0.0, False)],
)
def test_noise_decides_in_dim_light_as_long_as_it_leaves_some_contrast(
    skin: float, contrast: float, noise: float, in_noise: bool
) -> None:
    rng = np.random.default_rng(1)
    patch = np.full((PATCH_PX, PATCH_PX), skin, np.float32)
    patch[20:28] -= contrast
    noisy = np.clip(patch + 30.0 + rng.normal(0.0, noise, patch.shape), 0.0, 255.0).astype(np.uint8)
    assert look_of(noisy, skin, 2.0 * skin, dark=18.0).in_noise == in_noise
