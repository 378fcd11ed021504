"""Serves the live page: the page itself, its picture, its events, what its buttons say, and the answers to programs.

In threads of its own; ``wakeful.device.view.request`` says who may ask, and how much.
"""

from __future__ import annotations

import select
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import field
from functools import partial
from http import HTTPStatus

from wakeful.device.messages import Acknowledge, Command, Marker
from wakeful.device.supervision.workers import Liveness, Worker
from wakeful.device.view.access import COOKIE, Access, Address, own_names
from wakeful.device.view.bounded import SEND_S, BoundedServer
from wakeful.device.view.feed import Feed
from wakeful.device.view.pictures import Pictures
from wakeful.device.view.programs import METRICS_TYPE, Programs
from wakeful.device.view.request import Refused, RequestHandler, page_file, why_not_served
from wakeful.errors import ConfigError
from wakeful.frozen import dataclass

MAX_VIEWERS = 4
MAX_MARKER_LENGTH = 80
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
            raise ConfigError(f"the live page cannot be served on {address}: {why_not_served(error)}") from None
        self.address = Address(address.host, self._server.server_address[1])
        self._thread = Worker("view-server", partial(self._server.serve_forever, 0.1), liveness=liveness)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join(1.0)
        self._server.server_close()


class _Handler(RequestHandler):
    """One request."""

    site: Site

    def get(self, path: str) -> None:
        if path in STATIC:
            self.send(HTTPStatus.OK, STATIC[path], page_file(path[1:]))
        elif path == "/":
            known = self.site.access.knows(self.given)
            page = page_file("live.html" if known else "enter.html").replace(
                b"{{page}}", self.site.access.page.encode()
            )
            self.send(HTTPStatus.OK if known else HTTPStatus.UNAUTHORIZED, "text/html; charset=utf-8", page)
        elif path == "/healthz":
            # Open to everybody, as a container's health check has no token; it holds nothing about a person.
            healthy, body = self.site.programs.healthz()
            self.send(HTTPStatus.OK if healthy else HTTPStatus.SERVICE_UNAVAILABLE, "application/json", body)
        elif path == "/state":
            self._require_token()
            self.send(HTTPStatus.OK, "application/json", self.site.programs.state_json())
        elif path == "/metrics":
            self._require_token()
            self.send(HTTPStatus.OK, METRICS_TYPE, self.site.programs.metrics())
        elif path in ("/picture", "/events"):
            self._require_token()
            stream, places = (
                (self._stream_picture, self.site.onlookers)
                if path == "/picture"
                else (self._stream_events, self.site.viewers)
            )
            if not places.acquire(blocking=False):
                raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, f"{MAX_VIEWERS} viewers are watching already")
            try:
                stream()
            finally:
                places.release()
        else:
            raise Refused(HTTPStatus.NOT_FOUND, "there is no such page; the live page is /")

    def post(self, path: str) -> None:
        if path == "/enter":
            self._enter(str(self.body().get("token", "")))
            return
        self._require_token()
        if path == "/marker":
            text = str(self.body().get("text", ""))[:MAX_MARKER_LENGTH]
            printable = "".join(one if one.isprintable() else " " for one in text).strip()
            self.site.on_command(Marker(printable or "marker", time.monotonic_ns()))
        elif path == "/acknowledge":
            seq = self.body().get("seq")
            if type(seq) is not int or not 0 <= seq < 2**31:
                raise Refused(HTTPStatus.BAD_REQUEST, 'send {"seq": N}, the number of an alert')
            self.site.on_command(Acknowledge(seq))
        else:
            raise Refused(HTTPStatus.NOT_FOUND, "the page has no such button")
        self.send(HTTPStatus.NO_CONTENT, "", b"")

    def _enter(self, token: str) -> None:
        now_s = time.monotonic()
        if now_s < self.site.no_token_before_s:
            raise Refused(HTTPStatus.TOO_MANY_REQUESTS, "try again in a second")
        if not self.site.access.accepts(token):
            self.site.no_token_before_s = now_s + WRONG_TOKEN_PAUSE_S
            raise Refused(HTTPStatus.FORBIDDEN, "this is not the token")
        cookie = f"{COOKIE}={self.site.access.session}; HttpOnly; SameSite=Strict; Path=/"
        self.send(HTTPStatus.NO_CONTENT, "", b"", {"Set-Cookie": cookie})

    def _require_token(self) -> None:
        if not self.site.access.knows(self.given):
            raise Refused(HTTPStatus.UNAUTHORIZED, "the token is needed: open /")

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
        self.head(HTTPStatus.OK, {"Content-Type": kind})

    def _gone(self) -> bool:
        """Whether the viewer has closed the connection, which shows only when one listens."""
        listening = select.poll()
        listening.register(self.connection, select.POLLIN)
        return bool(listening.poll(0)) and not self.connection.recv(1, socket.MSG_PEEK)
