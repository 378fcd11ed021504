"""Silences what native libraries print while they start: the standard streams carry events and text for people."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

# The descriptors belong to the process: a second monitor must not save what the first one has redirected.
_ONE_AT_A_TIME = threading.RLock()


@contextmanager
def silence_native_output(*descriptors: int) -> Iterator[None]:
    """Discards everything written to ``descriptors`` (1, 2) inside the block, whichever library or thread writes it."""
    with _ONE_AT_A_TIME, ExitStack() as stack:
        for descriptor in descriptors:
            saved = os.dup(descriptor)
            stack.callback(os.close, saved)
            stack.callback(os.dup2, saved, descriptor)
            devnull = os.open(os.devnull, os.O_WRONLY)
            os.dup2(devnull, descriptor)
            os.close(devnull)
        yield
