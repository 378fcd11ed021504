"""Keeps XNNPACK, the part of LiteRT that computes, off AMX, the matrix unit of server processors.

AMX pays for matrices far larger than those of a face: on an Intel Xeon of the fourth generation a whole frame takes 1.4
times as long with it, with the same results. XNNPACK has no switch for it, but asks Linux once, when it is used first;
and Linux refuses while a thread has a stack for signals that is too small for a frame with AMX's registers
(Linux, Documentation/arch/x86/xstate.rst).
"""

from __future__ import annotations

import ctypes
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager

SYS_ARCH_PRCTL, ARCH_GET_XCOMP_SUPP = 158, 0x1021
TILE_DATA = 1 << 18
"""AMX's bit among the states of a processor."""
STACK_BYTES = 8192
"""A frame with AMX takes 11 kB, one without at most 4."""


class _Stack(ctypes.Structure):
    _fields_ = (("ss_sp", ctypes.c_void_p), ("ss_flags", ctypes.c_int), ("ss_size", ctypes.c_size_t))


@contextmanager
def refused_amx() -> Iterator[None]:
    """Nobody in this process is given AMX meanwhile; who has it, keeps it. No effect on processors without it."""
    if not has_amx():
        yield
        return
    libc = ctypes.CDLL(None)
    memory = ctypes.create_string_buffer(STACK_BYTES)
    small, before = _Stack(ctypes.addressof(memory), 0, STACK_BYTES), _Stack()
    placed = libc.sigaltstack(ctypes.byref(small), ctypes.byref(before)) == 0
    try:
        yield
    finally:
        if placed:
            libc.sigaltstack(ctypes.byref(before), None)


def has_amx() -> bool:
    """Whether the processor has AMX, and Linux gives it to programs."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return False
    states = ctypes.c_uint64()
    refused = ctypes.CDLL(None).syscall(SYS_ARCH_PRCTL, ARCH_GET_XCOMP_SUPP, ctypes.byref(states))
    return not refused and bool(states.value & TILE_DATA)
