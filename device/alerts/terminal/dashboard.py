"""What the terminal shows, as lines of styled text: a pure function of what is known and of the terminal's size.

Calm while all is well: one accent colour, thin gauges, no boxes. Colour and weight come with the alert.
"""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from wakeful.device.alerts.loop_stats import LoopStats
from wakeful.device.alerts.terminal.gauges import DIM, UNKNOWN, Line, bar, fit, needle, trace
from wakeful.device.alerts.terminal.view import HELP, KEYS
from wakeful.device.alerts.wording import code_text, health_text, status_text, time_text
from wakeful.device.messages import DriverState, Health, Level
from wakeful.frozen import dataclass

MAX_WIDTH = 112
TWO_COLUMNS_FROM = 68
GAP = 4

PERCLOS_FULL_SCALE = 0.3
PERCLOS_BANDS = ((0.15, "red"), (0.08, "yellow"))
"""The shares of an advisory and a warning (Wierwille 1994; DOT HS 811 117), at which the gauge changes its colour."""
SLEEPY_FROM = 0.4
"""The bound of an advisory by blinks, in the profile ``vehicle``."""

CLOSED_BELOW = 0.35
CLOSURE_FULL_SCALE_S = 6.0
ANGLE_REACH_DEG = 45.0

LEVEL_STYLES = {
    Level.NONE: "bold green",
    Level.ADVISORY: "black on cyan",
    Level.WARNING: "bold black on yellow",
    Level.URGENT: "bold white on red",
    Level.EMERGENCY: "bold blink white on red",
}
TEXT_STYLES = {
    Level.NONE: "",
    Level.ADVISORY: "cyan",
    Level.WARNING: "yellow",
    Level.URGENT: "red",
    Level.EMERGENCY: "bold red",
}
HEALTH_MARKS = {
    Health.STARTING: ("○", "cyan"),
    Health.OK: ("●", "green"),
    Health.CALIBRATING: ("◐", "cyan"),
    Health.DEGRADED: ("◐", "yellow"),
    Health.NO_FACE: ("○", "yellow"),
    Health.CAMERA_LOST: ("✕", "red"),
    Health.STALE: ("✕", "red"),
    Health.PAUSED: ("‖", "yellow"),
}


@dataclass(frozen=True, slots=True)
class Recent:
    """One line of the recent events."""

    t_s: float
    label: str
    text: str
    style: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """All that is shown at one moment.

    Attributes:
        title: what is watched and by which rules (``synthetic:demo, vehicle``).
        t_s: seconds since the first frame.
        opening: mean eye opening, one value per quarter of a second, oldest first.
        recent: newest first.
        keys: whether keys are read, and are listed in the last line.
        help: whether to explain the keys in place of the recent events.
    """

    title: str
    t_s: float
    state: DriverState
    stats: LoopStats
    opening: Sequence[float | None] = ()
    recent: Sequence[Recent] = ()
    keys: bool = False
    help: bool = False


