"""Serves the page in which pictures are labelled, on this machine alone: it shows people."""

from __future__ import annotations

import json
import threading
from html import escape
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from wakeful.device.view.access import Address
from wakeful.device.view.bounded import BoundedServer
from wakeful.device.view.request import Refused, RequestHandler, page_file, why_not_served
from wakeful.errors import ConfigError
from wakeful.models.labelling.desk import MOST_LOOKS, Desk
from wakeful.models.labelling.journal import Look, digest_of

STATIC = {
    "/live.css": ("text/css; charset=utf-8", "wakeful.device.view"),
    "/live.svg": ("image/svg+xml", "wakeful.device.view"),
    "/label.css": ("text/css; charset=utf-8", "wakeful.models.labelling"),
    "/label.js": ("text/javascript; charset=utf-8", "wakeful.models.labelling"),
}
MOST_ID_LENGTH = 64


class LabelServer:
    """Listens from the moment it is made until it is closed.

    Raises:
        ConfigError: the address is not of this machine alone, or cannot be listened on.
    """

    def __init__(self, address: Address, desk: Desk) -> None:
        if not address.loopback:
            raise ConfigError(
                f"pictures of people are labelled on this machine alone, not on {address}: from another one, "
                f"use ssh -L {address.port}:127.0.0.1:{address.port}"
            )
        host = "127.0.0.1" if address.host == "localhost" else address.host
        handler = type("DeskHandler", (_Handler,), {"site": desk})
        try:
            self._server = BoundedServer((host, address.port), address.family, handler)
        except OSError as error:
            raise ConfigError(f"the page cannot be served on {address}: {why_not_served(error)}") from None
        self.url = f"http://{Address(address.host, self._server.server_address[1])}/"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="labels", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join(1.0)
        self._server.server_close()


class _Handler(RequestHandler):
    site: Desk

    def get(self, path: str) -> None:
        if path in STATIC:
            kind, package = STATIC[path]
            self.send(HTTPStatus.OK, kind, page_file(path[1:], package))
        elif path == "/":
            self.send(HTTPStatus.OK, "text/html; charset=utf-8", self._page())
        elif path == "/next":
            asked = parse_qs(urlsplit(self.path).query)
            self._json(self.site.next(_number(asked, "look", MOST_LOOKS), _number(asked, "count", 1000)))
        elif path.startswith("/guess/"):
            self._json(dict(self.site.guesser(self._row(path)).shares))
        elif path.startswith(("/picture/", "/eyes/")):
            shown = self.site.shown if path.startswith("/picture/") else self.site.strip
            jpeg = shown(self._row(path))
            if jpeg is None:
                raise Refused(HTTPStatus.NOT_FOUND, "there is nothing to show")
            self.send(HTTPStatus.OK, "image/jpeg", jpeg)
        else:
            raise Refused(HTTPStatus.NOT_FOUND, "there is no such page; the pictures are labelled at /")

    def post(self, path: str) -> None:
        body = self.body()
        id_ = _text(body.get("id"))
        if not id_:
            raise Refused(HTTPStatus.BAD_REQUEST, "a label needs an id")
        try:
            if path == "/label":
                self.site.label(self._look(id_, body))
            elif path == "/undo":
                self.site.undo(id_, _text(body.get("of")))
            else:
                raise Refused(HTTPStatus.NOT_FOUND, "the page has no such button")
        except OSError as error:
            says = f"not saved: {error.strerror or error}; make room, it is sent again"
            raise Refused(HTTPStatus.INSUFFICIENT_STORAGE, says) from None
        self.send(HTTPStatus.NO_CONTENT, "", b"")

    def _look(self, id_: str, body: dict[str, object]) -> Look:
        row, label = body.get("row"), body.get("label")
        known = isinstance(label, str) and label in self.site.scheme.names
        if type(row) is not int or not 0 <= row < len(self.site.pictures.items) or not known:
            raise Refused(HTTPStatus.BAD_REQUEST, 'send {"id": ..., "row": N, "label": KEY, "sure": true}')
        return Look(id_, row, str(label), body.get("sure") is True, self.site.who)

    def _row(self, path: str) -> int:
        last = path.rpartition("/")[2]
        if not last.isascii() or not last.isdigit() or len(last) > 9 or int(last) >= len(self.site.pictures.items):
            raise Refused(HTTPStatus.NOT_FOUND, "there is no such picture")
        return int(last)

    def _page(self) -> bytes:
        filled = {
            "page": self.site.access.page,
            "set": digest_of(self.site.pictures),
            "title": self.site.pictures.source.name,
            "keys": json.dumps(self.site.scheme.names),
        }
        page = page_file("label.html", "wakeful.models.labelling").decode()
        for name, value in filled.items():
            page = page.replace(f"{{{{{name}}}}}", escape(value))
        return page.encode()

    def _json(self, value: object) -> None:
        self.send(HTTPStatus.OK, "application/json", json.dumps(value).encode())


def _number(asked: dict[str, list[str]], name: str, most: int) -> int:
    text = asked.get(name, ["1"])[0]
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:6]) <= most:
        raise Refused(HTTPStatus.BAD_REQUEST, f"{name} is a number from 1 to {most}")
    return int(text[:6])


def _text(value: object) -> str:
    return value[:MOST_ID_LENGTH] if isinstance(value, str) and value.isprintable() else ""
