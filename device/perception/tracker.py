"""Where the watched face is in each frame: followed by its landmarks, or found in the whole picture.

The detector runs while nobody is followed; afterwards each frame's landmarks say where to look in the next, and the
detector only now and then whether somebody else is the one to watch (``person``). It knows upright faces: cameras are
mounted on their side and upside down too, so it looks in all four rotations, and in parts of the picture
(``face_search``) for faces that are small or far aside.
"""

from __future__ import annotations

import copy
import math

from wakeful.device.perception.face_detector import Detection, FaceDetector
from wakeful.device.perception.face_search import Views, parts
from wakeful.device.perception.landmarks import TRACKING_SCALE, FaceLandmarks, LandmarkReader
from wakeful.device.perception.person import WatchedPerson
from wakeful.device.perception.region import Region
from wakeful.device.perception.seat import Box, Seat
from wakeful.device.perception.way_up import WayUp
from wakeful.device.stages import UNWATCHED, Stages
from wakeful.sensors.frame import Frame

# A face may be turned by 90, 180 and 270 degrees against the way that faces were turned so far.
OTHER_ROTATIONS = 3
# A face of little presence counts once it was read in so many frames running: what is no face seldom lasts. One that
# takes the place of a followed face is read in looks that are further apart.
DOUBTFUL_FRAMES = 5
DOUBTFUL_LOOKS = 3
# After a longer pause the head may be anywhere, and nodded or turned out of the crop that its last place gives.
LONG_AGO_NS = 400_000_000
# Number of the whole picture among the parts.
WHOLE = -1
# A face that has moved by less than this share of its region, or turned or grown by as little, is looked for where it
# was: a crop that follows each frame's points makes the next ones jitter. No more than they jitter by: what a crop that
# stays a little aside adds to angles stays with it (with 0.01 up to 2 degrees of pitch, rendered driver).
STILL, STILL_RAD = 0.003, math.radians(0.2)
# Where nobody is followed, so many of the faces that were found are read: the best may be a headrest.
READ_FACES = 2


