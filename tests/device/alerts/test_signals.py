"""The CSV of ``--signals``."""

from __future__ import annotations

import csv
import math
import stat
from dataclasses import replace
from pathlib import Path

from tests.device.alerts.samples import AWAKE, MICROSLEEP, SECOND_NS
from wakeful.device.alerts.run import Run
from wakeful.device.alerts.signals import SignalsOutput
from wakeful.device.messages import DriverState, Health

ORIGIN = "5f0c91aa,1772366400250000000,1000000000"


def written(path: Path, states: list[DriverState], classes: tuple[str, ...] = ()) -> list[str]:
    output = SignalsOutput(path, classes)
    output.begin(Run("5f0c91aa", SECOND_NS, 1_772_366_400_250_000_000))
    output.start(SECOND_NS)
    for state in states:
        output.state(state)
    output.close()
    return path.read_text().splitlines()


def test_the_columns_are_those_of_the_contract(tmp_path: Path) -> None:
    [header] = written(tmp_path / "s.csv", [], ("neutral", "happy"))
    assert header == (
        "t,frame,face,eye_open_left,eye_open_right,mouth_open,yaw_deg,pitch_deg,roll_deg,gaze_yaw_deg,gaze_pitch_deg,"
        "eyes_closed,closure_s,perclos_60s,level,health,expression,"
        "run,origin_utc_ns,origin_monotonic_ns,lid_open,lid_lowered,lid_narrowed,lid_closed,person,"
        "sleepiness,sleepiness_coverage,driver,p_neutral,p_happy"
    )
    assert stat.S_IMODE((tmp_path / "s.csv").stat().st_mode) == 0o600


def test_a_row_says_the_state_to_a_sensible_precision(tmp_path: Path) -> None:
    _, row = written(tmp_path / "s.csv", [MICROSLEEP], ("neutral", "happy"))
    assert row == (
        "4.000,150,1,0.951,0.900,0.050,12.3,-3.5,0.0,4.0,-1.0,1,1.200,0.0412,warning,ok,neutral,"
        f"{ORIGIN},,,,,,,0.000,,0.900,0.100"
    )


def test_the_states_of_the_lids_have_three_decimals(tmp_path: Path) -> None:
    judged = replace(AWAKE, lid_open=0.9, lid_lowered=0.0625, lid_narrowed=0.0371, lid_closed=0.0004)
    _, row = written(tmp_path / "s.csv", [judged], ("neutral", "happy"))
    assert f",{ORIGIN},0.900,0.062,0.037,0.000," in row


def test_who_is_watched_comes_after_the_lids(tmp_path: Path) -> None:
    _, row = written(tmp_path / "s.csv", [replace(AWAKE, person=2)], ("neutral", "happy"))
    assert row.endswith(f",{ORIGIN},,,,,2,,0.000,,0.900,0.100")


def test_sleepiness_and_its_coverage_come_after_the_person(tmp_path: Path) -> None:
    tired = replace(AWAKE, person=2, sleepiness=0.6251, sleepiness_coverage=0.5)
    _, row = written(tmp_path / "s.csv", [tired], ("neutral", "happy"))
    assert row.endswith(",2,0.625,0.500,,0.900,0.100")


def test_who_it_is_comes_last_of_them(tmp_path: Path) -> None:
    _, row = written(tmp_path / "s.csv", [replace(AWAKE, driver="anna")], ("neutral", "happy"))
    assert row.endswith(",0.000,anna,0.900,0.100")


def test_what_is_unknown_is_empty(tmp_path: Path) -> None:
    nobody = DriverState(t_ns=SECOND_NS, seq=0, health=Health.NO_FACE, yaw_deg=math.nan)
    _, row = written(tmp_path / "s.csv", [nobody], ("neutral", "happy"))
    assert row == f"0.000,0,0,,,,,,,,,,,,none,no_face,,{ORIGIN},,,,,,,0.000,,,"


def test_only_frames_make_rows(tmp_path: Path) -> None:
    lost = replace(AWAKE, health=Health.CAMERA_LOST, face=False)
    before_the_first = replace(lost, seq=-1)
    rows = written(tmp_path / "s.csv", [before_the_first, AWAKE, lost, lost, replace(AWAKE, seq=151)])
    assert [row["frame"] for row in csv.DictReader(rows)] == ["150", "151"]
    assert [row["run"] for row in csv.DictReader(rows)] == ["5f0c91aa", ""]


def test_without_an_expression_network_there_are_no_class_columns(tmp_path: Path) -> None:
    header, row = written(tmp_path / "s.csv", [AWAKE])
    assert ",expression,run," in header and row.endswith(f",neutral,{ORIGIN},,,,,,,0.000,")
