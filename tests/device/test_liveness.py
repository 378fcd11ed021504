"""Parts tell that they are at work and come back; frames are counted and passed on."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from device.liveness import Liveness, Part, Worker
from tests.device.alerts.samples import eventually


def test_a_processed_frame_is_counted_and_told_to_each_listener() -> None:
    liveness, heard = Liveness(clock_s=lambda: 7.0), list[str]()
    liveness.listen(lambda: heard.append("systemd"))
    liveness.listen(lambda: heard.append("light"))
    liveness.frame()
    assert (liveness.frames, liveness.last_frame_s, heard) == (1, 7.0, ["systemd", "light"])


def test_a_part_that_waits_for_the_world_is_never_stuck() -> None:
    now_s = [0.0]
    part = Part("writer", lambda: True, stuck_s=1.0, clock_s=lambda: now_s[0])
    now_s[0] = 3600.0
    assert part.fault() is None


def test_work_that_does_not_end_is_stuck_and_work_that_ended_is_not() -> None:
    now_s = [0.0]
    part = Part("writer", lambda: True, stuck_s=1.0, clock_s=lambda: now_s[0])
    with part.working():
        now_s[0] = 0.9
        assert part.fault() is None
        now_s[0] = 1.1
        assert part.fault() == "is stuck"
    assert part.fault() is None


def test_each_turn_of_a_loop_may_take_its_full_time() -> None:
    now_s = [0.0]
    part = Part("loop", lambda: True, stuck_s=1.0, clock_s=lambda: now_s[0])
    for _ in range(5):
        part.beat()
        now_s[0] += 0.9
        assert part.fault() is None


def test_work_that_raises_counts_as_ended() -> None:
    now_s = [0.0]
    part = Part("writer", lambda: True, stuck_s=1.0, clock_s=lambda: now_s[0])
    with pytest.raises(OSError), part.working():
        raise OSError
    now_s[0] = 9.0
    assert part.fault() is None


def test_a_dead_thread_has_died() -> None:
    assert Part("serial", lambda: False).fault() == "died"


def test_a_worker_is_watched_from_its_start_to_its_stop() -> None:
    liveness, release = Liveness(), threading.Event()

    def run(mine: Callable[[], bool]) -> None:
        release.wait(5.0)

    worker = Worker("serial", run, liveness)
    assert not liveness.parts
    worker.start()
    assert liveness.parts == (worker.part,)
    release.set()
    worker.stop(5.0)
    assert not liveness.parts
    assert not worker.is_alive()


def test_a_worker_that_was_stuck_and_replaced_learns_that_it_is_no_longer_in_charge() -> None:
    release, left = threading.Event(), list[bool]()
    in_charge: list[Callable[[], bool]] = []

    def run(mine: Callable[[], bool]) -> None:
        in_charge.append(mine)
        release.wait(5.0)
        left.append(mine())

    worker = Worker("writer", run)
    worker.start()
    assert eventually(lambda: len(in_charge) == 1)
    worker.part.restart()
    assert eventually(lambda: len(in_charge) == 2)
    release.set()
    worker.stop(5.0)
    assert eventually(lambda: sorted(left) == [False, True])
