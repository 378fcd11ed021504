"""Everybody in view: further faces beside the watched one, each followed by its own landmarks, and a number for each.

Who is who is a matter of place, size and motion; nobody is recognised. A face that another one hides is expected to go
on as it went, and is found again where it should be, or near. The watched face is read by ``Perception`` as ever and
only gets its number here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from wakeful.device.perception.face_search import centres
from wakeful.device.perception.landmarks import TRACKING_SCALE, FaceLandmarks
from wakeful.device.perception.pipeline import EXPRESSION_EVERY, Perception, Sighting
from wakeful.device.perception.region import Region
from wakeful.device.perception.tracker import DOUBTFUL_FRAMES
from wakeful.device.state.people import FoundPerson
from wakeful.frozen import dataclass
from wakeful.sensors.frame import Frame

READ_NS = 45_000_000
"""Between two frames in which others are read, twice as long where the work is reduced: of 30 frames a second every
second one, more than any output publishes."""
DETECT_NS = 100_000_000
"""Between two looks for further faces while there is room for one: in turn in the whole picture, in parts of it and
around those who were lost. So a picture of 640x480 is looked through once a second, in small portions."""
LOST_SIZES = 4.0
"""Size of what is looked at around somebody lost, in regions of the face: where a walk takes one in half a second."""
PART = 0.5
"""Size of such a part, of the picture's longer side: faces half as wide are found, half as fast (rendered people: 75 px
of 640 in the whole picture, 36 px in parts, where the landmarks follow them down to 30 px)."""
LOST_NS = 2_000_000_000
"""Who is not seen for longer than this is somebody new: heads that pass at 0.2 m/s are apart again by then."""
COAST_NS = 1_000_000_000
"""A hidden face is expected to go on as it went for so long, and then to stay."""
STEADY_S = 0.2
"""Time constant of a face's velocity: a walk changes more slowly, the jitter of landmarks is quicker."""
PRESENCE = 0.5
"""A face of less is hidden: what is left of it would be taken for the face before it."""
SAME_FACE = 0.5
"""Faces whose middles are nearer than this share of the larger one are one: a head is wider than that."""
CROWDED, SMALLER = 1.3, 0.9
"""A face nearer than this many sizes to one that is not smaller than this share of it may be hidden in part: what
seems to move may be the other one."""
CROWDED_TRUST = 0.1
"""Share of what such a face seems to have grown by in a frame that is taken over."""
HIDDEN = 0.3
"""So much better a face must fit somebody who was not seen in the frame before than somebody who was."""
SIZE_COUNTS = 2.0
"""A face that is a tenth larger than expected is as unlikely as one that is a fifth of its size away."""
TURNED = 0.2
"""So much better a face must fit where somebody was last than where they are expected: people rarely turn round."""
STEP, STEP_PER_S, FARTHEST = 0.4, 3.0, 2.5
"""How many of its sizes a face may be from where it is expected: at once, more with each second, and at most."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a face is: middle and size, pixels."""

    x: float
    y: float
    size: float

    @staticmethod
    def of(region: Region) -> _Place:
        return _Place(region.x_px, region.y_px, region.size_px / TRACKING_SCALE)

    def away(self, other: _Place) -> float:
        """Distance of the middles in sizes of the larger one."""
        return math.hypot(self.x - other.x, self.y - other.y) / max(self.size, other.size)

    def unlike(self, other: _Place) -> float:
        """How little both may be one face: their distance, and how much larger one is."""
        return self.away(other) + SIZE_COUNTS * abs(math.log(self.size / other.size))


