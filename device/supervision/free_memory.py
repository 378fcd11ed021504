"""Gives memory that was needed once back to the system: starting takes far more than watching does."""

from __future__ import annotations

import ctypes
import sys


def give_back() -> None:
    """What the C library holds free. It keeps a heap as large as it ever was if something still lies at its end."""
    # Only glibc has this; others, such as musl, hold little.
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)
