"""``python -m tools.light_rig CLIPS [--grid light|mounts] [--clips NAME ...] [--cells CELL ...]
[--json FILE] [--page FILE]``

Plays each clip of the folder ``CLIPS`` (with its ``annotations.json``) in each cell of the grid, and says of each
marked sleep whether it was alerted in time, the monitor said that it cannot see, or neither: a silent miss.
Ends with status 1 where there is one, or an alert of shut eyes outside of what is marked as closed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tools.light_rig.cells import AS_IT_IS, GRIDS, Cell, parse
from tools.light_rig.play import Played, play
from tools.light_rig.report import as_json, as_page, as_text
from tools.light_rig.verdict import SLEEP_S, Outcome, outcome
from wakeful.device.evaluation.annotations import ClipMarks, read_annotations
from wakeful.errors import WakefulError

CLOSED = "closed"
FPS = 30.0


@dataclass(frozen=True, slots=True)
class Task:
    """One clip, in all lights of one run."""

    folder: Path
    marks: ClipMarks
    cells: tuple[Cell, ...]
    landmarks: str


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="CLIPS", help="folder with clips and annotations.json")
    parser.add_argument("--clips", nargs="*", default=[], metavar="NAME", help="only these")
    parser.add_argument("--only", choices=["sleeps", "calm"], help="only clips with a marked sleep, or those without")
    parser.add_argument("--grid", choices=GRIDS, default="light", help="worse light, or a camera mounted otherwise")
    parser.add_argument("--cells", nargs="*", metavar="CELL", help="instead of the grid: gain=0.35+noise=4")
    parser.add_argument("--landmarks", default="auto", help="the reader")
    parser.add_argument("--jobs", type=int, default=1, help="clips at a time")
    parser.add_argument("--json", type=Path, help="write the outcomes here")
    parser.add_argument("--before", type=Path, help="JSON of an earlier run, to compare degraded frames with")
    parser.add_argument("--page", type=Path, help="write a page with pictures here")
    given = parser.parse_args()
    try:
        cells = tuple(map(parse, given.cells or GRIDS[given.grid]))
        tasks = [Task(given.folder, one, cells, given.landmarks) for one in _chosen(given)]
        before = json.loads(given.before.read_text(encoding="utf-8")) if given.before else []
        found = list(_run(tasks, given.jobs))
    except WakefulError as error:
        parser.exit(2, f"{error}\n")
    order = [AS_IT_IS, *(cell.name for cell in cells)]
    outcomes = sorted(found, key=lambda one: order.index(one.cell.name))
    print(as_text(outcomes, before))
    if given.json:
        given.json.write_text(json.dumps(as_json(outcomes), indent=1), encoding="utf-8")
    if given.page:
        given.page.write_text(as_page(outcomes), encoding="utf-8")
    return int(any(one.silent or one.false_alerts for one in outcomes))


def _chosen(given: argparse.Namespace) -> list[ClipMarks]:
    marks = read_annotations(given.folder / "annotations.json", given.folder)
    kept = [one for one in marks if not given.clips or one.name in given.clips or Path(one.name).stem in given.clips]
    if given.only:
        kept = [one for one in kept if bool(_sleeps(one)) == (given.only == "sleeps")]
    return kept


def _sleeps(marks: ClipMarks) -> list[tuple[int, int]]:
    fps = marks.fps or FPS
    return [(first, last) for first, last in marks.intervals.get(CLOSED, ()) if last - first >= SLEEP_S * fps]


def _run(tasks: list[Task], jobs: int) -> Iterator[Outcome]:
    if jobs == 1:
        for task in tasks:
            yield from _clip(task)
        return
    with ProcessPoolExecutor(jobs) as pool:
        for outcomes in pool.map(_clip, tasks):
            yield from outcomes


def _clip(task: Task) -> list[Outcome]:
    marks, closed = task.marks, task.marks.intervals.get(CLOSED)
    sleeps = _sleeps(marks)
    at = sum(sleeps[0]) // 2 if sleeps else marks.frames // 2
    run = partial(play, task.folder / marks.name, thumb_at=at, landmarks=task.landmarks)
    plain: Played = run(parse(AS_IT_IS))
    outcomes = [outcome(marks.name, parse(AS_IT_IS), closed, plain, plain)]
    for cell in task.cells:
        outcomes.append(outcome(marks.name, cell, closed, plain, run(cell, face=plain.face)))
        print(f"{marks.name}: {cell.name}", file=sys.stderr, flush=True)
    return outcomes


if __name__ == "__main__":
    sys.exit(main())