class _Track:
    """One person: where the face was last seen, and how it moved.

    Attributes:
        number: 0 until it is sure that this is a face.
        region: where the face was last.
        reader: of this face alone.
    """

    def __init__(self, reader: Perception, region: Region, t_ns: int) -> None:
        self.number = 0
        self.reader = reader
        self.seen_ns = t_ns
        self.region = region
        self._velocity = (0.0, 0.0)
        self.frames = 0

    def expected(self, t_ns: int) -> Region:
        """Where to look for the face at a time."""
        coast_s = min(t_ns - self.seen_ns, COAST_NS) / 1e9
        vx, vy = self._velocity
        return replace(self.region, x_px=self.region.x_px + vx * coast_s, y_px=self.region.y_px + vy * coast_s)

    def unlike(self, place: _Place, t_ns: int) -> float:
        """How little a face fits this person, infinite where it is too far off."""
        unlike = min(_Place.of(self.expected(t_ns)).unlike(place), _Place.of(self.region).unlike(place) + TURNED)
        most = min(STEP + STEP_PER_S * (t_ns - self.seen_ns) / 1e9, FARTHEST)
        return unlike if unlike <= most else math.inf

    def seen(self, t_ns: int, region: Region, *, crowded: bool) -> None:
        """The face is there. ``crowded``: others are so near that its motion and size may be theirs."""
        after_s = (t_ns - self.seen_ns) / 1e9
        if crowded and self.frames >= DOUBTFUL_FRAMES:
            size_px = self.region.size_px
            region = replace(region, size_px=size_px + (region.size_px - size_px) * CROWDED_TRUST)
        elif after_s > 0.0 and self.frames:
            weight = max(1.0 - math.exp(-after_s / STEADY_S), 1.0 / self.frames)
            vx, vy = self._velocity
            vx += weight * ((region.x_px - self.region.x_px) / after_s - vx)
            vy += weight * ((region.y_px - self.region.y_px) / after_s - vy)
            self._velocity = vx, vy
        self.region, self.seen_ns = region, t_ns
        self.frames += 1


@dataclass(frozen=True, slots=True)
class _Reading:
    """A face of one frame, and whose it is."""

    track: _Track
    sighting: Sighting
    face: FaceLandmarks
    place: _Place
    watched: bool = False


