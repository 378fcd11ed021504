"""A profile that extends another changes what it names and nothing else; a mistake names its file and line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from wakeful.device.cli import status
from wakeful.device.config.layers import load, load_profile
from wakeful.errors import ConfigError

LONGER = '[[rules]]\ncode = "microsleep"\nwhen = { closure_s = 1.5 }\n'


def write(file: Path, text: str) -> str:
    file.write_text(text, encoding="utf-8")
    return str(file)


def test_one_changed_bound_leaves_everything_else_as_it_is(tmp_path: Path) -> None:
    profile, values = load_profile(write(tmp_path / "mine.toml", f'extends = "vehicle"\n{LONGER}'))
    vehicle, settings = load_profile("vehicle")
    assert values == settings
    first, *others = vehicle.rules
    assert profile == replace(vehicle, rules=(replace(first, when={"closure_s": 1.5}), *others))


def test_tables_and_settings_are_merged_over_several_levels_and_folders(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    write(
        tmp_path / "base" / "a.toml", 'extends = "vehicle"\n[eyes]\nclosed_below = 0.3\n[settings.source]\nfps = 9.0\n'
    )
    write(tmp_path / "b.toml", 'extends = "base/a.toml"\nabout = "mine"\n[eyes]\nopen_above = 0.5\n')
    effective = load(profile=write(tmp_path / "c.toml", 'extends = "./b.toml"\n[settings.source]\nwidth = 320\n'))
    eyes = effective.profile.eyes
    assert (eyes.closed_below, eyes.open_above, effective.profile.about) == (0.3, 0.5, "mine")
    assert (effective.settings.source.fps, effective.settings.source.width) == (9.0, 320)
    assert effective.profile.rules == load_profile("vehicle")[0].rules


def test_a_rule_is_selected_by_code_level_and_speed(tmp_path: Path) -> None:
    text = '[[rules]]\ncode = "long_distraction"\nlevel = "warning"\nfrom_kmh = 20.0\nwhen = { off_road_s = 7.0 }\n'
    profile, _ = load_profile(write(tmp_path / "mine.toml", f'extends = "eu-gsr"\n{text}'))
    bounds = {rule.from_kmh: rule.when["off_road_s"] for rule in profile.rules if rule.code == "long_distraction"}
    assert bounds == {50.0: 3.5, 20.0: 7.0}


def test_a_level_that_the_parent_does_not_have_adds_a_rule_and_remove_drops_one(tmp_path: Path) -> None:
    text = (
        'extends = "vehicle"\nremove = ["yawning"]\n[[rules]]\ncode = "distress"\nlevel = "warning"\n'
        'when = { distress_s = 20.0 }\nclear_below = { distress_s = 1.0 }\nsource = "mine"\n'
    )
    profile, _ = load_profile(write(tmp_path / "mine.toml", text))
    rungs = [(rule.code, rule.level) for rule in profile.rules]
    before = [(rule.code, rule.level) for rule in load_profile("vehicle")[0].rules if rule.code != "yawning"]
    assert rungs == [*before, ("distress", "warning")]


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ('extends = "vehcle"\n', 1, "no profile is called 'vehcle': did you mean vehicle?"),
        ('\nextends = "./gone.toml"\n', 2, "gone.toml: there is no such file"),
        ("extends = 3\n", 1, "it should be the name or file of a profile, as a string"),
        ('extends = "./mine.toml"\n', 1, "the profiles extend each other in a circle; remove one `extends`"),
        ('extends = "vehicle"\nremove = ["yawnin"]\n', 2, "the parent has no rule 'yawnin'; it has microsleep, "),
        ('extends = "vehicle"\nremove = "yawning"\n', 2, "remove should be a list of codes"),
        ('about = "x"\nremove = ["yawning"]\n', 2, "there is nothing to remove without extends"),
        (
            f'extends = "vehicle"\n{LONGER.replace("1.5", "-1.0")}',
            4,
            "when.closure_s = -1: it should be a number above 0",
        ),
        ('extends = "vehicle"\n[[rules]]\ncode = "drowsy"\n', 2, "the parent has 3 rules drowsy: give level"),
        (f'extends = "vehicle"\n{LONGER}{LONGER}', 5, "microsleep is changed twice; join the rules"),
        ('extends = "vehicle"\n[[rules]]\ncod = "sleep"\n', 3, "unknown key rules.cod: did you mean code?"),
    ],
)
def test_a_mistake_is_one_line_with_the_line_it_was_made_on(text: str, line: int, says: str, tmp_path: Path) -> None:
    file = write(tmp_path / "mine.toml", text)
    with pytest.raises(ConfigError) as caught:
        load_profile(file)
    message = str(caught.value)
    assert message.startswith(f"{file}: line {line}: ")
    assert says in message and "\n" not in message


def test_of_two_rules_of_one_code_and_level_the_signals_say_which_one_is_meant(tmp_path: Path) -> None:
    file = write(
        tmp_path / "mine.toml",
        'extends = "vehicle"\n[[rules]]\ncode = "drowsy"\nlevel = "advisory"\nwhen = { perclos_60s = 0.1 }\n',
    )
    profile, _ = load_profile(file)
    advisories = [rule.when for rule in profile.rules if (rule.code, rule.level) == ("drowsy", "advisory")]
    assert {"perclos_60s": 0.1} in advisories and len(advisories) == 2


def test_a_mistake_of_a_parent_names_the_parent(tmp_path: Path) -> None:
    parent = write(tmp_path / "parent.toml", f'extends = "vehicle"\n{LONGER.replace("1.5", "-1.0")}')
    child = write(tmp_path / "child.toml", f'extends = "./parent.toml"\n{LONGER}')
    with pytest.raises(ConfigError) as caught:
        load_profile(child)
    assert str(caught.value).startswith(f"{parent}: line 4: ")


def test_two_profiles_that_extend_each_other_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "a.toml", 'extends = "./b.toml"\n')
    with pytest.raises(ConfigError, match=r"extend each other in a circle"):
        load_profile(write(tmp_path / "b.toml", 'extends = "./a.toml"\n'))


def test_config_check_says_what_an_extension_changes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path / "mine.toml", f'extends = "vehicle"\nremove = ["yawning"]\n{LONGER}')
    assert status(["config", "check", file]) == 0
    out = capsys.readouterr().out
    assert out == f"{file}: ok, a profile with 10 rules, extends vehicle: 1 rule changed, 1 rule removed\n"
    assert status(["rules", "list", "--profile", file]) == 0
    out = capsys.readouterr().out
    assert "closure_s >= 1.5 s" in out and "yawning" not in out
