"""The local stream against real readers, also ones that stop reading, talk nonsense or leave."""

from __future__ import annotations

import json
import socket
import stat
import threading
import time
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from tests.device.alerts.samples import AWAKE, MICROSLEEP, SECOND_NS, alert, face, sighted, started
from tools.rigs.waiting import eventually, usual_longest
from wakeful import ConfigError
from wakeful.device.alerts import stream
from wakeful.device.alerts.report import Report, Reporter
from wakeful.device.alerts.stream import StreamOutput
from wakeful.device.alerts.stream_settings import StreamSettings
from wakeful.device.landmarks import Landmarks
from wakeful.device.messages import Acknowledge, Command, Event, Health, Marker
from wakeful.device.supervision.workers import Liveness


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "stream"


class Reader:
    """Another program that reads the stream."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(15.0)
        self.socket.connect(str(path))
        self._lines = self.socket.makefile("rb")

    def line(self) -> dict[str, Any]:
        """The next report."""
        if not (line := self._lines.readline()):
            raise EOFError("the stream has ended")
        said: dict[str, Any] = json.loads(line)
        return said

    def next(self, kind: str) -> dict[str, Any]:
        """The next report of this kind."""
        while (said := self.line())["kind"] != kind:
            pass
        return said

    def close(self) -> None:
        self._lines.close()
        self.socket.close()


def test_a_reader_is_greeted_and_gets_the_newest_state_at_once(path: Path) -> None:
    with started(StreamOutput(StreamSettings(path=str(path)), device="robot-1")) as output:
        output.state(AWAKE)
        reader = Reader(path)
        assert reader.next("hello")["device"] == "robot-1"
        assert reader.next("state")["t"] == 5.0


def test_every_reader_gets_every_alert_and_event(path: Path) -> None:
    with started(StreamOutput(StreamSettings(path=str(path)))) as output:
        readers = [Reader(path) for _ in range(5)]
        for reader in readers:
            reader.next("hello")
        for seq in range(1, 4):
            output.alert(alert(seq=seq))
        output.event(Event(SECOND_NS, "yawn", {"start_ns": 0, "end_ns": SECOND_NS}))
        for reader in readers:
            assert [reader.next("alert")["seq"] for _ in range(3)] == [1, 2, 3]
            assert reader.next("yawn")["end"] == 1.0


def test_states_come_at_the_rate_that_was_asked_for(path: Path) -> None:
    with started(StreamOutput(StreamSettings(path=str(path), rate_hz=20.0))) as output:
        output.state(AWAKE)
        reader = Reader(path)
        reader.next("state")

        def ten_states_s() -> float:
            begun = time.monotonic()
            for _ in range(10):
                reader.next("state")
            return time.monotonic() - begun

        # Other work on the machine may spoil a round, but not every one.
        assert any(0.4 <= ten_states_s() <= 0.8 for _ in range(5))


def test_a_monitor_that_hangs_is_called_stale(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wakeful.device.alerts.staleness.STALE_AFTER_S", 0.2)
    with started(StreamOutput(StreamSettings(path=str(path)))) as output:
        output.state(MICROSLEEP)
        reader = Reader(path)
        assert reader.next("state")["health"] == "ok"
        assert eventually(lambda: reader.next("state")["health"] == Health.STALE.value)


def test_a_reader_that_does_not_read_is_dropped_and_hurts_nobody(path: Path) -> None:
    with started(StreamOutput(StreamSettings(path=str(path)))) as output:
        stuck, good = Reader(path), Reader(path)
        good.next("hello")
        heard: list[int] = []
        listening = threading.Thread(target=lambda: heard.extend(good.next("alert")["seq"] for _ in range(1500)))
        listening.start()
        took_s = []
        for seq in range(1500):
            begun = time.monotonic()
            output.alert(alert(seq=seq))
            took_s.append(time.monotonic() - begun)
            if seq % 25 == 0:
                time.sleep(0.01)
        listening.join(30.0)
        assert heard == list(range(1500))
        assert eventually(lambda: output.readers_dropped == 1)
        assert usual_longest(took_s) < 0.1
        stuck.close()


def test_a_reader_that_falls_behind_loses_states_before_alerts(path: Path) -> None:
    # More than a configuration may ask for, to fill the socket in a second.
    settings = StreamSettings.model_construct(path=str(path), rate_hz=1000.0)
    with started(StreamOutput(settings)) as output:
        output.state(AWAKE)
        slow = Reader(path)
        time.sleep(1.0)
        output.alert(alert(seq=7))
        time.sleep(0.1)
        assert slow.next("alert")["seq"] == 7
        assert output.readers_dropped == 0


def test_a_reader_may_leave_in_the_middle(path: Path) -> None:
    with started(StreamOutput(StreamSettings(path=str(path), rate_hz=100.0))) as output:
        output.state(AWAKE)
        for _ in range(20):
            Reader(path).close()
        reader = Reader(path)
        assert reader.next("state")["t"] == 5.0


def test_commands_of_readers_come_in_and_broken_ones_are_counted(path: Path) -> None:
    commands: SimpleQueue[Command] = SimpleQueue()
    with started(StreamOutput(StreamSettings(path=str(path)), on_command=commands.put)) as output:
        reader = Reader(path)
        reader.socket.sendall(b'{"command": "acknowledge", "seq": 3}\n{"comm')
        reader.socket.sendall(b'and": "marker", "text": "rain"}\nwhat?\n' + b"x" * 3000 + b"\n")
        assert commands.get(timeout=10.0) == Acknowledge(3)
        assert commands.get(timeout=10.0) == Marker("rain")
        assert eventually(lambda: output.broken_commands >= 2)
        assert commands.empty()


def test_only_its_owner_may_connect_unless_the_group_may(path: Path) -> None:
    with started(StreamOutput(StreamSettings(path=str(path)))):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with started(StreamOutput(StreamSettings(path=str(path), group=True))):
        assert stat.S_IMODE(path.stat().st_mode) == 0o660


def test_the_end_gives_readers_what_is_queued_and_removes_the_socket(path: Path) -> None:
    with started(StreamOutput(StreamSettings(path=str(path)))) as output:
        reader = Reader(path)
        reader.next("hello")
        output.alert(alert(seq=9))
    assert reader.next("alert")["seq"] == 9
    with pytest.raises(EOFError):
        reader.next("state")
    assert not path.exists()
    output.close()


def test_the_socket_of_a_monitor_that_died_is_taken_over(path: Path) -> None:
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(path))
    dead.close()
    with started(StreamOutput(StreamSettings(path=str(path)))):
        assert Reader(path).next("hello")


def test_a_monitor_that_lives_keeps_its_socket(path: Path) -> None:
    other = socket.socket(socket.AF_UNIX)
    other.bind(str(path))
    other.listen()
    with pytest.raises(ConfigError, match="another monitor"):
        StreamOutput(StreamSettings(path=str(path)))
    assert path.exists()
    other.close()


def test_whoever_finds_the_socket_is_answered(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there: list[bool] = []
    plain = socket.socket.listen

    def listen(server: socket.socket, backlog: int) -> None:
        there.append(path.exists())
        plain(server, backlog)

    monkeypatch.setattr(socket.socket, "listen", listen)
    with started(StreamOutput(StreamSettings(path=str(path)))):
        assert there == [False]
        with socket.socket(socket.AF_UNIX) as reader:
            reader.connect(str(path))
        assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_a_stream_may_replace_another_of_the_same_monitor(path: Path) -> None:
    old = StreamOutput(StreamSettings(path=str(path), rate_hz=1.0))
    old.start(0)
    with started(StreamOutput(StreamSettings(path=str(path), rate_hz=2.0), device="new")):
        old.close()
        assert Reader(path).next("hello")["device"] == "new"
    assert not path.exists()


def test_what_cannot_be_a_socket_is_told_with_its_mend(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("mine")
    with pytest.raises(ConfigError, match="not a socket"):
        StreamOutput(StreamSettings(path=str(file)))
    assert file.read_text() == "mine"
    with pytest.raises(ConfigError, match="a folder that exists"):
        StreamOutput(StreamSettings(path=str(tmp_path / "nowhere" / "stream")))
    with pytest.raises(ConfigError, match="too long"):
        StreamOutput(StreamSettings(path=str(tmp_path / ("x" * 120))))


def test_more_readers_than_there_is_room_for_are_turned_away(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "MAX_READERS", 2)
    with started(StreamOutput(StreamSettings(path=str(path)))):
        readers = [Reader(path) for _ in range(2)]
        for reader in readers:
            reader.next("hello")
        with pytest.raises((EOFError, ConnectionError)):
            Reader(path).next("hello")


def seen(output: StreamOutput, seq: int, column_px: float | None = 320.0) -> None:
    """One frame through the output, with a face in this column of it."""
    t_ns = SECOND_NS * (5 + seq)
    output.frame(*sighted(seq, t_ns, None if column_px is None else face(column_px)))
    output.state(replace(AWAKE, t_ns=t_ns, seq=seq))


def with_points(path: Path) -> StreamSettings:
    return StreamSettings(path=str(path), rate_hz=50.0, landmarks=True)


def test_the_points_of_the_face_come_after_the_state_of_their_frame_and_once(path: Path) -> None:
    with started(StreamOutput(with_points(path))) as output:
        reader = Reader(path)
        reader.next("hello")
        seen(output, 1, 300.0)
        found = reader.next("landmarks")
        assert (found["t"], found["seq"], found["width"], found["height"]) == (6.0, 1, 640, 480)
        assert found["points"][0][0] == 240.0
        # The next line of points is that of another frame, although states repeat in between.
        for _ in range(3):
            assert reader.next("state")["frame"] == 1
        seen(output, 2, 330.0)
        assert reader.next("landmarks")["seq"] == 2


def test_points_are_sent_only_where_they_are_asked_for(path: Path) -> None:
    with started(StreamOutput(StreamSettings(path=str(path), rate_hz=50.0))) as output:
        reader = Reader(path)
        seen(output, 1)
        assert {reader.line()["kind"] for _ in range(8)} == {"hello", "state"}


def test_who_comes_when_the_face_is_gone_gets_no_points(path: Path) -> None:
    with started(StreamOutput(with_points(path))) as output:
        seen(output, 1)
        seen(output, 2, None)
        reader = Reader(path)
        reader.next("state")
        seen(output, 3)
        assert reader.next("landmarks")["seq"] == 3


def test_without_readers_no_points_are_put_into_words(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    worded: list[int] = []
    landmarks = Reporter.landmarks

    def noted(reporter: Reporter, t_ns: int, seq: int, face: Landmarks) -> Report:
        worded.append(seq)
        return landmarks(reporter, t_ns, seq, face)

    monkeypatch.setattr(Reporter, "landmarks", noted)
    with started(StreamOutput(with_points(path))) as output:
        seen(output, 1)
        time.sleep(0.2)
        assert worded == []
        reader = Reader(path)
        assert reader.next("landmarks")["seq"] == 1 and worded == [1]


def test_a_reader_that_falls_behind_loses_points_before_states_and_is_kept(path: Path) -> None:
    settings = StreamSettings.model_construct(path=str(path), rate_hz=1000.0, landmarks=True)
    with started(StreamOutput(settings)) as output:
        slow = Reader(path)
        slow.next("hello")
        # 300 lines of points are ten times what the socket takes.
        for seq in range(300):
            seen(output, seq)
            time.sleep(0.003)
        output.alert(alert(seq=7))
        time.sleep(0.1)
        assert slow.next("alert")["seq"] == 7
        assert output.readers_dropped == 0


def test_its_thread_is_watched_while_it_runs(path: Path) -> None:
    liveness = Liveness()
    with started(StreamOutput(StreamSettings(path=str(path)), liveness=liveness)):
        assert [part.name for part in liveness.parts] == ["stream"]
    assert liveness.parts == ()