class Everyone:
    """Follows up to ``most`` faces of one source, the watched one among them.

    Args:
        perception: of the watched person; its networks read the others too.
    """

    def __init__(self, perception: Perception, most: int) -> None:
        self._perception = perception
        self._most = most
        self._tracks: list[_Track] = []
        self._numbers = self._looks = 0
        self._detect_ns = 0
        self._last_ns: int | None = None
        self._found: tuple[FoundPerson, ...] = ()

    def look(self, frame: Frame, watched: Sighting) -> tuple[FoundPerson, ...]:
        """Everybody in ``frame``, or in the last one that was looked at, by their numbers.

        Args:
            watched: what ``Perception.look`` saw in this frame.
        """
        t_ns = frame.t_ns
        period_ns = READ_NS * self._perception.expression_every / EXPRESSION_EVERY
        if self._last_ns is not None and 0 < t_ns - self._last_ns < period_ns:
            return self._found
        if self._last_ns is None or t_ns < self._last_ns:
            self._tracks.clear()
            self._detect_ns = t_ns
        self._tracks = [track for track in self._tracks if t_ns - track.seen_ns <= LOST_NS]
        here: list[_Reading] = []
        if watched.landmarks is not None:
            region = watched.landmarks.region
            track = self._whose(t_ns, _Place.of(region)) or self._new(region, t_ns)
            here.append(_Reading(track, watched, watched.landmarks, _Place.of(region), watched=True))
        here = self._apart(here, self._read_others(frame, here))
        if t_ns >= self._detect_ns and len(here) < self._most:
            self._detect_ns = t_ns + DETECT_NS
            here = self._apart(here, self._find(frame, here))
        self._follow(t_ns, here)
        self._last_ns = t_ns
        numbered = sorted((one for one in here if one.track.number), key=lambda one: one.track.number)
        self._found = tuple([_found(one, frame) for one in numbered])
        return self._found

    def _read_others(self, frame: Frame, here: list[_Reading]) -> list[_Reading]:
        """Who else is where expected, the best fit first: a face at which two are expected is the first one's."""
        others = [track for track in self._tracks if all(track is not one.track for one in here)]
        others.sort(key=lambda track: -track.seen_ns)
        readings = []
        for track in others[: self._most - len(here)]:
            for region in (track.expected(frame.t_ns), track.region):
                if any(one.place.away(_Place.of(region)) < SAME_FACE for one in here):
                    continue
                reading = self._read(frame, track, region)
                if reading is not None and math.isfinite(unlike := self._unlike(track, reading.place, frame.t_ns)):
                    readings.append((unlike, reading))
                    break
        readings.sort(key=lambda one: one[0])
        return [reading for _, reading in readings]

    def _find(self, frame: Frame, here: list[_Reading]) -> list[_Reading]:
        """Whom the detector finds beside those who are here."""
        found: list[_Reading] = []
        for detection in self._perception.faces(frame, self._part(frame)):
            region = detection.region()
            place = _Place.of(region)
            if any(one.place.away(place) < SAME_FACE for one in (*here, *found)):
                continue
            taken = [one.track for one in (*here, *found)]
            track = self._whose(frame.t_ns, place, taken) or self._new(region, frame.t_ns)
            # The detector sees some small faces tilted that are not.
            angle = track.region.angle_rad if track.frames else here[0].face.region.angle_rad if here else 0.0
            reading = self._read(frame, track, region) or self._read(frame, track, replace(region, angle_rad=angle))
            if reading is not None:
                found.append(reading)
        return found

    def _part(self, frame: Frame) -> Region | None:
        """Where to look now: in all of the picture, in a part of it, or every second time around somebody lost."""
        height, width = frame.image.shape[:2]
        side = PART * max(width, height)
        self._looks += 1
        lost = [track for track in self._tracks if track.seen_ns != self._last_ns]
        if lost and self._looks % 2:
            near = lost[self._looks // 2 % len(lost)].expected(frame.t_ns)
            return replace(near, size_px=LOST_SIZES * near.size_px)
        parts = [None, *(Region(x, y, side) for y in _middles(height, side) for x in _middles(width, side))]
        return parts[self._looks // (2 if lost else 1) % len(parts)]

    def _whose(self, t_ns: int, place: _Place, taken: Sequence[_Track] = ()) -> _Track | None:
        """Whom a face fits best of those not ``taken``."""
        fits = [(self._unlike(track, place, t_ns), track) for track in self._tracks if track not in taken]
        unlike, track = min(fits, key=lambda one: one[0], default=(math.inf, None))
        return track if math.isfinite(unlike) else None

    def _unlike(self, track: _Track, place: _Place, t_ns: int) -> float:
        return track.unlike(place, t_ns) + (0.0 if track.seen_ns == self._last_ns else HIDDEN)

    def _new(self, region: Region, t_ns: int) -> _Track:
        # The expressions of several people are read in different frames.
        return _Track(self._perception.beside(1 + len(self._tracks) % EXPRESSION_EVERY), region, t_ns)

    def _read(self, frame: Frame, track: _Track, region: Region) -> _Reading | None:
        track.reader.expression_every = self._perception.expression_every
        sighting = track.reader.read(frame, region)
        least = PRESENCE if track.seen_ns == self._last_ns else self._perception.sure_presence
        if sighting is None or sighting.landmarks is None or sighting.landmarks.presence < least:
            return None
        return _Reading(track, sighting, sighting.landmarks, _Place.of(sighting.landmarks.region))

    def _apart(self, here: list[_Reading], more: list[_Reading]) -> list[_Reading]:
        """Those who are here, and those of ``more``, in their order, who have a face to themselves."""
        apart = list(here)
        for one in more:
            if len(apart) < self._most and all(one.place.away(other.place) >= SAME_FACE for other in apart):
                apart.append(one)
        return apart

    def _follow(self, t_ns: int, here: list[_Reading]) -> None:
        """Each person's track takes in where the face is; who is sure to be one gets a number."""
        expected = [(track, _Place.of(track.expected(t_ns))) for track in self._tracks]
        for one in here:
            crowded = any(track is not one.track and _hides(place, one.place) for track, place in expected)
            one.track.seen(t_ns, one.face.region, crowded=crowded)
            if one.track not in self._tracks:
                self._tracks.append(one.track)
            sure = one.watched or one.face.presence >= self._perception.sure_presence
            if not one.track.number and (sure or one.track.frames >= DOUBTFUL_FRAMES):
                self._numbers += 1
                one.track.number = self._numbers


def _middles(length: int, side: float) -> list[float]:
    """Middles of parts that cover a length and overlap by half."""
    return centres(length, side, max(math.ceil(2.0 * (length - side) / side), 0) + 1)


def _hides(place: _Place, other: _Place) -> bool:
    """Whether a face there may hide a part of ``other``."""
    return place.away(other) < CROWDED and place.size > SMALLER * other.size


def _found(one: _Reading, frame: Frame) -> FoundPerson:
    height, width = frame.image.shape[:2]
    (left, top), (right, bottom) = (
        one.face.points[:, :2].min(axis=0).tolist(),
        one.face.points[:, :2].max(axis=0).tolist(),
    )
    box = (left / width, top / height, right / width, bottom / height)
    return FoundPerson(one.track.number, one.watched, box, one.sighting.observation)
