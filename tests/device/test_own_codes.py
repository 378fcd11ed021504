"""A profile's own code, from the profile's file to everything that the monitor writes and sends."""

from __future__ import annotations

import json
import os
import re
import threading
from pathlib import Path

import pytest

from tools.rigs.scripts import eyes_shut
from wakeful.device.alerts.serial.sentences import MAX_LENGTH, encode_alert, encode_status, unframe
from wakeful.device.cli import status
from wakeful.device.config.layers import load_profile
from wakeful.device.messages import Alert, DriverState, Health, Level, Phase
from wakeful.device.state.codes import MAX_LENGTH as MAX_CODE
from wakeful.errors import ConfigError

RULE = (
    '[[rules]]\ncode = "{}"\nlevel = "advisory"\nwhen = {{ closure_s = 0.8 }}\nclear = {{ eyes_open_s = 0.5 }}\n'
    'source = "mine"\n'
)

NAP = eyes_shut(5.5, (2.5, 4.5))


def profile(tmp_path: Path, *codes: str) -> str:
    file = tmp_path / "mine.toml"
    file.write_text('extends = "vehicle"\n' + "".join(RULE.format(code) for code in codes))
    return str(file)


def test_the_longest_code_fits_into_every_sentence() -> None:
    code = "x_" + "n" * (MAX_CODE - 2)
    state = DriverState(
        (1 << 32) * 1_000_000 - 1_000_000,
        1,
        Health.CALIBRATING,
        level=Level.EMERGENCY,
        code=code,
        perclos_60s=1.0,
        closure_s=999.0,
        yaw_deg=-180.0,
        pitch_deg=-90.0,
        expression="happiness",
    )
    alert = Alert(state.t_ns, (1 << 32) - 1, code, Level.EMERGENCY, Phase.ACKNOWLEDGED, {})
    for sentence in (encode_status(state, seq=65535, origin_ns=0), encode_alert(alert, 0)):
        assert len(sentence) <= MAX_LENGTH
        assert code in unframe(sentence).fields


@pytest.mark.parametrize(
    ("codes", "line", "says"),
    [
        (("nap",), 3, "rules.code = 'nap': it should be 'microsleep', "),
        (("x_Nap",), 3, "or a code of your own: x_ and small letters, digits or _"),
        (("x_",), 3, "or a code of your own"),
        (("x_" + "n" * 19,), 3, "has 21 characters: it should have at most 20"),
        (tuple(f"x_{at}" for at in range(7)), 39, "a profile may have at most 6 codes of its own"),
    ],
)
def test_a_code_that_cannot_be_carried_is_refused(codes: tuple[str, ...], line: int, says: str, tmp_path: Path) -> None:
    file = profile(tmp_path, *codes)
    with pytest.raises(ConfigError) as caught:
        load_profile(file)
    assert str(caught.value).startswith(f"{file}: line {line}: ")
    assert says in str(caught.value)


def test_rules_list_shows_the_numbers_on_can(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = profile(tmp_path, "x_nap", "x_doze")
    assert status(["rules", "list", "--profile", file, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["can_numbers"] == {"x_nap": 9, "x_doze": 10}
    assert status(["rules", "list", "--profile", file]) == 0
    assert re.search(r"Custom codes.*\nx_nap +9\nx_doze +10\n", capsys.readouterr().out)


def test_a_run_carries_the_code_as_text_and_a_replay_of_its_log_raises_it_again(tmp_path: Path) -> None:
    events, again, log = tmp_path / "events.jsonl", tmp_path / "again.jsonl", tmp_path / "log"
    master, slave = os.openpty()
    port = os.ttyname(slave)
    received = bytearray()
    reader = threading.Thread(target=_drain, args=(master, received), daemon=True)
    reader.start()
    nap = tmp_path / "nap.toml"
    nap.write_text(NAP)
    arguments = ["run", "--source", f"synthetic:{nap}", "--pace", "fast", "--speed", "60", "--plain"]
    arguments += ["--profile", profile(tmp_path, "x_nap"), "--events", str(events), "--serial", port]
    assert status([*arguments, "--record", str(log)]) == 0
    os.close(slave)
    reader.join(5.0)
    raised = _raised(events)
    assert "x_nap" in raised and "microsleep" not in raised[: raised.index("x_nap")]
    assert re.search(rb"\$WKA,\d+,\d+,x_nap,advisory,raised\*[0-9A-F]{2}\r\n", bytes(received))
    assert status(["replay", str(log), "--events", str(again)]) == 0
    assert _raised(again) == raised


def _drain(master: int, received: bytearray) -> None:
    while True:
        try:
            received += os.read(master, 4096)
        except OSError:
            os.close(master)
            return


def _raised(file: Path) -> list[str]:
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    return [line["code"] for line in lines if line["kind"] == "alert" and line["phase"] == "raised"]
