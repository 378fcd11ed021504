"""The check on emulated ARM hands crops to every network of this project."""

from __future__ import annotations

from tools.arm64_check import rendered_crops
from wakeful.models.variants import OWN


def test_every_network_of_this_project_gets_crops() -> None:
    crops = rendered_crops()
    assert crops.keys() == set(OWN)
    assert all(len(one) >= 32 for one in crops.values())
