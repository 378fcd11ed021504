"""Keeps what native libraries print at their start out of the standard streams, which carry events and text."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager


@contextmanager
def chatter_hidden(*descriptors: int) -> Iterator[None]:
    """What is written to ``descriptors`` (1, 2) meanwhile, by whomever, goes nowhere."""
    with ExitStack() as stack:
        for descriptor in descriptors:
            kept = os.dup(descriptor)
            stack.callback(os.close, kept)
            stack.callback(os.dup2, kept, descriptor)
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, descriptor)
            os.close(nowhere)
        yield
