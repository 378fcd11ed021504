"""``wakeful run`` as a user starts it: a whole drive, every bad input, and every way to end."""

from __future__ import annotations

import csv
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tools.rigs.scripts import eyes_shut
from tools.rigs.serial_receiver import Receiver
from tools.rigs.waiting import eventually
from wakeful.device.alerts.registry import make_output
from wakeful.device.cli import status
from wakeful.device.config.layers import load_settings
from wakeful.device.config.output_tables import changeable
from wakeful.models import registry
from wakeful.sensors.driver_face import DriverPose, render

RUN = [sys.executable, "-m", "wakeful", "run"]
# Busy machines take their time; what hangs is still told apart from what is slow.
PATIENCE_S = 60.0

NAP = eyes_shut(10.5, (2.6, 4.0), (6.1, 9.6))
"""Eyes open, shut for 1.4 s, open, shut for 3.5 s, open."""

COLUMNS = (
    "t,frame,face,eye_open_left,eye_open_right,mouth_open,yaw_deg,pitch_deg,roll_deg,gaze_yaw_deg,gaze_pitch_deg,"
    "eyes_closed,closure_s,perclos_60s,level,health,expression"
)


def wakeful(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The command's whole life, as plain lines."""
    return subprocess.run(
        [*RUN, "--plain", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )


def lines_of(file: Path) -> list[dict[str, Any]]:
    """A file of JSON lines that must be whole."""
    text = file.read_text(encoding="utf-8")
    assert text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


@dataclass(frozen=True)
class Nap:
    """What one drive of a driver who falls asleep left behind."""

    done: subprocess.CompletedProcess[str]
    events: list[dict[str, Any]]
    signals: list[list[str]]
    summary: dict[str, Any]
    receiver: Receiver

    def raised(self) -> dict[str, float]:
        """When each alert first came, s."""
        alerts = [event for event in self.events if event["kind"] == "alert"]
        return {alert["code"]: alert["t"] for alert in reversed(alerts) if alert["phase"] in ("raised", "escalated")}


@pytest.fixture(scope="module")
def nap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nap]:
    folder = tmp_path_factory.mktemp("nap")
    (folder / "nap.toml").write_text(NAP)
    receiver = Receiver()
    events, signals, summary = (folder / name for name in ("events.jsonl", "signals.csv", "summary.json"))
    done = wakeful(
        *("--source", f"synthetic:{folder / 'nap.toml'}", "--pace", "fast", "--speed", "60", "--gpio", "mock:1"),
        *("--serial", receiver.path, "--events", events, "--signals", signals, "--summary", summary),
    )
    assert eventually(lambda: len(receiver.of("WKA")) >= 3)
    with signals.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    yield Nap(done, lines_of(events), rows, json.loads(summary.read_text(encoding="utf-8")), receiver)
    receiver.close()


def test_a_whole_drive_ends_with_status_0_and_without_a_complaint(nap: Nap) -> None:
    assert (nap.done.returncode, nap.done.stderr) == (0, "")
    assert "microsleep" in nap.done.stdout
    assert "Traceback" not in nap.done.stdout


def test_a_nap_raises_microsleep_and_sleep_in_time(nap: Nap) -> None:
    raised = nap.raised()
    assert raised["microsleep"] == pytest.approx(3.6, abs=0.3)
    assert raised["sleep"] == pytest.approx(9.1, abs=0.3)
    closures = [(event["start"], event["end"]) for event in nap.events if event["kind"] == "closure"]
    assert closures == [
        (pytest.approx(2.6, abs=0.2), pytest.approx(4.05, abs=0.2)),
        (pytest.approx(6.1, abs=0.2), pytest.approx(9.65, abs=0.2)),
    ]


def test_the_same_alerts_arrive_on_the_serial_line_once_and_in_order(nap: Nap) -> None:
    said = [(str(e["seq"]), e["code"], e["level"], e["phase"]) for e in nap.events if e["kind"] == "alert"]
    heard = [(seq, code, level, phase) for seq, _, code, level, phase in (s.fields for s in nap.receiver.of("WKA"))]
    assert heard == said
    assert nap.receiver.broken == []
    assert {status.fields[4] for status in nap.receiver.of("WKS")} & {"microsleep", "sleep"}


def test_signals_have_the_columns_of_the_contract_and_a_row_for_each_frame(nap: Nap) -> None:
    header, *rows = nap.signals
    assert header[:17] == COLUMNS.split(",")
    assert header[17:20] == ["run", "origin_utc_ns", "origin_monotonic_ns"]
    assert header[20:24] == ["lid_open", "lid_lowered", "lid_narrowed", "lid_closed"]
    assert header[24:28] == ["person", "sleepiness", "sleepiness_coverage", "driver"]
    assert header[24] == "person" and {row[24] for row in rows} <= {"", "1"}
    assert all(name.startswith("p_") for name in header[28:])
    assert [int(row[1]) for row in rows] == list(range(315))
    assert {len(row) for row in rows} == {len(header)}
    shut = [row[header.index("eyes_closed")] for row in rows]
    assert (shut[30], shut[100], shut[250]) == ("0", "1", "1")


def test_the_summary_counts_what_happened(nap: Nap) -> None:
    assert nap.summary["frames"] == 315
    assert nap.summary["duration_s"] == pytest.approx(10.467, abs=0.01)
    assert nap.summary["face_share"] > 0.98
    assert nap.summary["decision_ms"]["median"] > 0.5
    assert nap.summary["network_faults"] == 0
    assert nap.summary["alerts_raised"]["microsleep"] >= 1


def empty(folder: Path) -> Path:
    file = folder / "empty.mp4"
    file.touch()
    return file


def cut_off(folder: Path) -> Path:
    """An mp4 without the index at its end."""
    whole, cut = folder / "whole.mp4", folder / "cut.mp4"
    writer = cv2.VideoWriter(str(whole), cv2.VideoWriter.fourcc(*"mp4v"), 25, (64, 48))
    for grey in range(50):
        writer.write(np.full((48, 64, 3), grey, np.uint8))
    writer.release()
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    return cut


def text(folder: Path) -> Path:
    file = folder / "letter.mp4"
    file.write_text("Dear Sir or Madam, " * 100)
    return file


def folder_without_images(folder: Path) -> Path:
    (folder / "notes.txt").touch()
    return folder


def nothing(folder: Path) -> Path:
    return folder / "no-such.mp4"


def one_line(capfd: pytest.CaptureFixture[str]) -> str:
    """All that was said: one line on the standard error, by no library either."""
    said, complaint = capfd.readouterr()
    assert complaint.startswith("wakeful: ") and complaint.count("\n") == 1, complaint
    assert said == ""
    return complaint


@pytest.mark.parametrize("source", [nothing, empty, cut_off, text, folder_without_images], ids=lambda one: one.__name__)
def test_a_source_that_gives_no_pictures_is_one_line_and_status_3(
    source: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = source(tmp_path)
    assert status(["run", "--plain", "--source", str(file)]) == 3
    assert str(file) in one_line(capfd)


def test_a_file_cut_off_in_the_middle_is_one_line_and_status_5_and_all_before_it_is_kept(tmp_path: Path) -> None:
    film, events, signals, summary = (tmp_path / one for one in ("film.avi", "e.jsonl", "s.csv", "sum.json"))
    writer = cv2.VideoWriter(str(film), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 48))
    for grey in range(40):
        writer.write(np.full((48, 64, 3), grey, np.uint8))
    writer.release()
    film.write_bytes(film.read_bytes()[: film.stat().st_size // 2])
    outputs = ("--events", events, "--signals", signals, "--summary", summary)
    done = wakeful("--source", film, *outputs)
    assert done.returncode == 5
    assert done.stderr.startswith(f"wakeful: {film} ended after ") and done.stderr.count("\n") == 1
    rows = len(signals.read_text(encoding="utf-8").splitlines()) - 1
    assert json.loads(summary.read_text(encoding="utf-8"))["frames"] == rows > 5
    assert [event["kind"] for event in lines_of(events)] == ["run", "health"]


@pytest.mark.shared
def test_a_stream_that_lost_its_references_has_no_face_in_it_and_says_where_it_ends(
    clips: Path, tmp_path: Path
) -> None:
    signals, events = tmp_path / "s.csv", tmp_path / "e.jsonl"
    outputs = ("--signals", signals, "--events", events)
    done = wakeful("--source", clips / "corrupt-mid.mp4", "--landmarks", "wakeful", *outputs)
    assert done.returncode == 5
    assert "ended after 11.9 of 19.0 s" in done.stderr
    with signals.open(newline="", encoding="utf-8") as file:
        faces = [(float(row["t"]), row["face"]) for row in csv.DictReader(file)]
    assert {face for t_s, face in faces if t_s > 6.1} == {"0"}
    assert not [event for event in lines_of(events) if event["kind"] == "alert"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--profile", "lorry"), "lorry"),
        (("--profile", "{folder}/typo.toml"), "abuot"),
        (("--config", "{folder}/key.toml"), "did you mean url?"),
        (("--source", "synthetic:none-such"), "none-such"),
        (("--source", "synthetic:attentive", "--events", "{folder}/none/events.jsonl"), "folder that exists"),
    ],
)
def test_a_wrong_setting_is_one_line_and_status_2(
    arguments: tuple[str, ...], told: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "typo.toml").write_text('abuot = "a misspelt key"\n')
    (tmp_path / "key.toml").write_text('[serial]\nulr = "/dev/ttyUSB0"\n')
    assert status(["run", "--plain", *(argument.format(folder=tmp_path) for argument in arguments)]) == 2
    assert told in one_line(capfd)


def test_a_model_with_a_wrong_hash_is_one_line_and_status_4(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("face_landmark", "iris_landmark"):
        file = registry.path(name)
        (tmp_path / file.name).write_bytes(file.read_bytes()[:-4] + b"\xff" * 4)
    monkeypatch.setenv("WAKEFUL_MODELS", str(tmp_path))
    assert status(["run", "--plain", "--source", "synthetic:attentive", "--landmarks", "mesh+iris"]) == 4
    assert "face_landmark" in one_line(capfd)


def test_pictures_of_every_kind_and_size_are_looked_at(tmp_path: Path) -> None:
    driver = render(DriverPose())
    large = cv2.resize(driver, (8000, 6000))
    pictures = {
        "1.png": np.full((1, 1, 3), 90, np.uint8),
        "2.png": cv2.cvtColor(driver, cv2.COLOR_BGR2GRAY),
        "3.png": cv2.cvtColor(driver, cv2.COLOR_BGR2BGRA),
        "4.png": driver.astype(np.uint16) * 257,
        "5.jpg": large,
    }
    for name, picture in pictures.items():
        cv2.imwrite(str(tmp_path / name), picture)
    done = wakeful("--source", tmp_path, "--signals", tmp_path / "signals.csv")
    assert (done.returncode, done.stderr) == (0, "")
    with (tmp_path / "signals.csv").open(newline="", encoding="utf-8") as file:
        assert [row["face"] for row in csv.DictReader(file)] == ["0", "1", "1", "1", "1"]


def test_events_on_the_standard_output_are_nothing_but_events() -> None:
    done = wakeful("--source", "synthetic:attentive", "--pace", "fast", "--duration", "0.5", "--events", "-")
    assert done.returncode == 0
    assert [json.loads(line)["kind"] for line in done.stdout.splitlines()][:2] == ["run", "health"]
    assert "calibrating" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_sigterm_and_ctrl_c_end_it_with_status_0_and_whole_files(number: signal.Signals, tmp_path: Path) -> None:
    events, signals, summary = (tmp_path / name for name in ("events.jsonl", "signals.csv", "summary.json"))
    files = ("--events", str(events), "--signals", str(signals), "--summary", str(summary))
    process = subprocess.Popen(
        [*RUN, "--plain", "--source", "synthetic", *files], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    assert eventually(lambda: signals.exists() and signals.read_bytes().count(b"\n") > 5, PATIENCE_S)
    process.send_signal(number)
    _, complaints = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, complaints) == (0, "")
    assert [line["kind"] for line in lines_of(events)][:2] == ["run", "health"]
    *rows, end = signals.read_text(encoding="utf-8").split("\n")
    assert end == "" and {row.count(",") for row in rows} == {rows[0].count(",")}
    assert json.loads(summary.read_text(encoding="utf-8"))["frames"] == len(rows) - 1


def test_a_serial_port_that_does_not_exist_is_told_and_awaited(tmp_path: Path) -> None:
    port, receiver = tmp_path / "ttyUSB7", Receiver()
    process = subprocess.Popen(
        [*RUN, "--plain", "--source", "synthetic", "--serial", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert f"{port} does not exist" in process.stderr.readline()
    port.symlink_to(receiver.path)
    assert eventually(lambda: receiver.of("WKS") != [], PATIENCE_S)
    process.terminate()
    _, complaints = process.communicate(timeout=PATIENCE_S)
    receiver.close()
    assert process.returncode == 0
    assert complaints == f"wakeful: serial: {port} works again\n"


def test_outputs_for_other_programs_are_built_from_their_settings(tmp_path: Path) -> None:
    for package in ("can", "cantools", "paho"):
        pytest.importorskip(package, reason=f"an output needs {package}")
    wanted = {"mqtt.broker": "127.0.0.1:1", "can.address": "virtual:settings", "stream.path": str(tmp_path / "stream")}
    settings, _ = load_settings(None, None, {**wanted, "device": "cab-7", "mqtt.discovery": True})
    tables = changeable(settings, ())
    assert {"mqtt", "can", "stream"} <= set(tables)
    for name in ("mqtt", "can", "stream"):
        make_output(name, tables[name]).close()


def test_another_program_reads_the_stream_pauses_the_monitor_and_sets_its_driver(tmp_path: Path) -> None:
    path = tmp_path / "stream"
    command = [*RUN, "--plain", "--source", "synthetic:attentive", "--profile", "robot", "--stream", str(path)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert eventually(path.exists, PATIENCE_S)
    with socket.socket(socket.AF_UNIX) as reader:
        reader.settimeout(PATIENCE_S)
        reader.connect(str(path))
        lines = map(json.loads, reader.makefile("rb"))
        assert next(lines)["kind"] == "hello"
        assert next(one for one in lines if one["kind"] == "state" and one["face"])["distance_m"] > 0.1
        reader.sendall(b'{"command": "pause", "seconds": 60}\n{"command": "set-driver", "name": "bert"}\n')
        assert next(one for one in lines if one["kind"] == "driver")["name"] == "bert"
        assert next(one for one in lines if one["kind"] == "state" and one["health"] == "paused")
        process.send_signal(signal.SIGTERM)
        for _ in lines:
            pass
    _, complaints = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, complaints) == (0, b"")
    assert not path.exists()
