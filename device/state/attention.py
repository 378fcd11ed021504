"""Where the person looks: the way to the road, the zone at present, glances and how they add up."""

from __future__ import annotations

import math
from collections import deque

from wakeful.device.messages import Observation
from wakeful.device.state.gaze_zone import ROAD, Direction, RoadDirection, zone_of
from wakeful.device.state.glance import Glance, GlanceTracker
from wakeful.device.state.profile import Profile
from wakeful.frozen import dataclass

LAP = "lap"
# Gaze is the median over this time: the iris jitters by degrees from frame to frame. A mean would make looks far away
# longer than near ones, because it takes longer on the way back.
SMOOTH_NS = 150_000_000
# The way to the road is not learned from glances away from it. But a look that lasts for half a minute means that what
# was learned first was not the road: people settle into their seat and start the engine before they look ahead.
GLANCE_S = 2.0
MISTAKEN_S = 30.0
# A head turned further than this from its own way to the road says enough: eyes hardly stay on the road then (Fuller,
# J. Neurophysiol. 1992: people who move their heads at all do so for gaze shifts over 20 to 30 degrees), and networks
# that read irises from aside find too little of the turn.
HEAD_SAYS_DEG = 25.0
# ... and goes on to say so until it is nearer by this: wavering around one bound would cut a look to pieces.
STILL_DEG = 5.0
# So would a gaze that wavers around the rim of the road: it is back when it is inside by this.
WAVER_DEG = 2.0
# Head and eyes shift together, and the gaze goes further than the head (Freedman & Sparks, J. Neurophysiol. 77, 1997):
# one that is read to follow a turned head by this share has gone at least as far.
FOLLOWS = 0.5
# Upper lids follow the eyes down, so a lid half closed under a sinking head is half of this angle of gaze (Guitton et
# al., Invest. Ophthalmol. Vis. Sci. 32, 1991). Without the head it is a tired lid. Head and lids together tell where
# the eyes look, which needs less of a margin than a head alone.
LID_FOLLOWS_DEG = 50.0
DOWN_SAYS_DEG = 20.0
SINKING_HEAD_DEG = 8.0
# From below or behind spectacles networks read half of the way down or less. Where both a head and irises are read to
# have gone down, each is the other's witness, and half the bound is enough: head and eyes go down together.
BOTH_SINKING_DEG = 4.0


@dataclass(frozen=True, slots=True)
class AttentionView:
    """Where the person looks at one moment; all unknown (``""``, None) until the way to the road is known.

    Attributes:
        running_s: length of the running glance away from the road as far as it was seen, 0 without one. It is known,
            other than ``off_road_s``, while the zone is not: lids cover the eyes for a moment.
    """

    zone: str
    off_road_s: float | None
    off_road_in_30s: float | None
    on_road_s: float | None
    ended: Glance | None
    glances_in_30s: float | None = None
    running_s: float = 0.0


