"""What a profile may say: the bounds and rules by which a person is assessed, each with the source it comes from.

Profiles are TOML files in ``profiles/``. These dataclasses are their shape; the reader of the configuration fills and
checks them, so nothing here needs more than the standard library. What no single value can show, rules that contradict
each other, is found by ``wakeful.device.state.profile_check``.
"""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from wakeful.device.messages import Level
from wakeful.frozen import dataclass

BLINK_SIGNALS = frozenset(("sleepiness", "long_blink_share", "kss_estimate"))
"""What blinks alone say was fitted to people who sat still and rated themselves: no ground for a warning."""

_SHAPE = {"extra": "forbid"}


@dataclass(frozen=True, slots=True)
class Rule:
    """An alert, what raises it and what ends it."""

    __pydantic_config__ = _SHAPE

    code: str
    """The alert it raises, see ``codes``; rules of one code at different levels are steps of one ladder."""
    level: Literal["advisory", "warning", "urgent", "emergency"]
    """How urgent the alert is; urgent and emergency latch."""
    when: dict[str, float]
    """Signals and the values from which on, all together, they raise the alert (units of the signals)."""
    source: str
    """The standard or study the rule comes from."""
    clear: dict[str, float] = field(default_factory=dict)
    """Signals and the values from which on, all together, they end the alert (units of the signals)."""
    clear_below: dict[str, float] = field(default_factory=dict)
    """Signals and the values below which, all together, they end the alert (units of the signals)."""
    dwell_s: float = 0.0
    """The condition must have been seen to hold for this long, s."""
    from_kmh: float = 0.0
    """Raised from this vehicle speed on, km/h; an unknown speed opens the gate."""
    below_kmh: float | None = None
    """Raised only below this vehicle speed, km/h; an unknown speed opens the gate."""
    rewarn_s: float = 60.0
    """An alert whose cause lasts is repeated after this long, s."""

    @property
    def rank(self) -> Level:
        """``level`` as a value that can be compared; blinks alone never give more than an advisory."""
        by_blinks_alone = bool(self.when) and BLINK_SIGNALS.issuperset(self.when)
        return Level.ADVISORY if by_blinks_alone else Level[self.level.upper()]


@dataclass(frozen=True, slots=True)
class EyesSection:
    """When an eye counts as closed, as a share of this person's own open eye."""

    __pydantic_config__ = _SHAPE

    source: str = ""
    """Where the bounds come from."""
    closed_below: float = 0.35
    """Open eyes become closed below this opening (0 to 1)."""
    open_above: float = 0.45
    """Closed eyes become open above this opening (0 to 1)."""
    bridge_s: float = 0.5
    """A closure goes on over eyes unseen for at most this long, s."""
    lowered_drop: float = 0.05
    """Lids are lowered, not closed, if lower lid and iris went down by this share of the eye's width. This and the next
    are for readers that give no probabilities of the lids."""
    lowered_max_s: float = 3.0
    """Lids that look lowered count as closed after this long all the same, s."""
    squint_fall_s: float = 0.0
    """Lids that came down more slowly than this over the middle of their way were squinting, not closed, if for less
    than a second; for the same readers. 0: no closure is a squint, s."""
    squint_open: float = 0.2
    """So were lids whose median opening was this or more (0 to 1)."""
    unclear_max_s: float = 9.0
    """Lids that may be lowered as well as closed count as closed after this long, s."""
    baseline_s: float = 60.0
    """Seen time over which the personal open eye is learned, s."""
    baseline_floor: float = 0.9
    """The learned baseline falls to no less than this share of itself."""


@dataclass(frozen=True, slots=True)
class PerclosSection:
    """Share of time with closed eyes."""

    __pydantic_config__ = _SHAPE

    source: str = ""
    """Where the bounds come from."""
    min_closure_s: float = 0.25
    """Closures shorter than this are blinks and left out, s."""
    min_coverage: float = 0.5
    """Below this known share of the window the figure is unknown."""
    min_fps: float = 8.0
    """Below this frame rate the eyes do not count as seen, 1/s."""
    blink_min_fps: float = 15.0
    """Below this frame rate durations of blinks are unknown, 1/s."""


@dataclass(frozen=True, slots=True)
class BlinksSection:
    """How sleepy somebody blinks: coefficients over this person's last blinks, in deviations from the own ones."""

    __pydantic_config__ = _SHAPE

    source: str = ""
    """Where the coefficients come from."""
    own: int = 30
    """The first blinks of a person, which show what is usual; from then on that stays."""
    own_least: int = 15
    """With so many of them the last blinks are compared already."""
    window: int = 30
    """The last blinks, over which all is averaged."""
    least: int = 5
    """With fewer blinks than this in the window, nothing is known."""
    long_sd: float = 2.0
    """A blink is long beyond this many standard deviations over the own mean."""
    intercept: float = -3.21
    """Log odds of "drowsy" with blinks as usual."""
    duration: float = 2.05
    """... more for each standard deviation of the mean duration."""
    shallow: float = 5.75
    """... more if every blink is shallower than usual by two standard deviations or more."""


