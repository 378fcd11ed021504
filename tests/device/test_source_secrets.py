"""The login of a camera is given to the camera, and to nobody and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tools.rigs.mjpeg_server import MjpegServer
from tools.rigs.stamped import stamped
from wakeful.device.cli import status

SECRETS = ("hush", "shush")
LOGIN = "me:hush"


@pytest.fixture
def server() -> Iterator[MjpegServer]:
    with closing(MjpegServer(stamped)) as running:
        running.login = LOGIN
        yield running


@dataclass
class Done:
    """What a command ended with, and what it printed."""

    returncode: int
    stdout: str
    stderr: str


Wakeful = Callable[..., Done]


@pytest.fixture
def wakeful(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Wakeful:
    def run(*words: str, **environment: str) -> Done:
        with monkeypatch.context() as patched:
            for name, value in environment.items():
                patched.setenv(name, value)
            done = status(list(words))
        printed = capfd.readouterr()
        return Done(done, printed.out, printed.err)

    return run


def leaks(folder: Path, *texts: str) -> list[str]:
    """Where a secret is."""
    found = [text for text in texts if any(secret in text for secret in SECRETS)]
    for file in folder.rglob("*"):
        if file.is_file() and any(secret.encode() in file.read_bytes() for secret in SECRETS):
            found.append(str(file))
    return found


def test_a_run_leaves_no_secret_in_its_outputs(server: MjpegServer, tmp_path: Path, wakeful: Wakeful) -> None:
    outputs = {"--events": "events", "--signals": "signals", "--summary": "summary", "--record": "drives"}
    options = [word for option, name in outputs.items() for word in (option, str(tmp_path / name))]
    address = f"{server.address.replace('//', f'//{LOGIN}@')}?token=shush"
    done = wakeful("run", "--source", address, "--duration", "1", "--plain", "--serial", "loop://", *options)
    assert done.returncode == 0, done.stderr
    assert f"{server.address}?..." in (tmp_path / "summary").read_text(encoding="utf-8")
    assert server.asked[-1][0] == "/video?token=shush"
    assert leaks(tmp_path, done.stdout, done.stderr) == []
    log = wakeful("log", "info", str(tmp_path / "drives"))
    assert leaks(tmp_path, log.stdout, log.stderr) == []


def test_a_login_of_the_environment_or_a_file_serves(server: MjpegServer, tmp_path: Path, wakeful: Wakeful) -> None:
    file = tmp_path / "board.toml"
    file.write_text(f'[source]\nsource = "{server.address}"\nlogin = "{LOGIN}"\n', encoding="utf-8")
    assert wakeful("run", "--config", str(file), "--duration", "0.3", "--plain").returncode == 0
    shown = wakeful("config", "show", "--config", str(file))
    assert "# login =  # " in shown.stdout and "set and not shown" in shown.stdout
    as_json = wakeful("config", "show", "--json", "--config", str(file))
    assert as_json.returncode == 0 and leaks(tmp_path / "none", shown.stdout, as_json.stdout) == []
    run = ("run", "--source", server.address, "--duration", "0.3", "--plain")
    assert wakeful(*run, WAKEFUL_SOURCE_LOGIN=LOGIN).returncode == 0
    refused = wakeful(*run, WAKEFUL_SOURCE_LOGIN="me:shush")
    assert refused.returncode == 3 and "rejects the user name or the password" in refused.stderr
    assert leaks(tmp_path / "none", refused.stdout, refused.stderr) == []


def test_what_is_wrong_with_a_source_is_said_without_its_secrets(tmp_path: Path, wakeful: Wakeful) -> None:
    wrong = {
        "rtsp://me:hu/hush@cam/1": 2,
        "http://me:hush@127.0.0.1:9/?pwd=shush": 3,
        "ftp://me:hush@cam/x": 3,
        "gst:nosuchsrc user-pw=hush location=rtsp://me:hush@cam/?x=shush": 3,
        "gst:x 'user-pw=hush": 2,
    }
    for source, expected in wrong.items():
        done = wakeful("run", "--source", source, "--plain")
        assert done.returncode == expected, (source, done.stderr)
        assert leaks(tmp_path, done.stdout, done.stderr) == [] and len(done.stderr.splitlines()) == 1
    file = tmp_path / "none" / "board.toml"
    file.parent.mkdir()
    file.write_text('[source]\nsource = "http://me:hush@cam/?pwd=shush"\nlogin = 5\n', encoding="utf-8")
    done = wakeful("config", "check", str(file))
    assert done.returncode == 2 and leaks(tmp_path / "nothing", done.stdout, done.stderr) == []
    file.write_text('[source]\nsource = "http://me:hush@cam/?pwd=shush"\n', encoding="utf-8")
    shown = wakeful("config", "show", "--config", str(file))
    assert '# source = "http://cam/?..."' in shown.stdout and leaks(tmp_path / "nothing", shown.stdout) == []
