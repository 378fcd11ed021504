"""Dead and stuck parts are started again, a few times; then the process has to end with a reason."""

from __future__ import annotations

import threading
import time

import pytest

from tools.rigs.waiting import Clock, eventually, within
from wakeful.device.supervision.notes import Notes
from wakeful.device.supervision.watchdog import PartFailed, Watchdog
from wakeful.device.supervision.workers import Liveness, Part, Worker


def watchdog(liveness: Liveness, notes: Notes, clock: Clock) -> Watchdog:
    return Watchdog(liveness, notes, lambda failed: None, clock)


def test_a_part_that_died_is_started_again_and_that_is_noted_for_a_minute() -> None:
    liveness, notes, clock, started = Liveness(), Notes(), Clock(), list[int]()
    liveness.add(Part("serial", lambda: bool(started), lambda: started.append(1)))
    dog = watchdog(liveness, notes, clock)
    dog.look()
    dog.look()
    assert (started, dog.restarts, notes.codes) == ([1], 1, ("restarted",))
    assert notes.changes()[0].text == "serial died and was started again (1 of 5)"
    clock.now_s = 61.0
    dog.look()
    assert notes.codes == ()


def test_five_restarts_a_minute_are_the_most() -> None:
    liveness, clock = Liveness(), Clock()
    liveness.add(Part("writer", lambda: False, lambda: None))
    dog = watchdog(liveness, Notes(), clock)
    for _ in range(5):
        dog.look()
        clock.now_s += 10.0
    with pytest.raises(PartFailed, match="writer died, after 5 restarts within 60 s"):
        dog.look()


def test_restarts_far_apart_go_on_for_ever() -> None:
    liveness, clock = Liveness(), Clock()
    liveness.add(Part("writer", lambda: False, lambda: None))
    dog = watchdog(liveness, Notes(), clock)
    for _ in range(100):
        dog.look()
        clock.now_s += 13.0
    assert dog.restarts == 100


def test_a_part_that_nothing_can_start_again_ends_the_process() -> None:
    liveness, clock = Liveness(), Clock()
    loop = liveness.add(Part("the loop", lambda: True, stuck_s=10.0, clock_s=clock))
    dog = watchdog(liveness, Notes(), clock)
    loop.beat()
    clock.now_s = 9.0
    dog.look()
    clock.now_s = 11.0
    with pytest.raises(PartFailed, match="the loop is stuck and cannot be started again"):
        dog.look()


def test_a_part_that_leaves_is_not_started_again() -> None:
    liveness, started = Liveness(), list[int]()
    part = liveness.add(Part("serial", lambda: False, lambda: started.append(1)))
    liveness.leave(part)
    watchdog(liveness, Notes(), Clock()).look()
    assert started == []


def test_a_real_thread_that_raises_comes_back_within_half_a_second() -> None:
    def back_after_s() -> float:
        liveness, lives = Liveness(), list[threading.Thread]()
        done = threading.Event()

        def run() -> None:
            lives.append(threading.current_thread())
            if len(lives) == 1:
                raise RuntimeError("no more")
            done.wait(30.0)

        dog = Watchdog(liveness, Notes(), lambda failed: None)
        worker = Worker("serial", run, liveness=liveness)
        begun_s = time.monotonic()
        worker.start()
        dog.start()
        assert eventually(lambda: len(lives) == 2)
        took_s = time.monotonic() - begun_s
        done.set()
        worker.join(5.0)
        dog.close()
        return took_s

    assert within(1.0, back_after_s)


def test_a_writer_that_nobody_reads_is_noted_while_it_lasts_and_not_started_again() -> None:
    liveness, notes, clock = Liveness(), Notes(), Clock()
    writer = liveness.add(Part("write -", lambda: True, clock_s=clock))
    dog = watchdog(liveness, notes, clock)
    with writer.outside():
        clock.now_s = 6.0
        dog.look()
        assert notes.codes == ("output_blocked",)
    dog.look()
    assert not notes.codes
    assert dog.restarts == 0


def test_who_gives_up_is_told_once_why() -> None:
    liveness, told = Liveness(), list[str]()
    liveness.add(Part("the loop", lambda: False))
    dog = Watchdog(liveness, Notes(), lambda failed: told.append(str(failed)))
    dog.start()
    assert eventually(lambda: told != [])
    dog.close()
    assert told == ["the loop died and cannot be started again: restart the monitor"]
