"""Keeps the monitor in memory where its limits allow it (``LimitMEMLOCK=infinity``, as the service has).

When another program takes all memory, the kernel drops the pages of code and networks, which it can read again, long
before it kills anything. Every frame then waits for the disk many times: for tens of seconds nobody is watched, while
nothing has failed. Locked pages stay.
"""

from __future__ import annotations

import ctypes
import logging
import os
import resource

MCL_CURRENT, MCL_FUTURE, MCL_ONFAULT = 1, 2, 4
"""From ``asm-generic/mman.h``: the same on x86-64 and aarch64."""

_log = logging.getLogger("wakeful.memory")


def lock_memory() -> bool:
    """Pages that this process has used, or will use, are not dropped any more; whether that is so.

    Under a limit nothing is locked: behind it the kernel would refuse memory of any kind. Pages that are never used
    take no room (``MCL_ONFAULT``).
    """
    if resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] != resource.RLIM_INFINITY:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0:
        return True
    reason = os.strerror(ctypes.get_errno())
    _log.warning("memory could not be locked (%s): programs that need all of it may delay frames", reason)
    return False
