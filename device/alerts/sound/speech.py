"""Alerts in spoken words, by ``espeak-ng`` where it is installed: ``[sound] voice``.

Words are made into samples before they are needed, because a busy board takes its time to start a program. No voice is
shipped: espeak-ng is GPL, and those of others are larger than all of wakeful.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from queue import SimpleQueue

import numpy as np

from wakeful.device.alerts.sound.tones import RATE_HZ, samples
from wakeful.device.alerts.wording import code_text
from wakeful.device.messages import Level
from wakeful.device.sanitise import printable
from wakeful.device.supervision.notes import Notes
from wakeful.device.supervision.workers import Liveness, Worker

PROGRAM = "espeak-ng"
INSTALL = "apt install espeak-ng"
NOTE = "no_speech"
LONGEST_S = 10.0
"""For the program: a sentence takes it a tenth of a second."""
HEADER_BYTES, RATE_AT = 44, 24
"""Of the WAV file that it writes."""
LOUDEST = 0.9
QUIET = 300
"""Below this are the pauses before and after the words."""
WORDS_AT = RATE_HZ // 2
"""Samples of the pattern before the words: the first tone of a warning, and whole waves and pulses of all others."""

WORDS: Mapping[str, str] = {
    "microsleep": "Wake up!",
    "sleep": "Wake up! Wake up!",
    "unresponsive": "Wake up! Wake up!",
    "drowsy": "You are tired. Take a break.",
    "yawning": "You are tired. Take a break.",
    "long_distraction": "Look at the road!",
    "short_distraction": "Look at the road!",
    "distress": "Are you all right?",
}


class Speech:
    """Gives the words of an alert as samples, once they are made.

    Args:
        voice: as ``espeak-ng --voices`` lists them; None: nothing is spoken.
        words: texts in place of ``WORDS``, by the code of the alert; an empty one is not spoken.
        volume: 0 to 1.
    """

    def __init__(
        self,
        voice: str | None,
        words: Mapping[str, str],
        volume: float,
        notes: Notes,
        liveness: Liveness | None = None,
    ) -> None:
        self._voice = voice
        self._words = {**WORDS, **words}
        self._volume = volume
        self._notes = notes
        self._spoken: dict[str, bytes] = {}
        self._wanted: SimpleQueue[str | None] = SimpleQueue()
        self._closing = False
        self._worker = Worker("speech", self._run, liveness=liveness)

    def start(self) -> None:
        if self._voice is not None:
            for code in self._words:
                self._wanted.put(code)
            self._worker.start()

    def of(self, code: str) -> bytes:
        """The samples, of whole chunks of 20 ms; empty if there are none, or not yet."""
        if self._voice is not None and code and code not in self._spoken and code not in self._words:
            self._spoken[code] = b""
            self._wanted.put(code)
        return self._spoken.get(code, b"")

    def close(self) -> None:
        self._closing = True
        self._wanted.put(None)
        self._worker.join(0.5)

    def _run(self) -> None:
        while (code := self._wanted.get()) is not None and not self._closing and self._worker.in_charge():
            text = self._words.get(code, code_text(code.removeprefix("x_")))
            try:
                self._spoken[code] = spoken(text, str(self._voice), self._volume) if text else b""
            except (OSError, ValueError, subprocess.SubprocessError) as error:
                self._notes.set(NOTE, f"alerts are not spoken: {_why(error)}")


def spoken(text: str, voice: str, volume: float) -> bytes:
    """Samples as in ``tones.samples``, in whole chunks of 20 ms.

    Raises: OSError, ValueError, subprocess.SubprocessError: the program is missing, or cannot speak so.
    """
    program = shutil.which(PROGRAM)
    if program is None:
        raise FileNotFoundError(INSTALL)
    command = [program, "-v", voice, "--stdin", "--stdout"]
    wave = subprocess.run(command, input=text.encode(), capture_output=True, timeout=LONGEST_S, check=True).stdout
    rate = int.from_bytes(wave[RATE_AT : RATE_AT + 4], "little")
    heard = np.frombuffer(wave[HEADER_BYTES : len(wave) // 2 * 2], "<i2").astype(np.float32)
    loud = np.flatnonzero(np.abs(heard) > QUIET)
    if not rate or not len(loud):
        raise ValueError("it gives no sound")
    heard = heard[loud[0] : loud[-1] + 1]
    count = -(-len(heard) * RATE_HZ // rate)
    even = np.interp(np.arange(count) * rate / RATE_HZ, np.arange(len(heard)), heard)
    even *= LOUDEST * volume * 32_767.0 / np.abs(even).max()
    return np.pad(even, (0, -count % (RATE_HZ // 50))).astype("<i2").tobytes()


def chunk(level: Level, begin: int, count: int, volume: float, words: bytes) -> bytes:
    """``tones.samples`` with words in the middle, which the pattern waits for; both begin at a whole chunk."""
    into = begin - WORDS_AT
    if 0 <= into < len(words) // 2:
        return words[2 * into : 2 * (into + count)]
    return samples(level, begin if into < 0 else begin - len(words) // 2, count, volume)


def _why(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        lines = error.stderr.decode("utf-8", "replace").strip().splitlines()
        return printable(lines[-1]) if lines else f"{PROGRAM} ended with status {error.returncode}"
    if isinstance(error, subprocess.TimeoutExpired):
        return f"{PROGRAM} does not answer"
    return str(error)
