"""Serves the live page: the page itself, its picture, its events, what its buttons say, and the answers to programs.

Plain HTTP from the standard library, in threads of its own. One request a connection; ``wakeful.device.view.access``
says who is let in, ``wakeful.device.view.bounded`` what a request may cost.
"""

from __future__ import annotations

import contextlib
import errno
import io
import json
import select
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from importlib import resources
from typing import Any

from wakeful.device.messages import Acknowledge, Command, Marker
from wakeful.device.supervision.workers import Liveness, Worker
from wakeful.device.view.access import COOKIE, Access, Address, from_own_page, host_is_ours, own_names
from wakeful.device.view.bounded import SEND_S, BoundedServer, RequestReader
from wakeful.device.view.feed import Feed
from wakeful.device.view.pictures import Pictures
from wakeful.device.view.programs import METRICS_TYPE, Programs
from wakeful.errors import ConfigError

MAX_VIEWERS = 4
MAX_BODY_BYTES = 1024
MAX_MARKER_LENGTH = 80
MAX_HEADERS = 50
WAIT_S = 1.0
WRONG_TOKEN_PAUSE_S = 0.5
# A viewer's socket holds little, so that a slow network shows few pictures, not old ones.
SEND_BUFFER_BYTES = 65_536
# Sent right behind each picture: browsers show one when the head of the next has come.
NEXT_PART = b"--picture\r\nContent-Type: image/jpeg\r\n\r\n"

STATIC = {
    "/live.css": "text/css; charset=utf-8",
    "/live.js": "text/javascript; charset=utf-8",
    "/live_drawing.js": "text/javascript; charset=utf-8",
    "/live_sound.js": "text/javascript; charset=utf-8",
    "/live.svg": "image/svg+xml",
}
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@dataclass
class Site:
    """What the handlers of all requests share."""

    access: Access
    feed: Feed
    pictures: Pictures
    programs: Programs
    on_command: Callable[[Command], None]
    names: tuple[str, ...] = field(default_factory=own_names)
    viewers: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(MAX_VIEWERS))
    onlookers: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(MAX_VIEWERS))
    """Places at the events, and at the picture."""
    no_token_before_s: float = 0.0


class PageServer:
    """Listens from the moment it is made until it is closed.

    Raises:
        ConfigError: the address cannot be listened on.
    """

    def __init__(self, address: Address, site: Site, liveness: Liveness | None = None) -> None:
        host = "127.0.0.1" if address.host == "localhost" else address.host
        handler = type("SiteHandler", (_Handler,), {"site": site})
        try:
            self._server = BoundedServer((host, address.port), address.family, handler)
        except OSError as error:
            raise ConfigError(f"the live page cannot be served on {address}: {_why(error)}") from None
        self.address = Address(address.host, self._server.server_address[1])
        self._thread = Worker("view-server", partial(self._server.serve_forever, 0.1), liveness=liveness)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join(1.0)
        self._server.server_close()


def _why(error: OSError) -> str:
    known = {
        errno.EADDRINUSE: "the port is in use; choose another with --view HOST:PORT",
        errno.EADDRNOTAVAIL: "this machine has no such address; see `ip address`",
        errno.EACCES: "ports below 1024 need more rights; choose a higher one",
    }
    return known.get(error.errno or 0, str(error.strerror or error))


class _Refused(Exception):
    """A request that is answered with a status and one line."""

    def __init__(self, status: HTTPStatus, says: str) -> None:
        super().__init__(says)
        self.status = status


