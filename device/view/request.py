"""What the pages that wakeful serves itself share: who may ask, how much, and the headers of the answer.

Plain HTTP from the standard library. One request a connection; ``wakeful.device.view.access`` says who is let in,
``wakeful.device.view.bounded`` what a request may cost.
"""

from __future__ import annotations

import contextlib
import errno
import io
import json
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from importlib import resources
from typing import Any, Protocol

from wakeful.device.view.access import Access, from_own_page, host_is_ours
from wakeful.device.view.bounded import SEND_S, RequestReader

MAX_BODY_BYTES = 1024
MAX_HEADERS = 50
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


class Refused(Exception):
    """A request that is answered with a status and one line."""

    def __init__(self, status: HTTPStatus, says: str) -> None:
        super().__init__(says)
        self.status = status


class Guarded(Protocol):
    """What says who may ask.

    Attributes:
        names: under which this machine is known.
    """

    @property
    def access(self) -> Access: ...

    @property
    def names(self) -> tuple[str, ...]: ...


class RequestHandler(BaseHTTPRequestHandler):
    """One request; ``get`` and ``post`` answer it once it has been checked."""

    site: Guarded
    server_version = "wakeful"
    sys_version = ""
    protocol_version = "HTTP/1.1"

    def get(self, path: str) -> None:
        """Answers, or raises ``Refused``."""
        raise Refused(HTTPStatus.NOT_FOUND, "there is no such page")

    def post(self, path: str) -> None:
        """Answers what a page's own script sends, or raises ``Refused``."""
        raise Refused(HTTPStatus.NOT_FOUND, "the page has no such button")

    def setup(self) -> None:
        super().setup()
        self.rfile = io.BufferedReader(RequestReader(self.connection))

    def handle(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.handle_one_request()

    def do_GET(self) -> None:
        self._answer(self.get)

    def do_POST(self) -> None:
        self._answer(self._pressed)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing about who looks is written anywhere."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the library itself cannot read: one line, without repeating any of it."""
        self.close_connection = True
        self.send(HTTPStatus(code), "text/plain; charset=utf-8", f"{HTTPStatus(code).phrase}\n".encode())

    @property
    def given(self) -> dict[str, str]:
        """The headers of the request by their usual names, however they were written."""
        return {name.title(): value for name, value in self.headers.items()}

    def body(self) -> dict[str, Any]:
        """The JSON object that was posted."""
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit():
            raise Refused(HTTPStatus.LENGTH_REQUIRED, "say the length of the body")
        if len(length) > 6 or int(length) > MAX_BODY_BYTES:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a body has at most {MAX_BODY_BYTES} bytes")
        try:
            body = json.loads(self.rfile.read(int(length)))
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict):
            raise Refused(HTTPStatus.BAD_REQUEST, "the body should be a JSON object")
        return body

    def send(self, status: HTTPStatus, kind: str, body: bytes, headers: dict[str, str] | None = None) -> None:
        """A whole answer."""
        self.connection.settimeout(SEND_S)
        typed = {"Content-Type": kind} if kind else {}
        self.head(status, {**typed, "Content-Length": str(len(body)), **(headers or {})})
        self.wfile.write(body)

    def head(self, status: HTTPStatus, headers: dict[str, str]) -> None:
        """The head of an answer."""
        # The library answers requests that call themselves HTTP/0.9 without any head.
        self.request_version = self.protocol_version
        self.send_response(status)
        for name, value in {**HEADERS, **headers, "Connection": "close"}.items():
            self.send_header(name, value)
        self.end_headers()

    def _answer(self, handle: Callable[[str], None]) -> None:
        self.connection.settimeout(SEND_S)
        path = self.path.partition("?")[0]
        try:
            self._check(path)
            handle(path)
        except Refused as refused:
            self.send(refused.status, "text/plain; charset=utf-8", f"{refused}\n".encode())

    def _pressed(self, path: str) -> None:
        if not self.site.access.pressed_on_page(self.given):
            raise Refused(HTTPStatus.FORBIDDEN, "load the page again: wakeful has been restarted")
        self.post(path)

    def _check(self, path: str) -> None:
        """Raises ``Refused`` unless the request may be answered at all."""
        if len(self.headers) > MAX_HEADERS:
            raise Refused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "too many headers")
        if not host_is_ours(self.given, self.connection.getsockname()[0], self.site.names):
            raise Refused(HTTPStatus.MISDIRECTED_REQUEST, "ask for this page by the address of this machine")
        # Following a link to the page is harmless; everything else must come from the page.
        if path != "/" and not from_own_page(self.given):
            raise Refused(HTTPStatus.FORBIDDEN, "only the page itself may ask for this")


def page_file(name: str, package: str = "wakeful.device.view") -> bytes:
    """A file of the folder ``page`` of a room."""
    return resources.files(package).joinpath("page", name).read_bytes()


def why_not_served(error: OSError) -> str:
    """Why an address cannot be listened on, and what to do."""
    known = {
        errno.EADDRINUSE: "the port is in use; choose another with --view HOST:PORT",
        errno.EADDRNOTAVAIL: "this machine has no such address; see `ip address`",
        errno.EACCES: "ports below 1024 need more rights; choose a higher one",
    }
    return known.get(error.errno or 0, str(error.strerror or error))
