"""Tones as samples: the buzzer's rhythm, a pitch that rises with the level, and no clicks."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from wakeful.device.alerts.gpio.patterns import PATTERNS, is_on
from wakeful.device.alerts.sound.tones import PITCH_HZ, RAMP_S, RATE_HZ, is_over, samples
from wakeful.device.messages import Level

LOUD = [level for level in Level if level is not Level.NONE]


def tone(level: Level, seconds: float = 2.0, volume: float = 1.0) -> NDArray[np.int16]:
    return np.frombuffer(samples(level, 0, round(seconds * RATE_HZ), volume), "<i2")


@pytest.mark.parametrize("level", Level)
def test_a_tone_sounds_while_the_buzzer_would(level: Level) -> None:
    heard = tone(level)
    cell = RATE_HZ // 200
    loud = np.abs(heard.reshape(-1, cell)).max(axis=1) > 6000
    middles_s = (np.arange(len(loud)) + 0.5) * cell / RATE_HZ
    expected = [is_on(PATTERNS[level], float(at)) for at in middles_s]
    # A ramp lasts one cell, at each end of a tone.
    assert (loud != expected).sum() <= 2 * (1 + (np.diff(expected) != 0).sum()) * RAMP_S * 200


def test_a_more_urgent_level_is_higher_and_each_has_its_own_pitch() -> None:
    pitches = []
    for level in LOUD:
        spectrum = np.abs(np.fft.rfft(tone(level, 0.1).astype(float)))
        pitches.append(int(np.argmax(spectrum)) * 10)
    assert pitches == [PITCH_HZ[level] for level in LOUD] == sorted(set(pitches))


@pytest.mark.parametrize("level", LOUD)
def test_chunks_join_without_a_seam_and_nothing_clicks(level: Level) -> None:
    chunks = b"".join(samples(level, begin, 960, 0.8) for begin in range(0, 96_000, 960))
    assert chunks == samples(level, 0, 96_000, 0.8)
    steps = np.abs(np.diff(np.frombuffer(chunks, "<i2").astype(int)))
    assert steps.max() < 2 * np.pi * PITCH_HZ[level] * 2 / RATE_HZ * 32_767


def test_volume_is_loudness_and_no_sample_is_clipped() -> None:
    full, half = (np.abs(tone(Level.EMERGENCY, volume=volume).astype(int)).max() for volume in (1.0, 0.5))
    assert 20_000 < full <= 32_767 and half == pytest.approx(full / 2, abs=1)
    assert not tone(Level.NONE).any() and not tone(Level.URGENT, volume=0.0).any()


def test_a_pulse_that_comes_once_is_over() -> None:
    assert [is_over(Level.ADVISORY, round(at * RATE_HZ)) for at in (0.0, 0.1, 0.2, 5.0)] == [False, False, True, True]
    assert is_over(Level.NONE, 0) and not is_over(Level.WARNING, 10**9)
