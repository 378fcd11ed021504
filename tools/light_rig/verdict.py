"""What becomes of each sleep in each light, and what is reported where nobody sleeps."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from tools.light_rig.cells import Cell
from tools.light_rig.play import LOOK_AWAY, Played

SLEEP_S = 2.0
"""A marked closure of this length is a sleep."""
LATE_S = 0.5
"""An alert may come this much later than on the clip as it is."""
DUE_S = 3.0
"""A closure of this age has been alerted, or the monitor has said that it cannot see."""
AROUND_S = 1.0
"""An alert this long after a marked closure still belongs to it."""
ALERTED, AWAY, DEGRADED, SILENT = "alerted", "as look away", "degraded", "SILENT MISS"


@dataclass(frozen=True, slots=True)
class Sleep:
    """A marked sleep and what was said of it in one light.

    Attributes:
        verdict: ``ALERTED``; ``DEGRADED``; ``AWAY``: taken for a look down, and warned of as one as soon as of the
            sleep on the clip as it is; or ``SILENT``.
        why: health when the closure was ``DUE_S`` old, and the alerts, for people.
    """

    clip: str
    start_s: float
    verdict: str
    why: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """One clip in one light.

    Attributes:
        false_alerts: code and time of alerts of shut eyes outside what is marked as closed.
        frames: how many.
        degraded: frames that were degraded, by reason.
        no_face: frames with that health.
        thumb: a small picture, JPEG.
    """

    clip: str
    cell: Cell
    sleeps: tuple[Sleep, ...]
    false_alerts: tuple[str, ...]
    frames: int
    degraded: dict[str, int]
    no_face: int
    thumb: bytes

    @property
    def silent(self) -> bool:
        return any(one.verdict == SILENT for one in self.sleeps)


def outcome(
    clip: str, cell: Cell, closed: tuple[tuple[int, int], ...] | None, plain: Played, played: Played
) -> Outcome:
    """Compare a clip in one light with the clip as it is.

    Args:
        closed: first and last frames of its marked closures.
    """
    times = plain.times_s  # of every frame: dark ones between flashes are left out
    spans = [(times[first], times[min(last, len(times) - 1)]) for first, last in closed or ()]
    sleeps = tuple(_sleep(clip, span, plain, played) for span in spans if span[1] - span[0] >= SLEEP_S)
    false = tuple(
        f"{code} {t_s:.1f} s"
        for t_s, code in played.shut
        if not any(start_s <= t_s <= end_s + AROUND_S for start_s, end_s in spans)
    )
    words = [one.partition(":") for one in played.health]
    return Outcome(
        clip,
        cell,
        sleeps,
        false,
        len(played.times_s),
        dict(Counter(reason for health, _, reason in words if health == "degraded")),
        sum(health == "no_face" for health, _, _ in words),
        played.thumb,
    )


def _sleep(clip: str, span: tuple[float, float], plain: Played, played: Played) -> Sleep:
    start_s, end_s = span
    due = [(t_s, code) for t_s, code in plain.shut if start_s <= t_s <= start_s + DUE_S + LATE_S]
    said = [(t_s, code) for t_s, code in played.alerts if start_s <= t_s <= end_s + AROUND_S]
    in_time = bool(due) and all(
        any(code == wanted and t_s <= due_s + LATE_S for t_s, code in said) for due_s, wanted in due
    )
    health = _between(played, start_s + DUE_S, end_s)
    why = f"{', '.join(f'{code} {t_s - start_s:.1f} s' for t_s, code in said) or 'no alert'}; {_runs(health)}"
    if in_time:
        return Sleep(clip, start_s, ALERTED, why)
    # Known to be blind when it counts, and not thought better of before anybody is warned.
    until_s = min([t_s for t_s, _ in said], default=end_s)
    blind = _between(played, start_s + DUE_S, max(until_s, start_s + DUE_S))
    if blind[0].startswith("degraded") and not {"ok", "calibrating"} & set(blind):
        return Sleep(clip, start_s, DEGRADED, why)
    as_away = any(code == LOOK_AWAY and t_s <= start_s + DUE_S + LATE_S for t_s, code in said)
    return Sleep(clip, start_s, AWAY if as_away else SILENT, why)


def _between(played: Played, start_s: float, end_s: float) -> list[str]:
    """Health from one time to another, at least the one at the start."""
    last = [health for t_s, health in zip(played.times_s, played.health, strict=True) if t_s <= start_s][-1]
    rest = [health for t_s, health in zip(played.times_s, played.health, strict=True) if start_s < t_s <= end_s]
    return [last, *rest]


def _runs(health: list[str]) -> str:
    runs = [one for at, one in enumerate(health) if at == 0 or one != health[at - 1]]
    return " > ".join(runs[:4]) + (" ..." if len(runs) > 4 else "")
