"""The commands of the benchmark's README are run as they stand there, with shorter turns."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from wakeful.device.bench import __file__ as here
from wakeful.device.bench.matrix import groups, read
from wakeful.device.bench.plan import QUICK
from wakeful.device.cli import status

README = Path(here).with_name("README.md").read_text(encoding="utf-8")


def block(kind: str) -> str:
    found = re.search(rf"```{kind}\n(.*?)```", README, re.DOTALL)
    assert found
    return found[1]


@pytest.mark.slow  # starts a dozen processes, each with its runtimes
def test_the_commands_work_as_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("wakeful.device.bench.plan.QUICK", replace(QUICK, runs=8, seconds=0.01, turn_s=0.01, starts=1))
    for line in block("sh").splitlines():
        program, *words = shlex.split(line, comments=True)
        assert program == "wakeful"
        assert status(words) == 0, line
    assert {"a.json", "a.csv", "a.html", "p.html"} <= {path.name for path in tmp_path.iterdir()}


def test_the_matrix_is_one(tmp_path: Path) -> None:
    file = tmp_path / "matrix.toml"
    file.write_text(block("toml"), encoding="utf-8")
    assert [group.network for group in groups(read(file))] == ["face_landmark", "expression"]
