"""Runs in the board: makes its hardware, writes down what happens, and carries out commands from outside.

Commands come as files ``/host/do/N.cmd``; ``N.out`` and then ``N.rc`` (status, seconds since the boot) answer:

    now                     nothing but the time
    camera N WORDS          to the USB camera at port N
    hardware NAME up|down   see ``hardware``
    anything else           a shell script

What happens goes to ``/host/timeline.jsonl``, a line each with the seconds since the boot.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import hardware
from observers import Can, Gpio, Serial, Service, Stream, up_s

HOST = Path("/host")
QUEUE = HOST / "do"
TIMELINE = HOST / "timeline.jsonl"
PERIOD_S = 0.025
"""Short enough for the fastest pattern of a GPIO line, 0.125 s."""


def main() -> None:
    Path("/run/board").mkdir(exist_ok=True)
    begun_s = up_s()
    hardware.stay_in_memory()
    hardware.all_up()
    if (HOST / "films").is_dir():
        plug_cameras()
    report_ready()
    write([{"t": begun_s, "ch": "agent", "v": "starts"}, {"t": up_s(), "ch": "agent", "v": "hardware is there"}])
    watch()


def plug_cameras() -> None:
    with Path("/run/board/camera0.log").open("ab") as log:
        program = [sys.executable, str(HOST / "guest" / "usb_camera.py"), str(HOST / "films"), "--plug"]
        subprocess.Popen(program, stdout=log, stderr=log, start_new_session=True)


def report_ready() -> None:
    if address := os.environ.get("NOTIFY_SOCKET"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.sendto(b"READY=1", f"\0{address[1:]}" if address.startswith("@") else address)


def watch() -> None:
    observers = [Gpio("gpio", 17), Gpio("heartbeat", 27, pulses=True), Serial(), Can(), Stream(), Service()]
    running: dict[Path, subprocess.Popen[bytes]] = {}
    looked_s = 0.0
    while True:
        news = []
        for one in observers:
            now_s = up_s()
            with suppress(OSError, ValueError, KeyError):
                news += [{"t": round(now_s, 3), "ch": channel, "v": value} for channel, value in one.poll(now_s)]
        if news:
            write(news)
        if now_s - looked_s > 0.05:
            looked_s = now_s
            carry_out(running)
        time.sleep(PERIOD_S)


def carry_out(running: dict[Path, subprocess.Popen[bytes]]) -> None:
    for command in sorted(QUEUE.glob("*.cmd")):
        taken = command.with_suffix(".run")
        command.rename(taken)
        words = taken.read_text().split(maxsplit=2)
        if words[0] in AT_ONCE:
            try:
                AT_ONCE[words[0]](*words[1:])
                answer(taken, 0)
            except Exception as error:
                command.with_suffix(".out").write_text(f"{type(error).__name__}: {error}\n")
                answer(taken, 1)
            continue
        with command.with_suffix(".out").open("wb") as out:
            program = ["bash", str(taken)]
            running[taken] = subprocess.Popen(program, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    for taken, process in list(running.items()):
        if process.poll() is not None:
            del running[taken]
            answer(taken, process.returncode)


def answer(taken: Path, status: int) -> None:
    part = taken.with_suffix(".part")
    part.write_text(f"{status} {up_s():.3f}\n")
    part.rename(taken.with_suffix(".rc"))


def to_camera(number: str, words: str) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as commands:
        commands.sendto(words.encode(), f"/run/board/camera{number}")


def to_hardware(name: str, what: str) -> None:
    getattr(hardware, f"{name}_{what.strip()}")()


AT_ONCE: dict[str, Callable[..., None]] = {"now": lambda: None, "camera": to_camera, "hardware": to_hardware}
"""Without another process, which takes a third of a second to start here."""


def write(news: list[dict[str, object]]) -> None:
    """Closed each time, because that is when the file system of the host gets it."""
    with TIMELINE.open("a") as file:
        file.writelines(json.dumps(one) + "\n" for one in news)


if __name__ == "__main__":
    main()
