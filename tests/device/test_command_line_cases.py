"""What happens around a command: odd names, closed and full outputs, signals while it starts, no place to write."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tools.rigs.waiting import eventually

WAKEFUL = [sys.executable, "-m", "wakeful"]
ODD = b"caf\xe9"
"""A name in Latin-1, as old disks hold them."""
DRIVE = ("--source", "synthetic:attentive", "--pace", "fast", "--duration", "2")
CLOSED = "wakeful: the standard output is closed: what is printed there is lost; name files for what you need\n"
BOM = b"\xef\xbb\xbf"


def command(*arguments: str | bytes | Path, shell: str = "", **options: Any) -> subprocess.CompletedProcess[str]:
    """Runs one; ``shell`` is a redirection."""
    words: list[str | bytes | Path] = [*WAKEFUL, *arguments]
    if shell:
        words = ["bash", "-c", f'"$@" {shell}; exit ${{PIPESTATUS[0]}}', "bash", *words]
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=90, **options)


def drive(*arguments: str | bytes | Path, shell: str = "", **options: Any) -> subprocess.CompletedProcess[str]:
    return command("run", "--plain", *DRIVE, *arguments, shell=shell, **options)


@pytest.mark.parametrize(
    "option",
    ["--source", "--profile", "--events", "--signals", "--summary", "--record", "--driver", "--mqtt", "--stream"],
)
def test_a_name_that_is_not_valid_utf_8_is_one_line_that_shows_it_and_status_2(option: str, tmp_path: Path) -> None:
    done = drive(option, os.fsencode(tmp_path) + b"/" + ODD)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and "caf\\xe9 is not valid UTF-8: rename it" in done.stderr


def test_a_token_that_is_not_valid_utf_8_is_not_shown() -> None:
    done = drive("--view-token", ODD)
    assert (done.returncode, "caf" in done.stderr) == (2, False)


def test_a_configuration_with_such_a_name_is_read(tmp_path: Path) -> None:
    file = os.fsencode(tmp_path) + b"/" + ODD + b".toml"
    Path(os.fsdecode(file)).write_text("[vehicle]\nspeed_kmh = 30\n")
    done = drive("--config", file)
    assert (done.returncode, done.stderr) == (0, "")


def test_toml_files_with_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    rules, board, script = (tmp_path / name for name in ("rules.toml", "board.toml", "script.toml"))
    rules.write_bytes(BOM + b'extends = "vehicle"\nabout = "as saved by a Windows editor"\n')
    board.write_bytes(BOM + b"[vehicle]\r\nspeed_kmh = 30\r\n")
    bundled = Path(__file__).parents[2] / "sensors" / "assets" / "attentive.scenario.toml"
    script.write_bytes(BOM + bundled.read_bytes())
    done = drive("--profile", rules, "--config", board, "--source", f"synthetic:{script}")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_run_whose_output_is_closed_goes_on_and_says_what_is_lost(tmp_path: Path) -> None:
    events, summary = tmp_path / "e.jsonl", tmp_path / "s.json"
    done = drive("--events", events, "--summary", summary, shell=">&-")
    assert (done.returncode, done.stderr) == (0, CLOSED)
    # Nothing that was printed is in a file that took the place of the output.
    kinds = [json.loads(line)["kind"] for line in events.read_text(encoding="utf-8").splitlines()]
    assert kinds[:2] == ["run", "health"]
    assert json.loads(summary.read_text(encoding="utf-8"))["frames"] == 61


def test_a_run_without_any_standard_stream_writes_its_files(tmp_path: Path) -> None:
    events = tmp_path / "e.jsonl"
    assert drive("--events", events, shell="<&- >&- 2>&-").returncode == 0
    assert all(json.loads(line) for line in events.read_text(encoding="utf-8").splitlines())


def test_a_run_whose_reader_leaves_goes_on_and_says_what_is_lost(tmp_path: Path) -> None:
    summary = tmp_path / "s.json"
    arguments = ("run", "--plain", "--source", "synthetic:demo", "--pace", "fast", "--duration", "20")
    done = command(*arguments, "--summary", summary, shell="| true")
    assert done.returncode == 0
    assert "the standard output can no longer be written: Broken pipe" in done.stderr
    assert "the standard output: " in done.stderr and "lines could not be written" in done.stderr
    assert json.loads(summary.read_text(encoding="utf-8"))["frames"] == 601


@pytest.mark.parametrize("arguments", [["config", "show"], ["rules", "list"], ["scenarios", "list", "--matrix"]])
def test_what_is_printed_to_nobody_or_onto_a_full_disk(arguments: list[str]) -> None:
    gone, closed, full = (command(*arguments, shell=how) for how in ("| true", ">&-", "> /dev/full"))
    assert (gone.returncode, gone.stderr) == (0, "")
    assert (closed.returncode, closed.stderr) == (0, CLOSED)
    assert full.returncode == 1
    assert (
        full.stderr.startswith("wakeful: the output cannot be written: No space left") and full.stderr.count("\n") == 1
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("module", ["typer", "wakeful.device.config.layers", "numpy", "wakeful.device.monitor"])
def test_signals_while_a_run_is_being_loaded_end_it_with_status_0(number: signal.Signals, module: str) -> None:
    """The signal comes in the middle of an import, which tells us so."""
    code = (
        "import importlib.abc, os, runpy, sys\n"
        "class Hurry(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path, target=None):\n"
        f"        if name == {module!r}:\n"
        f"            os.kill(os.getpid(), {int(number)})\n"
        "sys.meta_path.insert(0, Hurry())\n"
        "sys.argv = ['wakeful', 'run', '--plain', '--source', 'synthetic:attentive']\n"
        "runpy.run_module('wakeful', run_name='__main__')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_in_the_first_second_of_a_run_leave_whole_files(number: signal.Signals, tmp_path: Path) -> None:
    events = tmp_path / "e.jsonl"
    arguments = [*WAKEFUL, "run", "--plain", "--source", "synthetic:attentive", "--events", str(events)]
    with subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        assert eventually(lambda: events.exists(), 30.0)
        process.send_signal(number)
        complaint = process.communicate(timeout=30)[1]
    assert (process.returncode, complaint) == (0, "")
    assert all(json.loads(line) for line in events.read_text(encoding="utf-8").splitlines())


def test_networks_that_nobody_can_store_are_not_downloaded_and_the_way_out_is_named() -> None:
    home = {
        **os.environ,
        "HOME": "/proc/nowhere",
        "WAKEFUL_MODELS": "",
        "XDG_CACHE_HOME": "",
        "PIP_INDEX_URL": "http://0.0.0.0",
    }
    done = command("models", "pull", env=home)
    assert done.returncode == 4
    assert done.stderr.count("\n") == 1 and "set WAKEFUL_MODELS to another folder" in done.stderr
    assert drive(env=home).returncode == 0
