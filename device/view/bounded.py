"""What a stranger may cost: so many bytes and seconds for a request, so many connections at a time."""

from __future__ import annotations

import contextlib
import io
import socket
import socketserver
import threading
import time
from typing import Any

MAX_CONNECTIONS = 24
MAX_REQUEST_BYTES = 16_384
REQUEST_S = 5.0
SEND_S = 2.0
BUSY = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class RequestReader(io.RawIOBase):
    """Reads a request from a socket, all of it within ``REQUEST_S``, however slowly its bytes come.

    Raises:
        TimeoutError: it took longer, or is larger than ``MAX_REQUEST_BYTES``.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._end_s = time.monotonic() + REQUEST_S
        self._left = MAX_REQUEST_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left_s = self._end_s - time.monotonic()
        if left_s <= 0 or self._left <= 0:
            raise TimeoutError("the request is too slow or too large")
        self._connection.settimeout(left_s)
        count = self._connection.recv_into(memoryview(buffer)[: self._left])
        self._left -= count
        return count


class BoundedServer(socketserver.ThreadingTCPServer):
    """A thread for each connection, ``MAX_CONNECTIONS`` of them; more are refused as busy."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 16

    def __init__(self, address: tuple[str, int], family: socket.AddressFamily, handler: Any) -> None:
        self.address_family = family
        self._free = threading.BoundedSemaphore(MAX_CONNECTIONS)
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
            return
        with contextlib.suppress(OSError):
            request.setblocking(False)
            request.send(BUSY)
        self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """People close their browsers: a connection that breaks is nothing to report."""
