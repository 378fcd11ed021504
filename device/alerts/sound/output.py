"""Alerts as tones over the machine's sound, for those who have no buzzer: ``--sound auto``.

A thread feeds a child process (``wakeful.device.alerts.sound.player``), with silence while there is no alert: so a tone
waits for no process, and a card that is missing or gone is noticed before an emergency. Where nothing can be played the
terminal's bell rings, and one note says why. A monitor that hangs falls silent, as the buzzer does.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from contextlib import closing, suppress

from wakeful.device.alerts.gpio.patterns import PATTERNS, until_change_s
from wakeful.device.alerts.output import Output
from wakeful.device.alerts.sound.player import Player, SoundError, player_command
from wakeful.device.alerts.sound.settings import SoundSettings
from wakeful.device.alerts.sound.speech import WORDS_AT, Speech, chunk
from wakeful.device.alerts.sound.tones import RATE_HZ, is_over
from wakeful.device.alerts.staleness import NewestLevel
from wakeful.device.messages import DriverState, Level
from wakeful.device.supervision.notes import Notes
from wakeful.device.supervision.workers import Liveness, Worker

CHUNK = RATE_HZ // 50
LEAD_S = 0.04
"""How far samples are handed over ahead of the time at which they are heard."""
PROVEN = 25
"""Chunks after which a player that takes them plays: one without a card ends sooner."""
RETRY_S = 5.0
NOTE = "no_sound"
BELL = b"\a"


class SoundOutput(Output):
    """Plays ``DriverState.level``, with the patterns of ``wakeful.device.alerts.gpio.patterns``.

    Attributes:
        problem: why nothing is heard but the bell, in one line; None while tones are.
    """

    def __init__(self, settings: SoundSettings, notes: Notes | None = None, liveness: Liveness | None = None) -> None:
        self._device = settings.device
        self._volume = settings.volume
        self._notes = notes or Notes()
        self._speech = Speech(settings.voice, settings.words, settings.volume, self._notes, liveness)
        self._changed = threading.Condition()
        self._number = 0
        self._newest = NewestLevel()
        self._closing = False
        self._worker = Worker("sound", self._run, liveness=liveness)

    def start(self, origin_ns: int) -> None:
        self._newest.start(time.monotonic())
        atexit.register(self.close)
        self._speech.start()
        self._worker.start()

    def state(self, state: DriverState) -> None:
        now_s = time.monotonic()
        with self._changed:
            if self._newest.begins(state, now_s):
                self._number += 1
                self._changed.notify()

    def close(self) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._worker.join(1.0)
        self._speech.close()
        atexit.unregister(self.close)

    def _run(self) -> None:
        while self._on_duty():
            try:
                self._play()
            except SoundError as error:
                if not self._closing:
                    self.problem = str(error)
                    self._notes.set(NOTE, f"alerts ring the terminal's bell alone: {error}")
                    self._ring()

    def _on_duty(self) -> bool:
        return not self._closing and self._worker.in_charge()

    def _level(self) -> tuple[Level, int]:
        """What is to be heard now, and the number of this pattern among all."""
        stale = self._newest.is_stale(time.monotonic())
        return (Level.NONE if stale else self._newest.level), self._number

    def _words(self) -> bytes:
        """Of the newest alert."""
        state = self._newest.last
        return self._speech.of(state.code) if state else b""

    def _play(self) -> None:
        """Until the output is closed. Raises: SoundError: nothing can be played, or no longer."""
        with closing(Player(player_command(self._device))) as player:
            began_s, sent, pattern_begin, heard, words = time.monotonic(), 0, 0, -1, b""
            while self._on_duty():
                level, number = self._level()
                # Words are spoken to their end, unless there is another alert.
                speaks = 0 < sent - pattern_begin - WORDS_AT < len(words) // 2
                if number != heard and not (speaks and level is Level.NONE):
                    heard, pattern_begin, words = number, sent, b""
                lead_s = sent / RATE_HZ - (time.monotonic() - began_s)
                if lead_s > LEAD_S:
                    self._wait(number, lead_s - LEAD_S)
                    continue
                if lead_s < -LEAD_S:
                    began_s -= lead_s  # what was late stays late: samples are never skipped
                if sent - pattern_begin == WORDS_AT and level is not Level.NONE:
                    words = self._words()
                player.play(chunk(level, sent - pattern_begin, CHUNK, self._volume, words))
                sent += CHUNK
                if sent == PROVEN * CHUNK:
                    self.problem = None
                    self._notes.clear(NOTE)

    def _ring(self) -> None:
        """The bell in the rhythm of the level, until sound may be back."""
        give_up_s, heard, began_s = time.monotonic() + RETRY_S, -1, 0.0
        while self._on_duty() and time.monotonic() < give_up_s:
            level, number = self._level()
            if number != heard:
                heard, began_s = number, time.monotonic()
            rang_s = time.monotonic() - began_s
            if not is_over(level, round(rang_s * RATE_HZ)):
                _bell()
            pattern = PATTERNS.get(level)
            change_s = until_change_s(pattern, rang_s) if pattern else None
            pause_s = 0.25 if change_s is None else change_s + pattern.off_s  # type: ignore[union-attr]
            self._wait(heard, pause_s)

    def _wait(self, heard: int, seconds: float) -> None:
        """At most so long, or until another pattern than ``heard`` begins."""
        with self._changed:
            self._changed.wait_for(lambda: self._closing or self._number != heard, seconds)


def _bell() -> None:
    """On the terminal, if there is one: the standard output may be a file while the error output is not."""
    for descriptor in (2, 1):
        if os.isatty(descriptor):
            with suppress(OSError):
                os.write(descriptor, BELL)
            return
