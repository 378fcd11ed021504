"""The base of everything that only brings commands into the monitor and carries nothing out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

from wakeful.device.messages import Command

Send = Callable[[Command], None]
"""Takes a command for the monitor, from any thread."""


class Input(ABC):
    """Sends commands from ``start`` to ``close``, from a thread of its own.

    Attributes:
        problem: why it does not work at present, in one line; None while it does.
    """

    problem: str | None = None

    @abstractmethod
    def start(self) -> None:
        """Raises: WakefulError: the device cannot be used as configured."""

    @abstractmethod
    def close(self) -> None:
        """Releases the device; may be called without ``start``."""
