"""``wakeful run --view`` as a user starts it."""

from __future__ import annotations

import re
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path

import pytest

from wakeful.device.cli import status

RUN = [sys.executable, "-m", "wakeful", "run", "--plain"]
TOKEN = "a token nobody should read"


def test_the_page_of_a_running_monitor_answers_and_ends_with_it() -> None:
    with subprocess.Popen(
        [*RUN, "--source", "synthetic:attentive", "--view", "127.0.0.1:0"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        said = process.stderr.readline()
        found = re.fullmatch(r"wakeful: live page: http://127\.0\.0\.1:(\d+)/\n", said)
        assert found, said
        stream = HTTPConnection("127.0.0.1", int(found[1]), timeout=20)
        stream.request("GET", "/picture")
        picture = stream.getresponse().read(40_000)
        process.terminate()
        assert process.wait(20) == 0
        assert process.stderr.read() == ""
    assert picture.count(b"\xff\xd8\xff") >= 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--view", "0.0.0.0:8321"), "give a token with --view-token"),
        (("--view", "0.0.0.0:8321", "--view-token", "short"), "12 or more"),
        (("--view", "a.board:8321"), "numeric address"),
        (("--view", "192.0.2.1:8321", "--view-token", TOKEN), "no such address"),
    ],
)
def test_what_cannot_be_served_is_one_line_and_status_2(
    arguments: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status(["run", "--plain", "--source", "synthetic:attentive", *arguments]) == 2
    said = capsys.readouterr().err
    assert told in said and said.count("\n") == 1
    assert TOKEN not in said


def test_view_alone_takes_the_usual_address() -> None:
    with pytest.MonkeyPatch.context() as patch:
        seen: dict[str, object] = {}

        def load(config: object, profile: object, overrides: dict[str, object]) -> None:
            seen.update(overrides)
            raise KeyboardInterrupt

        patch.setattr("wakeful.device.config.layers.load_settings", load)
        for arguments in (["--view"], ["--view", "--plain"]):
            status(["run", *arguments])
            assert seen["view.address"] == "127.0.0.1:8321"


def test_a_token_in_a_configuration_is_not_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "board.toml"
    file.write_text(f'[view]\naddress = "127.0.0.1:9000"\ntoken = "{TOKEN}"\n')
    assert status(["config", "show", "--config", str(file)]) == 0
    shown = capsys.readouterr().out
    assert 'address = "127.0.0.1:9000"' in shown and "set and not shown" in shown and TOKEN not in shown
