"""Classical networks in their spirit, all at 32 pixels and within one budget of multiply-accumulates.

LeNet-5 (LeCun et al. 1998), AlexNet (Krizhevsky et al. 2012), VGG (Simonyan and Zisserman 2015), Inception (Szegedy et
al. 2015, with its 1x1 reductions and a second head at training time) and ResNet (He et al. 2016, plain and
bottleneck). Their order of layers is kept; their width is what the budget allows. Batch normalisation is added to all,
since without it a comparison would be one of initial values.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor, nn

from wakeful.frozen import dataclass
from wakeful.models.expression.face import FERPLUS_CLASSES

SIZE_PX = 32
BUDGET_MACS = 2_000_000
CLASSES = len(FERPLUS_CLASSES)
ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}
POOLINGS: dict[str, type[nn.Module]] = {"max": nn.MaxPool2d, "mean": nn.AvgPool2d}
CHANNEL_STEP = 4
LEAST_WIDTH, MOST_WIDTH, HALVINGS = 0.25, 8.0, 9


@dataclass(frozen=True, slots=True)
class Shape:
    """What a network looks like.

    Attributes:
        kind: one of ``NETS``.
        width: factor of the channels.
        norm: with batch normalisation.
    """

    kind: str = "residual"
    width: float = 1.0
    activation: str = "relu"
    pooling: str = "max"
    dropout: float = 0.2
    norm: bool = True

    def channels(self, count: int) -> int:
        """``count`` at width 1, in whole steps."""
        return max(CHANNEL_STEP, round(count * self.width / CHANNEL_STEP) * CHANNEL_STEP)

    def acted(self) -> nn.Module:
        return ACTIVATIONS[self.activation]()

    def pooled(self, kernel: int = 2, stride: int = 2) -> nn.Module:
        return POOLINGS[self.pooling](kernel, stride)


def build(shape: Shape) -> nn.Module:
    """Logits [N, 8] of standardised grey faces [N, 1, 32, 32]."""
    return NETS[shape.kind](shape)


def within(shape: Shape, budget: int = BUDGET_MACS) -> Shape:
    """``shape`` at the width whose multiply-accumulates come nearest to ``budget``; they grow with it."""
    low, high = LEAST_WIDTH, MOST_WIDTH
    for _ in range(HALVINGS):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if macs(build(replace(shape, width=middle))) < budget else (low, middle)
    ends = [replace(shape, width=width) for width in (low, high)]
    return min(ends, key=lambda one: abs(macs(build(one)) - budget))


@dataclass(frozen=True, slots=True)
class LayerCost:
    """Arithmetic of a convolution or matrix; ``side`` of what comes out, in pixels."""

    kernel: int
    inputs: int
    outputs: int
    side: int
    parameters: int
    macs: int


def layer_costs(net: nn.Module, side: int = SIZE_PX) -> list[LayerCost]:
    """Of each convolution and matrix, in the order of computation, for one face of ``side`` pixels."""
    found: list[LayerCost] = []

    def note(layer: nn.Module, given: tuple[Tensor, ...], answer: Tensor) -> None:
        assert isinstance(layer, nn.Conv2d | nn.Linear)
        places = answer[0, 0].numel() if answer.dim() == 4 else 1
        kernel = layer.kernel_size[0] if isinstance(layer, nn.Conv2d) else 1
        outputs, inputs = layer.weight.shape[:2]
        held = sum(one.numel() for one in layer.parameters())
        found.append(LayerCost(kernel, inputs, outputs, round(places**0.5), held, layer.weight.numel() * places))

    layers = [one for one in net.modules() if isinstance(one, nn.Conv2d | nn.Linear)]
    handles = [one.register_forward_hook(note) for one in layers]
    net.eval()
    with torch.no_grad():
        net(torch.zeros(1, 1, side, side))
    for one in handles:
        one.remove()
    return found


def macs(net: nn.Module, side: int = SIZE_PX) -> int:
    """Multiply-accumulates of one face in convolutions and matrices."""
    return sum(one.macs for one in layer_costs(net, side))


def convolution(
    shape: Shape, inputs: int, outputs: int, kernel: int = 3, stride: int = 1, act: bool = True
) -> nn.Sequential:
    """A convolution, its batch normalisation and its activation."""
    layers: list[nn.Module] = [nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=not shape.norm)]
    if shape.norm:
        layers.append(nn.BatchNorm2d(outputs))
    if act:
        layers.append(shape.acted())
    return nn.Sequential(*layers)


def _lenet(shape: Shape) -> nn.Module:
    a, b = shape.channels(12), shape.channels(32)
    return nn.Sequential(
        convolution(shape, 1, a, 5),
        shape.pooled(),
        convolution(shape, a, b, 5),
        shape.pooled(),
        *_dense_head(shape, b, 8, 120, 84),
    )


def _alexnet(shape: Shape) -> nn.Module:
    a, b, c = shape.channels(16), shape.channels(32), shape.channels(48)
    return nn.Sequential(
        convolution(shape, 1, a, 5, 2),
        shape.pooled(3, 2),
        convolution(shape, a, b, 5),
        convolution(shape, b, c),
        convolution(shape, c, c),
        convolution(shape, c, b),
        shape.pooled(3, 2),
        *_dense_head(shape, b, 3, 128),
    )


def _vgg(shape: Shape) -> nn.Module:
    layers: list[nn.Module] = []
    before = 1
    for count in (8, 16, 32):
        width = shape.channels(count)
        layers += [convolution(shape, before, width), convolution(shape, width, width), shape.pooled()]
        before = width
    return nn.Sequential(*layers, *_dense_head(shape, before, 4, 128))


def _residual(shape: Shape, bottleneck: bool = False) -> nn.Module:
    stem = shape.channels(16)
    layers: list[nn.Module] = [convolution(shape, 1, stem, 3, 2)]
    before = stem
    for place, count in enumerate((16, 32, 64)):
        width = shape.channels(count)
        for block in range(2):
            stride = 2 if place and not block else 1
            layers.append(_Residual(shape, before, width, stride, bottleneck))
            before = width
    return nn.Sequential(*layers, *_mean_head(shape, before))


class _Residual(nn.Module):
    """Convolutions beside a way past them; as a bottleneck, the middle one on a quarter of the channels."""

    def __init__(self, shape: Shape, inputs: int, outputs: int, stride: int, bottleneck: bool) -> None:
        super().__init__()
        if bottleneck:
            inner = max(CHANNEL_STEP, outputs // 4)
            self.inside = nn.Sequential(
                convolution(shape, inputs, inner, 1),
                convolution(shape, inner, inner, 3, stride),
                convolution(shape, inner, outputs, 1, act=False),
            )
        else:
            self.inside = nn.Sequential(
                convolution(shape, inputs, outputs, 3, stride), convolution(shape, outputs, outputs, act=False)
            )
        same = stride == 1 and inputs == outputs
        self.past = nn.Identity() if same else convolution(shape, inputs, outputs, 1, stride, act=False)
        self.last = shape.acted()

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.inside(x) + self.past(x))
        return out


class _Inception(nn.Module):
    """Two convolutions, four modules, and while it trains a second head on the second module."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        stem = shape.channels(16)
        self.stem = nn.Sequential(convolution(shape, 1, stem, 3, 2), convolution(shape, stem, stem))
        first = _Module(shape, stem)
        second = _Module(shape, first.width)
        third = _Module(shape, second.width)
        fourth = _Module(shape, third.width)
        self.first, self.rest = nn.Sequential(first, shape.pooled(), second), nn.Sequential(third, shape.pooled())
        self.fourth = fourth
        self.head = nn.Sequential(*_mean_head(shape, fourth.width))
        self.aside = nn.Sequential(*_mean_head(shape, second.width))

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        middle = self.first(self.stem(x))
        logits: Tensor = self.head(self.fourth(self.rest(middle)))
        return (logits, self.aside(middle)) if self.training else logits