@dataclass(frozen=True, slots=True)
class Zone:
    """A part of what can be looked at, as angles against the way to the road."""

    __pydantic_config__ = _SHAPE

    name: str
    """What lies there; ``road`` is where a driver should look."""
    yaw_deg: tuple[float, float]
    """From and to, degrees, positive to the person's left."""
    pitch_deg: tuple[float, float]
    """From and to, degrees, positive up."""


DEFAULT_ZONES = (
    Zone("road", (-20.0, 20.0), (-15.0, 20.0)),
    Zone("instruments", (-20.0, 20.0), (-25.0, -15.0)),
    Zone("lap", (-45.0, 45.0), (-90.0, -20.0)),
    Zone("mirrors", (-55.0, 55.0), (-20.0, 25.0)),
    Zone("side_window", (-180.0, 180.0), (-90.0, 90.0)),
)


@dataclass(frozen=True, slots=True)
class GazeSection:
    """Where people look, and what counts as the road."""

    __pydantic_config__ = _SHAPE

    source: str = ""
    """Where the angles come from."""
    zones: tuple[Zone, ...] = DEFAULT_ZONES
    """Zones in the order in which they are asked; what lies in none of them is off the road too."""
    learn_s: float = 5.0
    """Seen time after which the way to the road is known as where the person looks most, s."""
    learn_until_s: float = 60.0
    """Seen time after which the way to the road is learned no further, s."""


@dataclass(frozen=True, slots=True)
class MouthSection:
    """Yawns, as shares of a mouth as wide open as mouths go."""

    __pydantic_config__ = _SHAPE

    source: str = ""
    """Where the bounds come from."""
    yawn_above: float = 0.6
    """A yawn is a mouth open beyond this share (0 to 1)."""
    yawn_peak: float = 0.9
    """... which at its widest reaches this share: speech and laughter do not (0 to 1)."""
    yawn_min_s: float = 1.5
    """... for at least this long, s."""
    yawn_max_s: float = 12.0
    """... and at most this long, s."""


@dataclass(frozen=True, slots=True)
class NodSection:
    """Heads that sink with closed eyes."""

    __pydantic_config__ = _SHAPE

    source: str = ""
    """Where the bounds come from."""
    drop_deg: float = 15.0
    """A nod goes down by at least this angle, degrees."""
    within_s: float = 1.0
    """... within this time, s."""
    closed_s: float = 0.3
    """... with the eyes closed for at least this long, s."""


@dataclass(frozen=True, slots=True)
class HealthSection:
    """When the monitor says of itself that it cannot do its work."""

    __pydantic_config__ = _SHAPE

    no_face_s: float = 1.0
    """No face for this long is ``no_face``, s; ``degraded_s`` if it was ``degraded`` when it was lost."""
    degraded_s: float = 5.0
    """Eyes unreadable, or no face, for most of this long are ``degraded`` when the face is seen, s."""
    light_s: float = 1.0
    """Eyes that darkness, glare or blur hide, or make hard to read, for most of this long are ``degraded``, s."""
    hidden_s: float = 2.7
    """Eyes that nobody has seen open for this long, while no alert of closed eyes or of a look away is on its way, are
    ``degraded``, s."""
    recovered_s: float = 1.0
    """Eyes readable for this long end ``degraded``, s."""
    stale_s: float = 0.5
    """No new frame for this long is ``stale``, s."""


@dataclass(frozen=True, slots=True)
class LatchSection:
    """How urgent alerts end."""

    __pydantic_config__ = _SHAPE

    unacknowledged_s: float = 10.0
    """Urgent and emergency alerts stay active until acknowledged, or this long after they were last raised, s."""


@dataclass(frozen=True, slots=True)
class EngagementSection:
    """When a person counts as engaged with a robot."""

    __pydantic_config__ = _SHAPE

    source: str = ""
    """Where the bounds come from."""
    cone_deg: float = 12.0
    """A look begins when the gaze comes this near to the camera, degrees."""
    leave_deg: float = 16.0
    """... and ends when it goes further away than this, degrees."""
    gaze_up_deg: float = 0.0
    """A gaze into the camera is measured this much too high, where that is known, degrees."""
    bridge_s: float = 0.5
    """A look goes on over a blink, a glance aside or eyes unseen for at most this long, s."""
    asleep_s: float = 3.0
    """Eyes closed for this long are asleep, s."""
    left_s: float = 2.0
    """Without a face for this long, the person has left, s."""
    back_s: float = 0.3
    """With a face for this long, somebody has come, s."""


@dataclass(frozen=True, slots=True)
class Profile:
    """All rules of one use."""

    __pydantic_config__ = _SHAPE

    about: str
    """One line: whom the profile is for."""
    rules: tuple[Rule, ...]
    """The rules, in any order."""
    eyes: EyesSection = field(default_factory=EyesSection)
    perclos: PerclosSection = field(default_factory=PerclosSection)
    blinks: BlinksSection = field(default_factory=BlinksSection)
    gaze: GazeSection = field(default_factory=GazeSection)
    mouth: MouthSection = field(default_factory=MouthSection)
    nod: NodSection = field(default_factory=NodSection)
    health: HealthSection = field(default_factory=HealthSection)
    latch: LatchSection = field(default_factory=LatchSection)
    engagement: EngagementSection | None = None
    """Evaluated only where a profile has this table."""
