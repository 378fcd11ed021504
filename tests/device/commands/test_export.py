"""What other programs need is exported as it is shipped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from wakeful.device.alerts.report import schema
from wakeful.device.cli import status


def exported(what: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert status(["export", what]) == 0
    return capsys.readouterr().out


def test_each_file_is_printed_whole(capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(exported("schema", capsys)) == schema()
    assert "BO_ " in exported("dbc", capsys)
    assert "[Service]" in exported("systemd", capsys)


def test_a_file_is_written_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "wakeful.dbc"
    assert status(["export", "dbc", str(file)]) == 0
    assert file.read_text() == exported("dbc", capsys)
    assert status(["export", "dbc", str(file)]) == 2
    assert status(["export", "dbc", str(tmp_path / "none" / "x.dbc")]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_an_unknown_kind_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert status(["export", "pdf"]) == 2
    assert "schema" in capsys.readouterr().err
