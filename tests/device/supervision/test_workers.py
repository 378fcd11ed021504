"""Parts tell that they are at work and come back; frames are counted."""

from __future__ import annotations

import threading

import pytest

from tools.rigs.waiting import Clock, eventually
from wakeful.device.supervision.workers import Liveness, Part, Worker


def part(clock: Clock) -> Part:
    return Part("writer", lambda: True, stuck_s=1.0, clock_s=clock)


def test_a_processed_frame_is_counted_with_its_time() -> None:
    liveness = Liveness(clock_s=lambda: 7.0)
    liveness.frame()
    assert (liveness.frames, liveness.last_frame_s) == (1, 7.0)


def test_a_part_that_waits_is_never_stuck() -> None:
    clock = Clock()
    waiting = part(clock)
    clock.now_s = 3600.0
    assert waiting.fault() is None


def test_work_that_does_not_end_is_stuck_and_work_that_ended_is_not() -> None:
    clock = Clock()
    writer = part(clock)
    with writer.working():
        clock.now_s = 0.9
        assert writer.fault() is None
        clock.now_s = 1.1
        assert writer.fault() == "is stuck"
    assert writer.fault() is None


def test_each_turn_of_a_loop_may_take_its_full_time() -> None:
    clock = Clock()
    loop = part(clock)
    for _ in range(5):
        loop.beat()
        clock.now_s += 0.9
        assert loop.fault() is None


def test_work_that_raises_counts_as_ended() -> None:
    clock = Clock()
    writer = part(clock)
    with pytest.raises(OSError), writer.working():
        raise OSError
    clock.now_s = 9.0
    assert writer.fault() is None


def test_a_disk_that_takes_nothing_is_told_and_is_no_fault_of_the_thread() -> None:
    clock = Clock()
    writer = part(clock)
    with writer.outside():
        clock.now_s = 4.0
        assert not writer.blocked()
        clock.now_s = 6.0
        assert writer.blocked() == "writer: the receiver does not read"
        writer.obstacle = "the disk is full"
        assert writer.blocked() == "writer: the disk is full"
        assert writer.fault() is None
    assert not writer.blocked()


def test_a_dead_thread_has_died() -> None:
    assert Part("serial", lambda: False).fault() == "died"


def test_a_worker_is_watched_from_its_start_until_it_is_told_to_end() -> None:
    liveness, release = Liveness(), threading.Event()

    def run() -> None:
        release.wait(5.0)

    worker = Worker("serial", run, liveness=liveness)
    assert not liveness.parts
    worker.start()
    assert liveness.parts == (worker.part,)
    release.set()
    worker.join(5.0)
    assert not liveness.parts
    assert not worker.is_alive()


def test_a_worker_whose_life_is_over_leaves_by_itself_and_one_that_raises_has_died(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail() -> None:
        raise ZeroDivisionError("division by zero")

    liveness = Liveness()
    ends = Worker("view", lambda: None, liveness=liveness)
    dies = Worker("serial", fail, liveness=liveness)
    ends.start()
    dies.start()
    assert eventually(lambda: liveness.parts == (dies.part,) and dies.part.fault() == "died")
    assert caplog.messages == ["serial died: ZeroDivisionError: division by zero"]


def test_a_worker_that_was_stuck_and_replaced_learns_that_it_is_no_longer_in_charge() -> None:
    release, began, left = threading.Event(), list[int](), list[bool]()

    def run() -> None:
        began.append(1)
        release.wait(5.0)
        left.append(worker.in_charge())

    worker = Worker("writer", run, liveness=Liveness())
    worker.start()
    worker.part.restart()
    assert eventually(lambda: len(began) == 2)
    release.set()
    assert eventually(lambda: sorted(left) == [False, True])


def test_a_worker_whose_start_was_interrupted_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    worker = Worker("writer", lambda: None, liveness=Liveness())

    def interrupted(thread: threading.Thread) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", interrupted)
    with pytest.raises(KeyboardInterrupt):
        worker.start()
    worker.join(1.0)
    assert not worker.is_alive()
