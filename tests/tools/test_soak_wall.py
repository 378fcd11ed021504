"""What the soak by the wall clock hears is what was played, and a tone that is missing or too many is found."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tools.faults.soak_wall import compared, judged_naps
from tools.rigs import sound_card
from tools.rigs.sound_card import heard
from wakeful.device.alerts.sound.tones import PITCH_HZ, RATE_HZ, samples
from wakeful.device.messages import Level

LEVELS = [(0.0, Level.NONE), (5.0, Level.WARNING), (6.0, Level.NONE), (9.0, Level.URGENT), (12.0, Level.NONE)]
TONES = [(5.08, 5.58, 880.0), (9.1, 9.2, 1320.0), (9.35, 9.5, 1320.0)]


def test_each_step_of_the_level_is_found_among_the_tones() -> None:
    unheard, wrong, delays_s = compared(LEVELS, TONES)
    assert (unheard, wrong) == ([], [])
    assert [round(delay_s, 2) for delay_s in delays_s] == [0.08, 0.1]


def test_a_lost_a_late_a_wrong_and_a_surplus_tone_are_named() -> None:
    assert compared(LEVELS, TONES[1:])[0] == ["WARNING []"]
    assert compared(LEVELS, [(5.7, 5.9, 880.0), *TONES[1:]])[0] == ["WARNING [0.7000000000000002]"]
    unheard, wrong, _ = compared(LEVELS, [(5.08, 5.58, 660.0), *TONES[1:], (20.0, 20.1, 1320.0)])
    assert (unheard, wrong) == (["WARNING []"], ["660 Hz at 5.08", "1320 Hz at 20.00"])


def test_a_nap_without_an_alert_is_named_unless_the_camera_was_silent_meanwhile() -> None:
    def closure(start: float, end: float) -> dict[str, object]:
        return {"t": end, "kind": "closure", "start": start, "end": end}

    raised = {"t": 7.05, "kind": "alert", "code": "microsleep", "phase": "raised"}
    silent = [{"t": 21.0, "kind": "health", "health": "stale"}, {"t": 21.4, "kind": "health", "health": "ok"}]
    begin = {"t": 0.0, "kind": "health", "health": "calibrating"}
    lines = [begin, raised, closure(6.0, 7.3), closure(9.0, 9.3), *silent, closure(20.0, 21.4)]
    assert judged_naps(lines) == (1, [])
    assert judged_naps([*lines, closure(40.0, 41.3)]) == (2, [41.3])


def test_the_card_notes_pitches_and_pauses(tmp_path: Path) -> None:
    notes = tmp_path / "heard"
    sound_card.install(tmp_path / "bin", notes)
    card = subprocess.Popen([tmp_path / "bin" / "aplay", "-q"], stdin=subprocess.PIPE)
    played = b"".join(
        samples(level, 0, RATE_HZ, 0.8) for level in (Level.NONE, Level.WARNING, Level.EMERGENCY, Level.NONE)
    )
    card.communicate(played, timeout=60)
    found = heard(notes)
    assert [pitch for _, _, pitch in found] == [PITCH_HZ[Level.WARNING], PITCH_HZ[Level.EMERGENCY]]
    (warning, warning_end, _), (emergency, emergency_end, _) = found
    assert warning_end - warning > 0.4 and emergency - warning_end > 0.4 and emergency_end - emergency > 0.9
