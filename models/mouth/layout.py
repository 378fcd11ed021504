"""What the mouth network takes and gives: its crop, and where each answer is. No torch: boards read it."""

from __future__ import annotations

from wakeful.models.face.points import INNER_LIPS, OUTER_LIPS

ROWS, COLUMNS = 56, 64
SPAN_PX = 64.0
"""The distance of the outer eye corners, with depth, in crop pixels."""
LIPS = (*OUTER_LIPS.tolist(), *INNER_LIPS.tolist())
"""Mesh points that are read, in this order."""

POINTS = slice(0, 2 * len(LIPS))
OPENING = POINTS.stop
SPREAD = OPENING + 1
COVERED = SPREAD + 1
OUTPUTS = COVERED + 1
