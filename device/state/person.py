"""What is known of each person who was watched: learned while driving, kept between drives, dropped when somebody else
sits down. Who it is that perception follows comes with the observations; eyes that clearly differ tell the rest.
"""

from __future__ import annotations

from collections import deque

from wakeful.device.drivers import Calibration
from wakeful.device.messages import Observation
from wakeful.device.state.attention import Attention, AttentionView
from wakeful.device.state.engine_config import EngineConfig
from wakeful.device.state.episodes import Episodes
from wakeful.device.state.eyelids import Eyelids, LidView
from wakeful.device.state.gaze_zone import Direction
from wakeful.device.state.recall import Recall

# Somebody who was away for this long may have been replaced.
AWAY_NS = 3_000_000_000
# The eyes that come back are compared over this long.
COMPARE_NS = 3_000_000_000
# ... and by no fewer looks at them open.
MIN_LOOKS = 10
# Eyes that differ by more than this share of the learned ones are another person's.
CLEARLY_DIFFERENT = 0.25
# So many people are remembered beside the one who is watched.
MAX_OTHERS = 4


class SwapWatch:
    """Notices that another person sits there: a seat that was empty, and then clearly different eyes."""

    def __init__(self) -> None:
        self._seen_ns: int | None = None
        self._back_ns: int | None = None
        self._aspects: deque[float] = deque(maxlen=300)

    def see(self, t_ns: int, *, face: bool, open_aspect: float | None, learned: float | None) -> bool:
        """Take in one moment; True when somebody else was recognised.

        Args:
            open_aspect: mean aspect of the eyes if they are seen and not closed.
            learned: the same of the person learned so far; None while nobody is.
        """
        if not face:
            return False
        if self._seen_ns is not None and t_ns - self._seen_ns >= AWAY_NS:
            self._back_ns = t_ns
            self._aspects.clear()
        self._seen_ns = t_ns
        if self._back_ns is None or learned is None:
            return False
        if open_aspect is not None:
            self._aspects.append(open_aspect)
        if t_ns - self._back_ns < COMPARE_NS or len(self._aspects) < MIN_LOOKS:
            return False
        self._back_ns = None
        typical = sorted(self._aspects)[len(self._aspects) // 2]
        return abs(typical / learned - 1.0) > CLEARLY_DIFFERENT


class OnePerson:
    """What one person did and does. Nothing of it is applied to another.

    Args:
        known: what was learned of them before; ignored if it was learned with another reader.
        name: who it is, as it is published.
    """

    def __init__(self, config: EngineConfig, known: Calibration | None, name: str = "") -> None:
        self._config = config
        self.name = name
        self._recall: Recall | None = None
        if known is not None and known.reader != config.reader.name:
            known = None
        road = config.road
        if road is None and known is not None and known.road_yaw_deg is not None and known.road_pitch_deg is not None:
            road = Direction(known.road_yaw_deg, known.road_pitch_deg)
        self.lids = Eyelids(config.profile, config.reader, known)
        self.attention = Attention(config.profile, road, head_road=config.road)
        self.restart()

    def restart(self) -> None:
        """Time starts again, with the same person."""
        config = self._config
        self._swap = SwapWatch()
        self.lids.restart()
        self.attention.restart()
        if self._recall is not None:
            self._recall.restart()
        self.episodes = Episodes(config.profile, config.reader.wide_mouth_aspect, config.expression_classes)

    @property
    def progress_pct(self) -> float:
        """How much of the personal baseline is learned: all of it where what was known before is taken up."""
        taken = self._recall is not None and self._recall.fits is not False
        return 100.0 if taken else self.lids.progress_pct

    def take_up(self, known: Calibration | None) -> None:
        """This seems to be somebody of whom this was learned before. What goes on is measured on as it is."""
        if known is not None and known.reader != self._config.reader.name:
            known = None
        if known == (self._recall.known if self._recall else None):
            return
        self.lids.recall(None)
        learns_road = self._config.road is None
        self._recall = Recall(self._config.profile, known, learns_road=learns_road) if known else None

    def misfit(self, seen: Observation, lids: LidView) -> str:
        """Try what was taken up against one frame; gives what of it does not fit, and was dropped, "" otherwise."""
        if self._recall is None:
            return ""
        misfit = self._recall.see(seen, self.attention, eyes_open=lids.closed is False and not lids.down)
        misfit = misfit or self._recall.try_blinks(self.lids.learned_blinks)
        if self._recall.fits:
            self.lids.recall(self._recall.fitting)
        return misfit

    def attend(self, seen: Observation, lids: LidView) -> AttentionView:
        """Where the person looks: by the road of this drive, and before it is known by that of earlier ones."""
        view = _attend(self.attention, seen, lids)
        recalled = self._recall.attention if self._recall else None
        if recalled is None or self.attention.road.direction is not None:
            return view
        return _attend(recalled, seen, lids)

    def is_somebody_else(self, seen: Observation, lids: LidView) -> bool:
        """Whether another person has sat down in the same place."""
        aspects = [aspect for aspect in (seen.eye_aspect_left, seen.eye_aspect_right) if aspect is not None]
        open_aspect = sum(aspects) / len(aspects) if lids.closed is False else None
        return self._swap.see(seen.t_ns, face=seen.face, open_aspect=open_aspect, learned=self.lids.learned_aspect)

    def calibration(self) -> Calibration | None:
        """What was learned of this person, to be kept; None while the eyes are not learned."""
        left, right = self.lids.left.learned, self.lids.right.learned
        if left is None or right is None:
            return None
        road = self.attention.road.direction if self.attention.road.learned else None
        return Calibration(
            self._config.reader.name,
            left,
            right,
            road.yaw_deg if road else None,
            road.pitch_deg if road else None,
            self.lids.learned_blinks,
        )


class WatchedPeople:
    """Everybody who was watched in this run.

    Attributes:
        now: who is watched. number: theirs in ``Observation.person``; None while observations do not say.
        named: of whom what is learned is kept under a name.
    """

    def __init__(self, config: EngineConfig) -> None:
        self._config = config
        self._others: dict[int, OnePerson] = {}
        self.number: int | None = None
        self.now = self.named = OnePerson(config, config.known, config.driver)

    def watch(self, number: int | None) -> int | None:
        """The observations are of this person; gives the number of another one if one was watched before."""
        if number is None or number == self.number:
            return None
        before, self.number = self.number, number
        if before is None:
            return None
        self._others[before] = self.now
        known = self._others.pop(number, None)
        self.now = OnePerson(self._config, None) if known is None else known
        if len(self._others) > MAX_OTHERS:
            del self._others[next(iter(self._others))]
        return before

    def replace(self, known: Calibration | None, name: str = "") -> None:
        """Another person has taken the place of the one who is watched."""
        self.now = self.named = OnePerson(self._config, known, name)

    def recognize(self, known: Calibration | None, name: str) -> None:
        """The person who is watched seems to be this one."""
        self.now.name = name
        self.now.take_up(known)
        self.named = self.now

    def restart(self) -> None:
        """Time starts again, with the same people."""
        for person in (self.now, *self._others.values()):
            person.restart()


def _attend(attention: Attention, seen: Observation, lids: LidView) -> AttentionView:
    return attention.step(
        seen,
        lids.lowered_since_ns,
        eyes_open=lids.closed is False,
        opening=None if lids.narrow else lids.opening,
        down=lids.down,
    )
