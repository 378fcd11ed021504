"""GPIO lines and buttons without a board: ``--gpio mock:17`` for development and tests.

A mock line remembers every level it was driven to and when. What it does not simulate: the level a real line takes
once nobody drives it (that is up to the board), how long an edge takes, what the line can drive, rights, and another
program that holds the line.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Sequence
from itertools import pairwise

_lines: dict[str, MockLine] = {}
_buttons: dict[str, MockButton] = {}


class MockLine:
    """One recorded line.

    Attributes:
        transitions: ``(monotonic seconds, level)`` of each change, the first being the level it was requested with.
            Levels are electrical, as a voltmeter sees them: an active-low line is False while it alerts.
        released: nobody drives the line any more.
    """

    def __init__(self, active: bool, active_low: bool) -> None:
        self._active_low = active_low
        self.released = False
        self.transitions: list[tuple[float, bool]] = [(time.monotonic(), active != active_low)]

    @property
    def level(self) -> bool:
        """The present electrical level."""
        return self.transitions[-1][1]

    def set(self, active: bool) -> None:
        if self.released:
            raise ValueError("the line was released")
        if (active != self._active_low) != self.level:
            self.transitions.append((time.monotonic(), active != self._active_low))

    def close(self) -> None:
        self.released = True

    def assert_states(self, expected: Sequence[bool]) -> None:
        """Raises AssertionError unless the line has taken exactly these levels, in this order."""
        seen = [level for _, level in self.transitions]
        assert seen == list(expected), f"the line was driven to {seen}, wanted {list(expected)}"

    def assert_states_and_times(self, expected: Sequence[tuple[float, bool]], tolerance_s: float = 0.05) -> None:
        """As ``assert_states``, with the seconds that each level came after the one before it (the first is free)."""
        self.assert_states([level for _, level in expected])
        times_s = [t_s for t_s, _ in self.transitions]
        gaps_s = [after - before for before, after in pairwise(times_s)]
        for gap_s, (wanted_s, _) in zip(gaps_s, expected[1:], strict=True):
            assert abs(gap_s - wanted_s) <= tolerance_s, f"changed after {gap_s:.3f} s, wanted {wanted_s:.3f} s"


def request_line(name: str, active: bool, active_low: bool) -> MockLine:
    """A fresh line under ``name``, in place of an earlier one."""
    _lines[name] = MockLine(active, active_low)
    return _lines[name]


def line(name: str) -> MockLine:
    """The line that ``mock:NAME`` opened last."""
    return _lines[name]


class MockButton:
    """One push button, for ``button = "mock:NAME"``. It does not bounce."""

    def __init__(self) -> None:
        self.released = False
        self._presses: queue.SimpleQueue[int] = queue.SimpleQueue()

    def press(self) -> int:
        """Press it; gives when that was, monotonic ns."""
        pressed_ns = time.monotonic_ns()
        self._presses.put(pressed_ns)
        return pressed_ns

    def wait(self, timeout_s: float) -> list[int]:
        """As ``wakeful.device.inputs.button.Button``."""
        try:
            return [self._presses.get(timeout=timeout_s)]
        except queue.Empty:
            return []

    def close(self) -> None:
        self.released = True


def request_button(name: str) -> MockButton:
    """A fresh button under ``name``, in place of an earlier one."""
    _buttons[name] = MockButton()
    return _buttons[name]


def button(name: str) -> MockButton:
    """The button that ``mock:NAME`` opened last."""
    return _buttons[name]
