"""Standard output and error that are closed, full, or read by nobody any longer."""

from __future__ import annotations

import errno
import os
import sys

NAMES = {0: "the standard input", 1: "the standard output", 2: "the standard error"}
UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)
"""Errors of a disk or a device behind a redirection."""


def open_closed_streams() -> list[int]:
    """Opens the null device in place of standard streams that are closed; gives their descriptors.

    Otherwise the next file that is opened would take the place of one, and whatever is printed would end up in it.
    """
    closed = []
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
            closed.append(descriptor)
            mode = "r" if descriptor == 0 else "w"
            setattr(sys, name, os.fdopen(descriptor, mode, encoding="utf-8", errors="backslashreplace", closefd=False))
    return closed


def discard_output() -> None:
    """Lets the rest of what is printed disappear: Python would complain about it once more at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
