"""The one-slot hand-over, and sources made of an iterator."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from tools.rigs.waiting import within
from wakeful import SourceError
from wakeful.sensors.frame import Frame
from wakeful.sensors.slot import LatestSlot, PacedSource
from wakeful.sensors.source import EndOfSource, SourceInfo, StaleFrame

INFO = SourceInfo(name="test", live=False, width=4, height=4, fps=50.0)


def picture(value: int) -> NDArray[np.uint8]:
    return np.full((4, 4, 3), value, np.uint8)


def frame(seq: int, t_ns: int = 0) -> Frame:
    return Frame(image=picture(seq), t_ns=t_ns, seq=seq)


def pictures(count: int, period_ns: int = 20_000_000) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    for index in range(count):
        yield index * period_ns, picture(index)


def test_the_newest_frame_wins_and_the_others_are_counted() -> None:
    slot = LatestSlot()
    for seq in range(5):
        slot.put(frame(seq))
    taken = slot.take(0.0)
    assert taken is not None and taken.seq == 4
    assert slot.dropped == 4
    assert slot.take(0.0) is None


def test_a_frame_that_waited_too_long_is_dropped() -> None:
    slot = LatestSlot()
    slot.put(frame(0, t_ns=100))
    assert slot.take(0.0, not_before_ns=101) is None
    assert slot.dropped == 1
    slot.put(frame(1, t_ns=101))
    taken = slot.take(0.0, not_before_ns=101)
    assert taken is not None and taken.seq == 1


def test_the_last_frame_is_handed_over_before_the_end_is_told() -> None:
    slot = LatestSlot()
    slot.put(frame(0))
    slot.end(EndOfSource("over"))
    slot.end(SourceError("a later reason"))
    assert slot.take(0.0) is not None
    with pytest.raises(EndOfSource, match="over"):
        slot.take(0.0)


def test_fast_gives_every_frame_in_order_with_its_own_time_stamp() -> None:
    source = PacedSource(INFO, pictures(4), realtime=False)
    frames = [source.read_latest(0.0) for _ in range(4)]
    assert [f.seq for f in frames] == [0, 1, 2, 3]
    assert [f.t_ns for f in frames] == [0, 20_000_000, 40_000_000, 60_000_000]
    for _ in range(2):
        with pytest.raises(EndOfSource):
            source.read_latest(0.0)
    assert source.dropped == 0


@pytest.mark.parametrize("realtime", [False, True])
def test_a_picture_that_cannot_be_decoded_leaves_a_gap_and_is_counted(realtime: bool) -> None:
    items: list[tuple[int, NDArray[np.uint8] | None]] = [(0, picture(0)), (5_000_000, None), (800_000_000, picture(2))]
    source = PacedSource(INFO, iter(items), realtime=realtime)
    assert [source.read_latest(10.0).seq, source.read_latest(10.0).seq] == [0, 2]
    assert source.dropped == 1
    source.close()


def test_realtime_releases_frames_when_they_are_due() -> None:
    def usual_lateness_s() -> float:
        source = PacedSource(INFO, pictures(6, period_ns=100_000_000), realtime=True)
        first = source.read_latest(1.0)
        lateness_s = []
        for seq in range(1, 6):
            current = source.read_latest(1.0)
            assert current.seq == seq
            assert current.t_ns == first.t_ns + seq * 100_000_000
            lateness_s.append((time.monotonic_ns() - current.t_ns) / 1e9)
        assert min(lateness_s) >= 0.0
        with pytest.raises(EndOfSource):
            source.read_latest(1.0)
        source.close()
        return sorted(lateness_s)[2]

    assert within(0.02, usual_lateness_s)


def test_realtime_drops_what_a_slow_reader_misses_and_counts_it() -> None:
    source = PacedSource(INFO, pictures(10), realtime=True)
    seen = []
    with pytest.raises(EndOfSource):
        while True:
            seen.append(source.read_latest(1.0).seq)
            time.sleep(0.05)
    assert seen == sorted(set(seen)) and seen[-1] == 9
    assert source.dropped == 10 - len(seen) > 0
    source.close()


def test_playing_starts_with_the_first_reading_whatever_the_first_time_stamp() -> None:
    late = ((hour_ns + 3_600_000_000_000, image) for hour_ns, image in pictures(2))
    source = PacedSource(INFO, late, realtime=True)
    time.sleep(0.06)
    assert [source.read_latest(1.0).seq, source.read_latest(1.0).seq] == [0, 1]
    source.close()


def test_a_frame_that_is_not_due_in_time_is_stale() -> None:
    source = PacedSource(INFO, pictures(2, period_ns=10_000_000_000), realtime=True)
    source.read_latest(1.0)

    def refused_s() -> float:
        before = time.monotonic()
        with pytest.raises(StaleFrame):
            source.read_latest(0.05)
        return time.monotonic() - before

    assert within(0.5, refused_s)
    source.close()


@pytest.mark.parametrize("realtime", [False, True])
def test_an_error_of_the_decoder_reaches_the_reader(realtime: bool) -> None:
    def broken() -> Iterator[tuple[int, NDArray[np.uint8]]]:
        yield 0, picture(0)
        raise SourceError("the file is broken")

    source = PacedSource(INFO, broken(), realtime=realtime)
    source.read_latest(1.0)
    with pytest.raises(SourceError, match="the file is broken"):
        source.read_latest(1.0)
    source.close()


@pytest.mark.parametrize("realtime", [False, True])
def test_closing_ends_the_thread_releases_once_and_wakes_no_reader_later(realtime: bool) -> None:
    def closed_s() -> float:
        released = []
        source = PacedSource(
            INFO, pictures(3, period_ns=10_000_000_000), realtime=realtime, close=lambda: released.append(True)
        )
        source.read_latest(1.0)
        before = time.monotonic()
        source.close()
        source.close()
        took_s = time.monotonic() - before
        assert released == [True]
        with pytest.raises(EndOfSource, match="closed"):
            source.read_latest(1.0)
        return took_s

    assert within(0.5, closed_s)
