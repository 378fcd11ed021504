"""A USB camera made of bytes: plays a UVC 1.1 webcam (MJPEG, bulk endpoint) to this kernel's USB/IP host controller.

The controller takes one end of a socket pair; the kernel's uvcvideo finds the device behind it, asks for its formats,
and streams. Images come from films that were encoded before (``NAME.mjpeg``, ``NAME.json`` with their lengths), so that
nothing is decoded here. Commands come as datagrams at ``/run/board/cameraN``:

    plug                    unplug
    ok  black  freeze  garbage  stall  slow      what the camera does, until another of these
    play NAME               the film from its beginning, then the usual one again
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import socket
import struct
import threading
import time
from contextlib import suppress
from pathlib import Path

from hardware import stay_in_memory
from usb_descriptors import PAYLOAD_BYTES, Descriptors

ATTACH = "/sys/devices/platform/vhci_hcd.0/attach"
HIGH_SPEED = 3
DEVICE = 65538
STALL, UNLINKED = -32, -104
SUBMIT, UNLINK, RET_SUBMIT, RET_UNLINK = 1, 2, 3, 4
SLOW_S = 0.7


class Film:
    """Encoded images in a file."""

    def __init__(self, folder: Path, name: str) -> None:
        about = json.loads((folder / f"{name}.json").read_text(encoding="ascii"))
        self.period_s = 1.0 / about["fps"]
        self._lengths = about["lengths"]
        self._data = (folder / f"{name}.mjpeg").read_bytes()
        self._starts = [0]
        for length in self._lengths:
            self._starts.append(self._starts[-1] + length)

    def __len__(self) -> int:
        return len(self._lengths)

    def __getitem__(self, index: int) -> bytes:
        return self._data[self._starts[index] : self._starts[index + 1]]


class Player:
    """The newest image of the film that plays, by the clock, as the mode has it."""

    def __init__(self, folder: Path, usual: str) -> None:
        self._folder = folder
        self._usual = usual
        self._films: dict[str, Film] = {}
        self._next = usual
        self._black = (folder / "black.jpg").read_bytes()
        self._changed = threading.Condition()
        self._newest = b""
        self.number = 0
        self.mode = "ok"
        threading.Thread(target=self._play, daemon=True).start()

    def play(self, name: str) -> None:
        self._film(name)
        self._next = name

    def after(self, number: int, timeout_s: float) -> tuple[bytes, int] | None:
        """An image newer than ``number``, with its own."""
        with self._changed:
            if not self._changed.wait_for(lambda: self.number > number, timeout_s):
                return None
            return self._newest, self.number

    def _film(self, name: str) -> Film:
        if name not in self._films:
            self._films[name] = Film(self._folder, name)
        return self._films[name]

    def _play(self) -> None:
        film, index, frozen, due_s = self._film(self._usual), 0, b"", time.monotonic()
        while True:
            if self._next != self._usual or index >= len(film):
                film, index, self._next = self._film(self._next), 0, self._usual
            image, index = film[index], index + 1
            due_s = max(due_s + (SLOW_S if self.mode == "slow" else film.period_s), time.monotonic() - 0.2)
            time.sleep(max(0.0, due_s - time.monotonic()))
            frozen = (frozen or image) if self.mode == "freeze" else b""
            if self.mode == "stall":
                continue
            with self._changed:
                self._newest = self._as_is(frozen or image)
                self.number += 1
                self._changed.notify_all()

    def _as_is(self, image: bytes) -> bytes:
        if self.mode == "black":
            return self._black
        if self.mode == "garbage":
            # The head of a JPEG, and then what no decoder makes a face of.
            return image[:700] + os.urandom(len(image) // 3) + b"\xff\xd9"
        return image


class Plugged:
    """One connection with the host controller, until either side ends it."""

    def __init__(self, player: Player, descriptors: Descriptors, end: socket.socket) -> None:
        self._player = player
        self._descriptors = descriptors
        self._socket = end
        self._lock = threading.Lock()
        self._transfers: queue.Queue[int] = queue.Queue()
        self._pending: dict[int, int] = {}
        self.over = False
        for work in (self._serve, self._stream):
            threading.Thread(target=work, daemon=True).start()

    def pull(self) -> None:
        self.over = True
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _read(self, length: int) -> bytes:
        data = b""
        while len(data) < length:
            part = self._socket.recv(length - len(data))
            if not part:
                raise EOFError
            data += part
        return data

    def _answer(self, seq: int, status: int, data: bytes = b"", length: int | None = None) -> None:
        head = struct.pack(">IIIII", RET_SUBMIT, seq, 0, 0, 0)
        self._socket.sendall(
            head + struct.pack(">iIIII8x", status, len(data) if length is None else length, 0, 0, 0) + data
        )

    def _serve(self) -> None:
        try:
            while True:
                self._request(self._read(48))
        except (EOFError, OSError):
            self.over = True

    def _request(self, head: bytes) -> None:
        kind, seq, _, to_host, endpoint = struct.unpack(">IIIII", head[:20])
        if kind == UNLINK:
            (victim,) = struct.unpack(">I", head[20:24])
            with self._lock:
                known = self._pending.pop(victim, None) is not None
                status = UNLINKED if known else 0
                self._socket.sendall(struct.pack(">IIIIIi24x", RET_UNLINK, seq, 0, 0, 0, status))
            return
        (length,) = struct.unpack(">I", head[24:28])
        if not to_host and length:
            self._read(length)  # what the driver asks for, of which there is no choice
        if endpoint:
            self._pending[seq] = length
            self._transfers.put(seq)
            return
        answer = self._descriptors.control(head[40:48])
        with self._lock:
            if answer is None:
                self._answer(seq, STALL)
            else:
                self._answer(seq, 0, answer if to_host else b"", None if to_host else length)

    def _stream(self) -> None:
        """Fills bulk transfers with payloads that begin with UVC's header; the last of an image is a short one."""
        number, parity = self._player.number, 0
        payloads: list[bytes] = []
        while not self.over:
            try:
                seq = self._transfers.get(timeout=0.5)
            except queue.Empty:
                continue
            while not payloads and not self.over and seq in self._pending:
                newest = self._player.after(number, 0.5)
                if newest is not None:
                    image, number = newest
                    parity ^= 1
                    payloads = split(image, parity)
            with self._lock:
                if not payloads or self._pending.pop(seq, None) is None:
                    continue
                try:
                    self._answer(seq, 0, payloads.pop(0))
                except OSError:
                    return


