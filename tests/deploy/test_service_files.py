"""What systemd and udev get: the unit holds its promises, is hardened, and names what exists."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from wakeful import ConfigError, ModelError, SourceError
from wakeful.device.config.layers import load_settings
from wakeful.device.doctor.placement_checks import (
    ABOVE_DEG,
    ASIDE_DEG,
    BELOW_DEG,
    BRIGHTNESS,
    FACE_PX,
    MARGIN,
    MAX_FACE_SHARE,
    TOO_BRIGHT,
)
from wakeful.device.supervision.start_progress import EXTENSION_S

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


def test_a_start_that_hangs_is_over_within_30_s_and_leaves_a_trace() -> None:
    (limit_s,) = map(float, settings("TimeoutStartSec"))
    (abort_s,) = map(float, settings("TimeoutAbortSec"))
    assert limit_s > EXTENSION_S, "nothing can be asked for before Python runs"
    assert limit_s + abort_s < 30.0
    assert settings("TimeoutStartFailureMode") == ["abort"]


def test_the_unit_names_no_device_that_only_some_boards_have() -> None:
    assert [one for one in settings("DeviceAllow") if one.startswith("/dev/")] == []


def test_the_installer_allows_the_nodes_of_a_dsp_that_is_there(tmp_path: Path) -> None:
    script = (ROOT / "deploy" / "install.sh").read_text(encoding="utf-8").removesuffix('main "$@"\nexit\n')
    (tmp_path / "fastrpc-cdsp").touch()
    script += f"unit={tmp_path}/wakeful.service hexagon=$unit.d/hexagon.conf\n"
    script += f"dsp=({tmp_path}/fastrpc-cdsp {tmp_path}/adsprpc-smd)\nchanged=no; put_hexagon; echo $changed\n"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    written = (tmp_path / "wakeful.service.d" / "hexagon.conf").read_text(encoding="utf-8")
    assert done.stdout == "yes\n"
    assert written.splitlines()[1:] == ["[Service]", f"DeviceAllow={tmp_path}/fastrpc-cdsp rw"]


def test_what_another_try_cannot_mend_is_not_tried_again_and_a_missing_camera_is() -> None:
    (never,) = settings("RestartPreventExitStatus")
    assert {int(one) for one in never.split()} == {ConfigError.exit_status, ModelError.exit_status}
    assert SourceError.exit_status not in {int(one) for one in never.split()}


def after_exit(status: int) -> float:
    """Seconds that the unit's own command makes systemd wait when the monitor has ended with ``status``."""
    shell, _, script = shlex.split(settings("ExecStopPost")[0].replace("$$", "$"))
    script = script.replace("sleep", "echo")
    done = subprocess.run(
        [shell, "-c", script], env={"EXIT_STATUS": str(status)}, capture_output=True, text=True, check=True
    )
    return float(done.stdout or 0.0)


def test_a_monitor_that_dies_is_back_at_once_and_a_hot_loop_of_it_ends_the_service() -> None:
    starts_s = 0.6
    again_s = float(settings("RestartSec")[0])
    assert again_s <= 0.25
    for status in (9, 1, 134):
        assert after_exit(status) == 0.0
    assert int(settings("StartLimitIntervalSec")[0]) / (again_s + starts_s) > int(settings("StartLimitBurst")[0])


def test_it_goes_before_other_services() -> None:
    assert int(settings("CPUWeight")[0]) > 100
    assert int(settings("Nice")[0]) < 0


def test_a_missing_camera_is_tried_for_ever() -> None:
    again_s = float(settings("RestartSec")[0]) + after_exit(SourceError.exit_status)
    assert int(settings("StartLimitIntervalSec")[0]) / again_s < int(settings("StartLimitBurst")[0])


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


DOCUMENTS = sorted((ROOT / "deploy").glob("*.md"))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: file.name)
def test_links_of_the_documents_lead_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    targets = [target for target in re.findall(r"\]\(([^)#]+)", text) if "://" not in target]
    assert [target for target in targets if not (document.parent / target).exists()] == []


def test_the_guide_to_placement_names_the_bounds_that_are_judged_by() -> None:
    text = (ROOT / "deploy" / "PLACEMENT.md").read_text(encoding="utf-8")
    (far, near_far), (_, near), (low, lowest), (high, highest) = FACE_PX, MAX_FACE_SHARE, BELOW_DEG, ABOVE_DEG
    rows = [
        f"| {far:.0f} px and more, at most half of the picture's shorter side | from {near_far:.0f} px, to {near:.0%}",
        f"| from {low:.0f}° below the eyes to {high:.0f}° above | {lowest:.0f}° below, {highest:.0f}° above |",
        f"| {ASIDE_DEG[0]:.0f}° | {ASIDE_DEG[1]:.0f}° |",
        f"inner {1 - 2 * MARGIN[0]:.0%} | inner {1 - 2 * MARGIN[1]:.0%} |",
        f"| {BRIGHTNESS[0]:.0f} to {TOO_BRIGHT:.0f} of 255 | from {BRIGHTNESS[1]:.0f} |",
    ]
    assert MAX_FACE_SHARE[0] == 0.5
    assert [row for row in rows if row.replace("%", " %") not in text] == []


def test_the_launcher_and_the_unit_use_what_the_installer_makes() -> None:
    script = (ROOT / "deploy" / "install.sh").read_text(encoding="utf-8")
    unit = UNIT.read_text(encoding="utf-8")
    opt = re.search(r"^opt=(\S+) etc=(\S+)$", script, re.MULTILINE)
    assert opt is not None
    assert f"ExecStart={opt[1]}/venv/bin/wakeful run --config {opt[2]}/wakeful.toml" in unit
    assert f"WAKEFUL_MODELS={opt[1]}/models" in unit
    assert set(settings("SupplementaryGroups")[0].split()) == set(
        re.findall(r"^groups=\((.*)\)$", script, re.MULTILINE)[0].split()
    )


def test_the_configuration_of_a_first_installation_is_a_good_one_and_never_watches_a_synthetic_driver() -> None:
    settings_of_service, _ = load_settings(ROOT / "deploy" / "wakeful.toml")
    assert settings_of_service.source.source == "/dev/wakeful-camera"


@pytest.mark.parametrize("options", [["--models"], ["--purge"], ["--remove"]])
def test_wrong_usage_of_the_installer_is_one_line_and_status_2(options: list[str]) -> None:
    script = ["bash", str(ROOT / "deploy" / "install.sh"), *options]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n"), done.stdout) == (2, 1, "")


def test_what_the_installer_puts_is_on_the_disk_before_it_has_its_name(tmp_path: Path) -> None:
    install = (ROOT / "deploy" / "install.sh").read_text(encoding="utf-8")
    put = re.search(r"(?ms)^put\(\).*?^}", install)
    assert put is not None
    target = tmp_path / "new" / "wakeful.service"
    script = f'sync() {{ [ ! -e "{target}" ] && cat "$@"; }}\nchanged=no\n{put[0]}\necho unit | put - "{target}" 0600'
    done = subprocess.run(["bash", "-euc", script], capture_output=True, text=True, check=True)
    assert done.stdout == "unit\n"
    assert target.read_text() == "unit\n" and target.stat().st_mode & 0o777 == 0o600
