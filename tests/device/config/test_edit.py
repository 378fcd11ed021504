"""Single settings are written into a file, and nothing else in it changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from wakeful import ConfigError
from wakeful.device.config.edit import remember
from wakeful.device.config.layers import load_settings


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, "[source]\nrotate = 180\n"),
        ("", "[source]\nrotate = 180\n"),
        ('profile = "robot"\n', 'profile = "robot"\n\n[source]\nrotate = 180\n'),
        ("[source]\nrotate = 90  # on its side\n", "[source]\nrotate = 180  # on its side\n"),
        (
            '# board\n[source]   # camera\nsource = "0"\n\n[record]\nkeys = false\n',
            '# board\n[source]   # camera\nrotate = 180\nsource = "0"\n\n[record]\nkeys = false\n',
        ),
        ("[record]\nkeys = false", "[record]\nkeys = false\n\n[source]\nrotate = 180\n"),
        ("source.rotate = 90\nsource.fps = 15\n", "source.rotate = 180\nsource.fps = 15\n"),
    ],
)
def test_a_value_is_replaced_or_added(before: str | None, after: str, tmp_path: Path) -> None:
    file = tmp_path / "board.toml"
    if before is not None:
        file.write_text(before)
    remember(file, "source", {"rotate": 180})
    assert file.read_text() == after
    assert load_settings(file)[0].source.rotate == 180


def test_texts_and_lists_are_written_too(tmp_path: Path) -> None:
    file = tmp_path / "board.toml"
    remember(file, "source", {"crop": (0.5, 0.0, 1.0, 1.0), "aspect": "4:3"})
    settings, _ = load_settings(file)
    assert settings.source.crop == (0.5, 0.0, 1.0, 1.0)
    assert settings.source.aspect == pytest.approx(4 / 3)


@pytest.mark.parametrize(
    "text",
    [
        'source = { source = "0" }\n',
        'source = { source = "0", rotate = 90 }\n',
        "source.fps = 15\n",
        "[source]\ncrop = [\n  0, 0,\n  1, 1,\n]\n",
    ],
)
def test_a_file_that_cannot_be_changed_safely_stays_as_it_is(text: str, tmp_path: Path) -> None:
    file = tmp_path / "board.toml"
    file.write_text(text)
    wanted = {"crop": (0.5, 0.0, 1.0, 1.0)} if "crop" in text else {"rotate": 180}
    with pytest.raises(ConfigError, match=r"write (rotate = 180|crop = \[.*\]) into its \[source\]"):
        remember(file, "source", wanted)
    assert file.read_text() == text


def test_a_file_that_cannot_be_read_or_written_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot write .*folder that exists"):
        remember(tmp_path / "no" / "board.toml", "source", {"rotate": 90})
    file = tmp_path / "board.toml"
    file.write_text("[source]\nrotate = 45\n")
    with pytest.raises(ConfigError, match=r"line 2: source\.rotate = 45"):
        remember(file, "source", {"rotate": 90})
    assert [one.name for one in tmp_path.iterdir()] == ["board.toml"]
