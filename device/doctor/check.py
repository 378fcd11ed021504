"""The outcome of one check of ``wakeful doctor``, and what several subjects share: can a device be opened, or used."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from wakeful.frozen import dataclass

OK, WARN, FAIL = "ok", "warn", "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """The outcome of one check.

    Attributes:
        result: ``ok``; ``warn``: the monitor runs, but something it could use is not there; ``fail``: it cannot run.
        fix: what the user can do about it, "" if there is nothing to do.
        exit_status: what the command ends with if this failed.
    """

    name: str
    result: str
    found: str
    fix: str = ""
    exit_status: int = 1


def check_device_file(name: str, path: Path, usual_group: str) -> Check:
    """Whether a device file can be opened for reading and writing.

    Args:
        usual_group: the group Debian and its children give such devices to, for a file that belongs to root alone.
    """
    try:
        os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY))
    except OSError as error:
        return Check(name, WARN, f"{path}: {error.strerror}", _fix_for_device(path, error, usual_group))
    return Check(name, OK, f"{path} opens")


def check_permission(name: str, path: Path, usual_group: str) -> Check:
    """Whether a device file may be used, without opening it.

    Opening a serial port raises its DTR line, which resets Arduino-like receivers, whoever is using them.
    """
    if os.access(path, os.R_OK | os.W_OK):
        return Check(name, OK, f"{path} may be used (not opened: that resets some receivers)")
    found = f"{path}: {os.strerror(errno.EACCES if path.exists() else errno.ENOENT)}"
    return Check(name, WARN, found, fix_permission(path, _group(path), usual_group))


def fix_permission(path: Path, group: str, usual_group: str) -> str:
    """How a user gets access to a device file that belongs to ``group``."""
    if group in ("", "root"):
        rule = f'KERNEL=="{path.name.rstrip("0123456789")}*", GROUP="{usual_group}", MODE="0660"'
        return f"put the line {rule} into /etc/udev/rules.d/60-wakeful.rules, restart, and join the group {usual_group}"
    return f"sudo usermod -aG {group} $USER, then log in again"


def _fix_for_device(path: Path, error: OSError, usual_group: str) -> str:
    if error.errno == errno.EBUSY:
        return f"another program holds it: `fuser {path}` shows which"
    if error.errno in (errno.EACCES, errno.EPERM):
        return fix_permission(path, _group(path), usual_group)
    return "unplug it and plug it in again; `dmesg` shows why it does not answer"


def _group(path: Path) -> str:
    try:
        import grp

        return grp.getgrgid(path.stat().st_gid).gr_name
    except (OSError, KeyError, ImportError):
        return ""
