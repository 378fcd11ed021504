"""The page's server on loopback, spoken to as strangers, viewers and hostile pages would."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPResponse

import numpy as np
import pytest

from tests.device.alerts.samples import AWAKE, alert
from tests.device.view.test_pictures import decoded
from tools.rigs.waiting import Clock, eventually, usual_longest, within
from wakeful import ConfigError
from wakeful.device.messages import Acknowledge, Command, Marker, Observation
from wakeful.device.perception.pipeline import Sighting
from wakeful.device.view import bounded, server
from wakeful.device.view.access import PAGE_TOKEN_HEADER
from wakeful.device.view.live import LivePage
from wakeful.sensors.frame import Frame

TOKEN = "correct-horse-battery"
NOBODY = Sighting(Observation(0, 0, False))


class Page:
    """A live page and what its buttons said. No state grows old on it, however busy the machine is."""

    def __init__(self, token: str | None = None) -> None:
        self.commands: list[Command] = []
        self.output = LivePage("127.0.0.1:0", token, "a test", on_command=self.commands.append, clock_s=Clock())
        self.output.start(0)
        self.port = int(self.output.url.rstrip("/").rpartition(":")[2])
        self.token = self.ask("GET", "/")[2].split('name="page" content="')[1].split('"')[0]

    def ask(
        self, method: str, path: str, body: str = "", headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], str]:
        """Status, headers and body of an answer."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request(method, path, body or None, headers or {})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, dict(answer.headers), text

    def press(self, path: str, body: object, **headers: str) -> int:
        """Status of a press of a button, as the page itself would send it."""
        given = {PAGE_TOKEN_HEADER: self.token, "Origin": self.output.url.rstrip("/")} | headers
        return self.ask("POST", path, json.dumps(body), given)[0]

    def watch(self, path: str, headers: dict[str, str] | None = None) -> HTTPResponse:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("GET", path, headers=headers or {})
        return connection.getresponse()

    def raw(self, data: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall(data)
            return _all_of(connection)


def _all_of(connection: socket.socket) -> bytes:
    got = b""
    try:
        while data := connection.recv(4096):
            got += data
    except ConnectionResetError:
        pass
    return got


@pytest.fixture
def page() -> Iterator[Page]:
    made = Page()
    yield made
    made.output.close()


@pytest.fixture
def guarded() -> Iterator[Page]:
    made = Page(TOKEN)
    yield made
    made.output.close()


def test_the_page_needs_nothing_from_elsewhere(page: Page) -> None:
    status, headers, html = page.ask("GET", "/")
    assert status == 200
    files = re.findall(r'(?:src|href)="(/[^"]+)"', html)
    assert sorted(files) == ["/live.css", "/live.js", "/live.svg", "/live_drawing.js", "/live_sound.js"]
    texts = [html, *(page.ask("GET", file)[2] for file in files)]
    assert not any("//" in re.sub(r"http://www.w3.org/2000/svg", "", re.sub(r"(?m)^\s*// .*$", "", t)) for t in texts)
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert (headers["Cache-Control"], headers["X-Frame-Options"]) == ("no-store", "DENY")


def test_events_begin_with_what_was_and_go_on_with_what_comes(page: Page) -> None:
    page.output.state(AWAKE)
    stream = page.watch("/events")
    assert stream.headers["Content-Type"].startswith("text/event-stream")
    assert stream.readline() == b"retry: 1000\n"
    page.output.alert(alert())
    lines: list[bytes] = []
    while not any(line.startswith(b"event: happened") for line in lines):
        lines.append(stream.readline())
    assert lines[1] == b"event: welcome\n"
    assert b"microsleep" in stream.readline()
    stream.close()


def test_pictures_come_as_parts_that_are_whole_jpegs(page: Page) -> None:
    stream = page.watch("/picture")
    assert stream.headers["Content-Type"] == "multipart/x-mixed-replace; boundary=picture"
    assert eventually(lambda: page.output.pictures.watchers == 1)
    page.output.frame(Frame(np.full((48, 64, 3), 90, np.uint8), 0, 0), NOBODY)
    assert stream.read(len(server.NEXT_PART)) == server.NEXT_PART
    picture = b""
    # The head of the next part is there at once, not with the next picture.
    while not picture.endswith(server.NEXT_PART):
        picture += stream.read(1)
    assert decoded(picture.removesuffix(server.NEXT_PART)).shape == (48, 64, 3)
    stream.close()


def test_buttons_reach_the_monitor_with_the_time_of_the_press(page: Page) -> None:
    before_ns = time.monotonic_ns()
    assert page.press("/marker", {"text": " tunnel \n\x1b[2J" + "x" * 200}) == 204
    assert page.press("/marker", {}) == 204
    assert page.press("/acknowledge", {"seq": 7}) == 204
    first, second, third = page.commands
    assert isinstance(first, Marker) and first.text.startswith("tunnel") and first.text.isprintable()
    assert len(first.text) <= 80
    assert first.pressed_ns is not None and before_ns <= first.pressed_ns <= time.monotonic_ns()
    assert isinstance(second, Marker) and second.text == "marker"
    assert third == Acknowledge(7)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({PAGE_TOKEN_HEADER: "guessed"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Host": "evil.example"}, 421),
        ({"Host": "127.0.0.1.evil.example:80"}, 421),
    ],
)
def test_another_page_in_the_same_browser_can_press_nothing(headers: dict[str, str], status: int, page: Page) -> None:
    assert page.press("/acknowledge", {"seq": 1}, **headers) == status
    assert page.press("/marker", {"text": "x"}, **headers) == status
    assert page.commands == []


@pytest.mark.parametrize("path", ["/", "/events", "/picture", "/live.js"])
def test_a_name_that_was_rebound_to_us_is_answered_by_nothing(path: str, page: Page) -> None:
    status, _, body = page.ask("GET", path, headers={"Host": "evil.example"})
    assert (status, body) == (421, "ask for this page by the address of this machine\n")


def test_another_page_cannot_show_the_picture_or_take_a_viewers_place(page: Page) -> None:
    for path in ("/picture", "/events"):
        assert page.ask("GET", path, headers={"Sec-Fetch-Site": "cross-site"})[0] == 403
        assert page.ask("GET", path, headers={"Origin": "http://evil.example"})[0] == 403


@pytest.mark.parametrize(
    "body", ["", "{", "[]", "[" * 1000, '{"seq": "1"}', '{"seq": true}', '{"seq": -1}', '{"seq": 1e99}']
)
def test_a_press_that_says_nothing_sensible_is_refused(body: str, page: Page) -> None:
    status, _, _ = page.ask("POST", "/acknowledge", body, {PAGE_TOKEN_HEADER: page.token})
    assert status in (400, 411)
    assert page.commands == []


def test_without_the_token_nothing_is_seen_but_the_question_for_it(guarded: Page) -> None:
    status, _, html = guarded.ask("GET", "/")
    assert status == 401 and 'type="password"' in html and "picture" not in html
    for path in ("/events", "/picture"):
        assert guarded.ask("GET", path)[0] == 401
    assert guarded.press("/marker", {"text": "x"}) == 401
    assert guarded.commands == []


def test_the_token_opens_the_page_and_is_never_sent_back(guarded: Page) -> None:
    given = {PAGE_TOKEN_HEADER: guarded.token}
    assert guarded.ask("POST", "/enter", json.dumps({"token": "a wrong token"}), given)[0] == 403
    assert guarded.ask("POST", "/enter", json.dumps({"token": TOKEN}), given)[0] == 429  # too soon after a wrong one
    time.sleep(server.WRONG_TOKEN_PAUSE_S + 0.05)
    status, headers, _ = guarded.ask("POST", "/enter", json.dumps({"token": TOKEN}), given)
    cookie = headers["Set-Cookie"]
    assert status == 204 and TOKEN not in cookie and "HttpOnly" in cookie and "SameSite=Strict" in cookie
    session = {"Cookie": cookie.partition(";")[0]}
    status, _, html = guarded.ask("GET", "/", headers=session)
    assert status == 200 and "/picture" not in html and TOKEN not in html
    assert guarded.press("/acknowledge", {"seq": 1}, **session) == 204
    assert guarded.watch("/events", {"Authorization": f"Bearer {TOKEN}"}).status == 200


def test_the_fifth_viewer_is_told_that_four_are_watching_and_gets_in_when_one_leaves(page: Page) -> None:
    watching = [page.watch("/events") for _ in range(4)]
    status, _, says = page.ask("GET", "/events")
    assert (status, says) == (503, "4 viewers are watching already\n")
    watching.pop().close()
    assert eventually(lambda: page.watch("/events").status == 200)


def test_a_viewer_who_does_not_read_is_dropped_and_costs_the_monitor_nothing(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "SEND_S", 0.3)
    stuck = socket.create_connection(("127.0.0.1", page.port))
    stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    stuck.sendall(b"GET /picture HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert eventually(lambda: page.output.pictures.watchers == 1)
    noise = np.random.default_rng(1).integers(0, 255, (480, 640, 3), dtype=np.uint8)
    took_s = []
    deadline = time.monotonic() + 10.0
    while page.output.pictures.watchers == 1 and time.monotonic() < deadline:
        begin_s = time.perf_counter()
        page.output.frame(Frame(noise, 0, 0), NOBODY)
        took_s.append(time.perf_counter() - begin_s)
        time.sleep(0.03)
    assert page.output.pictures.watchers == 0
    assert usual_longest(took_s) < 0.1
    stuck.close()


@pytest.mark.parametrize(
    "request_of",
    [
        lambda: b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
        lambda: b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n",
        lambda: b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"".join(b"A%d: 1\r\n" % i for i in range(90)) + b"\r\n",
        lambda: b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"".join(b"A%d: 1\r\n" % i for i in range(900)) + b"\r\n",
        lambda: b"POST /marker HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n",
        lambda: b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)),
        lambda: b"GET / HTTP/9.9\r\n\r\n",
        lambda: b"PUT / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        lambda: b"\r\n\r\n\r\n",
    ],
    ids=["long header", "long line", "90 headers", "900 headers", "huge body", "TLS", "version", "method", "nothing"],
)
def test_oversized_and_foreign_requests_are_refused_and_the_page_goes_on(
    request_of: Callable[[], bytes], page: Page, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bounded, "REQUEST_S", 1.0)
    answer = page.raw(request_of())
    assert answer == b"" or re.match(rb"HTTP/1\.[01] [45]\d\d ", answer)
    assert page.ask("GET", "/")[0] == 200
    assert "Traceback" not in capfd.readouterr().err


