"""Plots as inline SVG, drawn from a record: nothing is fetched, and they follow the page's colours. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from html import escape

from wakeful.device.bench.record import Comparison, Row, Value
from wakeful.device.bench.table import base

WIDTH, LEFT, RIGHT = 880, 300, 90
"""Pixels: of the plot, for the names on its left, for the figures on its right."""
ROW = 26
SERIES = 6
"""Number of colours, ``.s0`` to ``.s5`` in the page."""


def latencies(rows: Sequence[Row]) -> str:
    """One bar per row: a box from p50 to p90, whiskers from the minimum to p99, and the figure; one scale for all."""
    rows = [row for row in rows if row.quantiles_ms]
    if not rows:
        return ""
    top = max(_at(row, 99) for row in rows) * 1.05
    drawn = [_grid(top, len(rows), "ms")]
    for number, row in enumerate(rows):
        y = ROW * number + ROW / 2
        x0, x50, x90, x99 = (_x(_at(row, percent), top) for percent in (0, 50, 90, 99))
        drawn.append(_name(row.subject.name, y, "" if row.accuracy.ranked else "unranked"))
        drawn.append(f'<line class="whisker" x1="{x0:.1f}" x2="{x99:.1f}" y1="{y}" y2="{y}"/>')
        drawn.append(f'<rect class="box" x="{x50:.1f}" y="{y - 7}" width="{max(x90 - x50, 1.5):.1f}" height="14"/>')
        drawn.append(f'<line class="median" x1="{x50:.1f}" x2="{x50:.1f}" y1="{y - 9}" y2="{y + 9}"/>')
        drawn.append(_figure(f"{_at(row, 50):.3f} ms", y))
    return _svg(ROW * len(rows) + 30, drawn, "Times: box from p50 to p90, line from the minimum to p99")


def distributions(rows: Sequence[Row]) -> str:
    """The share of runs within each time, one curve per row, up to p99; logarithmic in time."""
    rows = [row for row in rows if row.quantiles_ms][:SERIES]
    if not rows:
        return ""
    low, high = min(_at(row, 0) for row in rows), max(_at(row, 99) for row in rows)
    span = max(math.log(high / low), 1e-9)
    height = 220

    def place(t_ms: float, percent: float) -> str:
        return f"{60 + (WIDTH - 80) * math.log(max(t_ms, low) / low) / span:.1f},{height * (1 - percent / 100):.1f}"

    drawn = []
    for percent in (0, 50, 90, 99):
        y = height * (1 - percent / 100)
        drawn.append(f'<line class="grid" x1="60" x2="{WIDTH - 20}" y1="{y:.1f}" y2="{y:.1f}"/>')
        drawn.append(f'<text class="tick" x="54" y="{y + 4:.1f}" text-anchor="end">{percent} %</text>')
    for t_ms in _log_ticks(low, high):
        x = 60 + (WIDTH - 80) * math.log(t_ms / low) / span
        drawn.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{height}"/>')
        drawn.append(f'<text class="tick" x="{x:.1f}" y="{height + 16}" text-anchor="middle">{t_ms:g} ms</text>')
    for number, row in enumerate(rows):
        points = " ".join(place(t_ms, percent) for percent, t_ms in enumerate(row.quantiles_ms[:100]))
        drawn.append(f'<polyline class="line s{number}" points="{points}"/>')
    return _svg(height + 24, drawn, "Share of runs within each time") + _key(row.subject.name for row in rows)


def over_time(rows: Sequence[Row]) -> str:
    """The median of each turn, in order: a level line means that nothing disturbed the machine."""
    rows = [row for row in rows if len(row.turns_ms) > 1][:SERIES]
    if not rows:
        return ""
    # A single disturbed turn must not flatten all others.
    top = max(sorted(row.turns_ms)[int(0.98 * (len(row.turns_ms) - 1))] for row in rows) * 1.15
    height = 180
    drawn = []
    for value in _ticks(top):
        y = height * (1 - value / top)
        drawn.append(f'<line class="grid" x1="60" x2="{WIDTH - 20}" y1="{y:.1f}" y2="{y:.1f}"/>')
        drawn.append(f'<text class="tick" x="54" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>')
    for number, row in enumerate(rows):
        step = (WIDTH - 80) / (len(row.turns_ms) - 1)
        points = " ".join(
            f"{60 + step * turn:.1f},{height * (1 - min(t_ms, top) / top):.1f}"
            for turn, t_ms in enumerate(row.turns_ms)
        )
        drawn.append(f'<polyline class="line s{number}" points="{points}"/>')
    return _svg(height + 8, drawn, "Median of each turn, ms, in order") + _key(row.subject.name for row in rows)


def ratios(comparisons: Sequence[Comparison]) -> str:
    """One line per comparison: the ratio and its interval around 1."""
    if not comparisons:
        return ""
    reach = max(max(abs(math.log(one.low)), abs(math.log(one.high))) for one in comparisons) * 1.1 + 0.005

    def x(ratio: float) -> float:
        middle = (LEFT + WIDTH - RIGHT) / 2
        return middle + (WIDTH - RIGHT - LEFT) / 2 * math.log(ratio) / reach

    height = 2 * ROW * len(comparisons)
    drawn = [f'<line class="one" x1="{x(1):.1f}" x2="{x(1):.1f}" y1="0" y2="{height}"/>']
    for ratio in _ratio_ticks(reach):
        drawn.append(f'<text class="tick" x="{x(ratio):.1f}" y="{height + 16}" text-anchor="middle">{ratio:g}</text>')
    for number, one in enumerate(comparisons):
        y = 2 * ROW * number + ROW
        kind = one.verdict.replace(" ", "-")
        drawn.append(_name(one.second, y - 7))
        drawn.append(_name(f"against {base(one)}", y + 8, "soft"))
        drawn.append(f'<line class="interval {kind}" x1="{x(one.low):.1f}" x2="{x(one.high):.1f}" y1="{y}" y2="{y}"/>')
        drawn.append(f'<circle class="{kind}" cx="{x(one.ratio):.1f}" cy="{y}" r="4.5"/>')
        drawn.append(_figure(f"{one.ratio:.3f}", y - 7))
        drawn.append(_figure(one.verdict, y + 8, "soft"))
    return _svg(height + 24, drawn, "Time of the second over the first, with its interval")


def stages(row: Row) -> str:
    """The mean frame, stage after stage, in one bar."""
    shown = [(str(stage["stage"]), float(stage["mean_ms"] or 0.0)) for stage in row.stages]
    total = sum(mean_ms for _, mean_ms in shown)
    if total <= 0:
        return ""
    drawn = []
    x = 0.0
    for number, (name, mean_ms) in enumerate(shown):
        width = WIDTH * mean_ms / total
        title = f"<title>{escape(name)}: {mean_ms:.3f} ms per frame</title>"
        drawn.append(
            f'<rect class="fill{number % SERIES}" x="{x:.1f}" y="0" width="{width:.1f}" height="30">{title}</rect>'
        )
        label = f"{name} {mean_ms:.2f}"
        if width > 7 * len(label) + 10:
            drawn.append(f'<text class="inside" x="{x + 6:.1f}" y="19">{escape(label)}</text>')
        x += width
    return _svg(32, drawn, f"{total:.2f} ms per frame, by stage")


def sampled(row: Row, name: str, unit: str) -> str:
    """One counter over the time of the measurement; nothing where the machine has none."""
    points = [(float(one["t_s"] or 0.0), float(value)) for one in row.samples if (value := one.get(name)) is not None]
    if len(points) < 3:
        return ""
    low, high = min(value for _, value in points), max(value for _, value in points)
    low, high = (low - 0.5, high + 0.5) if high - low < 1.0 else (low, high)
    height, end_s = 70, points[-1][0] or 1.0
    line = " ".join(
        f"{60 + (WIDTH - 80) * t_s / end_s:.1f},{height * (1 - (value - low) / (high - low)):.1f}"
        for t_s, value in points
    )
    drawn = [
        f'<text class="tick" x="54" y="10" text-anchor="end">{high:.0f} {unit}</text>',
        f'<text class="tick" x="54" y="{height}" text-anchor="end">{low:.0f}</text>',
        f'<polyline class="line s0" points="{line}"/>',
        f'<text class="tick" x="{WIDTH - 20}" y="{height + 16}" text-anchor="end">{end_s:.0f} s</text>',
    ]
    return _svg(height + 20, drawn, f"{name.replace('_', ' ')}, {unit}")


def _svg(height: float, drawn: Iterable[str], title: str) -> str:
    head = f'<svg viewBox="0 0 {WIDTH} {height:g}" role="img" aria-label="{escape(title)}">'
    return f"<figure><figcaption>{escape(title)}</figcaption>{head}{''.join(drawn)}</svg></figure>"


def _key(names: Iterable[str]) -> str:
    marks = "".join(f'<span><i class="fill{n}"></i>{escape(name)}</span>' for n, name in enumerate(names))
    return f'<p class="key">{marks}</p>'


def _name(text: str, y: float, kind: str = "") -> str:
    return f'<text class="name {kind}" x="{LEFT - 12}" y="{y + 4:.1f}" text-anchor="end">{escape(text)}</text>'


def _figure(text: str, y: float, kind: str = "") -> str:
    return f'<text class="figure {kind}" x="{WIDTH - RIGHT + 10}" y="{y + 4:.1f}">{escape(text)}</text>'


def _grid(top: float, rows: int, unit: str) -> str:
    height = ROW * rows
    drawn = []
    for value in _ticks(top):
        x = _x(value, top)
        drawn.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{height}"/>')
        label = f"{value:g} {unit}"
        drawn.append(f'<text class="tick" x="{x:.1f}" y="{height + 16}" text-anchor="middle">{label}</text>')
    return "".join(drawn)


def _x(value: float, top: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * min(value / top, 1.0)


def _at(row: Row, percent: int) -> float:
    return row.quantiles_ms[percent]


def _ticks(top: float) -> list[float]:
    """About five round numbers from 0 to ``top``."""
    step: float = 10.0 ** math.floor(math.log10(top / 4))
    step *= next(factor for factor in (1, 2, 5, 10) if top / (step * factor) <= 6)
    return [round(step * n, 10) for n in range(int(top / step) + 1)]


def _log_ticks(low: float, high: float) -> Iterator[float]:
    decade = math.floor(math.log10(low))
    while 10.0**decade <= high:
        for factor in (1, 2, 5):
            value = factor * 10.0**decade
            if low <= value <= high:
                yield round(value, 10)
        decade += 1


def _ratio_ticks(reach: float) -> list[float]:
    step = next(step for step in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0) if reach / step <= 4 or step == 5.0)
    wanted = [round(1 + step * n, 4) for n in range(-4, 5)]
    return [ratio for ratio in wanted if ratio > 0 and abs(math.log(ratio)) <= reach]


def number(value: Value, digits: int) -> str:
    """A figure as text, with a dash for what is absent."""
    return f"{value:,.{digits}f}" if isinstance(value, (int, float)) else "–"
