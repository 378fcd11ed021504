"""The rules of the house that neither ruff nor import-linter (see pyproject.toml) can hold."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parent.parent


def sources(*folders: str) -> list[Path]:
    return sorted(file for folder in folders for file in (ROOT / folder).rglob("*.py"))


def named(file: Path) -> str:
    return str(file.relative_to(ROOT))


def test_no_module_imports_itself_in_a_circle() -> None:
    graph = grimp.build_graph("wakeful", cache_dir=None)
    order = TopologicalSorter({module: graph.find_modules_directly_imported_by(module) for module in graph.modules})
    order.prepare()  # raises CycleError, which names the circle


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
    "device/identity/recognition.py",
    "device/supervision/workers.py",
    "device/supervision/overseer.py",
    "device/supervision/start_progress.py",
    "device/supervision/watchdog.py",
}


@pytest.mark.parametrize("file", sources("device"), ids=named)
def test_every_lasting_thread_is_a_worker_that_the_watchdog_knows(file: Path) -> None:
    makes_threads = any(
        isinstance(node, ast.Call) and ast.unparse(node.func) in ("Thread", "threading.Thread")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    )
    assert not makes_threads or named(file) in OWN_THREADS


WITHOUT_EXTRAS = """
import sys, pytest
sys.modules.update(dict.fromkeys(("torch", "onnx", "tflite", "matplotlib", "onnxruntime_qnn", "pyarrow")))
sys.exit(pytest.main(["--collect-only", "-qq", "-p", "no:cacheprovider", "tests/models", "tests/conversion"]))
"""


def test_the_tests_of_networks_can_be_collected_without_what_training_and_conversion_need() -> None:
    run = subprocess.run([sys.executable, "-c", WITHOUT_EXTRAS], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stdout[-2000:]