def draw(view: View, width: int, height: int) -> list[Line]:
    """Exactly ``height`` lines of ``width`` characters; what does not fit is left out from the bottom."""
    inner = max(20, min(width - 4, MAX_WIDTH))
    roomy = height >= 30
    space: list[Line] = [[]]
    lines = [*space, _header(view, inner), *(space if roomy else [])]
    lines += [*_banner(view.state, inner, roomy), *space]
    lines += _columns(_eyes(view.state, *_split(inner)), _head(view.state, *_split(inner)), inner)
    lines += [*space, _opening(view, inner), *space]
    lines += _columns(_drowsiness(view.state, *_split(inner)), _loop(view, *_split(inner)), inner)
    footer: list[Line] = [[(KEYS, DIM)]] if view.keys and not view.help and height >= 12 else []
    below = _help(inner) if view.help else _recent(view, inner, room=height - len(lines) - len(footer) - 2)
    # In a small terminal the help covers the rows above it.
    lines = [*lines[: max(2, height - len(below) - 1)], *space, *below]
    lines = [*(lines + space * height)[: height - len(footer)], *footer]
    margin = " " * max(0, (width - inner) // 2)
    return [fit([(margin, ""), *fit(line, inner)], width) for line in lines]


def _split(inner: int) -> tuple[int, int]:
    """Width of a column and of the gauges in it."""
    column = (inner - GAP) // 2 if inner >= TWO_COLUMNS_FROM else inner
    return column, max(6, column - 23)


def _columns(left: list[Line], right: list[Line], inner: int) -> list[Line]:
    if inner < TWO_COLUMNS_FROM:
        return [*left, *right]
    column, _ = _split(inner)
    rows = max(len(left), len(right))
    left, right = left + [[]] * (rows - len(left)), right + [[]] * (rows - len(right))
    return [[*fit(a, column), (" " * GAP, ""), *b] for a, b in zip(left, right, strict=True)]


def _header(view: View, inner: int) -> Line:
    mark, style = HEALTH_MARKS[view.state.health]
    health, clock = health_text(view.state.health, view.state.reason), time_text(view.t_s)
    recording = "  ● rec" if view.stats.recording else ""
    right = len(recording) + len(health) + len(clock) + 6
    notes = "".join(f"  {code_text(code)}" for code in view.state.notes)
    left: Line = [("wakeful", "bold"), (notes, "yellow"), ("  ", ""), (view.title, DIM)]
    shown: Line = [(recording, "red"), (f"  {mark} ", style), (health, style), ("  ", ""), (clock, DIM)]
    return [*fit(left, inner - right), *shown]


def _banner(state: DriverState, inner: int, roomy: bool) -> list[Line]:
    """What is active, over the whole width; a coloured band once there is an alert."""
    if state.level == Level.NONE:
        style = HEALTH_MARKS[state.health][1]
        rows: list[Line] = [[(status_text(state).capitalize(), f"bold {style}")]]
        return [[], *rows, []] if roomy else rows
    style = LEVEL_STYLES[state.level]
    closed = f"eyes closed {state.closure_s:.1f} s  " if state.closure_s else ""
    text = f"  {state.level.label.upper()}   {status_text(state)}"
    band = [(text[: inner - len(closed)].ljust(inner - len(closed)) + closed, style)]
    blank = [(" " * inner, style)]
    return [blank, band, blank] if roomy else [band]


def _eyes(state: DriverState, column: int, gauge: int) -> list[Line]:
    eye = {True: "yellow", False: "green", None: DIM}[state.eyes_closed]
    closing = TEXT_STYLES[state.level] or "yellow"
    closure_s = state.closure_s
    closure = None if closure_s is None else closure_s / CLOSURE_FULL_SCALE_S
    return [
        _heading("Eyes", column),
        _row("left", bar(state.eye_open_left, gauge, eye), _say(state.eye_open_left, "{:.2f}")),
        _row("right", bar(state.eye_open_right, gauge, eye), _say(state.eye_open_right, "{:.2f}")),
        _row("closed for", bar(closure, gauge, closing), _say(closure_s, "{:.1f} s")),
        _row("mouth", bar(state.mouth_open, gauge, "blue"), _say(state.mouth_open, "{:.2f}")),
    ]


def _head(state: DriverState, column: int, gauge: int) -> list[Line]:
    rows = [_heading("Head", column)]
    for name, angle_deg in (("yaw", state.yaw_deg), ("pitch", state.pitch_deg), ("roll", state.roll_deg)):
        rows.append(_row(name, needle(angle_deg, ANGLE_REACH_DEG, gauge, "blue"), _say(angle_deg, "{:+z.0f}°")))
    gaze = _say(state.gaze_yaw_deg, "{:+z.0f}°") + _say(state.gaze_pitch_deg, " {:+z.0f}°")
    gaze = UNKNOWN if state.gaze_yaw_deg is None else gaze
    return [*rows, _row("gaze", needle(state.gaze_yaw_deg, ANGLE_REACH_DEG, gauge, "blue"), gaze)]


def _opening(view: View, inner: int) -> Line:
    """The trace of eye opening, a quarter of a second a character."""
    cells = view.opening[-(inner - 12) :]
    return [(f"{'opening':<12}", DIM), *trace(cells, CLOSED_BELOW, "green", "yellow")]


def _drowsiness(state: DriverState, column: int, gauge: int) -> list[Line]:
    perclos = state.perclos_60s
    style = next((style for share, style in PERCLOS_BANDS if (perclos or 0.0) >= share), "green")
    scaled = None if perclos is None else perclos / PERCLOS_FULL_SCALE
    sleepy = "yellow" if (state.sleepiness or 0.0) >= SLEEPY_FROM else "green"
    return [
        _heading("Drowsiness", column),
        _row("PERCLOS", bar(scaled, gauge, style), _say(perclos, "{:.1%}")),
        _row("coverage", bar(state.perclos_coverage, gauge, DIM), f"{state.perclos_coverage:.0%}"),
        _row("sleepiness", bar(state.sleepiness, gauge, sleepy), _sleepiness(state)),
        _row("calibration", bar(state.calibration_pct / 100, gauge, "cyan"), f"{state.calibration_pct:.0f}%"),
        # How sure the network is of the expression it sees now; the name follows once it has lasted.
        _row("expression", bar(max(state.expression_p, default=None), gauge, "blue"), state.expression or UNKNOWN),
    ]


def _sleepiness(state: DriverState) -> str:
    """The share, and in brackets how many of the blinks that it is meant to rest on were measured, if not all."""
    known = "" if state.sleepiness_coverage >= 1.0 else f" ({state.sleepiness_coverage:.0%})"
    return _say(state.sleepiness, "{:.0%}" + known)


def _loop(view: View, column: int, gauge: int) -> list[Line]:
    stats = view.stats
    figures = {
        "speed": _say(view.state.speed_kmh, "{:.0f} km/h"),
        "rate": f"{stats.fps:.1f} fps",
        "frame age": f"{stats.frame_age_ms:.0f} ms, {stats.dropped} dropped",
        "landmarks": f"{stats.landmarks} in {stats.runtime}" if stats.runtime else stats.landmarks,
    }
    return [_heading("Loop", column), *([(f"{name:<12}", DIM), (figure, "")] for name, figure in figures.items())]


def _recent(view: View, inner: int, room: int) -> list[Line]:
    rows = [_heading("Recent", inner)]
    for entry in view.recent:
        first, *further = wrap(entry.text, max(10, inner - 20)) or [""]
        rows.append([(f"{time_text(entry.t_s):>8}  ", DIM), (f"{entry.label:<10}", entry.style), (first, entry.style)])
        rows += [[(" " * 20, ""), (text, entry.style)] for text in further]
    return rows[: 1 + max(0, room)] if view.recent else [*rows, [("none yet", DIM)]]


def _help(inner: int) -> list[Line]:
    return [_heading("Keys", inner), *([(f"{key:<12}", "bold"), (text, "")] for key, text in HELP)]


def _heading(title: str, column: int) -> Line:
    return [(f"{title} ", "bold"), ("─" * (column - len(title) - 1), DIM)]


def _row(name: str, gauge: Line, figure: str) -> Line:
    return [(f"{name:<12}", DIM), *gauge, (f"  {figure}", DIM if figure == UNKNOWN else "")]


def _say(value: float | None, template: str) -> str:
    return UNKNOWN if value is None else template.format(value)
