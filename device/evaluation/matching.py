"""Which detected interval belongs to which marked one. Pure; times in seconds."""

from __future__ import annotations

from collections.abc import Sequence

from wakeful.frozen import dataclass

NEAR_S = 0.15
"""A detection this close to a marked centre belongs to it, even if it does not overlap the mark."""


@dataclass(frozen=True, slots=True)
class Span:
    """From the first moment to the last."""

    start_s: float
    end_s: float

    @property
    def length_s(self) -> float:
        return self.end_s - self.start_s

    @property
    def centre_s(self) -> float:
        return (self.start_s + self.end_s) / 2.0

    def overlap_s(self, other: Span) -> float:
        """How long both last; below 0: the gap between them."""
        return min(self.end_s, other.end_s) - max(self.start_s, other.start_s)


@dataclass(frozen=True, slots=True)
class Matched:
    """What belongs together, as numbers of marks and detections.

    Attributes:
        pairs: (mark, detection), in the order of the marks.
        missed: marks without a detection.
        surplus: detections without a mark.
    """

    pairs: tuple[tuple[int, int], ...]
    missed: tuple[int, ...]
    surplus: tuple[int, ...]


def match(marks: Sequence[Span], found: Sequence[Span], near_s: float = 0.0) -> Matched:
    """Pair marks and detections one to one, those first that overlap longest.

    Args:
        near_s: a detection that does not overlap a mark still belongs to it if it lies within this of the mark's
            centre; 0 asks for an overlap. A mark without length is a centre.
    """
    ranked = sorted(
        (-marks[m].overlap_s(found[f]), m, f)
        for m in range(len(marks))
        for f in range(len(found))
        if belongs(marks[m], found[f], near_s)
    )
    mark_of: dict[int, int] = {}
    for _, m, f in ranked:
        if f not in mark_of and m not in mark_of.values():
            mark_of[f] = m
    return Matched(
        pairs=tuple(sorted((m, f) for f, m in mark_of.items())),
        missed=tuple(m for m in range(len(marks)) if m not in mark_of.values()),
        surplus=tuple(f for f in range(len(found)) if f not in mark_of),
    )


def belongs(mark: Span, found: Span, near_s: float) -> bool:
    """Whether a detection may be the mark's: they overlap, or it lies within ``near_s`` of the mark's centre."""
    centre = Span(mark.centre_s, mark.centre_s)
    return mark.overlap_s(found) > 0.0 or (near_s > 0.0 and -centre.overlap_s(found) <= near_s)


def overlaps_any(found: Span, marks: Sequence[Span]) -> bool:
    """Whether a detection overlaps one of the marks."""
    return any(mark.overlap_s(found) > 0.0 for mark in marks)
