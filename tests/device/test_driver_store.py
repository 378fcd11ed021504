"""What is learned of a driver outlives the drive."""

from __future__ import annotations

import json
import stat
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from tools.rigs.waiting import eventually
from wakeful import ConfigError
from wakeful.device.config.layers import load_settings
from wakeful.device.driver_store import DriverSaver, load_driver, save_driver, with_what_is_known
from wakeful.device.drivers import BlinkBaseline, Calibration, DriverRecognized
from wakeful.device.messages import CommandReceived, Event, SetDriver

ANNA = Calibration("v2", 0.28, 0.27, 12.0, -4.0)
BERT = Calibration("v2", 0.31, 0.3)
CLARA = Calibration("v2", 0.31, 0.3, blinks=BlinkBaseline(0.19, 0.05, 0.8, 0.07))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of drivers in place of the user's."""
    chosen = tmp_path / "drivers"
    monkeypatch.setenv("WAKEFUL_DRIVERS", str(chosen))
    return chosen


@pytest.mark.parametrize("learned", [ANNA, CLARA], ids=["road", "blinks"])
def test_a_driver_is_taken_up_as_left(learned: Calibration) -> None:
    save_driver("anna", learned)
    assert load_driver("anna") == learned


def test_a_way_to_the_road_measured_with_gazes_read_too_high_is_left_aside(folder: Path) -> None:
    folder.mkdir()
    (folder / "anna.json").write_text(json.dumps(asdict(ANNA)))
    assert load_driver("anna") == replace(ANNA, road_yaw_deg=None, road_pitch_deg=None)


def test_a_new_driver_is_nobody_yet() -> None:
    assert load_driver("bert") is None


def test_only_the_owner_can_read_it(folder: Path) -> None:
    save_driver("anna", ANNA)
    assert stat.S_IMODE((folder / "anna.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["", "../anna", "a/b", ".hidden", "x" * 65, "anna\n"])
def test_names_that_are_no_file_names_are_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="not a driver name"):
        load_driver(name)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "[]",
            '{"reader": "v2"}',
            '{"reader": "v2", "eye_aspect_left": 9.0, "eye_aspect_right": 0.3}',
            '{"reader"',
        ),
        '{"reader": "v2", "eye_aspect_left": 0.3, "eye_aspect_right": 0.3, "blinks": {"duration_s": 0.2}}',
        json.dumps(asdict(replace(CLARA, blinks=BlinkBaseline(0.2, 0.0, 0.8, 0.1)))),
    ],
)
def test_a_damaged_file_is_refused_and_named(folder: Path, text: str) -> None:
    folder.mkdir()
    (folder / "anna.json").write_text(text)
    with pytest.raises(ConfigError, match=r"anna\.json.*delete the file"):
        load_driver("anna")


def test_the_keeper_keeps_what_is_learned_at_the_end() -> None:
    DriverSaver("anna", lambda: ANNA).close()
    assert load_driver("anna") == ANNA


def test_the_keeper_keeps_nothing_of_somebody_else() -> None:
    keeper = DriverSaver("anna", lambda: ANNA)
    keeper.event(Event(0, "calibration", {"progress_pct": 0.0, "reason": "driver_changed"}))
    keeper.close()
    assert load_driver("anna") is None


def test_the_keeper_keeps_nothing_before_it_is_learned() -> None:
    DriverSaver("anna", lambda: None).close()
    assert load_driver("anna") is None


def test_a_folder_that_cannot_be_written_is_told_and_does_not_end_the_drive(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder.write_text("a file where the folder should be")
    DriverSaver("anna", lambda: ANNA).close()
    assert "cannot be written" in caplog.text


def test_a_driver_who_is_set_takes_over_and_the_one_before_is_kept() -> None:
    learned = [ANNA]
    keeper = DriverSaver("anna", lambda: learned[0])
    keeper.engine_input(CommandReceived(0, SetDriver("bert")))
    learned[0] = BERT
    assert eventually(lambda: load_driver("anna") == ANNA)
    keeper.close()
    assert load_driver("bert") == BERT
    assert load_driver("anna") == ANNA


def test_what_is_learned_after_a_face_was_recognized_is_not_kept_under_the_name_before() -> None:
    learned = [ANNA]
    keeper = DriverSaver("anna", lambda: learned[0])
    keeper.engine_input(CommandReceived(0, DriverRecognized("bert")))
    learned[0] = BERT
    keeper.close()
    assert eventually(lambda: load_driver("anna") == ANNA)
    assert load_driver("bert") is None


def test_somebody_without_a_name_is_not_kept(folder: Path) -> None:
    keeper = DriverSaver("", lambda: ANNA)
    keeper.event(Event(0, "calibration", {"progress_pct": 100.0}))
    keeper.close()
    assert not folder.exists()


def test_a_driver_who_is_set_comes_with_what_is_known(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    save_driver("anna", ANNA)
    assert with_what_is_known(SetDriver("anna")) == SetDriver("anna", ANNA)
    assert with_what_is_known(SetDriver("bert")) == SetDriver("bert")
    assert with_what_is_known(SetDriver("")) == SetDriver("")
    (folder / "anna.json").write_text("damaged")
    assert with_what_is_known(SetDriver("anna")) == SetDriver("anna")
    assert "delete the file" in caplog.text


def test_nobody_is_called_unknown_and_auto_is_no_driver_s_file(folder: Path) -> None:
    with pytest.raises(ConfigError, match="should be another name, or auto"):
        load_settings(None, None, {"driver.name": "unknown"})
    assert load_settings(None, None, {"driver.name": "auto"})[0].driver.name == "auto"
    for name in ("auto", "unknown"):
        with pytest.raises(ConfigError, match="not a driver name"):
            save_driver(name, ANNA)
    assert not folder.exists()
