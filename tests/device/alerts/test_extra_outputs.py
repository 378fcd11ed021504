"""Output packages of other people, as files on the path: what they may be, and what ``config check`` says of them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from wakeful.device.alerts.old_names import MOVED, new_name

SHAKER = """
from wakeful.device.alerts.output import Output


class SeatShaker(Output):
    def __init__(self, strength: int, side: str = "left", notes=None) -> None:
        self.strength = strength

    def state(self, state) -> None:
        pass
"""
WITH_SECTION = """
from wakeful.device.alerts.output import Output
from wakeful.device.config.section import Section


class LampSettings(Section):
    port: str
    brightness: int = 3


class Lamp(Output):
    def __init__(self, settings: LampSettings) -> None:
        self.settings = settings

    def state(self, state) -> None:
        pass
"""
OLD_ROOM = "from device.alerts.gpio_mock import line\n"
OLD_NAME = "import numpy\nfrom sensors.frame import Frame\n"
OWN_MODULE = "import models_of_mine\n"


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """A folder of installed packages, each with one output."""
    folder = tmp_path / "site"
    made = {
        "seat": (SHAKER, "SeatShaker"),
        "lamp": (WITH_SECTION, "Lamp"),
        "room": (OLD_ROOM, "Room"),
        "name": (OLD_NAME, "Name"),
        "mine": (OWN_MODULE, "Mine"),
    }
    for name, (code, attribute) in made.items():
        info = folder / f"their_{name}-1.0.dist-info"
        info.mkdir(parents=True)
        (folder / f"their_{name}.py").write_text(code)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: their-{name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[wakeful.outputs]\n{name} = their_{name}:{attribute}\n")
    for other in ("device", "sensors"):
        # What an environment may have of its own under these names; a checkout has wakeful's.
        (folder / other).mkdir()
        (folder / other / "__init__.py").touch()
    return folder


def check(packages: Path, text: str) -> tuple[int, list[str]]:
    """Status and lines of ``wakeful config check``."""
    file = packages.parent / "wakeful.toml"
    file.write_text(text)
    done = subprocess.run(
        [sys.executable, "-P", "-m", "wakeful", "config", "check", str(file)],
        env={**os.environ, "PYTHONPATH": str(packages)},
        capture_output=True,
        text=True,
        check=False,
        cwd=packages.parent,
    )
    lines = (done.stderr or done.stdout).splitlines()
    return done.returncode, [line.removeprefix(f"{file}: ") for line in lines]


def test_tables_of_other_outputs_are_checked_and_all_mistakes_are_listed_at_once(packages: Path) -> None:
    status, lines = check(
        packages,
        '[serial]\nbaut = 9600\n[outputs.extra.seat]\nstrenght = 3\n[outputs.extra.lamp]\nport = "a"\nbrightnes = 4\n'
        "[outputs.extra.seet]\n",
    )
    assert status == 2
    assert lines == [
        "line 2: unknown key serial.baut: did you mean baud?",
        "line 4: [outputs.extra.seat] unknown key strenght: did you mean strength?",
        "line 3: [outputs.extra.seat] strength is missing",
        "line 7: [outputs.extra.lamp] unknown key brightnes: did you mean brightness?",
        "line 8: there is no output 'seet': did you mean seat?",
    ]


def test_tables_that_fit_are_fine(packages: Path) -> None:
    status, lines = check(packages, '[outputs.extra.seat]\nstrength = 3\n[outputs.extra.lamp]\nport = "a"\n')
    assert (status, lines) == (0, ["ok, for the profile vehicle"])


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("room", "device.alerts.gpio_mock", "wakeful.device.alerts.gpio.mock"),
        ("name", "sensors.frame", "wakeful.sensors.frame"),
    ],
)
def test_a_package_that_imports_the_old_names_is_told_the_new_ones(
    packages: Path, name: str, old: str, new: str
) -> None:
    status, lines = check(packages, f"[outputs.extra.{name}]\n")
    assert status == 2
    assert lines == [
        f"line 1: output '{name}' (their_{name}:{name.title()}) does not load: it imports {old}, which is {new} now: "
        "change the import (docs/upgrading.md lists all names)"
    ]


def test_any_other_import_error_stays_what_it_is(packages: Path) -> None:
    _, lines = check(packages, "[outputs.extra.mine]\n")
    assert lines == [
        "line 1: output 'mine' (their_mine:Mine) does not load: ModuleNotFoundError: No module named 'models_of_mine'"
    ]


@pytest.mark.parametrize("old", MOVED)
def test_every_module_that_has_moved_is_where_the_table_says(old: str) -> None:
    file = Path(__file__).parents[3] / (new_name(f"device.{old}").removeprefix("wakeful.").replace(".", "/") + ".py")
    assert file.is_file(), file
