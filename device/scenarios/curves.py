"""The signals of one run as an SVG drawing: eyes, mouth, head and what the monitor reported, over one axis of time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from wakeful.device.scenarios.behaviour import DURATION_S, START_S
from wakeful.device.scenarios.trace import SIGNALS, Moment, Trace

LEFT_PX, WIDTH_PX, BAND_PX, GAP_PX = 74, 560, 46, 10
ANGLE_RANGE_DEG = 60.0
HEALTH_COLOURS = {"ok": "#cfe5d6", "calibrating": "#dfe9f3", "degraded": "#b9c0d4", "no_face": "#8d93a8"}
"""Calm colours for the band of health; anything else is grey."""

Line = list[tuple[float, float | None]]


def curves(trace: Trace) -> str:
    """An ``<svg>`` element."""
    bands = (
        ("eyes", (0.0, 1.0), (("truth", _eyes(trace.moments)), ("one", _signal(trace.moments, "eye_open")))),
        ("mouth", (0.0, 1.0), (("one", _signal(trace.moments, "mouth_open")),)),
        (
            "yaw, pitch",
            (-ANGLE_RANGE_DEG, ANGLE_RANGE_DEG),
            (("one", _signal(trace.moments, "yaw_deg")), ("two", _signal(trace.moments, "pitch_deg"))),
        ),
        (
            "gaze",
            (-ANGLE_RANGE_DEG, ANGLE_RANGE_DEG),
            (("one", _signal(trace.moments, "gaze_yaw_deg")), ("two", _signal(trace.moments, "gaze_pitch_deg"))),
        ),
    )
    drawn: list[str] = []
    top = 4
    for label, limits, lines in bands:
        drawn += _band(top, label, limits, lines)
        top += BAND_PX + GAP_PX
    drawn += _health(top, trace)
    drawn += _reported(top + 22, trace)
    height = top + 62
    start = _x(START_S)
    drawn.append(f'<line class="start" x1="{start:.0f}" x2="{start:.0f}" y1="0" y2="{top + 16}"/>')
    drawn += (
        f'<text class="tick" x="{_x(t_s):.0f}" y="{height - 4}">{t_s:g} s</text>'
        for t_s in range(0, int(DURATION_S) + 1, 4)
    )
    return f'<svg viewBox="0 0 {LEFT_PX + WIDTH_PX + 20} {height}" role="img">{"".join(drawn)}</svg>'


def _band(top: int, label: str, limits: tuple[float, float], lines: Sequence[tuple[str, Line]]) -> Iterator[str]:
    yield f'<rect class="band" x="{LEFT_PX}" y="{top}" width="{WIDTH_PX}" height="{BAND_PX}"/>'
    yield f'<text class="label" x="{LEFT_PX - 8}" y="{top + BAND_PX / 2 + 4:.0f}">{label}</text>'
    for style, line in lines:
        for part in _unbroken(line):
            points = " ".join(f"{_x(t_s):.0f},{_y(value, top, limits):.0f}" for t_s, value in part)
            yield f'<polyline class="{style}" points="{points}"/>'


def _health(top: int, trace: Trace) -> Iterator[str]:
    yield f'<text class="label" x="{LEFT_PX - 8}" y="{top + 12}">health</text>'
    ends = [change.t_s for change in trace.health[1:]] + [DURATION_S]
    for change, end_s in zip(trace.health, ends, strict=True):
        colour = HEALTH_COLOURS.get(change.health, "#cccccc")
        x, width = _x(change.t_s), _x(end_s) - _x(change.t_s)
        yield f'<rect x="{x:.0f}" y="{top}" width="{width:.0f}" height="16" fill="{colour}"/>'
        if width > 60:
            name = f"{change.health} ({change.reason})" if change.reason else change.health
            yield f'<text class="inside" x="{x + 4:.0f}" y="{top + 12}">{escape(name)}</text>'


def _reported(top: int, trace: Trace) -> Iterator[str]:
    yield f'<text class="label" x="{LEFT_PX - 8}" y="{top + 12}">alerts</text>'
    shown = sorted(
        [(one.t_s, one.code, "alert") for one in trace.alerts]
        + [(one.t_s, one.code, "event") for one in trace.events if one.code not in ("health", "calibration")]
    )
    free_px = 0.0
    for t_s, code, style in shown:
        x = _x(t_s)
        yield f'<line class="{style}" x1="{x:.0f}" x2="{x:.0f}" y1="{top}" y2="{top + 16}"/>'
        if style == "alert" or x >= free_px:
            # Alerts are on the first line and events on the second, where they hide nothing.
            y = top + 12 if style == "alert" else top + 25
            yield f'<text class="{style}" x="{x + 3:.0f}" y="{y}">{escape(code)}</text>'
            free_px = x + 8 * len(code)


def _eyes(moments: Sequence[Moment]) -> Line:
    return [(moment.t_s, moment.eyes) for moment in moments]


def _signal(moments: Sequence[Moment], name: str) -> Line:
    column = SIGNALS.index(name)
    return [(moment.t_s, moment.signals[column]) for moment in moments]


def _unbroken(line: Line) -> Iterator[list[tuple[float, float]]]:
    """The parts of a line between unknown values."""
    part: list[tuple[float, float]] = []
    for t_s, value in line:
        if value is not None:
            part.append((t_s, value))
        elif part:
            yield part
            part = []
    if part:
        yield part


def _x(t_s: float) -> float:
    return LEFT_PX + WIDTH_PX * t_s / DURATION_S


def _y(value: float, top: int, limits: tuple[float, float]) -> float:
    low, high = limits
    share = min(1.0, max(0.0, (value - low) / (high - low)))
    return top + BAND_PX - 2 - share * (BAND_PX - 4)