class _Handler(BaseHTTPRequestHandler):
    """One request."""

    site: Site
    server_version = "wakeful"
    sys_version = ""
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self.rfile = io.BufferedReader(RequestReader(self.connection))

    def handle(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.handle_one_request()

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        self._answer(self._post)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing about who looks is written anywhere."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the library itself cannot read: one line, without repeating any of it."""
        self.close_connection = True
        self._send(HTTPStatus(code), "text/plain; charset=utf-8", f"{HTTPStatus(code).phrase}\n".encode())

    def _answer(self, handle: Callable[[str], None]) -> None:
        self.connection.settimeout(SEND_S)
        path = self.path.partition("?")[0]
        try:
            self._check(path)
            handle(path)
        except _Refused as refused:
            self._send(refused.status, "text/plain; charset=utf-8", f"{refused}\n".encode())

    @property
    def _given(self) -> dict[str, str]:
        """The headers of the request by their usual names, however they were written."""
        return {name.title(): value for name, value in self.headers.items()}

    def _check(self, path: str) -> None:
        """Raises ``_Refused`` unless the request may be answered at all."""
        if len(self.headers) > MAX_HEADERS:
            raise _Refused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "too many headers")
        if not host_is_ours(self._given, self.connection.getsockname()[0], self.site.names):
            raise _Refused(HTTPStatus.MISDIRECTED_REQUEST, "ask for this page by the address of this machine")
        # Following a link to the page is harmless; everything else must come from the page.
        if path != "/" and not from_own_page(self._given):
            raise _Refused(HTTPStatus.FORBIDDEN, "only the live page itself may ask for this")

    def _get(self, path: str) -> None:
        if path in STATIC:
            self._send(HTTPStatus.OK, STATIC[path], _file(path[1:]))
        elif path == "/":
            known = self.site.access.knows(self._given)
            page = _file("live.html" if known else "enter.html").replace(b"{{page}}", self.site.access.page.encode())
            self._send(HTTPStatus.OK if known else HTTPStatus.UNAUTHORIZED, "text/html; charset=utf-8", page)
        elif path == "/healthz":
            # Open to everybody, as a container's health check has no token; it holds nothing about a person.
            healthy, body = self.site.programs.healthz()
            self._send(HTTPStatus.OK if healthy else HTTPStatus.SERVICE_UNAVAILABLE, "application/json", body)
        elif path == "/state":
            self._require_token()
            self._send(HTTPStatus.OK, "application/json", self.site.programs.state_json())
        elif path == "/metrics":
            self._require_token()
            self._send(HTTPStatus.OK, METRICS_TYPE, self.site.programs.metrics())
        elif path in ("/picture", "/events"):
            self._require_token()
            stream, places = (
                (self._stream_picture, self.site.onlookers)
                if path == "/picture"
                else (self._stream_events, self.site.viewers)
            )
            if not places.acquire(blocking=False):
                raise _Refused(HTTPStatus.SERVICE_UNAVAILABLE, f"{MAX_VIEWERS} viewers are watching already")
            try:
                stream()
            finally:
                places.release()
        else:
            raise _Refused(HTTPStatus.NOT_FOUND, "there is no such page; the live page is /")

    def _post(self, path: str) -> None:
        if not self.site.access.pressed_on_page(self._given):
            raise _Refused(HTTPStatus.FORBIDDEN, "load the page again: the monitor has been restarted")
        if path == "/enter":
            self._enter(str(self._body().get("token", "")))
            return
        self._require_token()
        if path == "/marker":
            text = str(self._body().get("text", ""))[:MAX_MARKER_LENGTH]
            printable = "".join(one if one.isprintable() else " " for one in text).strip()
            self.site.on_command(Marker(printable or "marker", time.monotonic_ns()))
        elif path == "/acknowledge":
            seq = self._body().get("seq")
            if type(seq) is not int or not 0 <= seq < 2**31:
                raise _Refused(HTTPStatus.BAD_REQUEST, 'send {"seq": N}, the number of an alert')
            self.site.on_command(Acknowledge(seq))
        else:
            raise _Refused(HTTPStatus.NOT_FOUND, "the page has no such button")
        self._send(HTTPStatus.NO_CONTENT, "", b"")

    def _enter(self, token: str) -> None:
        now_s = time.monotonic()
        if now_s < self.site.no_token_before_s:
            raise _Refused(HTTPStatus.TOO_MANY_REQUESTS, "try again in a second")
        if not self.site.access.accepts(token):
            self.site.no_token_before_s = now_s + WRONG_TOKEN_PAUSE_S
            raise _Refused(HTTPStatus.FORBIDDEN, "this is not the token")
        cookie = f"{COOKIE}={self.site.access.session}; HttpOnly; SameSite=Strict; Path=/"
        self._send(HTTPStatus.NO_CONTENT, "", b"", {"Set-Cookie": cookie})

    def _require_token(self) -> None:
        if not self.site.access.knows(self._given):
            raise _Refused(HTTPStatus.UNAUTHORIZED, "the token is needed: open /")

    def _body(self) -> dict[str, Any]:
        """The JSON object that was posted."""
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit():
            raise _Refused(HTTPStatus.LENGTH_REQUIRED, "say the length of the body")
        if len(length) > 6 or int(length) > MAX_BODY_BYTES:
            raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a body has at most {MAX_BODY_BYTES} bytes")
        try:
            body = json.loads(self.rfile.read(int(length)))
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict):
            raise _Refused(HTTPStatus.BAD_REQUEST, "the body should be a JSON object")
        return body

    def _stream_picture(self) -> None:
        pictures = self.site.pictures
        self._begin_stream("multipart/x-mixed-replace; boundary=picture")
        pictures.watch()
        try:
            self.wfile.write(NEXT_PART)
            number = 0
            while not pictures.closed:
                jpeg = pictures.after(number, WAIT_S)
                if jpeg is None:
                    if self._gone():
                        return
                    continue
                number = jpeg.number
                self.wfile.write(jpeg.data + b"\r\n" + NEXT_PART)
        finally:
            pictures.leave()

    def _stream_events(self) -> None:
        self._begin_stream("text/event-stream; charset=utf-8")
        welcome = self.site.feed.welcome()
        self.wfile.write(b"retry: 1000\n\n" + welcome.text)
        number = welcome.number
        while (messages := self.site.feed.after(number, WAIT_S)) is not None:
            if messages:
                number = messages[-1].number
                self.wfile.write(b"".join(message.text for message in messages))
            elif self._gone():
                return

    def _begin_stream(self, kind: str) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connection.settimeout(SEND_S)
        self._head(HTTPStatus.OK, {"Content-Type": kind})

    def _gone(self) -> bool:
        """Whether the viewer has closed the connection, which shows only when one listens."""
        listening = select.poll()
        listening.register(self.connection, select.POLLIN)
        return bool(listening.poll(0)) and not self.connection.recv(1, socket.MSG_PEEK)

    def _send(self, status: HTTPStatus, kind: str, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.connection.settimeout(SEND_S)
        typed = {"Content-Type": kind} if kind else {}
        self._head(status, {**typed, "Content-Length": str(len(body)), **(headers or {})})
        self.wfile.write(body)

    def _head(self, status: HTTPStatus, headers: dict[str, str]) -> None:
        # The library answers requests that call themselves HTTP/0.9 without any head.
        self.request_version = self.protocol_version
        self.send_response(status)
        for name, value in {**HEADERS, **headers, "Connection": "close"}.items():
            self.send_header(name, value)
        self.end_headers()


def _file(name: str) -> bytes:
    return resources.files("wakeful.device.view").joinpath("page", name).read_bytes()
