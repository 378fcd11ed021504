"""Alerts as tones through a stand-in for ``aplay``, which keeps what it is given or fails as a card does.

It shows nothing about a card's own delay; ``python -m tools.measure_sound`` measures that on PipeWire.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from tests.device.alerts.samples import AWAKE, started
from tools.rigs.waiting import eventually, usual_longest
from wakeful.device.alerts import staleness
from wakeful.device.alerts.sound import output, player, speech, tones
from wakeful.device.alerts.sound.output import NOTE, SoundOutput
from wakeful.device.alerts.sound.player import MAX_SAID_BYTES, Player, SoundError, player_command
from wakeful.device.alerts.sound.settings import SoundSettings
from wakeful.device.alerts.sound.speech import PROGRAM, WORDS, spoken
from wakeful.device.alerts.sound.tones import PITCH_HZ, RATE_HZ
from wakeful.device.messages import DriverState, Level
from wakeful.device.supervision.notes import Notes

HEAR = "exec /bin/cat >> "


class Card:
    """The stand-in's folder on the search path, and what was played."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.played = folder / "played"
        self.bells = 0
        self.plays()

    def install(self, body: str, name: str = "aplay") -> None:
        script = self.bin / f"{name}.new"
        script.write_text(f"#!/bin/sh\n{body}\n")
        script.chmod(0o755)
        script.rename(self.bin / name)

    def plays(self) -> None:
        self.install(f"{HEAR}{self.played}")

    def pitches(self) -> list[float]:
        """The pitches that were heard, in order."""
        heard: list[float] = []
        data = np.fromfile(self.played, "<i2").astype(float) if self.played.exists() else np.zeros(0)
        for cell in data[: len(data) // 960 * 960].reshape(-1, 960):
            if np.abs(cell).max() > 8000:
                spectrum = np.abs(np.fft.rfft(cell, 48_000))
                pitch = min(PITCH_HZ.values(), key=lambda one: abs(one - int(np.argmax(spectrum))))
                heard += [pitch] if not heard or heard[-1] != pitch else []
        return heard


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Card]:
    made = Card(tmp_path)
    monkeypatch.setenv("PATH", str(made.bin))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.delenv("PIPEWIRE_RUNTIME_DIR", raising=False)

    def ring() -> None:
        made.bells += 1

    monkeypatch.setattr(output, "_bell", ring)
    # A busy machine may not get to a tone before a single state is stale, as states of a monitor never are.
    monkeypatch.setattr(staleness, "STALE_AFTER_S", 60.0)
    yield made


def sound(notes: Notes | None = None) -> SoundOutput:
    return SoundOutput(SoundSettings(device="auto"), notes)


def at(level: Level, code: str = "") -> DriverState:
    return replace(AWAKE, level=level, code=code)


def heard_last(card: Card, pitch: float) -> bool:
    return card.pitches()[-1:] == [pitch]


def has(begun: list[Level], count: int) -> bool:
    return len(begun) == count


def test_each_level_is_heard_at_its_pitch_in_order(card: Card) -> None:
    with started(sound()) as made:
        for level in (Level.ADVISORY, Level.WARNING, Level.URGENT, Level.EMERGENCY):
            made.state(at(level))
            assert eventually(partial(heard_last, card, PITCH_HZ[level]), 60.0)
        made.state(at(Level.NONE))
    assert card.pitches() == [660.0, 880.0, 1320.0, 1760.0]
    assert made.problem is None


