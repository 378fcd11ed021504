"""What the keys of a terminal need from its view: the alert to acknowledge, and a line for their answers."""

from __future__ import annotations

from abc import abstractmethod

from wakeful.device.alerts.output import Output
from wakeful.device.messages import Alert, Phase

KEYS = "m mark   a acknowledge   q end   ? help"
HELP = (
    ("m, space", "mark this moment in the recording"),
    ("1 … 9", "mark it with that number (Karolinska Sleepiness Scale)"),
    ("a", "acknowledge the most urgent active alert"),
    ("q", "end, as Ctrl-C does"),
    ("?", "show or hide this help"),
)
"""Each key and what it does."""


class TerminalView(Output):
    """An output for people at the terminal, whose keys are read in another thread.

    Attributes:
        keys_read: whether keys are read at present, so that the view may list them.
    """

    def __init__(self) -> None:
        self.keys_read = False
        self._unacknowledged: dict[int, Alert] = {}

    def alert(self, alert: Alert) -> None:
        if alert.phase in (Phase.ACKNOWLEDGED, Phase.CLEARED):
            self._unacknowledged.pop(alert.seq, None)
        else:
            self._unacknowledged[alert.seq] = alert

    @property
    def acknowledgeable(self) -> Alert | None:
        """The most urgent active alert that nobody has acknowledged."""
        return max(tuple(self._unacknowledged.values()), key=lambda alert: (alert.level, alert.t_ns), default=None)

    @abstractmethod
    def say(self, text: str) -> None:
        """Show one line, the answer to a key. From any thread."""

    @abstractmethod
    def toggle_help(self) -> None:
        """Show or hide what each key does. From any thread."""
