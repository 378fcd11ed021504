"""What the lids network takes and gives: its crop, and where each answer is. No torch: boards read it."""

from __future__ import annotations

ROWS, COLUMNS = 48, 64
EYE_PX = 36.0
"""Distance of the eye's corners in the crop; its middle lies in the crop's middle, the outer corner to the left."""

LIDS, IRIS = 16, 5
READABLE = ("clear", "covered", "dark_lens", "reflection", "dark", "glare", "blur")
"""What keeps an eye from being read; the first means nothing does."""
STATES = ("open", "lowered", "narrowed", "closed")

POINTS = slice(0, 2 * (LIDS + IRIS))
OPENING = POINTS.stop
SHUT = OPENING + 1
SPREAD = slice(SHUT + 1, SHUT + 3)
REASON = slice(SPREAD.stop, SPREAD.stop + len(READABLE))
OUTPUTS = REASON.stop
