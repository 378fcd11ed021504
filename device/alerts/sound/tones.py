"""The tones of the four levels, as samples: the buzzer's patterns at a pitch that rises with the level.

Pitches lie where ears are sensitive and a small speaker is loud (ISO 7731: 500 to 2500 Hz), a third to a fifth apart.
"""

from __future__ import annotations

import math
from dataclasses import asdict

import numpy as np

from wakeful.device.alerts.gpio.patterns import OFF, PATTERNS
from wakeful.device.messages import Level

RATE_HZ = 48_000
PITCH_HZ = {Level.ADVISORY: 660.0, Level.WARNING: 880.0, Level.URGENT: 1320.0, Level.EMERGENCY: 1760.0}
RAMP_S = 0.005
"""A tone that begins and ends within this time does not click."""
OVERTONE = 0.3
"""Share of the third harmonic, which a speaker that is too small for the pitch itself still gives."""


def samples(level: Level, begin: int, count: int, volume: float) -> bytes:
    """``count`` samples (mono, 16 bits, little-endian) of the level's pattern, from the sample ``begin`` on."""
    pattern = PATTERNS.get(level, OFF)
    if pattern.on_s <= 0.0:
        return bytes(2 * count)
    t_s = np.arange(begin, begin + count) / RATE_HZ
    steady = pattern.off_s <= 0.0 and not pattern.once
    into_s = t_s if steady or pattern.once else t_s % (pattern.on_s + pattern.off_s)
    left_s = np.full(count, math.inf) if steady else pattern.on_s - into_s
    envelope = np.clip(np.minimum(into_s, left_s) / RAMP_S, 0.0, 1.0)
    phase = 2.0 * math.pi * PITCH_HZ[level] * t_s
    wave = (np.sin(phase) + OVERTONE * np.sin(3.0 * phase)) / (1.0 + OVERTONE)
    return (wave * envelope * volume * 32_767.0).astype("<i2").tobytes()


def is_over(level: Level, begin: int) -> bool:
    """Whether nothing is heard of the level's pattern from this sample on."""
    pattern = PATTERNS.get(level, OFF)
    return pattern.on_s <= 0.0 or (pattern.once and begin >= pattern.on_s * RATE_HZ)


def described() -> dict[str, dict[str, float | bool]]:
    """The tone of each level, for those who make it themselves."""
    return {level.label: {"pitch_hz": pitch, **asdict(PATTERNS[level])} for level, pitch in PITCH_HZ.items()}
