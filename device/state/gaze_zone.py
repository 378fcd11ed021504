"""What a person looks at: the way to the road, learned, and the zones around it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from wakeful.device.state.profile import GazeSection

ROAD = "road"
SAMPLE_NS = 200_000_000
CELL_DEG = 4.0
# How often the road direction is computed again while it is learned.
LEARN_EVERY_SAMPLES = 5
# Looks within this of a direction count for it.
REACH_DEG = 1.5 * CELL_DEG
# Once known, the road is elsewhere only if it was looked at this much more: who reads on the phone in the first minute
# looks there most, but not by far.
MOVES_FOR = 2.0


@dataclass(frozen=True, slots=True)
class Direction:
    """A direction in the camera's frame, degrees, signs as for the head."""

    yaw_deg: float
    pitch_deg: float


class RoadDirection:
    """Where the person looks most is the road: this makes up for where the camera hangs.

    Args:
        learn_s, learn_until_s: seen time from which on it is known, and after which it stays.
        known: the direction if it is known beforehand.
    """

    def __init__(self, learn_s: float, learn_until_s: float, known: Direction | None = None) -> None:
        self._from_samples = round(learn_s * 1e9 / SAMPLE_NS)
        self._until_samples = round(learn_until_s * 1e9 / SAMPLE_NS)
        self._samples: list[Direction] = []
        self._next_ns: int | None = None
        self._fixed = known is not None
        self.direction = known

    @property
    def learned(self) -> bool:
        """Whether it changes no more."""
        return self._fixed

    def restart(self) -> None:
        """Time starts again; what was learned is kept."""
        self._next_ns = None

    def see(self, t_ns: int, gaze: Direction) -> None:
        """The person looks there now."""
        if self._fixed or (self._next_ns is not None and t_ns < self._next_ns):
            return
        self._next_ns = t_ns + SAMPLE_NS
        self._samples.append(gaze)
        count = len(self._samples)
        if count >= self._from_samples and count % LEARN_EVERY_SAMPLES == 0:
            self._follow(most_frequent(self._samples))
        if count >= self._until_samples:
            self._fixed = True
            self._samples.clear()

    def _follow(self, found: Direction) -> None:
        known = self.direction
        if known is not None and not _near(found, known):
            for_known = sum(_near(gaze, known) for gaze in self._samples)
            for_found = sum(_near(gaze, found) for gaze in self._samples)
            if for_found < MOVES_FOR * for_known:
                return
        self.direction = found


def most_frequent(samples: list[Direction]) -> Direction:
    """The mean of the samples in and around the fullest cell of a grid: where most looks meet."""
    cells = Counter((round(gaze.yaw_deg / CELL_DEG), round(gaze.pitch_deg / CELL_DEG)) for gaze in samples)

    def around(cell: tuple[int, int]) -> int:
        return sum(cells[cell[0] + i, cell[1] + j] for i in (-1, 0, 1) for j in (-1, 0, 1))

    yaw, pitch = max(sorted(cells), key=around)
    middle = Direction(yaw * CELL_DEG, pitch * CELL_DEG)
    near = [gaze for gaze in samples if _near(gaze, middle)]
    return Direction(sum(gaze.yaw_deg for gaze in near) / len(near), sum(gaze.pitch_deg for gaze in near) / len(near))


def _near(gaze: Direction, other: Direction) -> bool:
    return abs(gaze.yaw_deg - other.yaw_deg) <= REACH_DEG and abs(gaze.pitch_deg - other.pitch_deg) <= REACH_DEG


def zone_of(gaze: Direction, road: Direction, section: GazeSection) -> str:
    """The first zone of the profile that holds this gaze; ``elsewhere`` if none does."""
    yaw, pitch = gaze.yaw_deg - road.yaw_deg, gaze.pitch_deg - road.pitch_deg
    for zone in section.zones:
        if zone.yaw_deg[0] <= yaw <= zone.yaw_deg[1] and zone.pitch_deg[0] <= pitch <= zone.pitch_deg[1]:
            return zone.name
    return "elsewhere"
