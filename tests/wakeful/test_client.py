"""The client of a running service: reports arrive, commands get in, and a service that is lost is an error."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import wakeful
from tests.device.alerts.samples import face, sighted
from tools.rigs.waiting import eventually
from wakeful.device.alerts.stream import StreamOutput
from wakeful.device.alerts.stream_settings import StreamSettings
from wakeful.device.messages import Command

SECOND_NS = 1_000_000_000
STATE = wakeful.DriverState(
    t_ns=5 * SECOND_NS,
    seq=42,
    health=wakeful.Health.OK,
    face=True,
    eyes_closed=False,
    closure_s=0.0,
    level=wakeful.Level.WARNING,
    code="microsleep",
    expression="happiness",
    expression_p=(0.25, 0.75),
    notes=("disk_full",),
    looking=True,
)
ALERT = wakeful.Alert(6 * SECOND_NS, 3, "sleep", wakeful.Level.URGENT, wakeful.Phase.ESCALATED, {"closure_s": 3.0})
EVENT = wakeful.Event(7 * SECOND_NS, "closure", {"start_ns": 4 * SECOND_NS, "end_ns": 7 * SECOND_NS})


@contextmanager
def serving(path: Path, commands: list[Command] | None = None) -> Iterator[StreamOutput]:
    heard = commands if commands is not None else []
    stream = StreamOutput(
        StreamSettings(path=str(path), landmarks=True),
        expression_classes=("neutral", "happiness"),
        on_command=heard.append,
    )
    stream.start(SECOND_NS)
    try:
        yield stream
    finally:
        stream.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "stream"


def until(service: Iterator[wakeful.Moment], wanted: Callable[[wakeful.Moment], object]) -> wakeful.Moment:
    return next(moment for moment in service if wanted(moment))


def test_states_alerts_and_events_arrive_as_moments(path: Path) -> None:
    with serving(path) as stream, wakeful.connect(path, timeout_s=20.0) as service:
        assert service.greeting.version == wakeful.__version__
        assert service.greeting.expressions == ("neutral", "happiness")
        stream.state(STATE)
        moment = next(service)
        # On the stream times count from the first frame.
        assert moment.state == replace(STATE, t_ns=4 * SECOND_NS)
        assert moment.t_s == 4.0 and moment.frame is None and moment.observation is None
        stream.alert(ALERT)
        moment = until(service, lambda one: one.alerts)
        assert moment.alerts == (replace(ALERT, t_ns=5 * SECOND_NS),)
        assert moment.state.code == "microsleep"
        assert moment.time.tzinfo is UTC and abs(moment.time - datetime.now(UTC)) < timedelta(seconds=30)
        stream.event(EVENT)
        (event,) = until(service, lambda one: one.events).events
        assert (event.kind, event.data["start"], event.data["end"]) == ("closure", 3.0, 6.0)


def test_the_points_of_a_face_arrive_beside_the_newest_state(path: Path) -> None:
    with serving(path) as stream, wakeful.connect(path, timeout_s=20.0) as service:
        stream.frame(*sighted(42, STATE.t_ns, face(300.0)))
        stream.state(STATE)
        moment = until(service, lambda one: one.landmarks)
        assert moment.state.code == "microsleep" and moment.t_s == 4.0
        found, sent = moment.landmarks, face(300.0)
        assert isinstance(found, wakeful.Landmarks) and (found.width, found.height) == (640, 480)
        assert found.points.shape == (468, 3) and abs(found.points - sent.points).max() < 0.06
        assert abs(found.left_eye.contour - sent.left.contour).max() < 0.06
        assert abs(found.right_eye.iris - sent.right.iris).max() < 0.06


def test_every_field_of_a_state_survives_the_stream(path: Path) -> None:
    unlike = {"float | None": 0.5, "bool | None": True, "float": 0.5, "bool": True}
    known = {name: unlike[kind] for name, kind in wakeful.DriverState.__annotations__.items() if kind in unlike}
    state = replace(STATE, **known)  # type: ignore[arg-type]
    with serving(path) as stream, wakeful.connect(path, timeout_s=20.0) as service:
        stream.state(state)
        assert next(service).state == replace(state, t_ns=4 * SECOND_NS)


def test_everybody_in_view_survives_the_stream(path: Path) -> None:
    plain = wakeful.Person(7, False, 0.25, 0.5, 0.125, 0.25)
    read = {"looking": True, "distance_m": 0.8, "expression": "neutral", "expression_p": (0.75, 0.25)}
    people = (replace(plain, id=1, watched=True, **read), plain)  # type: ignore[arg-type]
    with serving(path) as stream, wakeful.connect(path, timeout_s=20.0) as service:
        for expected in (people, (), None):
            stream.state(replace(STATE, people=expected))
            assert until(service, lambda one, expected=expected: one.state.people == expected)  # type: ignore[misc]


def test_commands_get_in(path: Path) -> None:
    commands: list[Command] = []
    with serving(path, commands), wakeful.connect(path) as service:
        service.acknowledge(ALERT)
        service.acknowledge(7)
        service.marker("rain")
        service.pause(600)
        service.set_driver("ann")
        assert eventually(lambda: len(commands) == 5)
    assert commands == [
        wakeful.Acknowledge(3),
        wakeful.Acknowledge(7),
        wakeful.Marker("rain"),
        wakeful.Pause(600.0),
        wakeful.SetDriver("ann"),
    ]


def test_a_command_out_of_bounds_is_refused_before_it_is_sent(path: Path) -> None:
    with serving(path), wakeful.connect(path) as service:
        with pytest.raises(wakeful.WakefulError, match="from 0 to 3600"):
            service.pause(3601)
        with pytest.raises(wakeful.WakefulError, match="200 printable characters"):
            service.marker("x" * 201)
        with pytest.raises(wakeful.ConfigError, match="by CAN or the serial line"):
            service.send(wakeful.VehicleSpeed(50.0))


def test_it_iterates_asynchronously_too(path: Path) -> None:
    async def watch() -> list[wakeful.Moment]:
        found = []
        with wakeful.connect(path, timeout_s=20.0) as service:
            async for moment in service:
                found.append(moment)
                if moment.alerts:
                    service.acknowledge(moment.alerts[0])
                    break
                stream.alert(ALERT)
        return found

    commands: list[Command] = []
    with serving(path, commands) as stream:
        stream.state(STATE)
        found = asyncio.run(watch())
        assert eventually(lambda: commands == [wakeful.Acknowledge(3)])
    assert found[0].state.code == "microsleep" and found[-1].alerts[0].code == "sleep"


def test_what_is_sent_just_before_leaving_arrives(path: Path) -> None:
    commands: list[Command] = []
    with serving(path, commands) as stream:
        for seq in range(1, 41):
            with wakeful.connect(path, timeout_s=20.0) as service:
                stream.alert(ALERT)
                service.acknowledge(seq)
            stream.alert(ALERT)
        assert eventually(lambda: len(commands) == 40)
    assert commands == [wakeful.Acknowledge(seq) for seq in range(1, 41)]


def test_the_iteration_ends_when_the_service_ends(path: Path) -> None:
    with serving(path) as stream:
        stream.state(STATE)
        service = wakeful.connect(path, timeout_s=20.0)
        next(service)
    assert {moment.state.code for moment in service} <= {"microsleep"}
    with pytest.raises(wakeful.ServiceError, match="not connected"):
        service.pause(1)
    service.close()


def test_a_client_that_reconnects_says_stale_and_goes_on(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wakeful.client.RETRY_S", 0.05)
    with serving(path) as stream:
        stream.state(STATE)
        service = wakeful.connect(path, timeout_s=20.0, reconnect=True)
        next(service)
    stale = until(service, lambda one: one.state.health is wakeful.Health.STALE)
    # Nothing is known of the driver, and the alert is not over.
    assert (stale.state.eyes_closed, stale.state.code) == (None, "microsleep")
    assert next(service).state.health is wakeful.Health.STALE
    with serving(path) as stream:
        stream.state(replace(STATE, code=""))
        assert until(service, lambda one: one.state.health is wakeful.Health.OK).state.code == ""
    service.close()
    assert list(service) == []


def test_reconnecting_works_asynchronously_too(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wakeful.client.RETRY_S", 0.05)

    async def healths() -> list[str]:
        found: list[str] = []
        async for moment in service:
            found.append(str(moment.state.health))
            if found[-1] == "stale":
                return found
        return found

    with serving(path) as stream:
        stream.state(STATE)
        service = wakeful.connect(path, timeout_s=20.0, reconnect=True)
        next(service)
    assert asyncio.run(healths())[-1] == "stale"
    service.close()


def test_nobody_there_is_an_error_with_the_command_that_starts_one(path: Path) -> None:
    with pytest.raises(wakeful.ServiceError, match=r"start one with `wakeful run --stream .*stream`"):
        wakeful.connect(path)
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(path))
    with pytest.raises(ConnectionError, match="no service there"):
        wakeful.connect(path)


@contextmanager
def peer(path: Path, *lines: bytes, hang: bool = False) -> Iterator[None]:
    """Somebody else's server, who sends these lines and then hangs up, or says nothing more."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen(1)
        done = threading.Event()

        def serve() -> None:
            accepted, _ = server.accept()
            with accepted:
                for line in lines:
                    accepted.sendall(line)
                if hang:
                    done.wait(30.0)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield
        done.set()
        thread.join(5.0)


