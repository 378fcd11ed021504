"""What a robot wants to know of the person before it: is somebody there, looking at me, awake, and how far away.

Looking is a gaze within a cone around the way from the face to the camera, wherever in the picture the face is. A blink
or a moment without a measure ends no look. Everything counts in capture time.
"""

from __future__ import annotations

import math
from collections import deque
from statistics import median

from wakeful.device.messages import Event, Observation
from wakeful.device.state.profile import EngagementSection
from wakeful.frozen import dataclass

IRIS_MM = 11.7
"""Horizontal diameter of the visible iris, +- 0.5 in nearly everybody (Vakunov & Lagun, MediaPipe Iris, 2020)."""

SMOOTH_NS = 150_000_000
DISTANCE_NS = 1_000_000_000
# Longer without a frame, and nobody knows what the person did meanwhile.
MAX_GAP_NS = 500_000_000
# A head turned this far from the camera is not looking at it, whatever can be seen of its eyes.
TURNED_AWAY_DEG = 45.0


@dataclass(frozen=True, slots=True)
class EngagementView:
    """One moment; None is unknown.

    Attributes:
        looking: the person looks at the camera.
        looking_s: for how long, 0 while the person does not.
        awake: False once the eyes were closed for long, True as soon as they are open.
        distance_m: of the eyes from the camera.
        events: who came, left or came back with this frame.
    """

    looking: bool | None = None
    looking_s: float | None = None
    awake: bool | None = None
    distance_m: float | None = None
    events: tuple[Event, ...] = ()


class Engagement:
    """Follows one person by the bounds of a profile."""

    def __init__(self, section: EngagementSection) -> None:
        self._section = section
        self._presence = Presence(section.left_s, section.back_s)
        self.forget_look()

    def forget_look(self) -> None:
        """Another person is watched from now on; somebody is there as before."""
        self._gaze: deque[tuple[int, float, float]] = deque()
        self._distances_m: deque[tuple[int, float]] = deque()
        self._looking: bool | None = None
        self._since_ns = 0
        self._known_ns: int | None = None
        self._awake: bool | None = None
        self._eyes_ns: int | None = None

    def step(self, seen: Observation, *, closed: bool | None, closure_s: float | None) -> EngagementView:
        """Take in one frame.

        Args:
            closed: the eyes are; None where they are not seen.
            closure_s: length of the running closure.
        """
        events = self._presence.step(seen.t_ns, seen.face)
        if not seen.face:
            self._gaze.clear()
            self._distances_m.clear()
        looking = self._follow(seen.t_ns, self._aim(seen, closed))
        return EngagementView(
            looking,
            None if looking is None else (seen.t_ns - self._since_ns) / 1e9 if looking else 0.0,
            self._is_awake(seen.t_ns, closed, closure_s),
            self._distance_m(seen),
            events,
        )

    def _aim(self, seen: Observation, closed: bool | None) -> bool | None:
        """Whether this one frame shows a person who looks here."""
        away_deg = _off_deg(seen.yaw_deg, seen.pitch_deg, seen)
        if closed is False and seen.gaze_yaw_deg is not None and seen.gaze_pitch_deg is not None:
            self._gaze.append((seen.t_ns, seen.gaze_yaw_deg, seen.gaze_pitch_deg))
            while self._gaze[0][0] < seen.t_ns - SMOOTH_NS:
                self._gaze.popleft()
            pitch_deg = median([pitch for *_, pitch in self._gaze]) - self._section.gaze_up_deg
            gaze_deg = _off_deg(median([yaw for _, yaw, _ in self._gaze]), pitch_deg, seen)
            bound_deg = self._section.leave_deg if self._looking else self._section.cone_deg
            return None if gaze_deg is None else gaze_deg <= bound_deg
        if closed:
            return False
        return False if away_deg is not None and away_deg > TURNED_AWAY_DEG else None

    def _follow(self, t_ns: int, aim: bool | None) -> bool | None:
        """The running look: what is not seen, or a blink, leaves it as it was for a moment."""
        known_ns = self._known_ns
        if aim is True or (aim is False and self._looking is not True):
            self._known_ns = t_ns
        elif known_ns is not None and t_ns - known_ns <= self._section.bridge_s * 1e9:
            return self._looking
        if aim is True and self._looking is not True:
            self._since_ns = t_ns
        self._looking = aim
        return aim

    def _is_awake(self, t_ns: int, closed: bool | None, closure_s: float | None) -> bool | None:
        if closed is None:
            if self._eyes_ns is None or t_ns - self._eyes_ns > self._section.asleep_s * 1e9:
                self._awake = None
            return self._awake
        self._eyes_ns = t_ns
        if not closed:
            self._awake = True
        elif closure_s is not None and closure_s >= self._section.asleep_s:
            self._awake = False
        return self._awake

    def _distance_m(self, seen: Observation) -> float | None:
        if seen.iris_px and seen.focal_px:
            self._distances_m.append((seen.t_ns, seen.focal_px * IRIS_MM / 1000.0 / seen.iris_px))
        while self._distances_m and self._distances_m[0][0] < seen.t_ns - DISTANCE_NS:
            self._distances_m.popleft()
        return median([distance_m for _, distance_m in self._distances_m]) if self._distances_m else None


class Presence:
    """Tells who comes, leaves and comes back. It does not know who: somebody is somebody.

    Args:
        left_s: without a face for this long, the person has left.
        back_s: with a face for this long, somebody is there.
    """

    def __init__(self, left_s: float, back_s: float) -> None:
        self._left_ns = round(left_s * 1e9)
        self._back_ns = round(back_s * 1e9)
        self._here: bool | None = None
        self._turned_ns: int | None = None
        self._left_at_ns: int | None = None
        self._last_ns: int | None = None

    def step(self, t_ns: int, face: bool) -> tuple[Event, ...]:
        """Take in one frame."""
        if self._last_ns is not None and t_ns - self._last_ns > MAX_GAP_NS:
            self._turned_ns = None
        self._last_ns = t_ns
        if face == bool(self._here):
            self._turned_ns = None
            return ()
        if self._turned_ns is None:
            self._turned_ns = t_ns
        if t_ns - self._turned_ns < (self._back_ns if face else self._left_ns):
            return ()
        began_ns, self._turned_ns, self._here = self._turned_ns, None, face
        if not face:
            self._left_at_ns = began_ns
            return (Event(t_ns, "left", {"since_ns": began_ns}),)
        if self._left_at_ns is None:
            return (Event(t_ns, "came", {"since_ns": began_ns}),)
        return (Event(t_ns, "came_back", {"since_ns": began_ns, "away_s": (began_ns - self._left_at_ns) / 1e9}),)


def _off_deg(yaw_deg: float | None, pitch_deg: float | None, seen: Observation) -> float | None:
    """The angle between a direction and the way to the camera, degrees; None where either is unknown."""
    if yaw_deg is None or pitch_deg is None or seen.bearing_yaw_deg is None or seen.bearing_pitch_deg is None:
        return None
    yaw, pitch = math.radians(yaw_deg - seen.bearing_yaw_deg), math.radians(pitch_deg)
    bearing = math.radians(seen.bearing_pitch_deg)
    cosine = math.sin(pitch) * math.sin(bearing) + math.cos(pitch) * math.cos(bearing) * math.cos(yaw)
    return math.degrees(math.acos(max(-1.0, min(1.0, cosine))))
