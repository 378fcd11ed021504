"""A network between a camera and the monitor that can be cut, dammed up and soiled."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress

import numpy as np

CHUNK_BYTES = 65_536
PACKET_BYTES = 1448
LINE_BYTES = 8192
PATIENCE_S = 0.05


class TcpProxy:
    """Passes connections on to a port of this machine.

    Attributes:
        mode: ``passes``; ``dams`` (what the camera sends gathers here, and comes all at once afterwards);
            ``soils`` (random bytes in place of the camera's).
        passed: bytes from the camera so far.
        bytes_per_s: how many pass in a second; None: all.
        target: the port; may change for the next connections.
    """

    def __init__(self, target: int) -> None:
        self.target, self.mode = target, "passes"
        self.passed = 0
        self._due_s = 0.0
        self.bytes_per_s: float | None = None
        self._noise = np.random.default_rng(2)
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._closed = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._listen()

    def cut(self) -> None:
        """Ends all connections."""
        with self._lock:
            for one in self._open:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
            self._open.clear()

    def go_away(self) -> None:
        """Ends all connections and refuses new ones, until ``come_back``."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def come_back(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._listen()

    def close(self) -> None:
        self._closed = True
        self.go_away()

    def _listen(self) -> None:
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.socket()
                # A line holds little; without this the proxy would hold megabytes, and seconds.
                server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, LINE_BYTES)
                client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, LINE_BYTES)
                try:
                    server.connect(("127.0.0.1", self.target))
                except OSError:
                    client.close()
                    continue
                with self._lock:
                    self._open |= {client, server}
                threading.Thread(target=self._pass, args=(client, server, False), daemon=True).start()
                threading.Thread(target=self._pass, args=(server, client, True), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, downwards: bool) -> None:
        dammed = bytearray()
        source.settimeout(PATIENCE_S)
        with suppress(OSError):
            while not self._closed:
                try:
                    data = source.recv(CHUNK_BYTES if self.bytes_per_s is None else PACKET_BYTES)
                    if not data:
                        break
                except TimeoutError:
                    data = b""
                if downwards and self.mode == "soils":
                    data = self._noise.bytes(len(data))
                dammed += data
                if downwards and self.mode == "dams":
                    continue
                sink.setblocking(True)
                if downwards:
                    self._send_down(sink, dammed)
                else:
                    sink.sendall(dammed)
                dammed.clear()
        for one in (source, sink):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        source.close()

    def _send_down(self, sink: socket.socket, data: bytearray) -> None:
        for begin in range(0, len(data), PACKET_BYTES):
            packet = data[begin : begin + PACKET_BYTES]
            if self.bytes_per_s is not None:
                # A sleep that was too long is made up for.
                self._due_s = max(self._due_s, time.monotonic() - 0.1) + len(packet) / self.bytes_per_s
                time.sleep(max(0.0, self._due_s - time.monotonic()))
            sink.sendall(packet)
            self.passed += len(packet)
