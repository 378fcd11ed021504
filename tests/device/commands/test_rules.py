"""The rules are shown as they are loaded: bounds, speeds, ends and sources, within 100 columns."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from wakeful.device.cli import status
from wakeful.device.config.layers import load_profile, profile_names
from wakeful.device.state.signals import SIGNALS


def said(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert status(["rules", *arguments]) == 0
    return capsys.readouterr().out


def test_a_rule_is_shown_with_all_that_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(["list", "--profile", "eu-gsr"], capsys).splitlines()
    (at,) = [number for number, line in enumerate(lines) if "off_road_s >= 6 s" in line]
    cells = [cell.strip() for cell in lines[at].split("  ") if cell]
    assert cells == ["long_distraction", "warning", "off_road_s >= 6 s", "20 to 50 km/h", "on_road_s >= 0.5 s", "60 s"]
    assert lines[at + 1] == "    (EU) 2023/2590 Annex I 3.3.2: gaze in area 3 for 6 s from 20 to 50 km/h"


def test_a_rule_of_two_signals_is_shown_with_both(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(["list"], capsys)
    assert "perclos_60s >= 0.15" in text
    assert "and perclos_180s >= 0.1\n" in text


@pytest.mark.parametrize("name", profile_names())
def test_every_rule_source_and_zone_is_shown_within_100_columns(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = said(["list", "--profile", name], capsys)
    assert max(map(len, text.splitlines())) <= 100
    together = " ".join(text.split())
    profile, _ = load_profile(name)
    for rule in profile.rules:
        assert rule.source in together
        assert all(f"{signal} >= {bound:g}" in text for signal, bound in rule.when.items())
    assert all(zone.name in text for zone in profile.gaze.zones)


def test_without_a_profile_the_default_one_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(["list"], capsys).startswith("vehicle: ")


def test_json_gives_rules_units_and_zones(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(said(["list", "--profile", "r171", "--json"], capsys))
    first = found["rules"][0]
    assert (first["code"], first["when"], first["from_kmh"], first["rewarn_s"]) == (
        "long_distraction",
        {"off_road_s": 5.0},
        10.0,
        60.0,
    )
    assert found["units"]["off_road_s"] == "s"
    assert found["zones"][0] == {"name": "road", "yaw_deg": [-20.0, 20.0], "pitch_deg": [-15.0, 20.0]}


def test_a_dwell_and_a_rule_without_gate_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    profile = tmp_path / "mine.toml"
    profile.write_text(
        'about = "mine"\n[[rules]]\ncode = "distress"\nlevel = "advisory"\nwhen = { distress_s = 1.0 }\n'
        'dwell_s = 2.5\nclear_below = { distress_s = 0.5 }\nsource = "mine"\n'
    )
    text = said(["list", "--profile", str(profile)], capsys)
    assert "and for 2.5 s" in text
    assert "any" in text and "distress_s < 0.5 s" in text


def test_a_profile_that_contradicts_itself_is_not_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    profile = tmp_path / "mine.toml"
    profile.write_text('about = "mine"\nrules = []\n')
    assert status(["rules", "list", "--profile", str(profile)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"wakeful: {profile}: line 2: there are no rules: add at least one table [[rules]]\n"


def test_the_latch_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    text = " ".join(said(["list"], capsys).split())
    assert "stay active until acknowledged, or for 10 s after they were last raised" in text
    assert json.loads(said(["list", "--json"], capsys))["latch"] == {"unacknowledged_s": 10.0}


def test_an_exported_profile_is_the_shipped_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.toml"
    said(["export", "vehicle", str(file)], capsys)
    assert load_profile(str(file)) == load_profile("vehicle")
    assert said(["export", "vehicle"], capsys) == file.read_text()
    assert status(["rules", "export", "vehicle", str(file)]) == 2
    assert capsys.readouterr().err == f"wakeful: {file} exists already: name another file, or delete it first\n"


def test_every_signal_is_shown_with_its_unit_and_meaning(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(["signals"], capsys)
    assert max(map(len, text.splitlines())) <= 100
    together = " ".join(text.split())
    for name, kind in SIGNALS.items():
        assert f"{name} {kind.unit} {kind.meaning}" in together
    assert json.loads(said(["signals", "--json"], capsys))["perclos_60s"]["highest"] == 1.0