class _Module(nn.Module):
    """1x1, 3x3 and 5x5 convolutions and a pooling side by side, the larger ones behind a 1x1 reduction."""

    def __init__(self, shape: Shape, inputs: int) -> None:
        super().__init__()
        a, b, c = shape.channels(16), shape.channels(24), shape.channels(8)
        reduced, few = shape.channels(16), shape.channels(4)
        pool = nn.MaxPool2d if shape.pooling == "max" else nn.AvgPool2d
        self.parts = nn.ModuleList(
            [
                convolution(shape, inputs, a, 1),
                nn.Sequential(convolution(shape, inputs, reduced, 1), convolution(shape, reduced, b)),
                nn.Sequential(convolution(shape, inputs, few, 1), convolution(shape, few, c, 5)),
                nn.Sequential(pool(3, 1, 1), convolution(shape, inputs, c, 1)),
            ]
        )
        self.width = a + b + 2 * c

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([part(x) for part in self.parts], dim=1)


def _dense_head(shape: Shape, inputs: int, side: int, *widths: int) -> list[nn.Module]:
    """Matrices over all places of [side, side], as convolutions without margins, which compute the same."""
    layers: list[nn.Module] = []
    for place, width in enumerate(widths):
        layers += [nn.Conv2d(inputs, width, 1 if place else side), shape.acted()]
        inputs = width
    return [*layers, nn.Flatten(), nn.Dropout(shape.dropout), nn.Linear(inputs, CLASSES)]


def _mean_head(shape: Shape, inputs: int) -> list[nn.Module]:
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(shape.dropout), nn.Linear(inputs, CLASSES)]


NETS: dict[str, Callable[[Shape], nn.Module]] = {
    "lenet": _lenet,
    "alexnet": _alexnet,
    "vgg": _vgg,
    "inception": _Inception,
    "residual": _residual,
    "bottleneck": partial(_residual, bottleneck=True),
}
