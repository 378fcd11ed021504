"""How soon after an alert its tone leaves a sound card: ``python -m tools.measure_sound``, on PipeWire.

Plays alerts into a null sink, which is made for it, and reads the sink's monitor: the figure is from the state with the
alert until the first loud samples have come to the reader, so the way to the reader is part of it. It needs a running
PipeWire with a session manager.
"""

from __future__ import annotations

import statistics
import subprocess
import threading
import time

import numpy as np

from wakeful.device.alerts.sound.output import SoundOutput
from wakeful.device.alerts.sound.settings import SoundSettings
from wakeful.device.alerts.sound.tones import PITCH_HZ, RATE_HZ
from wakeful.device.messages import DriverState, Health, Level

SINK = "wakeful_measured"
NODE = f"factory.name=support.null-audio-sink node.name={SINK} media.class=Audio/Sink audio.position=[MONO]"
CELL = RATE_HZ // 200
LOUD = 4000
TIMES = 20


class Recorder:
    """Reads the sink's monitor; keeps the time at which each 5 ms of it came."""

    def __init__(self) -> None:
        form = ["--format", "s16", "--rate", str(RATE_HZ), "--channels", "1", "--latency", "5ms"]
        monitor = ["--target", SINK, "-P", "{ stream.capture.sink=true }"]
        self._child = subprocess.Popen(["pw-cat", "--record", *form, *monitor, "-"], stdout=subprocess.PIPE)
        self.cells: list[tuple[float, float]] = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._child.stdout is not None
        while data := self._child.stdout.read(CELL * 2):
            samples = np.frombuffer(data[: len(data) // 2 * 2], "<i2").astype(float)
            spectrum = np.abs(np.fft.rfft(samples, RATE_HZ // 20))
            pitch = int(np.argmax(spectrum)) * 20 if np.abs(samples).max() > LOUD else 0
            self.cells.append((time.monotonic(), float(pitch)))

    def first_since(self, begin_s: float, pitch: float) -> float | None:
        """When this pitch was first heard after ``begin_s``."""
        return next((at_s for at_s, heard in self.cells if at_s > begin_s and abs(heard - pitch) < 150.0), None)

    def close(self) -> None:
        self._child.terminate()
        self._child.wait()


def measure(output: SoundOutput, recorder: Recorder, pause_s: float) -> float | None:
    """Seconds from a state with an alert to its tone, after ``pause_s`` of silence."""

    def say(level: Level, seconds: float) -> None:
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s:
            output.state(DriverState(0, 0, Health.OK, level=level))
            time.sleep(0.03)

    say(Level.NONE, pause_s)
    begin_s = time.monotonic()
    say(Level.WARNING, 0.45)
    say(Level.NONE, 0.3)
    first_s = recorder.first_since(begin_s, PITCH_HZ[Level.WARNING])
    return None if first_s is None else first_s - begin_s


def main() -> None:
    """Prints the delay."""
    with subprocess.Popen(["pw-cli"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as pipewire:
        assert pipewire.stdin is not None
        # The sink lives as long as the program that made it.
        pipewire.stdin.write(f"create-node adapter {{ {NODE} }}\n")
        pipewire.stdin.flush()
        time.sleep(1.0)
        recorder, output = Recorder(), SoundOutput(SoundSettings(device=SINK))
        output.start(0)
        try:
            time.sleep(1.5)
            took = [measure(output, recorder, 2.0) for _ in range(TIMES)]
            heard = [one * 1000.0 for one in took if one is not None]
            spread = f"median {statistics.median(heard):.0f} ms, longest {max(heard):.0f} ms" if heard else "none"
            print(f"alert to tone: {len(heard)} of {TIMES} heard, {spread}; {output.problem or 'no problem'}")
        finally:
            output.close()
            recorder.close()
            pipewire.terminate()


if __name__ == "__main__":
    main()
