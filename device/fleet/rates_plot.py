"""Rates with their intervals as a drawing (SVG), on a scale from zero that is straight below one alert an hour."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from wakeful.frozen import dataclass

WIDTH, LEFT, RIGHT, ROW = 780.0, 170.0, 30.0, 26.0


@dataclass(frozen=True, slots=True)
class RatePoint:
    """One line: a rate an hour with its bounds, and what it was at the time."""

    name: str
    rate: float
    low: float
    high: float
    then: float


def rates_plot(points: Sequence[RatePoint]) -> str:
    """A row for each point."""
    top = max(max(point.high, point.then) for point in points) or 1.0
    height = ROW * (len(points) + 1) + 6
    ticks = _ticks(top)
    drawn = [
        f'<line class="grid" x1="{_x(tick, top):.1f}" x2="{_x(tick, top):.1f}" y1="4" y2="{height - ROW:.1f}"/>'
        f'<text class="tick" x="{_x(tick, top):.1f}" y="{height - 8:.1f}" text-anchor="middle">{tick:g}</text>'
        for tick in ticks
    ]
    for number, point in enumerate(points):
        y = ROW * (number + 0.5) + 4
        drawn.append(f'<text x="{LEFT - 12:.1f}" y="{y + 4:.1f}" text-anchor="end">{escape(point.name)}</text>')
        drawn.append(
            f'<line class="now" x1="{_x(point.low, top):.1f}" x2="{_x(point.high, top):.1f}" y1="{y}" y2="{y}"/>'
        )
        drawn.append(f'<circle class="now" cx="{_x(point.rate, top):.1f}" cy="{y}" r="4.5"/>')
        drawn.append(f'<circle class="then" cx="{_x(point.then, top):.1f}" cy="{y}" r="7"/>')
    label = "alerts per hour by code, with intervals"
    return f'<svg viewBox="0 0 {WIDTH:g} {height:g}" role="img" aria-label="{label}">{"".join(drawn)}</svg>'


def _x(rate: float, top: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * math.asinh(rate) / math.asinh(top)


def _ticks(top: float) -> list[float]:
    """Round rates up to ``top``."""
    if top <= 1.0:
        step = 10.0 ** math.floor(math.log10(top))
        return [round(step * number, 12) for number in range(int(top / step) + 1)]
    decades = [base * 10**power for power in range(math.ceil(math.log10(top)) + 1) for base in (1, 3)]
    return [0.0, 0.3, *(float(one) for one in decades if one <= top)]
