"""What is installed: one name, everything it needs, the same from a wheel and from an sdist, beside anything else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

from wakeful import __version__
from wakeful.models import registry

ROOT = Path(__file__).resolve().parent.parent
BUILD = """
import sys
from pathlib import Path
from setuptools import build_meta
to = Path(sys.argv[1])
for build in sys.argv[2:]:
    print(getattr(build_meta, build)(str(to)))
"""
FIVE_LINES = """
import wakeful
with wakeful.watch("synthetic:{nap}", pace="fast", profile="vehicle", speed_kmh=60.0, landmarks="mesh+iris") as driver:
    for moment in driver:
        for alert in moment.alerts:
            print(alert.code, alert.phase, round(moment.t_s, 1))
"""
NAP = """
duration_s = 4.5
keyframes = [{ t = 2.4, eyes = 1 }, { t = 2.5, eyes = 0 }, { t = 4.0, eyes = 0 }, { t = 4.1, eyes = 1 }]
"""


def run(command: list[str | Path], folder: Path, **environment: str) -> str:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    done = subprocess.run(
        list(map(str, command)),
        cwd=folder,
        env=own | environment,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder with the build tools that pyproject.toml asks for."""
    folder = tmp_path_factory.mktemp("tools")
    command = [sys.executable, "-m", "pip", "install", "-q", "--target", str(folder), "setuptools>=77"]
    if subprocess.run(command, capture_output=True, timeout=300, check=False).returncode != 0:
        pytest.skip("pip reaches no package index for the build tools")
    return str(folder)


@pytest.fixture(scope="module")
def built(tools: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The wheel and the sdist, from a copy, since building leaves files behind that a later build would pick up."""
    folder = tmp_path_factory.mktemp("built")
    left_out = shutil.ignore_patterns(".*", "build", "*.egg-info", "__pycache__")
    copy = shutil.copytree(ROOT, folder / "project", ignore=left_out, symlinks=True)
    run([sys.executable, "-c", BUILD, folder, "build_wheel", "build_sdist"], copy, PYTHONPATH=tools)
    (wheel,) = folder.glob("*.whl")
    (sdist,) = folder.glob("*.tar.gz")
    return wheel, sdist


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as opened:
        return {name: opened.read(name) for name in opened.namelist() if not name.endswith("/RECORD")}


def test_a_wheel_takes_one_name_and_carries_the_data_files_and_the_licence(built: tuple[Path, Path]) -> None:
    carried = set(contents(built[0]))
    assert {name.partition("/")[0] for name in carried} == {"wakeful", f"wakeful-{__version__}.dist-info"}
    data = [
        *ROOT.glob("sensors/assets/*.*"),
        *ROOT.glob("device/state/profiles/*.toml"),
        *ROOT.glob("device/view/page/*"),
        ROOT / "models/registry.toml",
        *(file for folder in ("sensors", "device", "models") for file in (ROOT / folder).rglob("*.py")),
    ]
    assert {f"wakeful/{file.relative_to(ROOT)}" for file in data} <= carried
    assert "wakeful/py.typed" in carried
    assert any(name.endswith("licenses/LICENSE") for name in carried)
    assert any(name.endswith("licenses/models/weights/NOTICE") for name in carried)


def test_a_wheel_carries_the_networks_of_the_project_and_no_weights_of_a_training(built: tuple[Path, Path]) -> None:
    carried = contents(built[0])
    ours = [one for one in registry.networks().values() if one.origin.kind == "project"]
    assert {f"wakeful/models/weights/{one.file}" for one in ours} <= set(carried)
    assert not [name for name in carried if name.endswith(".pt") or ("/training/" in name and "/weights/" in name)]


def test_an_sdist_has_one_folder_and_builds_the_same_wheel(
    built: tuple[Path, Path], tools: str, tmp_path: Path
) -> None:
    wheel, sdist = built
    with tarfile.open(sdist) as opened:
        assert {name.partition("/")[0] for name in opened.getnames()} == {f"wakeful-{__version__}"}
        opened.extractall(tmp_path, filter="data")
    run([sys.executable, "-c", BUILD, tmp_path, "build_wheel"], tmp_path / f"wakeful-{__version__}", PYTHONPATH=tools)
    (again,) = tmp_path.glob("*.whl")
    ours, theirs = contents(wheel), contents(again)
    assert set(theirs) == set(ours)
    assert [name for name in ours if ours[name] != theirs[name]] == []


@pytest.fixture(scope="module")
def foreign(built: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Python of an environment with the wheel, and a project that has packages of its own by our folders' names."""
    folder = tmp_path_factory.mktemp("foreign")
    run([sys.executable, "-m", "venv", "--without-pip", "env"], folder)
    site = next((folder / "env" / "lib").glob("python*/site-packages"))
    with zipfile.ZipFile(built[0]) as opened:
        opened.extractall(site)
    # The dependencies are those of this environment; only its wakeful must not be found.
    dependencies = {sysconfig.get_paths()["purelib"], *(path for path in sys.path if path.endswith("site-packages"))}
    (site / "dependencies.pth").write_text("\n".join(sorted(dependencies)))
    project = folder / "project"
    for name in ("models", "device", "sensors"):
        (project / name).mkdir(parents=True)
        (project / name / "__init__.py").write_text(f"OWNER = 'the foreign project: {name}'\n")
    (project / "nap.toml").write_text(NAP)
    return folder / "env" / "bin" / "python", project


def in_project(foreign: tuple[Path, Path], *arguments: str) -> str:
    python, project = foreign
    return run([python, *arguments], project, WAKEFUL_MODELS=str(registry.cache_folder()))


def test_the_library_runs_beside_packages_of_the_same_names(foreign: tuple[Path, Path]) -> None:
    where = (
        "import models, device, sensors, wakeful; print(models.OWNER, device.OWNER, sensors.OWNER, wakeful.__file__)"
    )
    said = in_project(foreign, "-c", where)
    assert said.count("the foreign project") == 3
    assert str(foreign[0].parents[1]) in said
    said = in_project(foreign, "-c", FIVE_LINES.format(nap=foreign[1] / "nap.toml"))
    assert said.startswith("microsleep raised 3.")


def test_the_command_runs_there_too(foreign: tuple[Path, Path]) -> None:
    assert in_project(foreign, "-m", "wakeful", "--version") == f"wakeful {__version__}\n"
    options = ("--source", "synthetic:demo", "--pace", "fast", "--duration", "1", "--plain", "--events", "events.jsonl")
    said = in_project(foreign, "-m", "wakeful", "run", *options)
    assert "calibrating" in said
    assert "calibrating" in (foreign[1] / "events.jsonl").read_text()


@pytest.mark.slow
@pytest.mark.timeout(1000)  # twenty seconds of processor time, on a machine that may be busy with other things
def test_the_library_raises_the_microsleep_of_the_demo_at_42_seconds(foreign: tuple[Path, Path]) -> None:
    code = FIVE_LINES.format(nap="demo").replace('"mesh+iris"', '"mesh+iris", duration_s=43.0')
    assert in_project(foreign, "-c", code).startswith("microsleep raised 42.1\n")