class FaceTracker:
    """Follows one face through the frames of one source.

    Args:
        min_presence: below this a face is none.
        seat: where the person to watch sits; None is learned.

    Attributes:
        person: whose face it is.
        changed: in the newest frame another person was taken.
        stages: notified when a stage of a frame is done.
    """

    def __init__(
        self, detector: FaceDetector, reader: LandmarkReader, min_presence: float, seat: Seat | None = None
    ) -> None:
        self._detector = detector
        self._reader = reader
        self._min_presence = min_presence
        self._region: Region | None = None
        self._last_ns = 0
        self._picture: tuple[int, int] | None = None
        self._quarter = self._other_quarter = self._doubtful = 0
        self._part = -1
        self._views = Views()
        self._way_up = WayUp()
        self._one_eye = False
        self.person = WatchedPerson(seat)
        self.changed = False
        self.stages: Stages = UNWATCHED

    def fork(self) -> FaceTracker:
        """Another one that follows the same face from here on, with the same networks."""
        twin = copy.copy(self)
        twin.person, twin._views = copy.deepcopy(self.person), copy.deepcopy(self._views)
        twin._way_up = copy.copy(self._way_up)
        return twin

    def __call__(self, frame: Frame, *, one_eye: bool = False, parts_at_once: int = 1) -> FaceLandmarks | None:
        """The watched face in ``frame``; None where it is not seen.

        Args:
            one_eye: as for ``LandmarkReader``.
            parts_at_once: in so many parts of the picture it is searched where the whole shows none.

        Raises:
            NetworkOutputError: a network answered NaN; the face is lost.
        """
        self._one_eye = one_eye
        self.changed = False
        pause_ns, self._last_ns = frame.t_ns - self._last_ns, frame.t_ns
        followed, self._region = self._region, None
        size, before = _size(frame), self._picture
        if before not in (None, size):
            followed = None
            self._views.forget()
            self.person.resize(size[0] / before[0], size[1] / before[1])
        self._picture = size
        face = self._follow(frame, followed, pause_ns) if followed else None
        if face is not None:
            face = self._other_way_up(frame, face) or self._look_around(frame, face)
        else:
            face = self._find(frame) or self._find_in_parts(frame, parts_at_once)
        if face is None:
            return None
        self._region = steady(followed, face.region) if followed else face.region
        centre = (self._region.x_px, self._region.y_px)
        self.person.seen(frame.t_ns, centre, self._region.size_px / TRACKING_SCALE, *_size(frame))
        return face

    def faces(self, frame: Frame, part: Region | None = None) -> list[Detection]:
        """All faces that are turned as the followed one is, or was last, in all of the picture or in a ``part``."""
        return self._detector(frame.image, self._quarter, part)

    @property
    def angle_rad(self) -> float:
        """How far the followed face is turned, clockwise in the picture; 0 without one."""
        return self._region.angle_rad if self._region else 0.0

    def seat(self, frame: Frame) -> Box | None:
        """Where the centre of the watched face is expected: x0, y0, x1, y1 in pixels; None while that is unknown."""
        return self.person.region(*_size(frame))

    def _find(self, frame: Frame) -> FaceLandmarks | None:
        """The face the way the last one was turned; without it, the other ways have their turn, one in each frame."""
        self._other_quarter = self._other_quarter % OTHER_ROTATIONS + 1
        doubtful = False
        for quarter in (self._quarter, (self._quarter + self._other_quarter) % 4):
            faces, found = self._candidates(frame, quarter)
            if not found:
                continue
            # The detector takes some faces for upright ones that are upside down; it is surer of the right way.
            others, opposite = self._candidates(frame, (quarter + 2) % 4)
            if opposite and opposite[0].score > found[0].score:
                quarter, faces, found, opposite = (quarter + 2) % 4, others, opposite, found
            for candidate in found[:READ_FACES]:
                face = self._read(frame, candidate.region())
                if face is None or face.presence < self._min_presence:
                    continue
                doubtful = quarter == self._quarter
                if face.presence >= self._reader.found_presence or (doubtful and self._doubtful + 1 >= DOUBTFUL_FRAMES):
                    self._quarter, self._other_quarter = quarter, 0
                    self._way_up.begin(candidate.score, opposite[0].score if opposite else None)
                    return self._take(frame, face, candidate, faces)
            if quarter == self._quarter and (face := self._agreed(frame, WHOLE, found[0])):
                return self._take(frame, face, found[0], faces)
        self._doubtful = self._doubtful + 1 if doubtful else 0
        return None

    def _other_way_up(self, frame: Frame, face: FaceLandmarks) -> FaceLandmarks | None:
        """The followed face the other way up, as soon as that is known to be the right one."""
        if not self._way_up.is_open:
            return None
        other_quarter = (self._quarter + 2) % 4
        ways = [self._detect_at(frame, face.region, quarter) for quarter in (self._quarter, other_quarter)]
        followed, other = (found[0].score if found else None for found in ways)
        if not self._way_up.is_other(followed, other) or not ways[1]:
            return None
        turned = self._read(frame, ways[1][0].region())
        if turned is None or turned.presence < self._reader.found_presence:
            return None
        self._quarter = other_quarter
        self._way_up.begin(ways[1][0].score, None)
        return self._take(frame, turned, ways[1][0], ways[1])

    def _find_in_parts(self, frame: Frame, count: int) -> FaceLandmarks | None:
        """A face that a look at the whole picture misses; counts after a second look in its own square."""
        sure = self._reader.found_presence
        if not sure:  # the presence of such a reader does not carry the decision
            return None
        places = parts(*_size(frame))
        for _ in range(count):
            self._part = (self._part + 1) % len(places)
            faces = self._detector(frame.image, self._quarter, places[self._part])
            self.stages.done("detect")
            for candidate in self.person.candidates(frame.t_ns, faces, *_size(frame))[:1]:
                face = self._read(frame, candidate.region())
                again = self._read(frame, face.region) if face is not None and face.presence >= sure else None
                if again is None or again.presence < sure:
                    again = self._agreed(frame, self._part, candidate)
                if again is not None:
                    return self._take(frame, again, candidate, faces)
        return None

    def _agreed(self, frame: Frame, part: int, candidate: Detection) -> FaceLandmarks | None:
        """The face on which the detector answered, where two parts of the picture show one."""
        if not self._reader.found_presence:
            return None
        place = self._views.agree(part, self._reader.glance(frame, candidate.region()))
        self.stages.done("landmarks")
        return None if place is None else self._read(frame, place)

    def _follow(self, frame: Frame, region: Region, pause_ns: int) -> FaceLandmarks | None:
        """The face in the region, or where it has come since a frame that is long ago."""
        if pause_ns > LONG_AGO_NS:
            for found in self._detect_at(frame, region, self._quarter)[:1]:
                moved = self._read(frame, found.region())
                return self._read(frame, region) if moved is None else moved
        return self._read(frame, region)

    def _look_around(self, frame: Frame, face: FaceLandmarks) -> FaceLandmarks:
        """The followed face, or now and then that of somebody else in the picture who is the one to watch."""
        if not self.person.is_due(frame.t_ns):
            return face
        faces = self._detect(frame, self._quarter)
        rival = self.person.rival(frame.t_ns, faces, *_size(frame))
        other = self._read(frame, rival.region()) if rival else None
        if rival is None or other is None or other.presence < self._min_presence:
            self._doubtful = 0
            return face
        self._doubtful += 1
        if other.presence < self._reader.found_presence and self._doubtful < DOUBTFUL_LOOKS:
            return face
        return self._take(frame, other, rival, faces)

    def _take(self, frame: Frame, face: FaceLandmarks, found: Detection, faces: list[Detection]) -> FaceLandmarks:
        self._doubtful = 0
        self._views.forget()
        before = self.person.number
        self.person.take(frame.t_ns, found, faces, *_size(frame))
        self.changed = self.person.number != before
        return face

    def _candidates(self, frame: Frame, quarter: int) -> tuple[list[Detection], list[Detection]]:
        """All faces that are turned this way, and those that may be the watched one, the best first."""
        faces = self._detect(frame, quarter)
        return faces, self.person.candidates(frame.t_ns, faces, *_size(frame))

    def _detect(self, frame: Frame, quarter: int) -> list[Detection]:
        found = self._detector(frame.image, quarter)
        self.stages.done("detect")
        return found

    def _detect_at(self, frame: Frame, region: Region, quarter: int) -> list[Detection]:
        """Faces whose centre lies in a region, the best first."""
        place = (region.x_px, region.y_px)
        return [one for one in self._detect(frame, quarter) if math.dist(one.centre, place) < region.size_px / 2.0]

    def _read(self, frame: Frame, region: Region) -> FaceLandmarks | None:
        try:
            return self._reader(frame, region, one_eye=self._one_eye)
        finally:
            self.stages.done("landmarks")


def steady(before: Region, now: Region) -> Region:
    """Where to look for a face in the next frame: where it was ``before``, as long as it hardly moves."""
    reach = STILL * before.size_px
    turned = math.remainder(now.angle_rad - before.angle_rad, 2.0 * math.pi)
    moved = math.hypot(now.x_px - before.x_px, now.y_px - before.y_px)
    is_still = moved <= reach and abs(now.size_px - before.size_px) <= reach and abs(turned) <= STILL_RAD
    return before if is_still else now


def _size(frame: Frame) -> tuple[int, int]:
    """Width and height of the picture, pixels."""
    return frame.image.shape[1], frame.image.shape[0]
