"""What a profile may say: the bounds and rules by which a driver is judged, each with the source it comes from.

Profiles are TOML files in ``profiles/``. These dataclasses are their shape; the reader of the configuration fills and
checks them, so nothing here needs more than the standard library.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from device.messages import Level


@dataclass(frozen=True, slots=True)
class EyesSection:
    """When an eye counts as closed, as a share of this person's own open eye."""

    __pydantic_config__ = {"extra": "forbid", "use_attribute_docstrings": True}  # noqa: RUF012

    source: str = ""
    """Where the bounds come from."""
    closed_below: float = 0.35
    """Open eyes become closed below this opening (0 to 1)."""
    open_above: float = 0.45
    """Closed eyes become open above this opening (0 to 1)."""
    bridge_s: float = 0.5
    """A closure goes on over eyes unseen for at most this long, s."""
    baseline_s: float = 60.0
    """Seen time over which the personal open eye is learned, s."""
    baseline_floor: float = 0.9
    """The learned baseline falls to no less than this share of itself."""


@dataclass(frozen=True, slots=True)
class PerclosSection:
    """Share of time with closed eyes."""

    __pydantic_config__ = {"extra": "forbid", "use_attribute_docstrings": True}  # noqa: RUF012

    source: str = ""
    """Where the bounds come from."""
    min_closure_s: float = 0.25
    """Closures shorter than this are blinks and left out, s."""
    min_coverage: float = 0.5
    """Below this known share of the window the figure is unknown."""
    min_fps: float = 8.0
    """Frames that come slower than this do not count as seen time, 1/s."""


@dataclass(frozen=True, slots=True)
class HealthSection:
    """When the monitor says of itself that it cannot do its work."""

    __pydantic_config__ = {"extra": "forbid", "use_attribute_docstrings": True}  # noqa: RUF012

    no_face_s: float = 1.0
    """No face for this long is ``no_face``, s."""
    degraded_s: float = 5.0
    """Unreadable eyes in a face for this long are ``degraded``, s."""
    recovered_s: float = 0.5
    """Eyes readable again for this long end ``degraded``, s."""
    stale_s: float = 0.5
    """No new frame for this long is ``stale``, s."""


@dataclass(frozen=True, slots=True)
class ClosureRule:
    """An alert for eyes that stay closed."""

    __pydantic_config__ = {"extra": "forbid", "use_attribute_docstrings": True}  # noqa: RUF012

    closure_s: float
    """Eyes closed without a break for this long raise the alert, s."""
    level: Literal["advisory", "warning", "urgent", "emergency"]
    """How urgent the alert is."""
    source: str
    """The standard or study the rule comes from."""
    from_kmh: float = 0.0
    """Raised from this vehicle speed on, km/h; an unknown speed opens the gate."""

    @property
    def rank(self) -> Level:
        """``level`` as a value that can be compared."""
        return Level[self.level.upper()]


@dataclass(frozen=True, slots=True)
class LatchSection:
    """How alerts end."""

    __pydantic_config__ = {"extra": "forbid", "use_attribute_docstrings": True}  # noqa: RUF012

    open_s: float = 2.0
    """Latched alerts (urgent and above) stand until the eyes have been seen open for this long, s."""
    unacknowledged_s: float = 10.0
    """... and until acknowledged, or this long after they were raised, s."""
    clear_s: float = 0.5
    """Alerts that do not latch stand until the eyes have been seen open for this long, s."""


@dataclass(frozen=True, slots=True)
class Profile:
    """All rules of one use."""

    __pydantic_config__ = {"extra": "forbid", "use_attribute_docstrings": True}  # noqa: RUF012

    about: str
    """One line: whom the profile is for."""
    closure_rules: dict[str, ClosureRule]
    """Alert code: its rule."""
    eyes: EyesSection = field(default_factory=EyesSection)
    perclos: PerclosSection = field(default_factory=PerclosSection)
    health: HealthSection = field(default_factory=HealthSection)
    latch: LatchSection = field(default_factory=LatchSection)
