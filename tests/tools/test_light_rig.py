"""The light rig: its effects are what they are called, and a sleep that nobody reports is a silent miss."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tools.light_rig.cells import AS_IT_IS, GRID, parse
from tools.light_rig.effects import EFFECTS, Picture, Shot
from tools.light_rig.play import Played, play
from tools.light_rig.report import as_json, as_page, as_text
from tools.light_rig.verdict import ALERTED, DEGRADED, SILENT, Outcome, outcome
from wakeful.errors import ConfigError

FACE = (0.5, 0.5, 0.4)
FPS = 30.0
CLOSED = ((60, 240),)
"""Asleep from 2 to 8 s."""
PLAIN = Played(tuple(n / FPS for n in range(300)), ("ok",) * 300, ((3.0, "microsleep"), (5.0, "sleep")), FACE, b"")


def picture() -> Picture:
    """A grey ramp with a coloured square."""
    ramp = np.tile(np.linspace(20, 200, 64).astype(np.uint8)[None, :, None], (48, 1, 3))
    ramp[10:30, 20:40, 2] = 250
    return ramp


@pytest.mark.parametrize("name", sorted({name for text in GRID for name, _ in parse(text).steps} - {"h264"}))
def test_an_effect_changes_the_picture_and_the_same_shot_the_same_way(name: str) -> None:
    value = {"noise": 4.0, "jpeg": 10.0, "width": 32.0, "strobe": 2.0, "gain": 0.5, "drops": 9.0, "vignette": 0.2}
    value |= {"half": 1.2, "leaves": 4.0, "fog": 0.3, "hotspot": 3.0}
    before, shot = picture(), Shot(1, 0.1, FACE)
    one, other = (EFFECTS[name](before, shot, value.get(name, 1.0)) for _ in range(2))
    assert one.dtype == np.uint8 and one.ndim == 3
    assert not np.array_equal(one, before) and np.array_equal(one, other)
    assert np.array_equal(before, picture())


def test_noise_has_the_deviation_it_is_called_by_and_is_new_in_each_frame() -> None:
    even = np.full((400, 500, 3), 100, np.uint8)
    first, second = (EFFECTS["noise"](even, Shot(seq, 0.0, FACE), 4.0) for seq in (0, 1))
    assert first.std() == pytest.approx(4.0, abs=0.2)
    assert not np.array_equal(first, second)


def test_leaves_light_a_place_as_often_as_they_say() -> None:
    even = np.full((90, 160, 3), 100, np.uint8)
    light = [EFFECTS["leaves"](even, Shot(n, n / 120.0, FACE), 4.0)[45, 80, 0] > 100 for n in range(240)]
    assert sum(now and not before for before, now in pairwise(light)) == pytest.approx(8, abs=1)


@pytest.mark.parametrize("text", ["fogg=1", "gain=much", "gain=0.5+"])
def test_a_cell_that_there_is_not_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        parse(text)


def test_which_cells_have_to_alert_and_which_may_not_degrade() -> None:
    assert all(parse(one).must_alert for one in (AS_IT_IS, "gain=0.2+noise=4+width=320", "gain=2", "grey"))
    assert not any(parse(one).must_alert for one in ("gain=0.12", "gain=3", "noise=8", "width=160", "gain=0.5+fog=0.3"))
    assert [one for one in GRID if parse(one).is_mild] == ["gain=0.5", "noise=2", "gain=0.5+noise=2"]


def verdict(*, health: tuple[str, ...] = PLAIN.health, alerts: tuple[tuple[float, str], ...] = ()) -> Outcome:
    return outcome("a.mp4", parse("gain=0.2"), CLOSED, PLAIN, replace(PLAIN, health=health, alerts=alerts))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (verdict(alerts=((3.4, "microsleep"), (5.5, "sleep"))), ALERTED),
        (verdict(alerts=((3.4, "microsleep"), (5.6, "sleep"))), SILENT),
        (verdict(alerts=((3.0, "microsleep"),)), SILENT),
        (verdict(), SILENT),
        (verdict(health=("ok",) * 140 + ("degraded:dark",) * 160), DEGRADED),
        (verdict(health=("ok",) * 160 + ("degraded:dark",) * 140), SILENT),
        (verdict(health=("degraded:dark",) * 200 + ("ok",) * 100), SILENT),
        (verdict(health=("no_face",) * 300), SILENT),
    ],
)
def test_a_sleep_is_alerted_in_time_or_named_as_unseen_or_missed(given: Outcome, expected: str) -> None:
    assert [one.verdict for one in given.sleeps] == [expected]
    assert (SILENT in as_text([given])) == (expected == SILENT)
    assert as_json([given])[0]["sleeps"][0]["verdict"] == expected
    assert expected in as_page([given])


def test_an_alert_with_open_eyes_is_false_and_degraded_frames_are_compared() -> None:
    open_eyes = replace(PLAIN, alerts=((1.0, "microsleep"),), health=("degraded:glare",) * 30 + ("ok",) * 270)
    found = outcome("a.mp4", parse("noise=2"), (), PLAIN, open_eyes)
    assert found.false_alerts == ("microsleep 1.0 s",) and not found.sleeps
    before = [{"clip": "a.mp4", "cell": "noise=2", "degraded": {"glare": 20}}]
    assert "10.0% (+10)" in as_text([found], before)


@pytest.mark.shared
def test_a_man_asleep_is_reported_by_a_third_of_the_light(clips: Path) -> None:
    clip, closed = clips / "car-asleep-glasses.mp4", ((0, 228),)
    plain = play(clip, parse(AS_IT_IS))
    cell = parse("gain=0.35+noise=2")
    found = outcome(clip.name, cell, closed, plain, play(clip, cell, plain.face, thumb_at=100))
    assert [one.verdict for one in found.sleeps] == [ALERTED], found.sleeps
    assert found.thumb.startswith(b"\xff\xd8")
