"""What systemd and udev get: the unit holds its promises, is hardened, and names what exists."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from wakeful import ConfigError, ModelError, SourceError

ROOT = Path(__file__).resolve().parent.parent.parent
UNIT = ROOT / "deploy" / "systemd" / "wakeful.service"
RULES = ROOT / "deploy" / "udev" / "70-wakeful.rules"


def settings(name: str) -> list[str]:
    """Every value the unit gives to one key, in order."""
    return re.findall(rf"(?m)^{name}=(.*)$", UNIT.read_text(encoding="utf-8"))


@pytest.fixture
def analyze() -> str:
    found = shutil.which("systemd-analyze")
    if not found:
        pytest.skip("systemd-analyze is not on this machine: apt install systemd")
    return found


def test_the_exposure_of_the_unit_is_below_3(analyze: str) -> None:
    done = subprocess.run(
        [analyze, "security", "--offline=true", "--no-pager", "--threshold=29", str(UNIT)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Overall exposure level for wakeful.service" in done.stdout
    assert done.returncode == 0, done.stdout[-200:]


def test_systemd_finds_nothing_wrong_but_that_wakeful_is_not_installed_here(analyze: str, tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text(encoding="utf-8").replace("/opt/wakeful/venv/bin/wakeful", "/bin/true"))
    done = subprocess.run([analyze, "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False)
    assert (done.stderr.strip(), done.returncode) == ("", 0)


def test_systemd_waits_for_ready_and_for_pings() -> None:
    assert settings("Type") == ["notify"]
    assert settings("WatchdogSec") == ["5"]
    assert settings("NotifyAccess") == ["main"]


def test_what_another_try_cannot_mend_is_not_tried_again_and_a_missing_camera_is() -> None:
    (never,) = settings("RestartPreventExitStatus")
    assert {int(one) for one in never.split()} == {ConfigError.exit_status, ModelError.exit_status}
    assert SourceError.exit_status not in {int(one) for one in never.split()}


def test_a_missing_camera_is_tried_for_ever() -> None:
    tries = int(settings("StartLimitIntervalSec")[0]) / int(settings("RestartSec")[0])
    assert tries < int(settings("StartLimitBurst")[0])


def test_the_user_belongs_to_the_groups_of_the_devices() -> None:
    assert settings("SupplementaryGroups") == ["video dialout gpio render"]


def test_environment_variables_are_written_as_systemd_reads_them() -> None:
    assert all("=" in one for line in settings("Environment") for one in shlex.split(line))


def test_rules_have_operators_udev_knows_and_give_both_names() -> None:
    pair = re.compile(r'[A-Z_]+(?:\{[A-Za-z0-9_]+\})?(?:==|!=|=|\+=)"[^"]*"')
    lines = [line.lstrip("#") for line in RULES.read_text(encoding="utf-8").splitlines() if '="' in line]
    assert len(lines) >= 6
    for line in lines:
        assert all(pair.fullmatch(one) for one in line.split(", ")), line
    for name in ("wakeful-camera", "wakeful-serial"):
        assert any(f'SYMLINK+="{name}"' in line for line in lines)