HELLO = json.dumps({"kind": "hello", "protocol": 1, "wakeful": "9.0", "device": "d", "run": "r"}).encode() + b"\n"


@pytest.mark.parametrize("greeting", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"[]\n", b'{"kind": "state"}\n'])
def test_somebody_elses_socket_is_no_stream(greeting: bytes, path: Path) -> None:
    with peer(path, greeting), pytest.raises(wakeful.ServiceError, match="not a wakeful stream"):
        wakeful.connect(path, timeout_s=20.0)


def test_a_service_that_hangs_up_without_a_word_is_said(path: Path) -> None:
    with peer(path), pytest.raises(wakeful.ServiceError, match="without a greeting"):
        wakeful.connect(path, timeout_s=20.0)


def test_a_service_that_goes_silent_is_an_error_after_the_timeout(path: Path) -> None:
    with peer(path, HELLO, hang=True), wakeful.connect(path, timeout_s=0.2) as service:
        with pytest.raises(wakeful.ServiceError, match=r"nothing came for 0\.2 s"):
            next(service)
        assert list(service) == []


def test_what_a_later_version_adds_is_ignored_and_its_healths_are_no_good_health(path: Path) -> None:
    state = {"kind": "state", "t": 1.5, "frame": 3, "health": "pondering", "level": "none", "shoe_size": 44}
    with peer(path, HELLO, json.dumps(state).encode() + b"\n"), wakeful.connect(path, timeout_s=20.0) as service:
        moment = next(service)
    assert (moment.state.health, moment.state.reason) == (wakeful.Health.DEGRADED, "pondering")


