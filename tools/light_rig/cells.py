"""The cells of the grids: chains of effects, written as ``gain=0.35+noise=4+jpeg=30``."""

from __future__ import annotations

from dataclasses import dataclass

from tools.light_rig.effects import EFFECTS
from tools.light_rig.mounts import MOUNTS
from wakeful.errors import ConfigError

CODED = "h264"
"""The one step that needs all pictures of a clip: coded as H.264 with this quantizer (0 to 51), and decoded again."""
EVERY = "every"
"""The one step that leaves frames out: one in this many is kept, as by a slower camera."""
KNOWN = {**EFFECTS, **MOUNTS}
AS_IT_IS = "as it is"

ALONE = (
    "grey",
    *(f"gain={gain}" for gain in (0.5, 0.35, 0.2, 0.12, 2, 3, 5)),
    *(f"noise={levels}" for levels in (2, 4, 8)),
    *(f"jpeg={quality}" for quality in (30, 10)),
    *(f"h264={quantizer}" for quantizer in (34, 42)),
    *(f"width={px}" for px in (320, 160)),
    "strobe=2",
    "vignette=0.1",
    "hotspot=3",
    "half=1.2",
    *(f"leaves={hertz}" for hertz in (2, 4, 8)),
    "blue",
    *(f"fog={left}" for left in (0.35, 0.15)),
    "drops=24",
)
TOGETHER = (
    "gain=0.5+noise=2",
    "gain=0.35+noise=4+h264=34",
    "gain=0.2+noise=4",
    "gain=0.12+noise=8",
    "gain=0.2+noise=4+width=320",
    "grey+gain=0.35+noise=4+jpeg=30",
    "grey+vignette=0.1+hotspot=3+noise=4",
    "grey+strobe=2+noise=2",
)
GRID = (*ALONE, *TOGETHER)
MOUNTED = (
    "mirror",
    *(f"roll={deg}" for deg in (-20, -10, 10, 20)),
    *(f"zoom={times}" for times in (0.5, 0.7, 1.5)),
    *(f"stretch={times}" for times in (0.75, 1.33)),
    *(f"shift={share}" for share in (-0.15, 0.15)),
    *(f"every={frames}" for frames in (2, 3)),
    "every=2+zoom=0.7",
    "mirror+roll=15",
    "noise=2+zoom=0.7",
    "gain=0.5+mirror",
)
"""The same face from a camera that is mounted or set otherwise."""
GRIDS = {"light": GRID, "mounts": MOUNTED}


@dataclass(frozen=True, slots=True)
class Cell:
    """One chain of effects.

    Attributes:
        steps: name and value of each, in their order; none for the clip as it is.
    """

    name: str
    steps: tuple[tuple[str, float], ...]

    @property
    def must_alert(self) -> bool:
        """Light in which being unreadable is no excuse: 0.2 to 2 of it, noise up to 4, 320 pixels and more."""
        bounds = {"grey": (0.0, 1.0), "gain": (0.2, 2.0), "noise": (0.0, 4.0), "width": (320.0, 1e9)}
        return all(name in bounds and bounds[name][0] <= value <= bounds[name][1] for name, value in self.steps)

    @property
    def is_mild(self) -> bool:
        """Light in which nothing is to be degraded: 0.5 to 1 of it, noise up to 2."""
        bounds = {"gain": (0.5, 1.0), "noise": (0.0, 2.0)}
        return all(name in bounds and bounds[name][0] <= value <= bounds[name][1] for name, value in self.steps)


def parse(text: str) -> Cell:
    """The cell of that name.

    Raises:
        ConfigError: it names an effect that there is not, or a value that is no number.
    """
    if text == AS_IT_IS:
        return Cell(text, ())
    steps = []
    for step in text.split("+"):
        name, _, value = step.partition("=")
        if name not in (*KNOWN, CODED, EVERY):
            raise ConfigError(f"{text}: there is no effect {name!r}; choose of {', '.join([*KNOWN, CODED, EVERY])}")
        try:
            steps.append((name, float(value or 1.0)))
        except ValueError:
            raise ConfigError(f"{text}: the value of {name} is a number, not {value!r}") from None
    return Cell(text, tuple(steps))
