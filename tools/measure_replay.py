"""Whether replay equals live, how fast it is, how large a log: ``python -m tools.measure_replay clips|hour``.

``clips FOLDER``: each clip through ``wakeful run --record``; the replay must give the same alerts, events and times,
and write the same file of events to the last byte.

``hour LOG...``: an hour at 30 frames a second, made of the observations of recorded drives (real perception of the
synthetic driver or of clips), strung together in time, each figure moved by a little noise; judged by the real judge,
recorded by the real recorder, replayed. Tells differences, speed of the replay with reading, and size.
"""

from __future__ import annotations

import argparse
import itertools
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tools.rigs.recorded_drive import record_quickly
from wakeful.device.config.settings import RecordSettings
from wakeful.device.messages import Observation
from wakeful.device.record.compare import differences
from wakeful.device.record.outcome import Job, replay_job
from wakeful.device.record.reader import Recording, recording, recordings
from wakeful.device.record.recorder import Recorder
from wakeful.device.record.replay import replay
from wakeful.device.record.schema import OBSERVATION, LogConfig
from wakeful.device.state.plausible import MEASURES

HOUR_S = 3600.0
FPS = 30.0
NOISE = 0.002


def clips(folder: Path, keep: Path | None) -> bool:
    """Each clip live and replayed."""
    same = True
    total_s = 0.0
    for clip in sorted(one for one in folder.iterdir() if one.suffix in (".mp4", ".avi", ".gif", ".mkv", ".webm")):
        with tempfile.TemporaryDirectory() as name:
            place = Path(name)
            live, again, logs = place / "live.jsonl", place / "again.jsonl", (keep or place) / clip.stem
            command = [sys.executable, "-m", "wakeful", "run", "--plain", "--source", str(clip), "--speed", "60"]
            recorded = [*command, "--record", str(logs), "--events", str(live)]
            subprocess.run(recorded, check=True, stdout=subprocess.DEVNULL)
            (found,) = recordings([logs])
            outcome = replay_job(Job(tuple(file.path for file in found.files), events=str(again)))
            bytes_same = live.read_bytes() == again.read_bytes()
            alike = outcome.same and bytes_same and not outcome.warnings
            same, total_s = same and alike, total_s + outcome.done.seconds
            print(
                f"{clip.name:32}{outcome.done.frames:6} frames  {len(outcome.done.now):4} alerts and events  "
                f"{'the same' if alike else 'DIFFERS'} {' '.join(outcome.warnings)}",
                flush=True,
            )
    print(f"{total_s:.0f} s of clips: {'zero differences' if same else 'DIFFERENCES'}")
    return same


def strung(drives: list[list[Observation]], seconds: float) -> Iterator[Observation]:
    """Observations of recorded drives one after the other, at an even frame rate, moved by a little noise."""
    chance = random.Random(1)
    endless = itertools.chain.from_iterable(itertools.cycle(drives))
    for seq, seen in zip(range(round(seconds * FPS)), endless, strict=False):
        moved = {
            name: value * chance.uniform(1.0 - NOISE, 1.0 + NOISE)
            for name in (*MEASURES, "face_px", "brightness", "presence")
            if (value := getattr(seen, name)) is not None
        }
        p = None if seen.expression is None else tuple(one * chance.uniform(0.99, 1.01) for one in seen.expression)
        yield replace(seen, t_ns=1_000_000_000 + round(seq * 1e9 / FPS), seq=seq, expression=p, **moved)


def hour(logs: list[Path], seconds: float, keep: Path | None) -> bool:
    """A long drive recorded and replayed."""
    sources = recordings(logs)
    drives = [_observations(one) for one in sources]
    print(f"made of {len(drives)} drives, {sum(map(len, drives)) / FPS:.0f} s")
    with tempfile.TemporaryDirectory() as name:
        folder = keep or Path(name)
        recorded = sources[0].config
        config: LogConfig = replace(recorded, engine_config=replace(recorded.engine_config, known=None))
        recorder = Recorder(RecordSettings(folder=str(folder)), config)
        begun_s = time.process_time()
        told = record_quickly(recorder, strung(drives, seconds), config.engine_config)
        print(f"recorded in {time.process_time() - begun_s:.0f} s of CPU, {recorder.dropped} messages dropped")
        log = recording(folder)
        size_mb = log.bytes / 1e6
        begun_s = time.process_time()
        done = replay(log)
        took_s = time.process_time() - begun_s
    then_only, now_only = differences(done.then, done.now)
    live_only, _ = differences(told, done.now)
    differ = len(then_only) + len(now_only) + len(live_only)
    print(f"{done.frames} frames, {len(done.now)} alerts and events: {differ} differences, {log.missing} missing")
    print(f"alerts raised: {dict(done.raised)}")
    print(f"size {size_mb:.1f} MB, {size_mb * HOUR_S / seconds:.1f} MB an hour, {len(log.files)} files")
    print(f"replayed, reading included, in {took_s:.1f} s of CPU: {done.seconds / took_s:.0f} times real time")
    return differ == 0


def _observations(one: Recording) -> list[Observation]:
    return [entry.value for entry in one.entries(OBSERVATION) if isinstance(entry.value, Observation)]


def main() -> int:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("what", choices=["clips", "hour"])
    arguments.add_argument("paths", nargs="+", type=Path)
    arguments.add_argument("--seconds", type=float, default=HOUR_S)
    arguments.add_argument("--keep", type=Path, help="folder that the logs stay in")
    given = arguments.parse_args()
    if given.what == "clips":
        return 0 if clips(given.paths[0], given.keep) else 1
    return 0 if hour(given.paths, given.seconds, given.keep) else 1


if __name__ == "__main__":
    sys.exit(main())
