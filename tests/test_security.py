"""Nobody is called home, and nothing runs what it is given: no pickle, no eval, no shell."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from wakeful.device.cli import status

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = sorted(
    file for folder in ("sensors", "device", "models", "conversion", "deploy") for file in (ROOT / folder).rglob("*.py")
)

RUNS_WHAT_IT_READS = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "yaml", "code", "pty"}
EVALUATES = {"eval", "exec", "compile", "__import__"}
SHELLS = {"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput", "os.spawnl", "os.spawnlp"}


def named(file: Path) -> str:
    return str(file.relative_to(ROOT))


@cache
def nodes(file: Path) -> tuple[ast.AST, ...]:
    """All of a file's syntax tree; kept, for several tests read the same file one after the other."""
    return tuple(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))


def calls(file: Path) -> Iterator[tuple[str, ast.Call]]:
    """Every call in a file and the name it is written with: ``eval``, ``subprocess.run``."""
    for node in nodes(file):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def keyword(call: ast.Call, name: str) -> str:
    return next((ast.unparse(one.value) for one in call.keywords if one.arg == name), "")


@pytest.mark.parametrize("file", SHIPPED, ids=named)
def test_nothing_that_is_shipped_can_run_what_it_reads(file: Path) -> None:
    imported = {
        (name.name if isinstance(node, ast.Import) else node.module or "").partition(".")[0]
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    }
    assert imported & RUNS_WHAT_IT_READS == set()
    for name, call in calls(file):
        assert name not in EVALUATES, f"line {call.lineno}: {name}"
        if name in ("np.load", "numpy.load"):
            assert keyword(call, "allow_pickle") in ("", "False"), f"line {call.lineno}: numpy would unpickle"
        if name == "torch.load":
            assert keyword(call, "weights_only") == "True", f"line {call.lineno}: torch would unpickle"


@pytest.mark.parametrize("file", SHIPPED, ids=named)
def test_nothing_that_is_shipped_starts_a_shell(file: Path) -> None:
    for name, call in calls(file):
        assert name not in SHELLS, f"line {call.lineno}: {name}"
        assert keyword(call, "shell") in ("", "False"), f"line {call.lineno}: a shell"


def test_onnx_runtime_is_kept_from_telling_its_maker(tmp_path: Path) -> None:
    # Its telemetry begins with an identifier and a data base in the home folder; it spares machines of continuous
    # integration, so what marks one is taken away.
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    load = "from wakeful.device.perception.expression import ExpressionReader; ExpressionReader(1)"
    subprocess.run([sys.executable, "-c", load], env=environment, cwd=tmp_path, check=True, timeout=60)
    assert [str(file) for file in tmp_path.rglob("*")] == []


@pytest.mark.parametrize("file", SHIPPED, ids=named)
def test_nobody_imports_onnx_runtime_before_its_telemetry_is_switched_off(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.Module | ast.FunctionDef)):
        imported = [node for node in function.body if isinstance(node, ast.Import | ast.ImportFrom)]
        if any(re.search(r"(import|from) onnxruntime\b", ast.unparse(node)) for node in imported):
            assert "onnx_runtime()" in ast.unparse(function).partition("onnxruntime")[0], f"line {function}"


def test_importing_wakeful_changes_no_environment_variable() -> None:
    check = "import os; before = dict(os.environ); import wakeful; assert dict(os.environ) == before"
    subprocess.run([sys.executable, "-c", check], cwd=ROOT, check=True, timeout=60)


PASSWORD, TOKEN = "correct-horse-7-battery", "staple-of-the-view-0815"


@pytest.fixture
def said_by(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> Callable[[list[str]], str]:
    """Gives all that a command says, with the logs of every library at their most talkative."""
    monkeypatch.chdir(tmp_path)
    caplog.set_level(1)

    def said(command: list[str]) -> str:
        status(command)
        out, err = capfd.readouterr()
        assert "Traceback" not in err
        return out + err + caplog.text

    return said


@pytest.fixture
def secret_settings(tmp_path: Path) -> Path:
    """A configuration with every secret that wakeful takes."""
    credentials = tmp_path / "credentials.toml"
    credentials.write_text(f'username = "cab-7"\npassword = "{PASSWORD}"\n')
    credentials.chmod(0o600)
    settings = tmp_path / "board.toml"
    settings.write_text(
        f'[mqtt]\nbroker = "127.0.0.1:9"\ncredentials = "{credentials}"\n'
        f'[view]\naddress = "127.0.0.1:0"\ntoken = "{TOKEN}"\n'
        f'[record]\nfolder = "{tmp_path}/log"\n'
    )
    return settings


def test_a_run_writes_its_secrets_nowhere(
    said_by: Callable[[list[str]], str], secret_settings: Path, tmp_path: Path
) -> None:
    pytest.importorskip("paho.mqtt", reason="the broker's password is used by paho-mqtt")
    pytest.importorskip("mcap", reason="the log is written by mcap")
    options = f"--source synthetic:attentive --duration 1 --plain --config {secret_settings} --summary s.json"
    said = said_by(["run", *options.split()])
    written = b"".join(file.read_bytes() for file in (tmp_path / "log").rglob("*") if file.is_file())
    assert len(written) > 1000 and (tmp_path / "s.json").exists()
    for secret in (PASSWORD, TOKEN):
        assert secret not in said
        assert secret.encode() not in written
        assert secret not in (tmp_path / "s.json").read_text()


@pytest.mark.parametrize("command", ["config show --config", "config show --json --config", "config check"])
def test_no_command_about_the_settings_tells_a_secret(
    command: str, said_by: Callable[[list[str]], str], secret_settings: Path
) -> None:
    said = said_by([*command.split(), str(secret_settings)])
    assert said
    assert TOKEN not in said and PASSWORD not in said


@pytest.mark.parametrize(
    "mistake",
    [
        f'[view]\ntoken = ["{TOKEN}"]\n',
        f'[view]\ntokem = "{TOKEN}"\n',
        f'[mqtt]\nbroker = "mqtt://cab:{PASSWORD}@broker"\n',
        f'[mqtt]\npassword = "{PASSWORD}"\n',
        f'[view]\naddress = "0.0.0.0:1"\ntoken = "{TOKEN[:11]}"\n',
    ],
)
def test_a_mistake_in_a_secret_is_told_without_it(
    mistake: str, said_by: Callable[[list[str]], str], tmp_path: Path
) -> None:
    settings = tmp_path / "board.toml"
    settings.write_text(mistake)
    said = said_by(["run", "--source", "synthetic:attentive", "--duration", "0.2", "--config", str(settings)])
    assert said.count("wakeful: ") == 1
    assert TOKEN[:11] not in said and PASSWORD not in said
