"""A listening Unix socket at a path: for its owner, instead of one that a dead monitor left behind."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
from pathlib import Path

from wakeful.errors import ConfigError

MAX_PATH_BYTES = 107

_OURS: dict[Path, socket.socket] = {}
"""Paths served by this process: a changed configuration replaces a stream by another one at the same path."""


def listening(path: Path, backlog: int, *, group: bool) -> socket.socket:
    """A listening socket at ``path``, for its owner and perhaps its group only.

    Raises:
        ConfigError: it cannot be made there.
    """
    if len(os.fsencode(path)) > MAX_PATH_BYTES:
        raise ConfigError(f"{path} is too long for a socket path: at most {MAX_PATH_BYTES} bytes")
    _remove_abandoned(path)
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    # Whoever finds the path is answered: a socket that is not listening yet refuses, as an abandoned one does.
    beside = path.with_name(f".{os.urandom(3).hex()}")
    made = beside if len(os.fsencode(beside)) <= MAX_PATH_BYTES else path
    try:
        # The file that is bound gets the mode of the socket: at no time may anybody else connect.
        os.fchmod(server.fileno(), 0o600)
        server.bind(str(made))
        made.chmod(0o660 if group else 0o600)
        server.listen(backlog)
        if made != path:
            path.hardlink_to(made)  # never in place of another monitor's that came first
    except FileExistsError:
        server.close()
        raise ConfigError(_served(path)) from None
    except OSError as error:
        server.close()
        raise ConfigError(
            f"cannot create the socket {path}: {error.strerror}; name one in a folder that exists"
        ) from None
    finally:
        if made != path:
            made.unlink(missing_ok=True)
    server.setblocking(False)
    _OURS[path] = server
    return server


def stop_listening(path: Path, server: socket.socket) -> None:
    """Closes ``server`` and removes its path, unless another socket of this process has replaced it there."""
    server.close()
    if _OURS.get(path) is server:
        del _OURS[path]
        path.unlink(missing_ok=True)


def _remove_abandoned(path: Path) -> None:
    """Removes a socket without a server; anything else stays."""
    try:
        mode = path.lstat().st_mode
    except OSError:
        return
    if not stat.S_ISSOCK(mode):
        raise ConfigError(f"{path} exists and is not a socket: choose another path for the stream")
    if path in _OURS:
        path.unlink()
        return
    with socket.socket(socket.AF_UNIX) as caller:
        caller.settimeout(0.5)
        try:
            caller.connect(str(path))
        except ConnectionRefusedError:
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
            return
        except OSError as error:
            raise ConfigError(f"{path} cannot be taken over: {error.strerror or error}") from None
    raise ConfigError(_served(path))


def _served(path: Path) -> str:
    return f"{path} is served by another monitor: stop that one, or choose another path for the stream"
