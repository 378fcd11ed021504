"""Gauges drawn with characters: bars, needles and a trace. Pure text with style names; no terminal needed.

A piece is ``(text, style)`` with a style as rich spells it; a line is a list of pieces.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

Piece = tuple[str, str]
Line = list[Piece]

DIM = "bright_black"
UNKNOWN = "–"
BLOCKS = "▁▂▃▄▅▆▇█"


def bar(share: float | None, width: int, style: str) -> Line:
    """A horizontal bar, filled to ``share`` (0 to 1) in steps of half a character."""
    if share is None:
        return [("╌" * width, DIM)]
    halves = round(min(max(share, 0.0), 1.0) * width * 2)
    full, half = divmod(halves, 2)
    filled = "━" * full + "╸" * half
    return [(filled, style), ("─" * (width - len(filled)), DIM)]


def needle(value: float | None, reach: float, width: int, style: str) -> Line:
    """A scale from ``-reach`` to ``reach`` with its zero in the middle and a dot at ``value``."""
    middle = width // 2
    scale = "─" * middle + "┼" + "─" * (width - middle - 1)
    if value is None:
        return [("╌" * width, DIM)]
    at = middle + round(min(max(value / reach, -1.0), 1.0) * min(middle, width - middle - 1))
    return [(scale[:at], DIM), ("●", style), (scale[at + 1 :], DIM)]


def trace(values: Sequence[float | None], low: float, style: str, low_style: str) -> Line:
    """One column a value, 0 to 1 from bottom to top, those under ``low`` in a style of their own; unknown are dots."""
    pieces: Line = []
    for value in values:
        kind = DIM if value is None else low_style if value < low else style
        text = "·" if value is None else BLOCKS[round(min(max(value, 0.0), 1.0) * 7)]
        if pieces and pieces[-1][1] == kind:
            pieces[-1] = (pieces[-1][0] + text, kind)
        else:
            pieces.append((text, kind))
    return pieces


def fit(line: Line, width: int) -> Line:
    """``line`` cut or filled with blanks to exactly ``width`` characters."""
    result: Line = []
    room = width
    for text, style in line:
        result.append((text[:room], style))
        room -= len(text[:room])
    return [*result, (" " * room, "")]


class OpeningTrace:
    """The lowest eye opening of each quarter of a second, for as long as ``length`` of them.

    The lowest, not the mean: a blink must show.
    """

    CELL_NS = 250_000_000

    def __init__(self, length: int) -> None:
        self._cells: deque[float | None] = deque([None] * length, maxlen=length)
        self._newest: int | None = None

    def add(self, t_ns: int, opening: float | None) -> None:
        cell = t_ns // self.CELL_NS
        if self._newest is None or cell > self._newest or cell < self._newest - len(self._cells):
            skipped = 1 if self._newest is None else min(abs(cell - self._newest), len(self._cells))
            self._cells.extend([None] * (skipped - 1) + [opening])
            self._newest = cell
        elif opening is not None:
            before = self._cells[-1]
            self._cells[-1] = opening if before is None else min(before, opening)

    def last(self, count: int) -> list[float | None]:
        """The newest ``count`` cells, oldest first."""
        return list(self._cells)[-count:]