def test_a_request_that_dribbles_in_is_given_up_in_time(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "REQUEST_S", 0.5)
    with socket.create_connection(("127.0.0.1", page.port)) as connection:
        begin_s = time.monotonic()
        connection.settimeout(5.0)
        with pytest.raises(OSError):
            for byte in b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 1000:
                connection.sendall(bytes([byte]))
                time.sleep(0.02)
        assert time.monotonic() - begin_s < 10.0  # all of it would take more than two minutes


def test_more_connections_than_there_is_room_for_are_told_so(page: Page) -> None:
    held = [socket.create_connection(("127.0.0.1", page.port)) for _ in range(bounded.MAX_CONNECTIONS)]
    assert eventually(lambda: page.raw(b"GET / HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 503"))
    for connection in held:
        connection.close()
    assert eventually(lambda: page.raw(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").startswith(b"HTTP/1.1 200"))


def test_a_port_in_use_is_one_clear_line(page: Page) -> None:
    with pytest.raises(ConfigError, match="the port is in use; choose another with --view"):
        LivePage(f"127.0.0.1:{page.port}")


def test_only_the_interface_that_was_asked_for_answers(page: Page) -> None:
    # All of 127.0.0.0/8 is this machine, but the page listens on 127.0.0.1 alone.
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", page.port), timeout=2.0)


def test_closing_ends_the_streams_and_frees_the_port() -> None:
    def closed_in_s() -> float:
        page = Page()
        stream = page.watch("/events")
        begin_s = time.monotonic()
        page.output.close()
        took_s = time.monotonic() - begin_s
        while stream.readline():
            pass
        LivePage(f"127.0.0.1:{page.port}").close()
        return took_s

    assert within(1.0, closed_in_s)
