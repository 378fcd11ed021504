"""Tries wakeful on a board without a board: ``make board-check``.

User Mode Linux is the real kernel as an ordinary process, at native speed. Its uvcvideo, cdc_acm, gpiolib, SocketCAN,
ext4, udev and systemd are those of a board; behind them are stand-ins: a USB camera that plays a film, a USB serial
adapter, a simulated GPIO chip, a virtual CAN bus. wakeful is installed in the booted system by ``deploy/install.sh``
from a wheelhouse, as on a board without a network, and scenarios (``scenarios.toml``) are played on it from outside.

What this proves and what it cannot is in ``deploy/BOARDS.md``. The result is ``build/board/index.html``.

    make board-check                                everything
    make board-check ARGS="--short"                 what .ci/run runs, where kernel and root are there
    make board-check ARGS="--only serial"           scenarios with that word in their names
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Thread

from tools.board.films import make_films
from tools.board.kernel import cache_folder, cached_kernel, kernel
from tools.board.machine import Locked, Machine
from tools.board.needs import Unfit, check_root
from tools.board.play import Player, Result
from tools.board.report import Figures, as_text, write_report
from tools.board.root import cached_root, copy_disk, root
from tools.board.script import Scenario, scenarios
from tools.board.wheels import wheelhouse

PROJECT = Path(__file__).resolve().parents[2]
INSTALL_S = 900.0
MANY = 10
"""With fewer scenarios, another board costs more time than it saves."""


def main() -> None:
    """Status 0 all as expected, 1 not, 2 this machine cannot do it."""
    given = _arguments()
    # So that the board is ended, too.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))
    try:
        sys.exit(0 if check(given) else 1)
    except Unfit as unfit:
        print(f"board-check: {unfit}", file=sys.stderr)
        sys.exit(0 if given.if_ready else 2)
    except Locked as locked:
        print(f"board-check: {locked}", file=sys.stderr)
        sys.exit(1)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make board-check", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--short", action="store_true", help="the scenarios that are marked as short")
    parser.add_argument("--only", metavar="WORD", help="the scenarios with this word in their names")
    parser.add_argument("--clip", type=Path, help="a clip as one more film of the camera, `clip`")
    parser.add_argument("--folder", type=Path, default=PROJECT / "build" / "board", help="for report and logs")
    parser.add_argument("--keep", action="store_true", help="keep the disk")
    parser.add_argument("--boards", type=int, metavar="N", help="that run at the same time (three on two processors)")
    parser.add_argument("--build", action="store_true", help="only make kernel and root")
    parser.add_argument(
        "--if-ready", action="store_true", help="do nothing, and say so, where kernel or root have to be made first"
    )
    return parser.parse_args()


def check(given: argparse.Namespace) -> bool:
    """Everything; whether all was as expected. Raises: Unfit, Locked."""
    check_root()
    if given.if_ready and (cached_kernel() is None or cached_root() is None):
        raise Unfit("left out: no kernel and root in the cache; `make board-check` makes them in 20 minutes")
    figures = Figures()
    linux = figures.timed("kernel", kernel)
    system = figures.timed("root", root)
    if given.build:
        return True
    folder: Path = given.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    wheels = figures.timed("wheelhouse", lambda: wheelhouse(folder))
    films = figures.timed("films", lambda: make_films(cache_folder(), given.clip))
    wanted = chosen(given)
    count = min(given.boards or (usual_boards() if len(wanted) >= MANY else 1), len(wanted))
    disks = [folder / f"disk-{number}.img" for number in range(1, count + 1)]
    copy_disk(system, disks[0])
    machines = [Machine(linux, disk, folder, films) for disk in disks]
    try:
        figures.timed("first boot", machines[0].boot)
        figures.timed("install", lambda: install(machines[0], wheels))
        if count > 1:
            figures.timed("disks", lambda: copy_installed(machines[0], disks))
        results = figures.timed("scenarios", lambda: play_all(machines, wanted))
    finally:
        for machine, disk in zip(machines, disks, strict=True):
            machine.close()
            if not given.keep:
                disk.unlink(missing_ok=True)
    figures.retries = sum(machine.retries for machine in machines)
    print(as_text(results, figures))
    print(f"board-check: {write_report(folder, results, figures)}")
    return all(result.ok for result in results)


def usual_boards() -> int:
    """Half as many again as processors: a board waits for half of its time."""
    return max(3 * (os.cpu_count() or 1) // 2, 1)


def chosen(given: argparse.Namespace) -> list[Scenario]:
    """The scenarios of this run."""
    wanted = [one for one in scenarios() if given.short is False or one.short]
    wanted = [one for one in wanted if given.only is None or given.only in one.name]
    if not wanted:
        raise Unfit(f"no scenario has {given.only!r} in its name")
    return wanted


def install(machine: Machine, wheels: Path) -> None:
    """As a customer would, in the booted system. Raises: Unfit: the installer fails."""
    mount = f"mkdir -p /wheelhouse && echo {wheels} > /root/wheelhouse && mount -t hostfs none /wheelhouse -o {wheels}"
    before = "python3 /host/guest/fingerprint.py save /root/before.json"
    done = machine.run(f"{mount} && {before} && bash /wheelhouse/install.sh", INSTALL_S)
    if done.status != 0:
        raise Unfit(f"install.sh ended with status {done.status}: {done.output[-600:]}")


def copy_installed(machine: Machine, disks: Sequence[Path]) -> None:
    """The disk of a board on which wakeful is installed, for further boards."""
    machine.power_off()
    for disk in disks[1:]:
        copy_disk(disks[0], disk)
    machine.boot()


def play_all(machines: Sequence[Machine], wanted: Sequence[Scenario]) -> list[Result]:
    """Each board takes the next scenario when it is done with one; the results are in the order of ``wanted``.

    Raises: Locked: a board locked up twice in one scenario.
    """
    left = deque(wanted)
    results: dict[str, Result] = {}
    locked: list[Locked] = []

    def work(machine: Machine) -> None:
        try:
            if machine.boots == 0:
                machine.boot()
            for result in play(machine, _taken(left)):
                results[result.scenario.name] = result
        except Locked as error:
            locked.append(error)
            left.clear()

    threads = [Thread(target=work, args=(machine,), daemon=True) for machine in machines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if locked:
        raise locked[0]
    return [results[scenario.name] for scenario in wanted]


def _taken(left: deque[Scenario]) -> Iterator[Scenario]:
    with suppress(IndexError):
        while True:
            yield left.popleft()


def play(machine: Machine, wanted: Iterable[Scenario]) -> Iterator[Result]:
    """One after the other; one during which the kernel locked up is played once more after another boot."""
    player = Player(machine)
    for scenario in wanted:
        print(f"board: {scenario.name}", flush=True)
        try:
            result = player.play(scenario)
        except Locked as locked:
            machine.retries += 1
            print(f"board: the board locked up and is booted again ({locked})", flush=True)
            machine.cut_power()
            machine.boot()
            result = player.play(scenario)
            result.retried = str(locked)
        yield result
        if not result.ok:
            print("\n".join(f"    {scenario.name}: {line}" for line in result.complaints()), flush=True)
            # It may have ended with something pulled out.
            machine.cut_power()
            machine.boot()


if __name__ == "__main__":
    main()
