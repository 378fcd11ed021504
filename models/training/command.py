"""The command line that all trainings share."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch

from wakeful.models.training.run import DEVICES, Run, Settings, Task, load_weights, prepared
from wakeful.sensors.opencv import cv2


def parser(description: str | None, steps: int) -> argparse.ArgumentParser:
    """Options of a training."""
    options = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    options.add_argument("--cache", type=Path, required=True, help="folder of what was built from them")
    options.add_argument("--out", type=Path, required=True, help="folder for checkpoint, weights and curve")
    options.add_argument("--steps", type=int, default=steps, help="length of the run; may change with --resume")
    options.add_argument("--rate", type=float, help="highest learning rate")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--device", choices=DEVICES, default="cpu", help="auto: a graphics card where there is one")
    options.add_argument("--resume", action="store_true", help="continue from the checkpoint in --out")
    options.add_argument("--start", type=Path, help="weights of an earlier training to begin from, at step 0")
    return options


def evaluation(description: str | None, *files: str) -> argparse.ArgumentParser:
    """Options of a command that evaluates networks on one thread; ``files`` are what it must be given."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    options = argparse.ArgumentParser(description=description)
    for name in files:
        options.add_argument(f"--{name}", type=Path, required=True)
    return options


def train(given: argparse.Namespace, settings: Settings, make: Callable[[], Task]) -> Run:
    """Trains as the options say and prints a line of JSON for each validation."""
    device = prepared(given.device, given.threads)
    cv2.setNumThreads(1)
    settings = replace(settings, steps=given.steps, seed=given.seed, peak_rate=given.rate or settings.peak_rate)
    torch.manual_seed(settings.seed)
    task = make()
    if given.start is not None:
        task.net.load_state_dict(load_weights(given.start, task.name))
    run = Run(task, settings, given.out, device)
    if given.resume:
        run.restore()
    run.go(lambda row: print(json.dumps(row), flush=True))
    return run
