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
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

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
    disk = folder / "disk.img"
    copy_disk(system, disk)
    machine = Machine(linux, disk, folder, films)
    try:
        figures.timed("first boot", machine.boot)
        figures.timed("install", lambda: install(machine, wheels))
        results = play(machine, chosen(given))
    finally:
        machine.close()
        if not given.keep:
            disk.unlink(missing_ok=True)
    figures.retries = machine.retries
    print(as_text(results, figures))
    print(f"board-check: {write_report(folder, results, figures)}")
    return all(result.ok for result in results)


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


def play(machine: Machine, wanted: Sequence[Scenario]) -> list[Result]:
    """One after the other; one during which the kernel locked up is played once more after another boot."""
    player = Player(machine)
    results = []
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
        results.append(result)
        if not result.ok:
            print("\n".join(f"    {line}" for line in result.complaints()), flush=True)
            # It may have ended with something pulled out.
            machine.cut_power()
            machine.boot()
    return results


if __name__ == "__main__":
    main()
