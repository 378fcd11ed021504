"""What a person looks at: the way to the road, learned, and the zones around it."""

from __future__ import annotations

from collections import Counter

from wakeful.device.state.profile import GazeSection
from wakeful.frozen import dataclass

ROAD = "road"
SAMPLE_NS = 200_000_000
CELL_DEG = 4.0
# So much time lies between two frames at most, however seldom they come: nobody knows what was looked at for longer.
MAX_STEP_NS = 1_000_000_000
# How often the road direction is computed again while it is learned, and by no fewer looks.
LEARN_EVERY_NS = 1_000_000_000
LEAST_SAMPLES = 5
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

    How the head is held is learned from the looks at the road alone. By itself it would be where the head was held
    stillest, which may be in a long look aside.

    Args:
        learn_s, learn_until_s: seen time from which on it is known, and after which it stays.
        known, known_head: the directions if they are known beforehand.

    Attributes:
        direction: of the gaze; None while it is not known.
        head: of the head while the gaze is there, likewise.
    """

    def __init__(
        self,
        learn_s: float,
        learn_until_s: float,
        known: Direction | None = None,
        known_head: Direction | None = None,
    ) -> None:
        self._learn_ns = round(learn_s * 1e9)
        self._until_ns = round(learn_until_s * 1e9)
        self._samples: list[tuple[Direction, Direction | None]] = []
        self._sampled_ns: int | None = None
        self._seen_ns = self._followed_ns = 0
        self._given, self._head_given = known is not None, known_head is not None
        self._over = self._given and self._head_given
        self.direction, self.head = known, known_head

    @property
    def learned(self) -> bool:
        """Whether the direction of the gaze changes no more."""
        return self._given or self._over

    @property
    def seen_s(self) -> float:
        """How much gaze it was learned from."""
        return self._seen_ns / 1e9

    def restart(self) -> None:
        """Time starts again; what was learned is kept."""
        self._sampled_ns = None

    def see(self, t_ns: int, gaze: Direction, head: Direction | None = None) -> None:
        """The person looks there now, the head held so."""
        since_ns = SAMPLE_NS if self._sampled_ns is None else t_ns - self._sampled_ns
        if self._over or since_ns < SAMPLE_NS:
            return
        self._sampled_ns = t_ns
        self._seen_ns += min(since_ns, MAX_STEP_NS)
        self._samples.append((gaze, head))
        due_ns = max(self._learn_ns, self._followed_ns + LEARN_EVERY_NS)
        if self._seen_ns >= due_ns and len(self._samples) >= LEAST_SAMPLES:
            self._followed_ns = self._seen_ns
            self._follow()
        if self._seen_ns >= self._until_ns:
            self._over = True
            self._samples.clear()

    def _follow(self) -> None:
        road = self.direction
        if road is None or not self._given:
            road = self.direction = _moved(road, [gaze for gaze, _ in self._samples])
        heads = [head for gaze, head in self._samples if head is not None and _near(gaze, road)]
        if heads and not self._head_given:
            self.head = _moved(self.head, heads)


def _moved(known: Direction | None, samples: list[Direction]) -> Direction:
    """The most frequent direction, unless what was known before is not much less frequent."""
    found = most_frequent(samples)
    if known is None or _near(found, known):
        return found
    for_known, for_found = (sum(_near(one, way) for one in samples) for way in (known, found))
    return known if for_found < MOVES_FOR * for_known else found


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
