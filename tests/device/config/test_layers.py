"""Settings come in layers, each checked by itself, and every mistake is one line that says what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from wakeful import ConfigError
from wakeful.device.config.as_text import as_toml, json_schema
from wakeful.device.config.descriptions import descriptions
from wakeful.device.config.layers import PROFILES, load, load_settings
from wakeful.device.config.settings import Settings


def write(file: Path, text: str) -> Path:
    file.write_text(text, encoding="utf-8")
    return file


def vehicle_with(tmp_path: Path, addition: str, name: str = "mine.toml") -> Path:
    """A copy of the shipped vehicle profile with something added at its end."""
    return write(tmp_path / name, (PROFILES / "vehicle.toml").read_text(encoding="utf-8") + "\n" + addition)


def mistake(config: Path | None = None, profile: str | None = None, **overrides: object) -> str:
    with pytest.raises(ConfigError) as caught:
        load_settings(config, profile, overrides)
    assert caught.value.exit_status == 2
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_without_anything_the_defaults_and_the_vehicle_profile_hold() -> None:
    settings, profile = load_settings()
    assert settings == Settings()
    assert settings.profile == "vehicle"
    bounds = {rule.code: rule.when["closure_s"] for rule in profile.rules if "closure_s" in rule.when}
    assert bounds == {"microsleep": 1.0, "sleep": 3.0, "unresponsive": 6.0}


def test_the_command_line_goes_before_the_file_before_the_profile_before_the_defaults(tmp_path: Path) -> None:
    profile = vehicle_with(tmp_path, "[settings.source]\nwidth = 320\nheight = 240\nfps = 15\n")
    config = write(tmp_path / "board.toml", f'profile = "{profile}"\n[source]\nheight = 720\nfps = 25\n')
    effective = load(config, overrides={"source.fps": 10.0, "source.pace": None})
    source = effective.settings.source
    assert (source.width, source.height, source.fps, source.max_age_s) == (320, 720, 10.0, 0.1)
    assert effective.origin["source.width"] == f"profile {profile}"
    assert effective.origin["source.height"] == str(config)
    assert effective.origin["source.fps"] == "command line"
    assert "source.max_age_s" not in effective.origin


def test_the_profile_of_the_command_line_goes_before_that_of_the_file(tmp_path: Path) -> None:
    config = write(tmp_path / "board.toml", 'profile = "no such profile"\n')
    effective = load(config, profile="vehicle")
    assert effective.settings.profile == "vehicle"
    assert effective.origin["profile"] == "command line"


def test_a_profile_in_a_file_is_found_beside_that_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vehicle_with(tmp_path, "")
    config = write(tmp_path / "board.toml", 'profile = "mine.toml"\n')
    monkeypatch.chdir("/")
    settings, _ = load_settings(config)
    assert settings.profile == str(tmp_path / "mine.toml")


def test_loading_twice_does_not_mix_layers(tmp_path: Path) -> None:
    profile = vehicle_with(tmp_path, "[settings.source]\nwidth = 320\n")
    load_settings(profile=str(profile), overrides={"source.height": 100})
    settings, _ = load_settings(profile=str(profile))
    assert (settings.source.width, settings.source.height) == (320, 480)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[source]\nwidht = 3", "unknown key source.widht: did you mean width?"),
        ("[sorce]\nwidth = 3", "unknown key sorce: did you mean source?"),
        ("[gpio]\nzzz = 3", "unknown key gpio.zzz: there are line, active_low"),
        ("[source]\nfps = 0", "source.fps = 0: it should be greater than 0"),
        ("[source]\nfps = nan", "source.fps = nan: it should be a finite number"),
        ("[source]\nwidth = '640'", "source.width = '640': it should be a valid integer"),
        ("[source]\npace = 'slow'", "source.pace = 'slow': it should be 'realtime' or 'fast'"),
        ("[gpio]\nline = '17'", "gpio.line = '17': it should be CHIP:LINE, as in /dev/gpiochip0:17"),
        ("[driver]\nside = 'middle'", "driver.side = 'middle': it should be 'left' or 'right'"),
        ("[driver]\nregion = [0.6, 0, 0.4, 1]", "driver.region = [0.6, 0, 0.4, 1]: it should be left, top, right and"),
        ("[vehicle]\nspeed_kmh = -1", "vehicle.speed_kmh = -1: it should be greater than or equal to 0"),
        ("source = 'auto'", "source = 'auto': it should be a table"),
        ("[source]\nfps = 0\nwidth = 0\nheight = 0", "(and 2 more)"),
    ],
)
def test_a_mistake_names_file_key_value_and_what_is_allowed(text: str, told: str, tmp_path: Path) -> None:
    config = write(tmp_path / "board.toml", text)
    message = mistake(config)
    assert message.startswith(f"{config}: ")
    assert told in message


def test_a_mistake_on_the_command_line_names_the_command_line() -> None:
    message = mistake(None, None, **{"vehicle.speed_kmh": -5.0})
    assert message == "command line: vehicle.speed_kmh = -5.0: it should be greater than or equal to 0"


def test_the_seat_of_a_file_is_that_of_the_monitor(tmp_path: Path) -> None:
    settings, _ = load_settings(write(tmp_path / "board.toml", "[driver]\nregion = [0, 0.1, 0.6, 1]\nside = 'left'"))
    assert (settings.driver.side, settings.driver.region) == ("left", (0.0, 0.1, 0.6, 1.0))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"[source", "is not valid TOML"),
        (b"\xff\xfe", "is not a text file in UTF-8"),
    ],
)
def test_a_file_that_is_no_toml_is_an_error_of_one_line(content: bytes, told: str, tmp_path: Path) -> None:
    config = tmp_path / "board.toml"
    config.write_bytes(content)
    assert told in mistake(config)


def test_a_file_that_does_not_exist_or_is_a_folder_is_an_error_of_one_line(tmp_path: Path) -> None:
    assert "there is no such file" in mistake(tmp_path / "nowhere.toml")
    assert "is a folder" in mistake(tmp_path)


def test_an_unknown_profile_suggests_a_known_one(tmp_path: Path) -> None:
    assert mistake(profile="vehicel") == "no profile is called 'vehicel': did you mean vehicle?"
    assert "there is no such file" in mistake(profile=str(tmp_path / "mine.toml"))


def test_a_mistake_in_a_configuration_names_its_line(tmp_path: Path) -> None:
    config = write(tmp_path / "board.toml", "# ours\n[source]\nwidth = 320\nfps = 0\n")
    assert mistake(config) == f"{config}: line 4: source.fps = 0: it should be greater than 0"


NAP = "[[rules]]\ncode = 'sleep'\nlevel = 'advisory'\nwhen = { closure_s = 2.0 }\nclear = { eyes_open_s = 1.0 }\n"


@pytest.mark.parametrize(
    ("addition", "line", "told"),
    [
        (NAP, 1, "rules.source is missing"),
        (
            NAP.replace("advisory", "loud") + "source = 'x'",
            3,
            "rules.level = 'loud': it should be 'advisory', 'warning', 'urgent' or 'emergency'",
        ),
        (NAP.replace("'sleep'", "'nap'") + "source = 'x'", 2, "rules.code = 'nap': it should be 'microsleep', "),
        (NAP.replace("2.0", "'2'") + "source = 'x'", 4, "rules.when.closure_s = '2': it should be a valid number"),
        (NAP.replace("{ closure_s = 2.0 }", "2.0") + "source = 'x'", 4, "rules.when = 2.0: it should be a table"),
        (NAP + "sorce = 'x'", 6, "unknown key rules.sorce: did you mean source?"),
        (NAP.replace("2.0", "-2.0") + "source = 'x'", 4, "when.closure_s = -2: it should be a number above 0"),
        (
            NAP.replace("closure_s", "closur_s") + "source = 'x'",
            4,
            "no signal closur_s (when): did you mean closure_s?",
        ),
        (NAP + "source = 1979-05-27", 6, "rules.source = ['1979-05-27']: it should be a valid string"),
        ("[latches]\nopen_s = 1.0", 1, "unknown key latches: did you mean latch?"),
        ("[settings.source]\nwidht = 3", 2, "[settings] unknown key source.widht: did you mean width?"),
        ("[settings]\nprofile = 'vehicle'", 2, "a profile cannot name another one here"),
    ],
)
def test_a_mistake_in_a_profile_names_file_line_and_key(addition: str, line: int, told: str, tmp_path: Path) -> None:
    profile = vehicle_with(tmp_path, addition)
    begins = profile.read_text(encoding="utf-8").count("\n") - addition.count("\n")
    message = mistake(profile=str(profile))
    assert message.startswith(f"{profile}: line {begins + line}: ")
    assert told in message


def test_a_file_without_a_right_key_at_its_top_is_told_without_a_line(tmp_path: Path) -> None:
    profile = write(tmp_path / "mine.toml", "rules = []\n")
    assert mistake(profile=str(profile)) == f"{profile}: about is missing"


def test_a_contradiction_between_two_rules_names_both_lines(tmp_path: Path) -> None:
    text = f"about = 'x'\n{NAP}source = 'x'\n{NAP.replace('2.0', '4.0')}source = 'x'\n"
    profile = write(tmp_path / "mine.toml", text)
    message = mistake(profile=str(profile))
    assert message.startswith(f"{profile}: line 8: the rule sleep is there twice")
    assert message.endswith("(see line 2)")


def test_settings_that_are_shown_read_back_as_the_same_settings(tmp_path: Path) -> None:
    config = write(
        tmp_path / "board.toml",
        '[source]\nsource = "C:\\\\odd \\"name\\".mp4"\nduration_s = 2.5\n[terminal]\nlive = false\n'
        '[outputs.extra.bus]\ntopic = "a/ü"\nqos = 1\nretain = true\nnames = ["a", "b"]\n',
    )
    effective = load(config, overrides={"source.fps": 10.0})
    text = as_toml(effective)
    assert load(write(tmp_path / "shown.toml", text)).settings == effective.settings
    assert "fps = 10.0  # command line" in text
    assert f"duration_s = 2.5  # {config}" in text
    assert "width = 640  # default" in text


def settings_models() -> list[type[BaseModel]]:
    tables = [type(value) for _, value in Settings() if isinstance(value, BaseModel)]
    return [Settings, *tables]


@pytest.mark.parametrize("model", settings_models())
def test_every_setting_is_described_and_numbers_have_bounds(model: type[BaseModel]) -> None:
    about = descriptions(model)
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            continue
        assert about.get(name), name
        if field.annotation in (int, float, int | None, float | None):
            assert field.metadata, f"{name} has no bounds"


def test_the_schema_describes_every_table() -> None:
    assert set(json_schema()["properties"]) == set(Settings.model_fields)