@pytest.mark.parametrize(
    "line",
    [
        b'{"kind": "state"}\n',
        b'{"t": "soon", "kind": "alert"}\n',
        b'{"t": 1.0, "kind": "landmarks", "points": [[1, 2, 3], [4]], "left_eye": {}, "right_eye": {}}\n',
        b"?\n",
    ],
)
def test_an_invalid_line_is_an_error(line: bytes, path: Path) -> None:
    with (
        peer(path, HELLO, line),
        wakeful.connect(path, timeout_s=20.0) as service,
        pytest.raises(wakeful.ServiceError, match=r"invalid line|JSON objects"),
    ):
        next(service)


def test_closing_from_another_thread_ends_a_wait(path: Path) -> None:
    with peer(path, HELLO, hang=True):
        service = wakeful.connect(path, timeout_s=60.0)
        threading.Timer(0.2, service.close).start()
        assert list(service) == []


def test_the_client_needs_the_standard_library_only(path: Path) -> None:
    code = (
        "import sys, wakeful\n"
        f"with wakeful.connect({str(path)!r}) as service:\n"
        "    moment = [next(service) for _ in range(3)][0]  # the third are the points of the face\n"
        "    service.acknowledge(3)\n"
        "outside = {name.partition('.')[0] for name in sys.modules} - sys.stdlib_module_names - {'wakeful'}\n"
        "print(moment.state.code, *sorted(name for name in outside if not name.startswith('_')))\n"
    )
    with serving(path) as stream:
        stream.frame(*sighted(42, STATE.t_ns, face()))
        stream.state(STATE)
        command = [sys.executable, "-S", "-c", "import sys; sys.path.insert(0, sys.argv[1])\n" + code]
        root = str(Path(wakeful.__file__).parents[1])
        done = subprocess.run([*command, root], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("microsleep\n", "")
