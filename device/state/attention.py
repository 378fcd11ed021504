"""Where the person looks: the way to the road, the zone at present, glances and how they add up."""

from __future__ import annotations

import math
from dataclasses import dataclass

from device.messages import Observation
from device.state.gaze_zone import Direction, RoadDirection, zone_of
from device.state.glance import Glance, GlanceTracker
from device.state.profile import Profile

LAP = "lap"
# Gaze is smoothed over this time: the iris jitters by degrees from frame to frame.
SMOOTH_S = 0.15
MAX_GAP_S = 0.5
# A head turned further than this from the road says enough, also where the eyes are not seen.
HEAD_SAYS_DEG = 30.0


@dataclass(frozen=True, slots=True)
class AttentionView:
    """Where the person looks at one moment; all unknown (``""``, None) until the way to the road is known."""

    zone: str
    off_road_s: float | None
    off_road_in_30s: float | None
    on_road_s: float | None
    ended: Glance | None


NOTHING = AttentionView("", None, None, None, None)


class Attention:
    """Follows gaze and head over time."""

    def __init__(self, profile: Profile, road: Direction | None) -> None:
        self._section = profile.gaze
        self.road = RoadDirection(profile.gaze.learn_s, profile.gaze.learn_until_s, road)
        self.restart()

    def restart(self) -> None:
        """Forget what was going on, but not where the road is: time has jumped."""
        self.road.restart()
        self._glances = GlanceTracker()
        self._gaze: Direction | None = None
        self._last_ns: int | None = None

    def step(self, seen: Observation, lowered_since_ns: int | None, *, eyes_open: bool) -> AttentionView:
        """Take in one frame.

        Args:
            lowered_since_ns: when the lids went down, if they are lowered: then the person looks down.
            eyes_open: the eyes are seen open.
        """
        gaze = self._smoothed(seen)
        if gaze is not None and eyes_open:
            self.road.see(seen.t_ns, gaze)
        road = self.road.direction
        if road is None:
            return NOTHING
        zone = LAP if lowered_since_ns is not None else self._zone(seen, gaze if eyes_open else None, road)
        ended = self._glances.step(seen.t_ns, zone, lowered_since_ns)
        known = bool(zone)
        return AttentionView(
            zone,
            self._glances.off_road_s(seen.t_ns) if known else None,
            self._glances.off_road_in_30s(seen.t_ns) if known else None,
            self._glances.on_road_s() if known else None,
            ended,
        )

    def _zone(self, seen: Observation, gaze: Direction | None, road: Direction) -> str:
        if gaze is not None:
            return zone_of(gaze, road, self._section)
        if seen.yaw_deg is None or seen.pitch_deg is None:
            return ""
        head = Direction(seen.yaw_deg, seen.pitch_deg)
        away_deg = math.hypot(head.yaw_deg - road.yaw_deg, head.pitch_deg - road.pitch_deg)
        return zone_of(head, road, self._section) if seen.unreadable and away_deg >= HEAD_SAYS_DEG else ""

    def _smoothed(self, seen: Observation) -> Direction | None:
        if seen.gaze_yaw_deg is None or seen.gaze_pitch_deg is None:
            return None
        since_s = MAX_GAP_S if self._last_ns is None else (seen.t_ns - self._last_ns) / 1e9
        self._last_ns = seen.t_ns
        fresh = Direction(seen.gaze_yaw_deg, seen.gaze_pitch_deg)
        if self._gaze is None or since_s >= MAX_GAP_S:
            self._gaze = fresh
        else:
            share = 1.0 - math.exp(-since_s / SMOOTH_S)
            self._gaze = Direction(
                self._gaze.yaw_deg + share * (fresh.yaw_deg - self._gaze.yaw_deg),
                self._gaze.pitch_deg + share * (fresh.pitch_deg - self._gaze.pitch_deg),
            )
        return self._gaze
