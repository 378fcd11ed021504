"""A network camera on the loopback: MJPEG over HTTP, as phones and small camera boards send it, with its whims.

What it does not simulate: radio, a camera's own buffers, servers that serve one client only.
"""

from __future__ import annotations

import base64
import hashlib
import ssl
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.request import parse_http_list, parse_keqv_list

import cv2
import numpy as np

Picture = Callable[[], "np.ndarray[Any, Any]"]
NONCE = "6f7a1c"


class MjpegServer:
    """Serves ``picture()`` at ``fps`` to everybody who asks.

    Args:
        certificate: file with a key and its certificate; with it, over HTTPS.

    Attributes:
        silent: no frames are sent.
        mode: ``works``, ``garbage`` (parts that are no JPEG), ``ends`` (closes connections),
            ``page`` (a web page), ``still`` (a single image), ``missing`` (404).
        login: ``USER:PASSWORD``, or empty; ``digest`` asks for it so.
        lengths: whether parts say their length.
    """

    def __init__(self, picture: Picture, fps: float = 30.0, port: int = 0, certificate: str = "") -> None:
        self.picture, self.fps = picture, fps
        self.mode, self.silent, self.login, self.digest = "works", False, "", False
        self.lengths, self.boundary, self.announced = True, "--frame", "frame"
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.redirect = ""
        camera = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                camera.serve(self)

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            allow_reuse_address = True
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                """Clients that leave are none."""

        self._server = Server(("127.0.0.1", port), Handler)
        self.port = self._server.server_port
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            # Handshakes are made by the clients' threads: one that is refused must not stop the server.
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.address = f"{'https' if certificate else 'http'}://127.0.0.1:{self.port}/video"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def serve(self, request: BaseHTTPRequestHandler) -> None:
        """One client."""
        self.asked.append((request.path, dict(request.headers)))
        if self.login and not self._is_allowed(request):
            self._answer(request, 401, "text/html", header=f"WWW-Authenticate: {self._challenge()}")
        elif self.redirect and request.path == "/video":
            self._answer(request, 302, "text/html", header=f"Location: {self.redirect}")
        elif self.mode == "missing":
            self._answer(request, 404, "text/html")
        elif self.mode == "page":
            self._answer(request, 200, "text/html", b"<html>My camera</html>")
        elif self.mode == "still":
            self._answer(request, 200, "image/jpeg", self._jpeg())
        else:
            self._stream(request)

    def close(self) -> None:
        self.mode = "ends"
        self._server.shutdown()
        self._server.server_close()

    def _stream(self, request: BaseHTTPRequestHandler) -> None:
        self._answer(request, 200, f"multipart/x-mixed-replace; boundary={self.announced}", header="Connection: close")
        due_s = time.monotonic()
        while self.mode != "ends":
            due_s = max(due_s + 1 / self.fps, time.monotonic() - 0.05)
            time.sleep(max(0.0, due_s - time.monotonic()))
            if self.silent:
                continue
            part = np.random.default_rng(1).bytes(20_000) if self.mode == "garbage" else self._jpeg()
            length = f"Content-Length: {len(part)}\r\n" if self.lengths else ""
            head = f"{self.boundary}\r\nContent-Type: image/jpeg\r\n{length}\r\n".encode()
            request.wfile.write(head + part + b"\r\n")

    def _jpeg(self) -> bytes:
        return bytes(cv2.imencode(".jpg", self.picture(), [cv2.IMWRITE_JPEG_QUALITY, 80])[1])

    def _answer(
        self, request: BaseHTTPRequestHandler, status: int, kind: str, body: bytes = b"", header: str = ""
    ) -> None:
        request.send_response(status)
        request.send_header("Content-Type", kind)
        if header:
            request.send_header(*header.split(": ", 1))
        request.end_headers()
        request.wfile.write(body)

    def _challenge(self) -> str:
        return f'Digest realm="cam", nonce="{NONCE}", qop="auth", opaque="x"' if self.digest else 'Basic realm="cam"'

    def _is_allowed(self, request: BaseHTTPRequestHandler) -> bool:
        kind, _, rest = request.headers.get("Authorization", "").partition(" ")
        if not self.digest:
            return kind == "Basic" and base64.b64decode(rest).decode() == self.login
        said = parse_keqv_list(parse_http_list(rest))
        user, _, password = self.login.partition(":")

        def md5(text: str) -> str:
            return hashlib.md5(text.encode()).hexdigest()

        own, asked = md5(f"{user}:cam:{password}"), md5(f"GET:{request.path}")
        right = md5(f"{own}:{NONCE}:{said.get('nc')}:{said.get('cnonce')}:auth:{asked}")
        return kind == "Digest" and said.get("response") == right and said.get("username") == user
