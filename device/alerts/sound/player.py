"""A child process that plays samples: ``pw-cat`` of PipeWire or ``aplay`` of ALSA, whichever the machine has.

The child keeps the sound system's libraries, their threads and their crashes out of this process. Little is held
between us and the card, so that a tone is heard at once and another level soon after.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import shutil
import subprocess
import tempfile
from pathlib import Path

from wakeful.device.alerts.sound.settings import AUTO
from wakeful.device.alerts.sound.tones import RATE_HZ
from wakeful.device.sanitise import printable
from wakeful.errors import WakefulError

BUFFER_MS = 40
"""Of the card or of PipeWire's node: longer than a pause of a thread on a busy board, shorter than is heard as late."""
PIPE_BYTES = 4096
MAX_SAID_BYTES = 65_536
STUCK_S = 2.0
END_S = 0.5


class SoundError(WakefulError, OSError):
    """Nothing can be played."""


def player_command(device: str) -> list[str]:
    """What plays on ``device``. Raises: SoundError: no such program is installed."""
    runtime = os.environ.get("PIPEWIRE_RUNTIME_DIR") or os.environ.get("XDG_RUNTIME_DIR") or "/run/pipewire"
    pipewire = shutil.which("pw-cat") if (Path(runtime) / "pipewire-0").exists() else None
    # Names of ALSA's devices have a colon, or are those of its configuration; names of PipeWire's nodes have none.
    if pipewire and ":" not in device:
        target = [] if device == AUTO else ["--target", device]
        form = ["--format", "s16", "--rate", str(RATE_HZ), "--channels", "1", "--latency", f"{BUFFER_MS}ms"]
        return [pipewire, "--playback", *_raw(pipewire), *form, *target, "-"]
    alsa = shutil.which("aplay")
    if alsa:
        target = [] if device == AUTO else ["-D", device]
        form = ["-q", "-t", "raw", "-f", "S16_LE", "-r", str(RATE_HZ), "-c", "1"]
        # The first samples are played at once, not when the buffer is full.
        return [alsa, *form, f"--buffer-time={BUFFER_MS * 1000}", "--start-delay=1000", *target]
    raise SoundError("nothing plays sound here: apt install alsa-utils")


def _raw(pipewire: str) -> list[str]:
    """The option for samples without the head of a file, where pw-cat has it; 0.3 takes them without one."""
    try:
        known = subprocess.run([pipewire, "--help"], capture_output=True, timeout=STUCK_S, check=False).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SoundError(f"{pipewire} does not start: {error}") from error
    return ["--raw"] if b"--raw" in known else []


class Player:
    """One run of the child. Raises: SoundError: it cannot be started."""

    def __init__(self, command: list[str]) -> None:
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the child
        try:
            self._child = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=self._said, start_new_session=True
            )
        except OSError as error:
            self._said.close()
            raise SoundError(f"{command[0]} does not start: {error.strerror}") from error
        assert self._child.stdin is not None
        self._pipe = self._child.stdin.fileno()
        os.set_blocking(self._pipe, False)
        fcntl.fcntl(self._pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)

    def play(self, samples: bytes) -> None:
        """Hand samples over. Raises: SoundError: the child has ended, or takes nothing for two seconds."""
        if self.said_bytes > MAX_SAID_BYTES:
            # A card that is too slow for a busy board is a line each time; the child writes where we seek to.
            os.lseek(self._said.fileno(), 0, os.SEEK_SET)
            os.ftruncate(self._said.fileno(), 0)
        ready = select.poll()
        ready.register(self._pipe, select.POLLOUT)
        while samples:
            try:
                samples = samples[os.write(self._pipe, samples) :]
            except BlockingIOError:
                if not ready.poll(STUCK_S * 1000.0):
                    raise SoundError("the sound card takes nothing") from None
            except OSError:
                raise SoundError(self._why()) from None

    @property
    def said_bytes(self) -> int:
        """What the child's errors take on the disk."""
        return os.fstat(self._said.fileno()).st_size

    def close(self) -> None:
        """End it, within half a second."""
        self._close_pipe()
        try:
            self._child.wait(END_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._said.close()

    def _close_pipe(self) -> None:
        assert self._child.stdin is not None
        with contextlib.suppress(OSError):
            self._child.stdin.close()

    def _why(self) -> str:
        """What the child said last, in one line."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(END_S)
        self._said.seek(0)
        lines = self._said.read(4096).decode("utf-8", "replace").strip().splitlines()
        return printable(lines[-1]) if lines else f"the player ended with status {self._child.returncode}"
