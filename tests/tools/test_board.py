"""The board's scenarios and its camera, as far as they can be tried without a kernel."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import pytest

from tools.board import kernel, root
from tools.board.machine import Answer, Entry, Locked, Machine, is_locked
from tools.board.play import Player, Result, lost_alerts
from tools.board.script import EVENTS, Do, Expect, Scenario, scenarios

GUEST = Path(kernel.__file__).with_name("guest")


def guest(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module as it is imported in the board."""
    monkeypatch.syspath_prepend(str(GUEST))
    spec = importlib.util.spec_from_file_location(name, GUEST / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    return module


def test_scenarios_are_readable_and_some_are_short() -> None:
    book = scenarios()
    assert len({one.name for one in book}) == len(book) >= 20
    assert any(one.short for one in book)


def test_what_a_scenario_expects_is_on_a_channel_that_somebody_observes(monkeypatch: pytest.MonkeyPatch) -> None:
    text = (GUEST / "observers.py").read_text(encoding="utf-8") + (GUEST / "agent.py").read_text(encoding="utf-8")
    for one in scenarios():
        for step in one.steps:
            if isinstance(step, Expect):
                assert step.expect in EVENTS or f'"{step.expect}"' in text or f'"{step.expect.split(".")[0]}"' in text


@pytest.mark.parametrize("scenario", scenarios(), ids=lambda one: one.name.replace(" ", "-"))
def test_each_scenario_ends_with_something_that_has_to_follow(scenario: Scenario) -> None:
    assert any(not isinstance(step, Do) for step in scenario.steps)


def entries(*lines: tuple[float, str, str]) -> list[Entry]:
    return [Entry(1, *line) for line in lines]


WHOLE = (
    (1.0, "gpio", "quiet"),
    (2.0, "alert", "0 microsleep warning raised"),
    (2.0, "serial.alert", "0 microsleep warning raised"),
    (2.0, "can.alert", "0 1 2 0"),
    (2.1, "gpio", "active"),
)


def test_an_alert_that_is_everywhere_once_is_not_lost() -> None:
    assert lost_alerts(entries(*WHOLE)) == []


@pytest.mark.parametrize("missing", range(2, 5))
def test_an_alert_that_is_missing_on_one_wire_or_comes_twice_is_found(missing: int) -> None:
    without = [line for at, line in enumerate(WHOLE) if at != missing]
    assert len(lost_alerts(entries(*without))) == 1
    if missing < 4:
        assert len(lost_alerts(entries(*WHOLE, WHOLE[missing]))) == 1


def test_the_short_pulse_of_an_advisory_need_not_have_been_seen() -> None:
    without = [(at_s, channel, value.replace("warning", "advisory")) for at_s, channel, value in WHOLE[:-1]]
    assert lost_alerts(entries(*without)) == []


def test_no_alert_at_all_is_none_that_was_seen() -> None:
    assert lost_alerts(entries(WHOLE[0])) == ["there was no alert"]


class Board:
    """In the place of a machine: what the command ``act`` causes is all that ever happens on it."""

    def __init__(self, *happens: tuple[float, str, str]) -> None:
        self.entries: list[Entry] = []
        self.boots = 1
        self.asked: list[str] = []
        self._happens = entries(*happens)

    def run(self, script: str, limit_s: float = 0.0) -> Answer:
        self.asked.append(script)
        if script == "act":
            self.entries += self._happens
        return Answer(0, "", 10.0)

    def cut_power(self) -> None:
        self.boots += 1

    def processor_s(self) -> tuple[float, float]:
        return 0.0, 0.0


def played(board: Board, *steps: Mapping[str, object]) -> Result:
    scenario = Scenario.model_validate({"name": "x", "steps": steps})
    return Player(board).play(scenario)  # type: ignore[arg-type]


def test_what_must_not_have_happened_since_something_was_done_is_looked_for_from_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tools.board.play.SETTLE_S", 0.0)
    for since, ok in (("now", True), ("do", False)):
        never = {"never": "*alert", "for_s": 0.01, "since": since}
        assert played(Board((9.0, "can.alert", "0 1 2 0")), {"do": "act"}, never).ok is ok


def test_alerts_that_were_there_long_before_the_power_was_cut_have_to_be_in_the_log(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tools.board.play.SETTLE_S", 0.0)
    board = Board((7.0, "alert", "3 sleep urgent raised"), (9.5, "alert", "3 sleep urgent cleared"))
    played(board, {"do": "act"}, {"do": "power cut"}, {"verify": "look"})
    assert "LOGGED='sleep raised'" in board.asked[-1]


def test_a_value_that_came_before_the_one_that_was_waited_for_does_not_count_as_what_follows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tools.board.play.SETTLE_S", 0.0)
    act, away = {"do": "act"}, {"expect": "watching", "is": "no", "within_s": 0.1}
    back = {"expect": "watching", "is": "yes", "within_s": 0.1, "anew": True}
    early = ((10.1, "watching", "yes"), (10.2, "watching", "no"))
    assert played(Board(*early), act, back).ok
    assert not played(Board(*early), act, away, back).ok


def test_random_times_are_others_each_time_and_the_same_in_each_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.board.play.SETTLE_S", 0.0)
    waits = [{"wait_s": [0.001, 0.01]}] * 3
    first, second = ([one.step for one in played(Board(), *waits).outcomes] for _ in range(2))
    assert first == second and len(set(first)) == 3


@pytest.mark.parametrize(("pulses", "held"), [(True, "quiet"), (False, "active")])
def test_a_heartbeat_that_is_held_high_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pulses: bool, held: str
) -> None:
    observers, level = guest("observers", monkeypatch), tmp_path / "value"
    monkeypatch.setattr(observers, "level_file", lambda number: level)
    level.write_text("0", encoding="ascii")
    line = observers.Gpio("heartbeat", 27, pulses=pulses)
    states = []
    for now_s, high in ((0.0, "0"), (1.0, "1"), (1.1, "0"), (2.0, "1"), (2.5, "1"), (3.0, "1"), (4.0, "1")):
        level.write_text(high, encoding="ascii")
        states += [value for channel, value in line.poll(now_s) if channel == "heartbeat"]
    assert states == ["quiet", "active", "quiet"][: 3 if held == "quiet" else 2]


def test_the_cameras_payloads_make_its_image_again_and_only_the_last_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    guest("usb_descriptors", monkeypatch)
    camera = guest("usb_camera", monkeypatch)
    full = camera.PAYLOAD_BYTES
    for length in (10, full - 2, full, 3 * (full - 2), 50_000):
        image = bytes(at % 251 for at in range(length))
        payloads = camera.split(image, 1)
        assert b"".join(one[2:] for one in payloads) == image
        assert [bool(one[1] & 2) for one in payloads] == [False] * (len(payloads) - 1) + [True]
        assert max(map(len, payloads)) <= full and len(payloads[-1]) < full


def test_the_cameras_descriptors_have_the_lengths_that_they_name(monkeypatch: pytest.MonkeyPatch) -> None:
    module = guest("usb_descriptors", monkeypatch)
    answers = module.Descriptors("SN0000", 15.0)
    whole = answers.control(bytes((0x80, 6, 0, 2, 0, 0, 0xFF, 0xFF)))
    assert int.from_bytes(whole[2:4], "little") == len(whole)
    at = 0
    while at < len(whole):
        assert whole[at] >= 2
        at += whole[at]
    assert at == len(whole)
    assert len(answers.control(bytes((0xA1, 0x81, 0, 1, 1, 0, 34, 0)))) == 34
    assert answers.control(bytes((0x80, 6, 9, 3, 0, 0, 255, 0))) is None


def test_kernel_and_disk_are_kept_by_what_they_are_made_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAKEFUL_BOARD_CACHE", str(tmp_path))
    assert kernel.kernel_file().parent == root.root_file().parent == tmp_path
    assert kernel.cached_kernel() is None and root.cached_root() is None
    names = {kernel.kernel_file()}
    for part in ("FRAGMENT", "PATCH"):
        other = tmp_path / part
        other.write_text("CONFIG_USB=n\n", encoding="ascii")
        monkeypatch.setattr(kernel, part, other)
        names.add(kernel.kernel_file())
    assert len(names) == 3


def test_a_kernel_that_stops_at_once_is_told_with_its_panic(tmp_path: Path) -> None:
    stops, disk, films = tmp_path / "linux", tmp_path / "disk.img", tmp_path / "films"
    stack = " [<60044>] frame" * 99
    stops.write_text(f"#!/bin/sh\necho 'Kernel panic - not syncing: no init'\necho '{stack}'\n", encoding="ascii")
    stops.chmod(0o755)
    disk.touch()
    films.mkdir()
    board = Machine(stops, disk, tmp_path, films)
    with pytest.raises(Locked, match="kernel that stopped: Kernel panic - not syncing: no init"):
        board.boot()
    board.close()


def test_what_no_run_has_used_for_a_day_is_deleted(tmp_path: Path) -> None:
    for name in ("wheels-used", "wheels-new", "wheels-old", "wheels-older.part", "films-old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.whl").touch()
    for name in ("wheels-used", "wheels-old", "wheels-older.part", "films-old"):
        os.utime(tmp_path / name, (0, 0))
    kernel.prune(tmp_path / "wheels-used", "wheels-*")
    kernel.prune(tmp_path / "wheels-new", "wheels-*")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["films-old", "wheels-new", "wheels-used"]
    assert (tmp_path / "wheels-used" / "a.whl").exists()


def test_a_disk_is_taken_until_the_last_process_of_a_board_is_gone(tmp_path: Path) -> None:
    disk = tmp_path / "disk.img"
    disk.touch()
    assert not is_locked(disk)
    lock = "import fcntl, sys\nfile = open(sys.argv[1], 'r+b')\nfcntl.lockf(file, fcntl.LOCK_EX)\n"
    hold = f"{lock}print(1, flush=True)\ninput()"
    with subprocess.Popen([sys.executable, "-c", hold, disk], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        assert is_locked(disk)
        other.kill()
    assert not is_locked(disk)


def test_a_board_that_is_off_before_it_answers_is_off(tmp_path: Path) -> None:
    films, stub, disk = tmp_path / "films", tmp_path / "kernel", tmp_path / "disk"
    films.mkdir()
    disk.touch()
    stub.write_text(
        "#!/bin/sh\n"
        'for one in "$@"; do case "$one" in board.shared=*) shared="${one#board.shared=}" ;; esac; done\n'
        """echo '{"t": 0.1, "ch": "board", "v": "hardware is there"}' > "$shared/timeline.jsonl"\n"""
        'while [ ! -e "$shared/do/00001.cmd" ]; do sleep 0.02; done\n'
    )
    stub.chmod(0o700)
    machine = Machine(stub, disk, tmp_path, films)
    machine.boot()
    assert machine.power_off(10.0)
    machine.close()
