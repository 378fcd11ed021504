"""Whoever installs sees what pip does while it takes long, everything where it fails, and nothing where it is quick."""

from __future__ import annotations

import subprocess
import sys
import time
import venv
from pathlib import Path

import pytest

from wakeful.deploy import pip_progress
from wakeful.deploy.pip_progress import Progress, command, install

ROOT = Path(__file__).parents[2]
SLOW = """
import sys, time
assert sys.argv[1:3] == ["install", "--no-input"] and sys.argv[-1] == "opencv"
assert sys.argv[sys.argv.index("--progress-bar") + 1] == {bar!r}
print("Collecting opencv<5 (from wakeful==0.2.0)")
print("  Downloading opencv_python-4.1.2-cp311.whl (120.4 MB)")
if {bar!r} == "raw":
    print("Progress 40000000 of 120400000")
time.sleep(0.6)
print("Installing collected packages: numpy, opencv")
time.sleep(0.6)
"""
QUICK = "print('Requirement already satisfied: opencv')"
FAILS = "print('Collecting opencv')\nprint('ERROR: No matching distribution found for opencv')\nraise SystemExit(7)"


@pytest.fixture
def fake_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The main module of the pip that is found first, whose version is 25.0."""
    information = tmp_path / "pip-25.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: pip\nVersion: 25.0\n", encoding="utf-8")
    (tmp_path / "pip").mkdir()
    (tmp_path / "pip" / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(pip_progress, "QUIET_S", 0.3)
    monkeypatch.setattr(pip_progress, "EVERY_S", 0.3)
    return tmp_path / "pip" / "__main__.py"


@pytest.mark.parametrize(
    ("version", "bar", "downloading"),
    [
        ("25.0", "raw", "downloading opencv_python 40 of 120 MB"),
        ("23.2", "off", "downloading opencv_python (120.4 MB)"),
    ],
)
def test_what_takes_long_is_said_while_it_is_done(
    fake_pip: Path, capfd: pytest.CaptureFixture[str], version: str, bar: str, downloading: str
) -> None:
    information = fake_pip.parents[1] / "pip-25.0.dist-info"
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: pip\nVersion: {version}\n", encoding="utf-8")
    fake_pip.write_text(SLOW.format(bar=bar), encoding="utf-8")
    begun_s = time.monotonic()
    assert install(["opencv"]) == 0
    lasted_s = time.monotonic() - begun_s
    out, err = capfd.readouterr()
    said = [line.split(": ", 1)[1] for line in out.splitlines()]
    assert downloading in said
    assert "installing 2 packages" in said
    assert len(said) <= 1 + lasted_s / pip_progress.EVERY_S
    assert err == ""


def test_what_is_quick_says_nothing(
    fake_pip: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pip_progress, "QUIET_S", 60.0)
    fake_pip.write_text(QUICK, encoding="utf-8")
    assert install(["opencv"]) == 0
    assert capfd.readouterr() == ("", "")


def test_a_failure_shows_all_that_pip_said_and_ends_with_its_status(
    fake_pip: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    fake_pip.write_text(FAILS, encoding="utf-8")
    assert install(["opencv"]) == 7
    assert capfd.readouterr().err == "Collecting opencv\nERROR: No matching distribution found for opencv\n"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Collecting numpy>=2 (from wakeful==0.2.0)", "collecting numpy"),
        ("  Using cached numpy-2.1.0-cp311.whl.metadata (62 kB)", "collecting numpy (62 kB)"),
        ("  Downloading https://a.example/x/torch-2.4.0-cp311.whl (797.1 MB)", "downloading torch (797.1 MB)"),
        ("Obtaining file:///home/me/wakeful", "collecting wakeful"),
        ("  Installing build dependencies: started", "building"),
        ("Building editable for wakeful (pyproject.toml): started", "building wakeful"),
        ("Building wheels for collected packages: sgmllib3k, wakeful", "building sgmllib3k"),
        ("Installing collected packages: wakeful", "installing 1 package"),
        ("Progress 400000 of 1500000", "starting pip 0.4 of 1.5 MB"),
        ("Progress 40000000 of 0", "starting pip 40.0 MB"),
        ("WARNING: Retrying after connection broken", "starting pip"),
    ],
)
def test_lines_of_pip_are_understood(line: str, said: str) -> None:
    progress = Progress()
    progress.read(line)
    assert progress.line == said


@pytest.mark.parametrize(("version", "bar"), [("24.1", "raw"), ("26.0.1", "raw"), ("24.0", "off"), ("23.2.1", "off")])
def test_only_a_pip_that_has_figures_is_asked_for_them(version: str, bar: str) -> None:
    asked = command(["x"], version)
    assert asked[asked.index("--progress-bar") + 1] == bar


def test_a_real_pip_installs(tmp_path: Path) -> None:
    """The one of this environment, from the index."""
    pytest.importorskip("pip", reason="this environment has no pip")
    program = [sys.executable, str(ROOT / "deploy" / "pip_progress.py"), "--target", str(tmp_path / "site")]
    done = subprocess.run([*program, "--retries", "0", "--timeout", "10", "six"], capture_output=True, text=True)
    if done.returncode and "No matching distribution" in done.stderr:
        pytest.skip("the package index cannot be reached")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert (tmp_path / "site" / "six.py").stat().st_size > 0


def test_the_makefile_installs_with_it() -> None:
    lines = (ROOT / "Makefile").read_text(encoding="utf-8").splitlines()
    assert "PIP := $(BIN)/python deploy/pip_progress.py" in lines


def test_a_missing_pip_is_said_in_its_own_words(tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=False)
    python = tmp_path / "venv" / "bin" / "python"
    program = [str(python), str(ROOT / "deploy" / "pip_progress.py"), "six"]
    done = subprocess.run(program, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.endswith("No module named pip\n")
    assert "Traceback" not in done.stderr
