"""The dashboard as text, at the sizes terminals have."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.style import Style

from tests.device.alerts.samples import AWAKE, MICROSLEEP
from wakeful.device.alerts.loop_stats import LoopStats
from wakeful.device.alerts.terminal.dashboard import Recent, View, draw
from wakeful.device.messages import DriverState, Health, Level

STATS = LoopStats(29.84, 11.6, 3, "mesh+iris")
RECENT = [Recent(float(n), "warning", f"microsleep raised, number {n}", "yellow") for n in range(12)]
CALM = View("synthetic:demo, vehicle", 71.3, AWAKE, STATS, [0.9] * 120, RECENT)
SIZES = [(80, 24), (100, 32), (160, 40), (60, 20), (20, 5), (5, 1)]


def screen(view: View, width: int = 80, height: int = 24) -> str:
    return "\n".join("".join(text for text, _ in line).rstrip() for line in draw(view, width, height))


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("state", [AWAKE, MICROSLEEP, DriverState(0, 0, Health.NO_FACE)])
def test_it_fills_the_terminal_and_never_overflows_it(width: int, height: int, state: DriverState) -> None:
    lines = draw(replace(CALM, state=state), width, height)
    assert [sum(len(text) for text, _ in line) for line in lines] == [width] * height


def test_80_by_24_shows_everything_that_matters() -> None:
    shown = screen(replace(CALM, state=replace(AWAKE, closure_s=0.2)))
    for wanted in (
        *("● ok", "1:11.3", "No alert", "synthetic:demo", "0.95", "0.90", "0.2 s", "0.05", "+12°", "-3°", "+0°"),
        *("+4° -1°", "4.1%", "98%", "100%", "neutral", "60 km/h", "29.8 fps", "12 ms, 3 dropped", "mesh+iris"),
        *("microsleep raised, number 0", "microsleep raised, number 2", "▇▇▇▇"),
    ):
        assert wanted in shown


def test_a_large_terminal_lists_more_of_what_happened() -> None:
    assert "number 9" in screen(CALM, 160, 40)


@pytest.mark.parametrize("level", list(Level)[1:])
def test_an_alert_is_a_band_over_the_whole_width(level: Level) -> None:
    state = replace(MICROSLEEP, level=level)
    band = next(line for line in draw(replace(CALM, state=state), 80, 24) if "microsleep" in line[1][0])
    text, style = band[1]
    assert text.startswith(f"  {level.label.upper()}   microsleep") and text.endswith("eyes closed 1.2 s  ")
    assert len(text) == 76
    assert " on " in style


def test_an_unknown_figure_is_a_dash_and_never_a_zero() -> None:
    shown = screen(replace(CALM, state=DriverState(0, 0, Health.NO_FACE)))
    assert "No face in view" in shown
    assert shown.count("–") == 12
    assert "0.00" not in shown


def test_sleepiness_is_shown_with_the_share_of_its_blinks_until_that_is_all() -> None:
    few, enough = (replace(AWAKE, sleepiness=0.62, sleepiness_coverage=share) for share in (0.4, 1.0))
    rows = [
        next(row for row in screen(replace(CALM, state=one)).splitlines() if "sleepiness" in row)
        for one in (AWAKE, few, enough)
    ]
    assert "–" in rows[0] and "62% (40%)" in rows[1] and "62%" in rows[2] and "(" not in rows[2]


def test_the_expression_has_a_gauge_of_how_sure_it_is() -> None:
    sure, unsure = (replace(AWAKE, expression="happiness", expression_p=(p, 1.0 - p)) for p in (0.95, 0.55))
    rows = [
        next(row for row in screen(replace(CALM, state=one)).splitlines() if "happiness" in row)
        for one in (sure, unsure)
    ]
    assert rows[0].count("━") > rows[1].count("━") > 0


def test_what_is_wrong_with_the_monitor_stands_in_the_first_line() -> None:
    header = screen(replace(CALM, state=replace(AWAKE, notes=("disk_full",)))).splitlines()[1]
    assert "disk full" in header and "● ok" in header


@pytest.mark.parametrize("health", Health)
def test_every_style_is_one_that_rich_knows(health: Health) -> None:
    for level in Level:
        view = replace(CALM, state=replace(AWAKE, health=health, level=level, perclos_60s=0.05 * level))
        for line in draw(view, 100, 32):
            for _, style in line:
                Style.parse(style)


def test_a_long_note_can_be_read_whole() -> None:
    note = "disk full: no images are recorded, /var/lib/wakeful/recordings is nearly full: delete old logs or make room"
    view = replace(CALM, recent=[Recent(1.0, "", note)])
    shown = "\n".join("".join(text for text, _ in line) for line in draw(view, 80, 40))
    assert note in " ".join(shown.split())


@pytest.mark.parametrize("size", [(80, 24), (100, 40)])
def test_the_last_line_lists_the_keys_and_help_explains_each(size: tuple[int, int]) -> None:
    view = replace(CALM, keys=True)
    assert screen(view, *size).splitlines()[-1].strip() == "m mark   a acknowledge   q end   ? help"
    assert "number 0" in screen(view, *size)
    explained = screen(replace(view, help=True), *size)
    for wanted in ("mark this moment", "Karolinska", "acknowledge the most urgent", "Ctrl-C", "hide this help", "● ok"):
        assert wanted in explained
    assert "? help" not in screen(CALM, *size), "keys that nobody reads are not listed"


def test_the_first_line_says_that_a_recording_is_written() -> None:
    assert "● rec  ● ok" in screen(replace(CALM, stats=replace(STATS, recording=True))).splitlines()[1]
    assert "rec" not in screen(CALM).splitlines()[1]
