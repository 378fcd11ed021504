"""Whether a fleet gives the same bytes however it is carried, and at what cost: ``python -m tools.measure_fleet``.

``make LOG... --out DIR``: distinct drives cut and recombined out of recorded ones (the rendered driver, real clips),
each with figures moved by a little noise, judged by the real engine and written as the recorder does; of several
drivers and vehicles, in folders.

``check DIR --work DIR``: judges them by several carriers and numbers of shards, compares ``fleet.json`` to the byte,
and prints the processor time of each, children included.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import random
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from tools.measure_replay import NOISE
from tools.rigs.report_logs import write_log
from wakeful.device.messages import Observation
from wakeful.device.record.reader import recordings
from wakeful.device.record.schema import OBSERVATION, LogConfig
from wakeful.device.state.plausible import MEASURES

PIECE_S = (3.0, 12.0)
DRIVERS, VEHICLES = 40, 25
WALL_NS = 1_795_000_000_000_000_000
SHARDINGS = (
    ("here", 1, None),
    ("here", 2, None),
    ("here", 2, 200),
    ("metaflow", 2, 7),
    ("metaflow", 2, 50),
)
"""What carries, how many at a time, how many shards."""


def make(logs: Sequence[Path], out: Path, count: int, seconds: float, seed: int) -> None:
    """Write so many drives."""
    sources = recordings(logs)
    drives = [[e.value for e in one.entries(OBSERVATION) if isinstance(e.value, Observation)] for one in sources]
    drives = [drive for drive in drives if len(drive) > 1 and _length_s(drive) > PIECE_S[0]]
    images, hours = sum(map(len, drives)), sum(map(_length_s, drives)) / 3600
    print(f"out of {len(drives)} drives, {hours:.2f} h, {images} images")
    template = next(one.config for one in sources if one.config.engine_config.expression_classes)
    classes = len(template.engine_config.expression_classes)
    for number in range(count):
        chance = random.Random(seed * 1_000_003 + number)
        config = _head(template, number, chance)
        folder = out / config.vehicle
        folder.mkdir(parents=True, exist_ok=True)
        length_s = seconds * chance.uniform(0.5, 1.5)
        inputs = _recombined(drives, length_s, chance, config.origin_ns, classes)
        write_log(folder / f"wakeful-{config.session}-0001.mcap", inputs, config=config)


def _head(template: LogConfig, number: int, chance: random.Random) -> LogConfig:
    wall_ns = WALL_NS + number * 97_000_000_000
    session = f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(wall_ns // 1_000_000_000))}-{number:04x}"
    settings = {
        **template.settings,
        "driver": {"name": f"driver {chance.randrange(DRIVERS)}"},
        "vehicle": {"speed_kmh": 90.0, "name": f"car-{number % VEHICLES:02}"},
    }
    engine = replace(template.engine_config, known=None, road=None, speed_kmh=90.0)
    origin_ns = 1_000_000_000
    return replace(
        template, session=session, part=1, origin_ns=origin_ns, wall_ns=wall_ns, engine_config=engine, settings=settings
    )


def _recombined(
    drives: Sequence[Sequence[Observation]], seconds: float, chance: random.Random, origin_ns: int, classes: int
) -> Iterator[Observation]:
    """Pieces of drives one after the other, each at the even rate of its drive and moved by a little noise."""
    t_s, seq = 0.0, 0
    while t_s < seconds:
        drive = chance.choice(drives)
        step_s = _length_s(drive) / (len(drive) - 1)
        length = min(round(chance.uniform(*PIECE_S) / step_s), len(drive) - 1, math.ceil((seconds - t_s) / step_s))
        begin = chance.randrange(len(drive) - length)
        factor = {name: chance.uniform(1.0 - NOISE, 1.0 + NOISE) for name in (*MEASURES, "face_px", "brightness")}
        for seen in drive[begin : begin + length]:
            moved = {name: v * by for name, by in factor.items() if (v := getattr(seen, name)) is not None}
            p = seen.expression if seen.expression is None or len(seen.expression) == classes else None
            yield replace(seen, t_ns=origin_ns + round(t_s * 1e9), seq=seq, expression=p, person=0, **moved)
            t_s, seq = t_s + step_s, seq + 1


def _length_s(drive: Sequence[Observation]) -> float:
    return (drive[-1].t_ns - drive[0].t_ns) / 1e9


def check(logs: Path, work: Path, shardings: Sequence[tuple[str, int, int | None]]) -> bool:
    """Judge the drives of a folder in each way; whether all give the same."""
    shutil.rmtree(work, ignore_errors=True)
    sums: dict[str, str] = {}
    for number, (on, jobs, shards) in enumerate(shardings):
        out, store = work / f"out-{number}", work / f"store-{number}"
        command = [sys.executable, "-m", "wakeful", "fleet", "replay", str(logs), "--on", on, "--jobs", str(jobs)]
        command += ["--store", str(store), "--out", str(out)] + (["--shards", str(shards)] if shards else [])
        before, begun_s = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        if done.returncode:
            print(f"{on} --jobs {jobs} --shards {shards}: status {done.returncode}: {done.stderr[-500:]}")
            return False
        content = (out / "fleet.json").read_bytes()
        name = f"{on} --jobs {jobs} --shards {shards}"
        sums[name] = hashlib.sha256(content).hexdigest()
        print(
            f"{name:34}{cpu_s:8.1f} CPU s {time.monotonic() - begun_s:8.1f} s  {len(content)} bytes  {sums[name][:16]} "
            f"{done.stderr.splitlines()[-1]}",
            flush=True,
        )
    same = len(set(sums.values())) == 1
    print("the same bytes" if same else "DIFFERENT BYTES")
    return same


def main() -> int:
    arguments = argparse.ArgumentParser()
    commands = arguments.add_subparsers(dest="what", required=True)
    making = commands.add_parser("make")
    making.add_argument("logs", nargs="+", type=Path)
    making.add_argument("--out", type=Path, required=True)
    making.add_argument("--count", type=int, default=1000)
    making.add_argument("--seconds", type=float, default=20.0)
    making.add_argument("--seed", type=int, default=1)
    checking = commands.add_parser("check")
    checking.add_argument("logs", type=Path)
    checking.add_argument("--work", type=Path, required=True)
    checking.add_argument("--only", default="", help="here or metaflow")
    given = arguments.parse_args()
    if given.what == "make":
        make(given.logs, given.out, given.count, given.seconds, given.seed)
        return 0
    return 0 if check(given.logs, given.work, [one for one in SHARDINGS if given.only in one[0]]) else 1


if __name__ == "__main__":
    sys.exit(main())
