"""Whose face is watched: a decision that can be taken back.

Without anybody known it is the largest and most central face. From then on the watched person has a claim by who was
there before: a face in that place is taken up at once, whatever other faces there are. Somebody else is followed only
after a while, as a guest: then the whole picture is looked at again several times a second, and the first person is
taken back as soon as a face is in the old place. A guest who stays for longer than that person did gets the claim.
A seat that is set goes before all of it: nobody outside of it is watched.
"""

from __future__ import annotations

import logging
import math
from dataclasses import field

from wakeful.device.perception.face_detector import Detection
from wakeful.device.perception.seat import SAME_PLACE, Box, Place, Seat
from wakeful.frozen import dataclass

log = logging.getLogger("wakeful.perception")

# A face that was just lost keeps its claim this long; only a face in its place is taken for it.
CLAIM_S = 1.0
# Somebody who was seen beside the watched person is known to be another one, and has to wait for as long as that person
# was watched, between these two bounds: who is gone for half a minute while others are in view has changed the seat.
COMPANY_WAITS_S = (2.0, 30.0)
# A guest becomes the one to watch after as long as the first was watched, between these bounds: the lower one is twice
# the longest absence for which people are expected back (a minute), the upper one is what a place remembers.
GUEST_SETTLES_S = (120.0, 180.0)
# Where people come and go, nobody has a seat to come back to.
PASSER_BY_SETTLES_S = 10.0
# How often the whole picture is looked at while a face is followed: by somebody of whom it is not sure that it is the
# right one, with others in view, and alone. The first leaves time for two more looks within a second.
LOOK_UNSURE_S, LOOK_COMPANY_S, LOOK_ALONE_S = 0.4, 1.0, 5.0
# A face outside of the seat that is set is reported after this long: before a driver gets in it is a passenger's.
OUTSIDE_S = 10.0
# Somebody who was not seen for this long has left.
COMPANY_LEFT_S = 120.0
MAX_COMPANY = 6
MAX_PEOPLE = 4
# A face that fits the place of the person so well is that person; the passenger who leans over does not.
FITS = 0.5
# A face that is as prominent as this beside the chosen one could have been chosen as well, until that one has been the
# most prominent for a while.
RIVALS = 0.8
ALONE_AT_FIRST_S = 5.0
# Two answers of the detector are one face up to half of its width apart; those of two people overlap by less.
SAME_FACE = 0.5


@dataclass(slots=True)
class Person:
    """Somebody who was watched; ``number`` counts them from 1."""

    number: int
    place: Place = field(default_factory=Place)


@dataclass(slots=True)
class Other:
    """Somebody who was seen beside the watched person."""

    t_ns: int
    centre: tuple[float, float]
    size_px: float