def split(image: bytes, parity: int) -> list[bytes]:
    """The payloads of an image."""
    step = PAYLOAD_BYTES - 2
    parts = [image[at : at + step] for at in range(0, len(image), step)]
    if len(parts[-1]) == step:
        parts[-1:] = [parts[-1][:-100], parts[-1][-100:]]
    last = len(parts) - 1
    return [bytes((2, 0x80 | parity | (2 if at == last else 0))) + part for at, part in enumerate(parts)]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path, help="of the films")
    parser.add_argument("--port", type=int, default=0, help="of the host controller's hub")
    parser.add_argument("--film", default="awake")
    parser.add_argument("--plug", action="store_true", help="at once")
    given = parser.parse_args()
    stay_in_memory()
    player = Player(given.folder, given.film)
    descriptors = Descriptors(f"SN{given.port:04}", fps=15.0)
    commands = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    path = f"/run/board/camera{given.port}"
    Path(path).unlink(missing_ok=True)
    commands.bind(path)
    plugged = plug(player, descriptors, given.port) if given.plug else None
    while True:
        word, _, name = commands.recv(500).decode().strip().partition(" ")
        if word == "unplug" and plugged is not None:
            plugged.pull()
        elif word == "plug":
            plugged = plug(player, descriptors, given.port)
        elif word == "play":
            player.play(name)
        elif word != "unplug":
            player.mode = word


def plug(player: Player, descriptors: Descriptors, port: int) -> Plugged:
    mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    descriptors.reset()
    plugged = Plugged(player, descriptors, mine)
    Path(ATTACH).write_text(f"{port} {theirs.fileno()} {DEVICE + port} {HIGH_SPEED}", encoding="ascii")
    theirs.close()
    return plugged


if __name__ == "__main__":
    main()