def test_two_hundred_alerts_in_a_row_each_begin_in_their_order(card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[Level] = []
    real = tones.samples

    def noted(level: Level, begin: int, count: int, volume: float) -> bytes:
        if begin == 0 and level is not Level.NONE:
            begun.append(level)
        return real(level, begin, count, volume)

    monkeypatch.setattr(speech, "samples", noted)
    alerts = [Level(1 + number * 7 % 4) for number in range(200)]
    with started(sound()) as made:
        for number, level in enumerate(alerts):
            made.state(at(level, f"x_{number}"))
            assert eventually(partial(has, begun, number + 1), 60.0)
    assert begun == alerts


def test_a_missing_card_is_one_note_and_the_bell_rings(card: Card) -> None:
    card.install("echo 'ALSA lib: nonsense' >&2; echo 'audio open error: No such device' >&2; exit 1")
    notes = Notes()
    with started(sound(notes)) as made:
        assert eventually(lambda: notes.codes == (NOTE,))
        assert card.bells == 0
        made.state(at(Level.URGENT))
        assert eventually(lambda: card.bells >= 3)
    (change,) = notes.changes()
    assert change.text == "alerts ring the terminal's bell alone: audio open error: No such device"


def test_without_a_program_that_plays_the_note_names_what_to_install(card: Card) -> None:
    (card.bin / "aplay").unlink()
    notes = Notes()
    with started(sound(notes)):
        assert eventually(lambda: notes.codes == (NOTE,))
    assert "apt install alsa-utils" in notes.changes()[0].text


def test_a_card_that_comes_back_is_heard_and_the_note_is_over(card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "RETRY_S", 0.1)
    card.install("exit 1")
    notes = Notes()
    with started(sound(notes)) as made:
        made.state(at(Level.EMERGENCY))
        assert eventually(lambda: card.bells > 0, 60.0)
        card.plays()
        assert eventually(lambda: card.pitches() == [PITCH_HZ[Level.EMERGENCY]], 60.0)
        assert eventually(lambda: notes.codes == (), 60.0)


def test_a_player_that_takes_nothing_costs_the_monitor_nothing(card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(player, "STUCK_S", 0.3)
    card.install("exec /bin/sleep 60")
    notes = Notes()
    took_s = []
    with started(sound(notes)) as made:
        deadline = time.monotonic() + 10.0
        while not (notes.codes and card.bells) and time.monotonic() < deadline:
            begin_s = time.perf_counter()
            made.state(at(Level.URGENT))
            took_s.append(time.perf_counter() - begin_s)
            time.sleep(0.01)
        assert notes.codes == (NOTE,)
    assert usual_longest(took_s) < 0.02


def test_a_talkative_player_fills_no_disk(card: Card) -> None:
    card.install(
        f"i=0; while [ $i -lt 3000 ]; do echo 'underrun!!! (at least 1 ms)' >&2; i=$((i+1)); done; {HEAR}{card.played}"
    )
    playing = Player(player_command("auto"))
    assert eventually(lambda: playing.said_bytes > MAX_SAID_BYTES, 60.0)

    def after_another_tone() -> int:
        playing.play(bytes(1920))
        return playing.said_bytes

    assert eventually(lambda: after_another_tone() < MAX_SAID_BYTES, 60.0)
    playing.close()


def test_a_monitor_that_hangs_falls_silent(card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    with started(sound()) as made:
        made.state(at(Level.EMERGENCY))
        assert eventually(lambda: card.pitches() == [PITCH_HZ[Level.EMERGENCY]], 60.0)
        monkeypatch.setattr(staleness, "STALE_AFTER_S", 0.3)
        assert eventually(lambda: not np.fromfile(card.played, "<i2")[-4800:].any())


def test_the_end_stops_the_tone_at_once_and_leaves_no_child(card: Card) -> None:
    card.install(f"echo $$ > {card.played}.pid; exec /bin/cat >> {card.played}")
    with started(sound()) as made:
        made.state(at(Level.EMERGENCY))
        assert eventually(lambda: bool(card.pitches()))
        child = int(Path(f"{card.played}.pid").read_text())
        begin_s = time.monotonic()
    assert time.monotonic() - begin_s < 1.0
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


SPEAKER = """
import math, struct, sys
words = sys.stdin.read()
wave = [round(20000 * math.sin(i * 2 * math.pi * 300 / 22050)) for i in range(22050)]
form = (16, 1, 1, 22050, 44100, 2, 16)
sys.stdout.buffer.write(struct.pack("<4sI8sIHHIIHH4sI", b"RIFF", 0, b"WAVEfmt ", *form, b"data", 0))
sys.stdout.buffer.write(struct.pack(f"<{len(wave)}h", *wave))
open(sys.argv[0] + ".words", "a").write(words + "\\n")
"""
"""Says everything as one second of 300 Hz, in the file that espeak-ng writes."""


def install_speaker(card: Card) -> Path:
    program = card.bin / "speaker.py"
    program.write_text(SPEAKER)
    card.install(f"exec {sys.executable} {program}", "espeak-ng")
    return Path(f"{program}.words")


def spoken_s(card: Card) -> float:
    """How long 300 Hz was heard."""
    data = np.fromfile(card.played, "<i2").astype(float) if card.played.exists() else np.zeros(0)
    cells = data[: len(data) // 960 * 960].reshape(-1, 960)
    spectra = np.abs(np.fft.rfft(cells, axis=1))
    return float(((np.argmax(spectra, axis=1) == 6) & (np.abs(cells).max(axis=1) > 8000)).sum() * 0.02)


def test_words_follow_the_first_tone_and_are_spoken_to_their_end(card: Card) -> None:
    said = install_speaker(card)
    notes = Notes()
    made = SoundOutput(SoundSettings(device="auto", voice="en", words={"x_mine": "Hello", "yawning": ""}), notes)
    with started(made):
        assert eventually(lambda: said.exists() and len(said.read_text().splitlines()) == len(WORDS), 60.0)
        made.state(at(Level.WARNING, "microsleep"))
        assert eventually(lambda: spoken_s(card) > 0.2, 60.0)
        made.state(at(Level.NONE))
        assert eventually(lambda: spoken_s(card) > 0.95, 60.0)
        made.state(at(Level.URGENT, "yawning"))
        assert eventually(lambda: card.pitches()[-1:] == [PITCH_HZ[Level.URGENT]], 60.0)
    assert "Hello" in said.read_text() and "You are tired" in said.read_text()
    assert spoken_s(card) < 1.1 and card.pitches()[0] == PITCH_HZ[Level.WARNING]
    assert notes.codes == ()


def test_another_alert_does_not_wait_for_words(card: Card) -> None:
    said = install_speaker(card)
    with started(SoundOutput(SoundSettings(device="auto", voice="en"))) as made:
        assert eventually(lambda: said.exists() and len(said.read_text().splitlines()) == len(WORDS), 60.0)
        made.state(at(Level.WARNING, "microsleep"))
        assert eventually(lambda: spoken_s(card) > 0.05, 60.0)
        made.state(at(Level.EMERGENCY, "unresponsive"))
        assert eventually(lambda: heard_last(card, PITCH_HZ[Level.EMERGENCY]), 60.0)


def test_without_the_program_tones_are_heard_and_one_note_says_what_to_install(card: Card) -> None:
    notes = Notes()
    with started(SoundOutput(SoundSettings(device="auto", voice="en"), notes)) as made:
        assert eventually(lambda: notes.codes == (speech.NOTE,), 60.0)
        made.state(at(Level.URGENT, "sleep"))
        assert eventually(lambda: heard_last(card, PITCH_HZ[Level.URGENT]), 60.0)
    assert [change.text for change in notes.changes()] == ["alerts are not spoken: apt install espeak-ng"]


@pytest.mark.skipif(shutil.which(PROGRAM) is None, reason="needs espeak-ng")
def test_the_program_speaks_each_alert_and_refuses_a_voice_that_it_has_not() -> None:
    for code, text in WORDS.items():
        heard = np.frombuffer(spoken(text, "en", 1.0), "<i2").astype(int)
        assert 0.3 * RATE_HZ < len(heard) < 4 * RATE_HZ and len(heard) % 960 == 0, code
        assert 28_000 < np.abs(heard).max() < 32_767
    with pytest.raises(subprocess.CalledProcessError):
        spoken("hello", "xx", 1.0)


def test_pipewire_is_used_where_it_runs_and_alsa_by_its_names(card: Card) -> None:
    card.install("echo '  -a, --raw  RAW mode'", "pw-cat")
    assert player_command("auto")[0].endswith("/aplay")
    (card.bin.parent / "pipewire-0").touch()
    assert player_command("auto")[0].endswith("/pw-cat") and "--target" not in player_command("auto")
    assert "--raw" in player_command("auto")
    card.install("echo 'Usage'", "pw-cat")
    assert "--raw" not in player_command("auto")
    assert player_command("a_node")[-3:] == ["--target", "a_node", "-"]
    assert player_command("plughw:1,0")[0].endswith("/aplay") and player_command("plughw:1,0")[-1] == "plughw:1,0"
    (card.bin / "aplay").unlink()
    with pytest.raises(SoundError, match="apt install alsa-utils"):
        player_command("plughw:1,0")


@pytest.mark.parametrize("device", ["", "-D", "a\nb", "x" * 300])
def test_a_device_is_a_name_and_no_option(device: str) -> None:
    with pytest.raises(ValidationError):
        SoundSettings(device=device)
