"""The command starts quickly, maps its options to settings, and answers every mistake with one line and a status."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from wakeful import ModelError, SourceError
from wakeful.device.cli import status
from wakeful.device.config.layers import PROFILES
from wakeful.device.config.settings import Settings
from wakeful.device.state.profile import Profile
from wakeful.revision import version_text

COMMAND = [sys.executable, "-m", "wakeful"]
SLOW = ("numpy", "cv2", "onnxruntime", "ai_edge_litert", "serial", "gpiod", "rich.console", Settings.__module__)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """The settings of each monitor that would have been started."""
    settings: list[Settings] = []

    def run(given: Settings, rules: Profile, load: object, progress: object = None) -> int:
        settings.append(given)
        return 0

    monkeypatch.setitem(sys.modules, "wakeful.device.app", SimpleNamespace(run=run))
    return settings


def fail_with(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    """The monitor ends with this error."""
    run = Mock(side_effect=error)
    monkeypatch.setitem(sys.modules, "wakeful.device.app", SimpleNamespace(run=run))


def complaint(arguments: list[str], expected_status: int, capsys: pytest.CaptureFixture[str]) -> str:
    assert status(arguments) == expected_status
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("wakeful: ") and err.endswith("\n") and err.count("\n") == 1
    return err.strip()


@pytest.mark.parametrize(
    "arguments", [["--help"], ["run", "--help"], ["models", "--help"], ["rules", "--help"], ["--version"]]
)
def test_help_imports_nothing_slow(arguments: list[str]) -> None:
    code = (
        "import sys; from device.cli import status; status(sys.argv[1:]);"
        f"print([name for name in {SLOW!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"]])
def test_help_takes_little_longer_than_to_load_what_it_is_made_with(arguments: list[str]) -> None:
    # The shortest of a few times, in turns: how much longer a busy or slow machine takes is not the help's doing.
    loading_s, help_s = [], []
    for _ in range(3):
        loading_s.append(_processor_s([sys.executable, "-c", "import typer"]))
        help_s.append(_processor_s([*COMMAND, *arguments]))
    assert min(help_s) < 4 * min(loading_s)


def _processor_s(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert status(["--version"]) == 0
    assert capsys.readouterr().out == f"{version_text()}\n"


@pytest.mark.parametrize("arguments", [[], ["models"], ["config"]])
def test_a_group_without_a_command_prints_its_help(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert status(arguments) == 0
    assert "Commands:" in capsys.readouterr().out


def test_run_knows_every_option_of_its_contract(capsys: pytest.CaptureFixture[str]) -> None:
    status(["run", "--help"])
    text = capsys.readouterr().out
    options = (
        "source profile config pace duration speed events signals summary serial baud gpio gpio-active-low landmarks"
    )
    assert [name for name in f"{options} live plain".split() if f"--{name}" not in text] == []


def test_run_maps_its_options_to_settings(started: list[Settings]) -> None:
    options = "--source 0 --profile vehicle --pace fast --duration 2.5 --speed 60 --events - --signals s.csv"
    options += " --summary s.json --serial loop:// --baud 9600 --gpio mock:17 --gpio-active-low"
    options += " --landmarks mesh+iris --runtime ort --everyone 3 --plain"
    assert status(["run", *options.split()]) == 0
    (settings,) = started
    assert (settings.source.source, settings.source.pace, settings.source.duration_s) == ("0", "fast", 2.5)
    assert settings.vehicle.speed_kmh == 60.0
    assert (settings.outputs.events, settings.outputs.signals, settings.outputs.summary) == ("-", "s.csv", "s.json")
    assert (settings.serial.url, settings.serial.baud) == ("loop://", 9600)
    assert (settings.gpio.line, settings.gpio.active_low) == ("mock:17", True)
    assert (settings.perception.landmarks, settings.perception.runtime) == ("mesh+iris", "ort")
    assert settings.perception.everyone == 3
    assert settings.terminal.live is False


def test_run_without_options_leaves_every_setting_alone(started: list[Settings]) -> None:
    assert status(["run"]) == 0
    assert started == [Settings()]


def test_run_puts_its_options_before_the_configuration_file(started: list[Settings], tmp_path: Path) -> None:
    config = tmp_path / "board.toml"
    config.write_text("[gpio]\nactive_low = true\n[vehicle]\nspeed_kmh = 30\n[serial]\nbaud = 9600\n")
    assert status(["run", "--config", str(config), "--speed", "0"]) == 0
    assert (started[0].vehicle.speed_kmh, started[0].serial.baud, started[0].gpio.active_low) == (0.0, 9600, True)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["run", "--sorce", "0"], "--source"),
        (["run", "--pace", "slow"], "'slow' is not one of 'realtime', 'fast'"),
        (["run", "--duration", "long"], "'--duration'"),
        (["run", "--duration", "0"], "source.duration_s = 0.0: it should be greater than 0"),
        (["run", "--speed", "nan"], "vehicle.speed_kmh = nan: it should be a finite number"),
        (["run", "--everyone", "5"], "perception.everyone = 5: it should be less than or equal to 4"),
        (["run", "--gpio", "17"], "gpio.line = '17': it should be CHIP:LINE"),
        (["run", "--profile", "vehicel"], "did you mean vehicle?"),
        (["run", "--config", "/no/such.toml"], "/no/such.toml: there is no such file"),
        (["run", "--record-video", "all"], "add --record DIR"),
        (["run", "--record-landmarks"], "add --record DIR"),
        (["run", "--stream-landmarks"], "add --stream PATH"),
        (["run", "--record", "drives", "--blur-others"], "add --record-video events, or all"),
        (["log", "cut", "drives", "--from", "nan", "-o", "c.mcap"], "is not a range"),
        (["log", "cut", "drives", "--from", "9", "--to", "3", "-o", "c.mcap"], "is not a range"),
        (["run", "extra"], "wakeful run --help"),
        (["walk"], "wakeful --help"),
        (["models", "lisst"], "list"),
        (["config", "check", "/no/such.toml"], "there is no such file"),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(
    arguments: list[str], told: str, started: list[Settings], capsys: pytest.CaptureFixture[str]
) -> None:
    assert told in complaint(arguments, 2, capsys)
    assert started == []


@pytest.mark.parametrize(
    ("error", "expected_status"),
    [(SourceError("nowhere: no such file"), 3), (ModelError("no net: pull it"), 4), (KeyboardInterrupt(), 130)],
)
def test_errors_of_the_monitor_end_with_their_status(
    error: BaseException, expected_status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fail_with(error, monkeypatch)
    assert status(["run"]) == expected_status
    assert "Traceback" not in capsys.readouterr().err


def test_ctrl_c_before_a_command_has_begun_leaves_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wakeful.device.cli.command_line", Mock(side_effect=KeyboardInterrupt))
    assert status(["run"]) == 130


def test_an_error_over_several_lines_is_told_in_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fail_with(SourceError("two\n  lines"), monkeypatch)
    assert complaint(["run"], 3, capsys) == "wakeful: two lines"


def test_a_defect_of_our_own_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    fail_with(ZeroDivisionError(), monkeypatch)
    with pytest.raises(ZeroDivisionError):
        status(["run"])


def test_a_reader_that_leaves_early_is_no_error() -> None:
    shell = f"set -o pipefail; {sys.executable} -m wakeful config show --schema | head -1"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=False)
    assert done.stdout == "{\n"
    assert "Traceback" not in done.stderr and "Exception" not in done.stderr


def test_models_list_tells_the_state_of_each(
    empty_cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    empty_cache.mkdir()
    (empty_cache / "iris_landmark.tflite").write_bytes(b"half")
    assert status(["models", "list", "--json"]) == 0
    found = {one["name"]: one for one in json.loads(capsys.readouterr().out)}
    assert found["iris_landmark"]["state"] == "corrupt"
    assert found["face_landmark"]["state"] == "missing"
    assert found["face_landmark"]["path"] == str(empty_cache / "face_landmark.tflite")
    assert status(["models", "list"]) == 0
    assert "optional: face_landmarks_detector" in capsys.readouterr().out


def test_models_verify_is_content_with_an_empty_cache_and_not_with_a_wrong_file_in_it(
    empty_cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status(["models", "verify"]) == 0
    assert "missing  iris_landmark (optional)\n" in capsys.readouterr().out
    empty_cache.mkdir()
    (empty_cache / "iris_landmark.tflite").write_bytes(b"another network")
    assert status(["models", "verify"]) == 4
    assert "corrupt  iris_landmark (optional)\n" in capsys.readouterr().out


def test_models_verify_is_content_without_the_optional_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from wakeful.models import registry

    required = [registry.path(one.name) for one in registry.networks().values() if one.required]
    for file in required:
        (tmp_path / file.name).write_bytes(file.read_bytes())
    monkeypatch.setenv("WAKEFUL_MODELS", str(tmp_path))
    assert status(["models", "verify", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["face_landmarks_detector"] == "missing"


def test_models_pull_from_a_folder_that_lacks_them_ends_with_status_4(
    empty_cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "holds none of the missing files" in complaint(["models", "pull", "--from", str(tmp_path)], 4, capsys)


def test_config_show_is_a_file_that_config_check_accepts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert status(["config", "show"]) == 0
    shown = tmp_path / "shown.toml"
    shown.write_text(capsys.readouterr().out)
    assert status(["config", "check", str(shown)]) == 0
    assert "ok" in capsys.readouterr().out
    assert status(["config", "show", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["source"]["width"] == 640


def test_config_check_tells_every_mistake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "board.toml"
    config.write_text("[source]\nwidht = 3\nfps = 0\n")
    assert status(["config", "check", str(config)]) == 2
    assert capsys.readouterr().err.splitlines() == [
        f"{config}: line 2: unknown key source.widht: did you mean width?",
        f"{config}: line 3: source.fps = 0: it should be greater than 0",
    ]


def test_config_check_tells_every_contradiction_of_a_profile(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    profile = tmp_path / "mine.toml"
    rule = "[[rules]]\ncode = 'drowsy'\nlevel = 'warning'\nwhen = { perclos_60s = 15 }\nsource = ''\n"
    profile.write_text(f"about = 'mine'\n{rule}")
    assert status(["config", "check", str(profile)]) == 2
    assert capsys.readouterr().err.splitlines() == [
        f"{profile}: line 6: the rule drowsy has no source: name the standard or study it comes from",
        f"{profile}: line 5: when.perclos_60s = 15: it is a share of 1, not percent: 0.15?",
        f"{profile}: line 2: nothing ends the rule drowsy: "
        "add clear or clear_below, as in clear = { eyes_open_s = 0.5 }",
    ]


def test_config_check_accepts_a_shipped_profile(capsys: pytest.CaptureFixture[str]) -> None:
    assert status(["config", "check", str(PROFILES / "vehicle.toml")]) == 0
    assert "ok, a profile with 11 rules" in capsys.readouterr().out


def test_devices_lists_each_kind(capsys: pytest.CaptureFixture[str]) -> None:
    assert status(["devices"]) == 0
    out = capsys.readouterr().out
    assert all(f"{kind}:" in out for kind in ("cameras", "serial ports", "GPIO chips"))
    assert status(["devices", "--json"]) == 0
    assert list(json.loads(capsys.readouterr().out)) == ["cameras", "serial_ports", "gpio_chips"]


def test_the_installed_command_is_this_one() -> None:
    command = Path(sys.executable).with_name("wakeful")
    if not os.access(command, os.X_OK):
        pytest.skip("wakeful is not installed in this environment")
    done = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"{version_text()}\n"


def test_a_source_that_does_not_exist_ends_with_status_3(capsys: pytest.CaptureFixture[str]) -> None:
    assert "/no/such.mp4" in complaint(["run", "--plain", "--source", "/no/such.mp4"], 3, capsys)


def test_a_network_with_a_wrong_hash_ends_with_status_4(empty_cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty_cache.mkdir()
    (empty_cache / "face_landmark.tflite").write_bytes(b"half a download")
    assert "wakeful models pull" in complaint(["run", "--plain", "--landmarks", "mesh+iris"], 4, capsys)


def test_a_thread_that_is_left_behind_in_a_decoder_does_not_change_the_status_of_a_run() -> None:
    code = """
import threading, numpy
from wakeful.device import cli
from wakeful.sensors.opencv import cv2

busy = threading.Event()

def decode():
    image = numpy.zeros((1000, 1000, 3), numpy.uint8)
    while True:
        cv2.GaussianBlur(image, (0, 0), 5)
        busy.set()

def status(arguments):
    threading.Thread(target=decode, daemon=True).start()
    busy.wait()
    print("the last words")
    return 3

cli.status = status
cli.main(["run"])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (3, "the last words\n", "")
