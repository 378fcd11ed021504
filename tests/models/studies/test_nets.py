"""The studies' networks: one budget, known arithmetic, and what each class of them is made of."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="needs the extra [train]")

import torch
from torch import nn

from wakeful.models.studies.nets import BUDGET_MACS, NETS, SIZE_PX, Shape, build, layer_costs, macs, within


@pytest.mark.parametrize("kind", NETS)
def test_every_network_keeps_to_the_budget_and_answers_for_eight_expressions(kind: str) -> None:
    net = build(within(Shape(kind))).eval()
    assert macs(net) == pytest.approx(BUDGET_MACS, rel=0.2)
    with torch.no_grad():
        assert net(torch.zeros(3, 1, SIZE_PX, SIZE_PX)).shape == (3, 8)


def test_arithmetic_is_that_of_the_layers() -> None:
    first, second = layer_costs(nn.Sequential(nn.Conv2d(1, 4, 5, 2, 2), nn.Flatten(), nn.Linear(4 * 16 * 16, 3)))
    assert (first.kernel, first.side, first.parameters, first.macs) == (5, 16, 104, 4 * 25 * 256)
    assert (second.inputs, second.outputs, second.macs) == (1024, 3, 3072)


def test_inception_has_its_second_head_while_it_trains() -> None:
    net = build(Shape("inception"))
    faces = torch.zeros(2, 1, SIZE_PX, SIZE_PX)
    assert isinstance(net.train()(faces), tuple)
    assert net.eval()(faces).shape == (2, 8)


def test_activation_and_normalisation_are_as_asked() -> None:
    net = build(Shape("vgg", activation="sigmoid", pooling="mean", norm=False))
    kinds = {type(one) for one in net.modules()}
    assert nn.Sigmoid in kinds and nn.AvgPool2d in kinds
    assert not kinds & {nn.ReLU, nn.MaxPool2d, nn.BatchNorm2d}