class Attention:
    """Follows gaze and head over time.

    Args:
        road: way of the gaze to the road, if it is known; then it is not learned.
        head_road: way of the head when the person looks at the road, likewise.
    """

    def __init__(self, profile: Profile, road: Direction | None, head_road: Direction | None = None) -> None:
        self._section = profile.gaze
        self.road = RoadDirection(profile.gaze.learn_s, profile.gaze.learn_until_s, road, head_road)
        self.restart()

    def restart(self) -> None:
        """Forget what was going on, but not where the road is: time has jumped."""
        self.road.restart()
        self._glances = GlanceTracker()
        self._head_says = self._sunk = self._gaze_off = False
        self._recent: deque[tuple[int, float, float]] = deque()

    def step(
        self,
        seen: Observation,
        lowered_since_ns: int | None,
        *,
        eyes_open: bool,
        opening: float | None = None,
        down: bool = False,
    ) -> AttentionView:
        """Take in one frame.

        Args:
            lowered_since_ns: when the lids went down, if they are lowered: then the person looks down.
            eyes_open: the eyes are seen open.
            opening: how far, 0 to 1, the mean of the eyes seen.
            down: by their probabilities the lids are lowered, which is a look down wherever the road may be.
        """
        gaze = self._smoothed(seen) if eyes_open else None
        head = None if seen.yaw_deg is None or seen.pitch_deg is None else Direction(seen.yaw_deg, seen.pitch_deg)
        away = GLANCE_S <= self._glances.off_road_s(seen.t_ns) < MISTAKEN_S
        if gaze is not None and not down and not away:
            self.road.see(seen.t_ns, gaze, head)
        road = self.road.direction
        if road is None and not down:
            ended = self._glances.step(seen.t_ns, "")
            return AttentionView("", None, None, None, ended, running_s=self._glances.off_road_s(seen.t_ns))
        head_says = head if eyes_open or seen.unreadable else None
        if lowered_since_ns is not None or road is None:
            zone = LAP
        else:
            zone = self._zone(gaze, head_says, opening, road) or (LAP if down else "")
        ended = self._glances.step(seen.t_ns, zone, lowered_since_ns)
        known, running_s = bool(zone), self._glances.off_road_s(seen.t_ns)
        return AttentionView(
            zone,
            running_s if known else None,
            self._glances.off_road_in_30s(seen.t_ns) if known else None,
            self._glances.on_road_s() if known else None,
            ended,
            float(self._glances.glances_in_30s(seen.t_ns)) if known else None,
            running_s,
        )

    def _zone(self, gaze: Direction | None, head: Direction | None, opening: float | None, road: Direction) -> str:
        """What is looked at: by the head where it is far away from its own way to the road, else by the gaze."""
        if head is not None:
            ahead = self.road.head or road
            still_deg = STILL_DEG if self._head_says else 0.0
            bound_deg = HEAD_SAYS_DEG
            lids_deg = 0.0 if opening is None else (1.0 - opening) * LID_FOLLOWS_DEG
            sinks = opening is not None and _sinking(head, ahead, gaze, road, still_deg, sunk=self._sunk)
            if sinks:
                bound_deg = DOWN_SAYS_DEG
                head = Direction(head.yaw_deg, head.pitch_deg - lids_deg)
            turn = Direction(head.yaw_deg - ahead.yaw_deg, head.pitch_deg - ahead.pitch_deg)
            self._head_says = math.hypot(turn.yaw_deg, turn.pitch_deg) >= bound_deg - still_deg
            self._sunk = sinks and self._head_says
            if self._head_says:
                return zone_of(head, ahead, self._section)
            if gaze is not None:
                gaze = Direction(
                    road.yaw_deg + _with_head(gaze.yaw_deg - road.yaw_deg, turn.yaw_deg),
                    road.pitch_deg + _with_head(gaze.pitch_deg - road.pitch_deg, turn.pitch_deg),
                )
        return "" if gaze is None else self._zone_of_gaze(gaze, road)

    def _zone_of_gaze(self, gaze: Direction, road: Direction) -> str:
        yaw, pitch = gaze.yaw_deg - road.yaw_deg, gaze.pitch_deg - road.pitch_deg
        further = 1.0 + WAVER_DEG / max(math.hypot(yaw, pitch), WAVER_DEG) if self._gaze_off else 1.0
        zone = zone_of(Direction(road.yaw_deg + further * yaw, road.pitch_deg + further * pitch), road, self._section)
        self._gaze_off = zone != ROAD
        return zone

    def _smoothed(self, seen: Observation) -> Direction | None:
        if seen.gaze_yaw_deg is None or seen.gaze_pitch_deg is None:
            return None
        self._recent.append((seen.t_ns, seen.gaze_yaw_deg, seen.gaze_pitch_deg))
        while self._recent[0][0] < seen.t_ns - SMOOTH_NS:
            self._recent.popleft()
        # Of an even number the oldest is left out, so that looks begin and end with the same delay.
        odd = list(self._recent)[1 - len(self._recent) % 2 :]
        middle = len(odd) // 2
        return Direction(sorted([yaw for _, yaw, _ in odd])[middle], sorted([pitch for _, _, pitch in odd])[middle])


def _sinking(
    head: Direction, ahead: Direction, gaze: Direction | None, road: Direction, still_deg: float, *, sunk: bool
) -> bool:
    """Whether the head goes down from its own way to the road, by itself or with the irises.

    Args:
        sunk: it had gone down in the frame before. Irises and lids that stay down are enough then: where the head is
            held when the person looks at the road is known to a degree or two.
    """
    down_deg = ahead.pitch_deg - head.pitch_deg
    gaze_down_deg = 0.0 if gaze is None else road.pitch_deg - gaze.pitch_deg
    bound_deg = BOTH_SINKING_DEG - min(still_deg, BOTH_SINKING_DEG / 2.0)
    together = gaze_down_deg >= bound_deg and (sunk or down_deg >= bound_deg)
    return together or down_deg >= SINKING_HEAD_DEG - still_deg


def _with_head(shift_deg: float, turn_deg: float) -> float:
    """How far the gaze has gone, from how far it is read to have gone and how far the head has turned."""
    follows = shift_deg * turn_deg > 0.0 and FOLLOWS * abs(turn_deg) <= abs(shift_deg) < abs(turn_deg)
    return turn_deg if follows else shift_deg
