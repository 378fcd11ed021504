"""Every key of a TOML file is found on its line, however it is written."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest

from wakeful.device.config.layers import PROFILES
from wakeful.device.config.toml_lines import KeyPath, TomlLines

TEXT = '''about = "x = [ # no heading"  # [rules] in a comment
[gaze]
zones = [
    { name = "road", yaw_deg = [-1, 2],
      pitch_deg = [3, 4] },  # }
    { "name" = 'lap' },
]
note = """
[[rules]]
code = 1
"""

[[rules]]
code = 'sleep'
when = { closure_s = 1.0, "off_road_s" = 2 }
[rules.clear]
eyes_open_s = 2

[[rules]]
clear.on_road_s = 1.5
[ settings . "source" ]
width = 3
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("about",), 1),
        (("gaze",), 2),
        (("gaze", "zones"), 3),
        (("gaze", "zones", 0), 4),
        (("gaze", "zones", 0, "yaw_deg"), 4),
        (("gaze", "zones", 0, "pitch_deg"), 5),
        (("gaze", "zones", 1, "name"), 6),
        (("gaze", "note"), 8),
        (("rules", 0), 13),
        (("rules", 0, "code"), 14),
        (("rules", 0, "when", "off_road_s"), 15),
        (("rules", 0, "clear", "eyes_open_s"), 17),
        (("rules", 1), 19),
        (("rules", 1, "clear", "on_road_s"), 20),
        (("settings", "source", "width"), 22),
    ],
)
def test_a_key_is_found_on_its_line(path: KeyPath, line: int) -> None:
    assert TomlLines(TEXT).of(path) == line


def test_what_is_missing_is_told_at_what_is_around_it() -> None:
    lines = TomlLines(TEXT)
    assert lines.of(("rules", 1, "source")) == 19
    assert lines.of(("rules", 0, "when", "closed_s")) == 15
    assert lines.of(("gaze", "zones", 0, "pitch_deg", 1)) == 5
    assert lines.of(("eyes", "closed_below")) is None
    assert TomlLines("").of(("about",)) is None


def test_windows_line_ends_count_alike() -> None:
    assert TomlLines(TEXT.replace("\n", "\r\n")).of(("settings", "source", "width")) == 22


def paths(value: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, key)
            yield from paths(inner, (*path, key))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for position, inner in enumerate(value):
            yield (*path, position)
            yield from paths(inner, (*path, position))


@pytest.mark.parametrize("file", sorted(PROFILES.glob("*.toml")), ids=lambda file: file.stem)
def test_every_key_of_the_shipped_profiles_stands_on_the_line_that_names_it(file: Any) -> None:
    text = file.read_text(encoding="utf-8")
    lines, rows = TomlLines(text), text.splitlines()
    for path in paths(tomllib.loads(text)):
        line = lines.of(path)
        assert line is not None
        if isinstance(path[-1], str):
            assert path[-1] in rows[line - 1]
