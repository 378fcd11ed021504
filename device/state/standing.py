"""The alerts that stand: raised once for one cause, acknowledged, cleared when the driver has earned it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from device.messages import Alert, Level, Phase
from device.state.profile import LatchSection


@dataclass(frozen=True, slots=True)
class Standing:
    """One raised alert. ``cause_ns`` is when its cause began: the same cause never raises it twice."""

    seq: int
    code: str
    level: Level
    raised_ns: int
    cause_ns: int
    acknowledged: bool = False


class StandingAlerts:
    """All alerts that stand at present, one a code."""

    def __init__(self, bounds: LatchSection) -> None:
        self._clear_ns = round(bounds.clear_s * 1e9)
        self._latch_ns = round(bounds.open_s * 1e9)
        self._unacknowledged_ns = round(bounds.unacknowledged_s * 1e9)
        self._standing: dict[str, Standing] = {}
        self._next_seq = 1
        self._open_ns = 0
        self._last_ns: int | None = None

    def worst(self) -> Standing | None:
        """The most urgent alert that stands; of equals the newest."""
        return max(self._standing.values(), key=lambda standing: (standing.level, standing.seq), default=None)

    def raise_once(
        self, t_ns: int, code: str, level: Level, cause_ns: int, evidence: Mapping[str, float]
    ) -> Iterable[Alert]:
        """Raise an alert unless this cause already did; one that still stands from an earlier cause ends first."""
        before = self._standing.get(code)
        if before is not None and before.cause_ns == cause_ns:
            return
        if before is not None:
            yield _phase(t_ns, before, Phase.CLEARED)
        raised = Standing(self._next_seq, code, level, raised_ns=t_ns, cause_ns=cause_ns)
        self._next_seq += 1
        self._standing[code] = raised
        yield Alert(t_ns, raised.seq, code, level, Phase.RAISED, evidence)

    def acknowledge(self, t_ns: int, seq: int) -> Iterable[Alert]:
        """Somebody has noticed alert ``seq``; anything else is ignored."""
        for standing in self._standing.values():
            if standing.seq == seq and not standing.acknowledged:
                self._standing[standing.code] = replace(standing, acknowledged=True)
                yield _phase(t_ns, standing, Phase.ACKNOWLEDGED)
                return

    def see_eyes(self, t_ns: int, closed: bool | None) -> Iterable[Alert]:
        """Take in the eyes of one moment; gives what clears. Only eyes that are seen open count towards clearing."""
        if closed:
            self._open_ns = 0
        elif closed is False and self._last_ns is not None:
            self._open_ns += max(0, t_ns - self._last_ns)
        self._last_ns = t_ns if closed is False else None
        for standing in list(self._standing.values()):
            if self._earned(t_ns, standing):
                del self._standing[standing.code]
                yield _phase(t_ns, standing, Phase.CLEARED)

    def _earned(self, t_ns: int, standing: Standing) -> bool:
        if standing.level < Level.URGENT:
            return self._open_ns >= self._clear_ns
        waited = standing.acknowledged or t_ns - standing.raised_ns >= self._unacknowledged_ns
        return waited and self._open_ns >= self._latch_ns


def _phase(t_ns: int, standing: Standing, phase: Phase) -> Alert:
    return Alert(t_ns, standing.seq, standing.code, standing.level, phase)
