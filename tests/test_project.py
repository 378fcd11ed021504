"""The rules of the house: who may import whom, what a wheel carries, what the documents promise."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from wakeful import __version__

ROOT = Path(__file__).resolve().parent.parent
OURS = {"sensors", "device", "models", "conversion", "deploy", "tests", "wakeful"}
NOT_ON_A_BOARD = {"torch", "torchvision", "sklearn", "tensorflow", "onnx"}


def sources(*folders: str) -> list[Path]:
    return sorted(file for folder in folders for file in (ROOT / folder).rglob("*.py"))


def imports(file: Path) -> Iterator[str]:
    """Every module a file imports, at its top or inside a function."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (_short(name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            yield _short(node.module or "")


def _short(module: str) -> str:
    """``device.cli`` for ``wakeful.device.cli``: the folder that the module lies in."""
    return module.removeprefix("wakeful.") if module.split(".")[1:2] and module.split(".")[1] in OURS else module


def packages(file: Path) -> set[str]:
    return {module.partition(".")[0] for module in imports(file)}


def named(file: Path) -> str:
    return str(file.relative_to(ROOT))


@pytest.mark.parametrize("file", sources("sensors"), ids=named)
def test_sensors_know_nobody(file: Path) -> None:
    assert packages(file) & OURS <= {"sensors", "wakeful"}


@pytest.mark.parametrize("file", sorted((ROOT / "models").glob("*.py")), ids=named)
def test_the_registry_of_networks_knows_nobody_and_needs_only_the_standard_library(file: Path) -> None:
    assert packages(file) <= {"models", "wakeful"} | sys.stdlib_module_names


@pytest.mark.parametrize("file", sources("device/state"), ids=named)
def test_judgement_needs_only_the_standard_library_numpy_and_the_messages(file: Path) -> None:
    assert packages(file) - sys.stdlib_module_names <= {"numpy", "device"}
    ours = {module for module in imports(file) if module.startswith("device")}
    assert all(module == "device.messages" or module.startswith("device.state") for module in ours)


@pytest.mark.parametrize("file", sources("device/state"), ids=named)
def test_judgement_has_no_clock_and_no_files(file: Path) -> None:
    assert packages(file) & {"time", "datetime", "os", "pathlib", "io", "socket", "subprocess", "threading"} == set()


@pytest.mark.parametrize("file", sources("sensors", "device"), ids=named)
def test_nothing_that_runs_on_a_board_imports_training_or_conversion(file: Path) -> None:
    if file == ROOT / "device" / "commands" / "convert.py":  # brings perception's inputs together with conversion
        return
    assert packages(file) & (NOT_ON_A_BOARD | {"conversion", "deploy", "tests"}) == set()


@pytest.mark.parametrize("file", sources("device/view"), ids=named)
def test_what_people_look_at_judges_nothing(file: Path) -> None:
    ours = {module for module in imports(file) if module.partition(".")[0] in OURS}
    allowed = (
        "device.view",
        "device.alerts",
        "device.supervision.workers",
        "device.messages",
        "device.perception",
        "device.record",
        "sensors",
    )
    assert all(module == "wakeful" or module.startswith(allowed) for module in ours)


@pytest.mark.parametrize("file", sources("device/perception", "device/state"), ids=named)
def test_what_is_recorded_does_not_know_of_the_recording(file: Path) -> None:
    assert not [module for module in imports(file) if module.startswith("device.record")]


@pytest.mark.parametrize("file", sources("conversion"), ids=named)
def test_conversion_uses_models_and_never_the_device(file: Path) -> None:
    assert packages(file) & OURS <= {"conversion", "models", "wakeful"}


@pytest.mark.parametrize("file", sources("deploy"), ids=named)
def test_installing_needs_the_registry_of_networks_and_the_standard_library(file: Path) -> None:
    if "ros2" not in file.parts:
        assert packages(file) <= {"deploy", "models", "wakeful"} | sys.stdlib_module_names


@pytest.mark.parametrize("file", sources("sensors", "device", "models", "conversion", "deploy"), ids=named)
def test_every_file_says_why_it_exists(file: Path) -> None:
    assert ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))


def test_a_wheel_carries_the_data_files_and_the_licence(tmp_path: Path) -> None:
    # Built from a copy, since building leaves files behind that a later build would pick up.
    left_out = shutil.ignore_patterns(".*", "build", "*.egg-info", "__pycache__")
    copy = shutil.copytree(ROOT, tmp_path / "project", ignore=left_out, symlinks=True)
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--wheel-dir", str(tmp_path), str(copy)]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    if done.returncode != 0 and "setuptools" in done.stderr and "No matching distribution" in done.stderr:
        pytest.skip("pip reaches no package index for the build tools")
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("wakeful-*.whl")
    carried = set(zipfile.ZipFile(wheel).namelist())
    data = [
        *ROOT.glob("sensors/assets/*.*"),
        *ROOT.glob("device/state/profiles/*.toml"),
        *ROOT.glob("device/view/page/*"),
        ROOT / "models/registry.toml",
    ]
    assert {f"wakeful/{named(file)}" for file in data} <= carried
    assert {f"wakeful/{named(file)}" for file in sources("sensors", "device", "models")} <= carried
    assert any(name.endswith("licenses/LICENSE") for name in carried)
    assert {name.partition("/")[0] for name in carried} == {"wakeful", f"wakeful-{__version__}.dist-info"}


def test_core_dependencies_have_lower_bounds() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    assert all(">=" in one for one in [*project["dependencies"], *(one for extra in extras.values() for one in extra)])


def test_the_documents_name_only_files_that_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    paths = {word for word in text.split("`")[1::2] if "/" in word and word.endswith((".py", ".toml", "/"))}
    assert paths
    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []


# Threads that end by themselves after one job, that look after the others, or that belong to no monitor.
OWN_THREADS = {
    "device/alerts/fan_out.py",
    "device/bench/sampler.py",
    "device/driver_store.py",
    "device/supervision/workers.py",
    "device/supervision/overseer.py",
    "device/supervision/watchdog.py",
}


@pytest.mark.parametrize("file", sources("device"), ids=named)
def test_every_lasting_thread_is_a_worker_that_the_watchdog_knows(file: Path) -> None:
    makes_threads = any(
        isinstance(node, ast.Call) and ast.unparse(node.func) in ("Thread", "threading.Thread")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    )
    assert not makes_threads or named(file) in OWN_THREADS
