"""Hours of distinct rendered drives as logs: ``python -m tools.rendered_drives --out DIR``.

Each drive is a scenario of its own (light, eyewear, distance, blinks, sway; closures, glances, yawns, absences at
random times), rendered, read by the real networks, judged and recorded by ``wakeful run``. Logs that are there are
kept, so an interrupted call goes on. What a log of these is for: `tools.measure_fleet make`.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
from pathlib import Path

FPS = 10
EPISODE_S = (8.0, 25.0)
EYEWEAR = ("none", "none", "glasses", "sunglasses")
Keyframes = list[dict[str, float | str | bool]]


def scenario(seed: int, seconds: float) -> str:
    """A scenario file for one drive."""
    chance = random.Random(seed)
    first: dict[str, float | str | bool] = {
        "t": 0.0,
        "brightness": round(chance.uniform(0.25, 1.4), 2),
        "noise": round(chance.uniform(0.0, 12.0), 1),
        "distance": round(chance.uniform(0.9, 1.8), 2),
        "eyewear": chance.choice(EYEWEAR),
        "present": True,
        "eyes": 1.0,
        "mouth": 0.0,
        "yaw_deg": 0.0,
        "pitch_deg": 0.0,
    }
    keyframes, t = [first], chance.uniform(*EPISODE_S)
    while t < seconds - 12.0:
        episode = chance.choice((_closure, _closure, _glance, _glance, _yawn, _away, _nod))
        keyframes += episode(round(t, 2), chance)
        t = float(keyframes[-1]["t"]) + chance.uniform(*EPISODE_S)
    sway_deg, seldom_s = chance.uniform(0.5, 4.0), chance.uniform(3.0, 8.0)
    life = f"sway_deg = {sway_deg:.1f}, blink_every_s = [2.0, {seldom_s:.1f}], seed = {seed}"
    lines = (", ".join(f"{key} = {_toml(value)}" for key, value in one.items()) for one in keyframes)
    return "\n".join(
        [
            f'about = "drive {seed}"',
            f"duration_s = {seconds:.1f}",
            f"life = {{ {life} }}",
            "keyframes = [",
            *(f"    {{ {line} }}," for line in lines),
            "]",
            "",
        ]
    )


def _toml(value: float | str | bool) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value).lower()


def _held(name: str, rest: float, there: float, t: float, s: float, move_s: float) -> Keyframes:
    """A field that goes to a value, stays and comes back."""
    times = (t, t + move_s, t + move_s + s, t + 2.0 * move_s + s)
    return [{"t": round(at, 2), name: value} for at, value in zip(times, (rest, there, there, rest), strict=True)]


def _closure(t: float, chance: random.Random) -> Keyframes:
    return _held("eyes", 1.0, 0.0, t, chance.choice((0.4, 0.8, 1.3, 2.0, 3.5, 7.0)), 0.2)


def _glance(t: float, chance: random.Random) -> Keyframes:
    aside_deg = chance.choice((-1.0, 1.0)) * chance.uniform(15.0, 38.0)
    return _held("yaw_deg", 0.0, aside_deg, t, chance.uniform(0.5, 5.0), 0.4)


def _yawn(t: float, chance: random.Random) -> Keyframes:
    return _held("mouth", 0.0, chance.uniform(0.6, 1.0), t, chance.uniform(2.0, 5.0), 0.8)


def _nod(t: float, chance: random.Random) -> Keyframes:
    return _held("pitch_deg", 0.0, -chance.uniform(10.0, 30.0), t, chance.uniform(0.3, 2.0), 0.5)


def _away(t: float, chance: random.Random) -> Keyframes:
    return [{"t": t, "present": False}, {"t": round(t + chance.uniform(1.0, 6.0), 2), "present": True}]


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--out", type=Path, required=True)
    arguments.add_argument("--count", type=int, default=24)
    arguments.add_argument("--seconds", type=float, default=300.0)
    given = arguments.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    config = given.out / "rate.toml"
    config.write_text(f"[source]\nfps = {FPS}\n")
    for seed in range(given.count):
        folder, script = given.out / f"drive-{seed:02}", given.out / f"drive-{seed:02}.toml"
        if (folder / "done").exists():
            continue
        script.write_text(scenario(seed, given.seconds))
        command = [
            sys.executable,
            "-m",
            "wakeful",
            "run",
            "--plain",
            "--source",
            f"synthetic:{script}",
            "--pace",
            "fast",
        ]
        command += ["--config", str(config), "--speed", "90", "--record", str(folder)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        (folder / "done").touch()
        print(f"{seed + 1} of {given.count}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