class WatchedPerson:
    """Decides who is watched, from faces that were found and from the one that is followed.

    Args:
        seat: what is set about where the person sits.
    """

    def __init__(self, seat: Seat | None = None) -> None:
        self._seat = seat or Seat()
        self._people: list[Person] = []
        self._count = 0
        # Who has the claim, and who is followed or was last.
        self._first: Person | None = None
        self._now: Person | None = None
        self._company: list[Other] = []
        self._seen_ns: int | None = None
        self._looked_ns = 0
        self._look_every_ns = 0
        self._centre = (0.0, 0.0)
        self._size_px = 0.0
        self._contested = self._strayed = self._warned = False
        self._outside_ns: int | None = None

    @property
    def number(self) -> int | None:
        """The number of the person who is followed, or was last; None before the first."""
        return self._now.number if self._now else None

    @property
    def unsure(self) -> bool:
        """Whether the one who is followed may be the wrong one; never where nobody has a seat of their own."""
        return self._seat.kept and (self._now is not self._first or self._contested or self._strayed)

    def region(self, width_px: int, height_px: int) -> Box | None:
        """Where the centre of the watched face is expected, pixels: as set, or as learned; None before that."""
        if self._seat.region:
            x0, y0, x1, y1 = self._seat.region
            return x0 * width_px, y0 * height_px, x1 * width_px, y1 * height_px
        if self._first is None or not self._first.place.learned:
            return None
        return self._first.place.reach

    def candidates(self, t_ns: int, faces: list[Detection], width_px: int, height_px: int) -> list[Detection]:
        """The faces to watch next while nobody is followed, the best one first."""
        seated = [face for face in faces if self._seat.has(face.centre, width_px, height_px)]
        self._warn_outside(t_ns, bool(faces), bool(seated))
        at_home = [face for face in seated if self._first and self._first.place.holds(face.centre, face.size_px)]
        if self._first and at_home:
            place = self._first.place
            return sorted(at_home, key=lambda face: place.misfit(face.centre, face.size_px))
        if self._is_claimed(t_ns, CLAIM_S):
            seated = [face for face in seated if near(face.centre, face.size_px, self._centre, self._size_px)]
        elif self._is_claimed(t_ns, self._company_waits_s()):
            seated = [face for face in seated if not self._is_company(t_ns, face)]
        return sorted(seated, key=lambda face: -prominence(face, width_px, height_px))

    def take(self, t_ns: int, chosen: Detection, faces: list[Detection], width_px: int, height_px: int) -> None:
        """From now on ``chosen`` is followed; ``faces`` are all that were found with it."""
        again = self._whose(t_ns, chosen)
        if again is None:
            self._count += 1
            again = Person(self._count)
            self._people.append(again)
            self._forget_people(again)
        self._now = again
        self._first = self._first or again
        self._note_company(t_ns, faces, chosen.centre, chosen.size_px)
        self._note_rivals(faces, chosen, width_px, height_px)
        self.seen(t_ns, chosen.centre, chosen.size_px, width_px, height_px)
        self._plan_looks(t_ns)

    def seen(self, t_ns: int, centre: tuple[float, float], size_px: float, width_px: int, height_px: int) -> None:
        """The followed face is at ``centre`` (pixels), ``size_px`` wide."""
        self._seen_ns, self._centre, self._size_px = t_ns, centre, size_px
        if self._now is None or not self._now.place.see(t_ns, centre, size_px):
            return
        self._strayed = not self._seat.has(centre, width_px, height_px)
        self._contested = self._contested and not self._now.place.learned
        if self._now is not self._first:
            self._settle(centre, size_px)
        self._plan_looks(t_ns)

    def resize(self, x_by: float, y_by: float) -> None:
        """Pictures of another size from here on, which show the same larger or smaller by these factors."""
        by = math.sqrt(x_by * y_by)
        for person in self._people:
            person.place.resize(x_by, y_by)
        for other in self._company:
            other.centre, other.size_px = (other.centre[0] * x_by, other.centre[1] * y_by), other.size_px * by
        # Whoever has a place is found there; no claim keeps others away, since the view may be another one.
        self._seen_ns = None

    def is_due(self, t_ns: int) -> bool:
        """Whether the whole picture has to be looked at, although a face is followed."""
        return not 0 <= t_ns - self._looked_ns < self._look_every_ns

    def rival(self, t_ns: int, faces: list[Detection], width_px: int, height_px: int) -> Detection | None:
        """Of all faces in the picture, the one to watch in place of the followed one; None if that is the right one."""
        self._note_company(t_ns, faces, self._centre, self._size_px)
        others = [face for face in faces if not self._is_followed(face)]
        seated = [face for face in others if self._seat.has(face.centre, width_px, height_px)]
        followed = [face for face in faces if self._is_followed(face)]
        if followed:
            self._note_rivals(seated + followed[:1], followed[0], width_px, height_px)
        self._plan_looks(t_ns)
        if self._first is None or not seated:
            return None
        place = self._first.place
        best = min(seated, key=lambda face: place.misfit(face.centre, face.size_px))
        if self._strayed:
            return best
        if not self._seat.kept and self._now is self._first:
            return None
        fit, followed_fit = place.misfit(best.centre, best.size_px), place.misfit(self._centre, self._size_px)
        if self._now is not self._first and place.holds(best.centre, best.size_px):
            return best if fit + FITS / 2.0 < followed_fit else None
        return best if fit < FITS and fit + FITS < followed_fit else None

    def _warn_outside(self, t_ns: int, faces: bool, seated: bool) -> None:
        """Once: whoever has set the wrong side would hear of nobody in view, and of nothing else."""
        if seated or self._now is not None:
            self._outside_ns = None
        elif faces and self._outside_ns is None:
            self._outside_ns = t_ns
        elif faces and self._outside_ns is not None and not self._warned and t_ns - self._outside_ns >= OUTSIDE_S * 1e9:
            self._warned = True
            log.warning("a face is in view, but outside of the driver's seat: check [driver] side and region")

    def _is_followed(self, face: Detection) -> bool:
        return near(face.centre, face.size_px, self._centre, self._size_px, SAME_FACE)

    def _is_claimed(self, t_ns: int, for_s: float) -> bool:
        return self._seen_ns is not None and 0 <= t_ns - self._seen_ns <= for_s * 1e9

    def _company_waits_s(self) -> float:
        if not self._seat.kept or self._first is None:
            return 0.0
        least, most = COMPANY_WAITS_S
        return min(max(self._first.place.watched_s, least), most)

    def _settle(self, centre: tuple[float, float], size_px: float) -> None:
        """A guest who has moved to the place of the first person is that one; one who stays for long has the claim."""
        assert self._now is not None and self._first is not None
        guest, first = self._now.place, self._first.place
        least, most = GUEST_SETTLES_S
        settles_s = min(max(first.watched_s, least), most) if self._seat.kept else PASSER_BY_SETTLES_S
        if first.misfit(centre, size_px) < FITS:
            self._now = self._first
        elif guest.watched_s >= settles_s:
            self._first = self._now

    def _plan_looks(self, t_ns: int) -> None:
        assert self._first is not None
        place = self._first.place
        away = self._seat.kept and place.watched_s > LOOK_ALONE_S and place.misfit(self._centre, self._size_px) > FITS
        every_s = LOOK_ALONE_S
        if self._now is not self._first or self._contested or self._strayed or away:
            every_s = LOOK_UNSURE_S
        elif any(t_ns - one.t_ns < COMPANY_LEFT_S * 1e9 for one in self._company):
            every_s = LOOK_COMPANY_S
        self._look_every_ns = round(every_s * 1e9)

    def _whose(self, t_ns: int, face: Detection) -> Person | None:
        """Who of those watched before this is: by the place, the first one before all others."""
        if self._is_claimed(t_ns, CLAIM_S) and near(face.centre, face.size_px, self._centre, self._size_px):
            return self._now
        known = [self._first] if self._first else []
        known += [one for one in self._people if one is not self._first]
        return next((one for one in known if one.place.holds(face.centre, face.size_px)), None)

    def _forget_people(self, newest: Person) -> None:
        if len(self._people) > MAX_PEOPLE:
            self._people.remove(next(one for one in self._people if one not in (self._first, newest)))

    def _is_company(self, t_ns: int, face: Detection) -> bool:
        """Whether this is somebody seen beside the watched person, who may have moved since by a little."""
        for other in self._company:
            if near(face.centre, face.size_px, other.centre, other.size_px):
                other.centre, other.size_px = face.centre, face.size_px
                return t_ns - other.t_ns < COMPANY_LEFT_S * 1e9
        return False

    def _note_company(self, t_ns: int, faces: list[Detection], centre: tuple[float, float], size_px: float) -> None:
        self._looked_ns = t_ns
        others = [face for face in faces if not near(face.centre, face.size_px, centre, size_px, SAME_FACE)]
        kept = [
            one
            for one in self._company
            if not any(near(face.centre, face.size_px, one.centre, one.size_px) for face in others)
            and not near(one.centre, one.size_px, centre, size_px, SAME_FACE)
        ]
        self._company = [*(Other(t_ns, face.centre, face.size_px) for face in others), *kept][:MAX_COMPANY]

    def _note_rivals(self, faces: list[Detection], chosen: Detection, width_px: int, height_px: int) -> None:
        """Two people who are equally prominent, and nothing known of either."""
        assert self._first is not None
        if self._now is not self._first or self._first.place.watched_s > ALONE_AT_FIRST_S:
            return
        bound = RIVALS * prominence(chosen, width_px, height_px)
        self._contested = self._contested or any(
            prominence(face, width_px, height_px) >= bound
            for face in faces
            if face is not chosen and self._seat.has(face.centre, width_px, height_px)
        )


def near(
    centre: tuple[float, float],
    size_px: float,
    other: tuple[float, float],
    other_px: float,
    widths: float = SAME_PLACE,
) -> bool:
    """Whether two faces, by their centres and sizes in pixels, are less than so many widths of the larger one apart."""
    return math.dist(centre, other) < widths * max(size_px, other_px)


def prominence(face: Detection, width_px: int, height_px: int) -> float:
    """Size times nearness to the middle: a face at the edge of the picture counts half of one in the middle."""
    away = math.hypot(face.centre[0] / width_px - 0.5, face.centre[1] / height_px - 0.5)
    return face.size_px * (1.0 - min(away, 0.5))
