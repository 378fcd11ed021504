"""What was learned of a person before, taken up because a face was recognized, and tried against what is measured.

A face may be taken for another's, and no alert may be lost by that. So nothing of it replaces what this drive shows:
the road is used until this drive knows its own, and the open eye raises the baseline once the eyes that are seen fit
it; all that is learned in this drive is learned as without it. A raised baseline takes eyes for closed sooner, never
later. Alert blinks are taken up with the eyes, and this drive's blinks are compared with both: that makes sleepiness
higher, never lower. What does not fit is dropped.
"""

from __future__ import annotations

from bisect import insort
from dataclasses import replace

from wakeful.device.drivers import BlinkBaseline, Calibration
from wakeful.device.messages import Observation
from wakeful.device.state.attention import Attention
from wakeful.device.state.gaze_zone import Direction
from wakeful.device.state.profile import Profile

SAMPLE_NS = 200_000_000
LOOKS = 100
"""So many looks at open eyes, twenty seconds of them, decide whether they fit."""
DIFFERENT = 0.25
"""Eyes that differ by more than this share are another person's, as where somebody sits down again (``person``)."""
USUAL, WIDEST = 0.75, 0.95
"""A baseline is what an open eye exceeds in a quarter of the time, so wider eyes are found there. Eyes are too narrow
only if they are so at their widest: lids may hang in between, and it is then that what was learned is needed."""
DIFFERENT_BLINKS = 1.5
"""Blinks whose mean duration differs by this factor are another person's, or another camera's. People who grow drowsy
blink 1.3 times as long (Caffier et al. 2003; of 43 drowsy people of UTA-RLDD one more than 1.5 times), and that is what
earlier blinks are kept to show."""
ROAD_S = 20.0
ROAD_DEG = 12.0
"""Roads that lie further apart after so much gaze are two: looks within half of this count for one direction."""


class Recall:
    """What is known of a person, on trial.

    Args:
        known: the calibration.
        learns_road: the road direction is learned in this drive; else the one that is set is used.

    Attributes:
        attention: by the road that is known; None without one.
        fits: whether the eyes do; None while that is open.
    """

    def __init__(self, profile: Profile, known: Calibration, *, learns_road: bool) -> None:
        self.known = known
        self.fits: bool | None = None
        self._road: Direction | None = None
        self.attention: Attention | None = None
        if learns_road and known.road_yaw_deg is not None and known.road_pitch_deg is not None:
            self._road = Direction(known.road_yaw_deg, known.road_pitch_deg)
            self.attention = Attention(profile, self._road)
        self._blinks_fit: bool | None = None
        self._shares: list[float] = []
        self._next_ns: int | None = None

    def restart(self) -> None:
        """Time starts again."""
        self._next_ns = None
        if self.attention is not None:
            self.attention.restart()

    def see(self, seen: Observation, own: Attention, *, eyes_open: bool) -> str:
        """Take in one frame; gives what does not fit, ``eyes`` or ``road``, once, and "" otherwise.

        Args:
            own: what this drive has learned of the road.
            eyes_open: the eyes are seen, and open.
        """
        if eyes_open and self.fits is None and (self._next_ns is None or seen.t_ns >= self._next_ns):
            self._next_ns = seen.t_ns + SAMPLE_NS
            if self._try_eyes(seen) is False:
                self.attention = self._road = None
                return "eyes"
        if self._road is not None and own.road.direction is not None and own.road.seen_s >= ROAD_S:
            road, self._road = self._road, None
            learned = own.road.direction
            away_deg = max(abs(learned.yaw_deg - road.yaw_deg), abs(learned.pitch_deg - road.pitch_deg))
            if away_deg > ROAD_DEG:
                self.attention = None
                return "road"
        return ""

    @property
    def fitting(self) -> Calibration:
        """What is known without what does not fit."""
        return replace(self.known, blinks=None) if self._blinks_fit is False else self.known

    def try_blinks(self, own: BlinkBaseline | None) -> str:
        """Compare with the blinks of this drive, once these are learned; gives ``blinks``, once, if they do not fit."""
        known = self.known.blinks
        if own is None or known is None or not self.fits or self._blinks_fit is not None:
            return ""
        longer, shorter = max(own.duration_s, known.duration_s), min(own.duration_s, known.duration_s)
        self._blinks_fit = longer <= DIFFERENT_BLINKS * shorter
        return "" if self._blinks_fit else "blinks"

    def _try_eyes(self, seen: Observation) -> bool | None:
        """Whether the eyes fit, from the last look that is needed on."""
        pairs = (
            (seen.eye_aspect_left, self.known.eye_aspect_left),
            (seen.eye_aspect_right, self.known.eye_aspect_right),
        )
        shares = [aspect / learned for aspect, learned in pairs if aspect is not None]
        if shares:
            insort(self._shares, sum(shares) / len(shares))
        if len(self._shares) >= LOOKS:
            usual, widest = (self._shares[int(share * LOOKS)] for share in (USUAL, WIDEST))
            self.fits = usual <= 1.0 + DIFFERENT and widest >= 1.0 - DIFFERENT
            self._shares.clear()
        return self.fits
