"""Broken requests to the live page: answered with a status or by closing, and no press of a button gets through.

The handler is given one end of a pair of sockets, as the server would; the streams have ended, so that it comes back.
"""

from __future__ import annotations

import socket
from types import SimpleNamespace
from typing import Any, cast

from tools.fuzz.runner import Parser
from wakeful.device.alerts.loop_stats import LoopStats
from wakeful.device.messages import Command
from wakeful.device.view.access import Access
from wakeful.device.view.feed import Feed
from wakeful.device.view.pictures import Pictures
from wakeful.device.view.programs import Programs
from wakeful.device.view.server import Site, _Handler

TOKEN = b"a-token-of-a-page"
LONGEST = 16_384


class _Fuzzed(_Handler):
    """The handler on a site whose monitor has ended."""


def _site() -> Site:
    stats = LoopStats(0.0, 0.0, 0, "v2")
    feed, pictures, programs = Feed("a test", lambda: stats), Pictures(), Programs(lambda: stats)
    feed.close()
    pictures.close()

    def pressed(command: Command) -> None:
        raise AssertionError(f"a broken request pressed a button: {command}")

    return Site(Access(TOKEN.decode()), feed, pictures, programs, pressed, names=())


_Fuzzed.site = _site()


def parse(data: bytes) -> bool:
    """Whether the page answered with what was asked for."""
    theirs, ours = socket.socketpair()
    with theirs, ours:
        theirs.sendall(data[:LONGEST])
        theirs.shutdown(socket.SHUT_WR)
        ours_with_name = cast(Any, _Named(ours))
        _Fuzzed(ours_with_name, ("127.0.0.1", 1), cast(Any, SimpleNamespace()))
        ours.shutdown(socket.SHUT_WR)
        answer = theirs.recv(64)
    if answer and not answer.startswith(b"HTTP/1."):
        raise AssertionError(f"answered {answer!r}")
    return answer.startswith((b"HTTP/1.1 2", b"HTTP/1.1 401"))


class _Named:
    """A socket of a pair that says the addresses an internet socket would."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def getsockname(self) -> tuple[str, int]:
        return "127.0.0.1", 8321

    def setsockopt(self, level: int, option: int, value: int) -> None:
        """What only internet sockets have is not set."""


def _request(method: bytes, path: bytes, *headers: bytes, body: bytes = b"") -> bytes:
    lines = [method + b" " + path + b" HTTP/1.1", b"Host: 127.0.0.1:8321", *headers]
    if body:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join([*lines, b"", body])


BEARER = b"Authorization: Bearer " + TOKEN
PARSER = Parser(
    "live_page",
    parse,
    seeds=(
        _request(b"GET", b"/"),
        _request(b"GET", b"/live.js"),
        _request(b"GET", b"/healthz"),
        _request(b"GET", b"/state", BEARER),
        _request(b"GET", b"/metrics", BEARER),
        _request(b"GET", b"/events", BEARER),
        _request(b"GET", b"/picture", BEARER, b"Sec-Fetch-Site: same-origin"),
        _request(b"POST", b"/marker", BEARER, b"X-Wakeful-Page: guessed", body=b'{"text": "tunnel"}'),
        _request(b"POST", b"/acknowledge", b"Cookie: wakeful_view=guessed", body=b'{"seq": 1}'),
        _request(b"POST", b"/enter", b"Origin: http://127.0.0.1:8321", body=b'{"token": "guessed"}'),
    ),
    words=(
        *(b"\r\n", b"\r\n\r\n", b"Host: ", b"HTTP/1.1", b"HTTP/0.9", b"\x00", b"Content-Length: -1", b"//"),
        *(b"%00", b"../"),
    ),
    quick_inputs=400,
)
