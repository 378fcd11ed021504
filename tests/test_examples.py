"""Each example does what it is there for."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import wakeful
from wakeful.device.alerts.serial.sentences import encode_alert, encode_status
from wakeful.device.alerts.stream import StreamOutput
from wakeful.device.alerts.stream_settings import StreamSettings
from wakeful.device.cli import status

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
STATE = wakeful.DriverState(t_ns=0, seq=0, health=wakeful.Health.OK, face=True)
NAP = "duration_s = 4.5\nkeyframes = [{ t = 1.9, eyes = 1 }, { t = 2.0, eyes = 0 }, { t = 4.5, eyes = 0 }]\n"


def test_the_robot_waves_once_at_whoever_looks_at_it(tmp_path: Path) -> None:
    stream = StreamOutput(StreamSettings(path=str(tmp_path / "stream"), rate_hz=100.0))
    stream.start(0)
    stream.state(replace(STATE, looking=True, looking_s=1.5, expression="happiness"))
    command = [sys.executable, str(EXAMPLES / "robot_attention.py"), str(tmp_path / "stream")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as robot:
        assert robot.stdout is not None
        first = robot.stdout.readline()
        stream.close()
        rest, complaints = robot.communicate(timeout=60)
    assert first == "0.0 s: wave, the person is happiness\n"
    assert (rest, complaints) == ("", "")


def test_the_seat_shaker_is_found_by_its_entry_point_and_shakes(tmp_path: Path) -> None:
    shutil.copy(EXAMPLES / "seat_shaker" / "seat_shaker.py", tmp_path)
    info = tmp_path / "seat_shaker-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: seat-shaker\nVersion: 1.0\n")
    project = (EXAMPLES / "seat_shaker" / "pyproject.toml").read_text()
    assert 'seat = "seat_shaker:SeatShaker"' in project
    (info / "entry_points.txt").write_text("[wakeful.outputs]\nseat = seat_shaker:SeatShaker\n")
    (tmp_path / "nap.toml").write_text(NAP)
    (tmp_path / "wakeful.toml").write_text(f'[outputs.extra.seat]\nmotor = "{tmp_path / "motor"}"\n')
    code = (
        "import wakeful\nfrom pathlib import Path\n"
        "options = dict(pace='fast', landmarks='mesh+iris', settings={'source.fps': 15.0})\n"
        f"with wakeful.watch('synthetic:{tmp_path / 'nap.toml'}', config='wakeful.toml', **options) as driver:\n"
        "    driver.run()\n    print(Path('motor').read_text())\nprint(Path('motor').read_text())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("1\n0\n", "")


def test_the_notebook_reads_an_exported_drive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyarrow", reason="the notebook needs pyarrow")
    pytest.importorskip("mcap", reason="logs need the extra [record]")
    (tmp_path / "nap.toml").write_text(NAP)
    settings = {"record.folder": str(tmp_path / "log"), "source.fps": 15.0}
    source = f"synthetic:{tmp_path / 'nap.toml'}"
    with wakeful.watch(source, pace="fast", landmarks="mesh+iris", settings=settings) as driver:
        driver.run()
    export = [sys.executable, "-m", "wakeful", "log", "export", "log", "--parquet", "--output", "tables"]
    environment = os.environ | {"PYTHONPATH": str(Path(wakeful.__file__).parents[1])}
    subprocess.run(export, cwd=tmp_path, env=environment, check=True, timeout=120, capture_output=True)
    notebook = json.loads((EXAMPLES / "drive_log.ipynb").read_text(encoding="utf-8"))
    assert (notebook["nbformat"], {cell["cell_type"] for cell in notebook["cells"]}) == (4, {"markdown", "code"})
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
    assert names["by_code"] == {"microsleep": 1}
    assert 0.2 < float(str(names["closed_share"])) < 0.8


def test_the_notebook_shows_the_images_of_a_kept_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    only = ["--only", "normal,none,glasses,yaw0,pitch0,fps1,attentive"]
    assert status(["scenarios", "run", *only, "--store", "wakeful-fleet", "--jobs", "1"]) == 0
    notebook = json.loads((EXAMPLES / "scenario_pictures.ipynb").read_text(encoding="utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    names: dict[str, object] = {}
    for cell in code:
        exec("".join(cell["source"]), names)
    assert names["outcomes"] == {"correct": 2} and names["same"] is True and len(names["failed"]) == 0  # type: ignore[arg-type]


SHIM = """
#include <stdio.h>
enum { OUTPUT, LOW, HIGH };
struct { void begin(long) {} int available() { return 0; } int read() { return 0; } } Serial;
void pinMode(int, int) {} void digitalWrite(int, int) {} unsigned long millis() { return 0; }
#include "wakeful_serial.ino"
int main() {
  char line[200];
  while (fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\\r\\n")] = 0;
    int taken = handle(line);
    printf("%d%d\\n", taken, warned_);
  }
}
"""


def test_the_microcontroller_takes_wakefuls_sentences_and_no_others(tmp_path: Path) -> None:
    compiler = shutil.which("g++")
    if compiler is None:
        pytest.skip("g++ is not installed")
    (tmp_path / "shim.cpp").write_text(SHIM)
    command = [compiler, "-Wall", "-Werror", f"-I{EXAMPLES}", "shim.cpp", "-o", "sketch"]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=120)
    alert = wakeful.Alert(0, 3, "sleep", wakeful.Level.URGENT, wakeful.Phase.RAISED)
    awake, asleep = encode_status(STATE, seq=1, origin_ns=0), encode_alert(alert, 0)
    other = encode_status(replace(STATE, level=wakeful.Level.ADVISORY), seq=1, origin_ns=0)
    lines = [
        awake,
        asleep,
        asleep.replace(b"sleep", b"sleeq"),
        awake,
        other,
        b"$GPGGA,1*5E\r\n",
        b"rubbish\r\n",
        b"$*\r\n",
    ]
    done = subprocess.run([tmp_path / "sketch"], input=b"".join(lines), capture_output=True, check=True, timeout=60)
    assert done.stdout.decode().split() == ["10", "11", "01", "10", "10", "00", "00", "00"]
