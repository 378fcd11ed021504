"""Two evaluations of one drive side by side: whether they are the same to the last digit, and if not, what changed.

Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence

from wakeful.device.messages import Alert, Phase
from wakeful.device.record.replay import Said
from wakeful.frozen import dataclass

MOVED_WITHIN_NS = 10_000_000_000
"""An alert of the same code and level within this time is the same alert, moved."""
RISING = (Phase.RAISED, Phase.ESCALATED)


@dataclass(frozen=True, slots=True)
class Change:
    """One alert that another engine raises differently.

    Attributes:
        alert: as it was raised now; as it was raised then if it vanished.
        what: ``appeared``, ``vanished`` or ``moved``.
        by_s: how much later it is raised now; 0 unless it moved.
    """

    alert: Alert
    what: str
    by_s: float = 0.0


def differences(then: Sequence[Said], now: Sequence[Said]) -> tuple[list[Said], list[Said]]:
    """What was said only then, and what only now; both empty where the two are the same in every figure and order.

    Where only the order differs, all of both is given.
    """
    before, after = [_key(one) for one in then], [_key(one) for one in now]
    if before == after:
        return [], []
    more_then, more_now = Counter(before) - Counter(after), Counter(after) - Counter(before)
    if not more_then and not more_now:
        return list(then), list(now)
    return _of(then, before, more_then), _of(now, after, more_now)


def changes(then: Sequence[Said], now: Sequence[Said]) -> list[Change]:
    """What another engine raises differently, in the order of time: alerts raised and escalated, by code and level."""
    found: list[Change] = []
    left = [one for one in now if isinstance(one, Alert) and one.phase in RISING]
    for alert in then:
        if not isinstance(alert, Alert) or alert.phase not in RISING:
            continue
        same = [one for one in left if (one.code, one.level) == (alert.code, alert.level)]
        near = min(same, key=lambda one: abs(one.t_ns - alert.t_ns), default=None)
        if near is None or abs(near.t_ns - alert.t_ns) > MOVED_WITHIN_NS:
            found.append(Change(alert, "vanished"))
            continue
        left.remove(near)
        if near.t_ns != alert.t_ns:
            found.append(Change(near, "moved", (near.t_ns - alert.t_ns) / 1e9))
    found += [Change(alert, "appeared") for alert in left]
    return sorted(found, key=lambda change: change.alert.t_ns)


def _of(said: Sequence[Said], keys: Sequence[Hashable], wanted: Counter[Hashable]) -> list[Said]:
    """Those with a wanted key, each as often as it is wanted."""
    left, found = Counter(wanted), []
    for one, key in zip(said, keys, strict=True):
        if left[key] > 0:
            left[key] -= 1
            found.append(one)
    return found


def _key(said: Said) -> Hashable:
    if isinstance(said, Alert):
        evidence = tuple(sorted(said.evidence.items()))
        return (said.t_ns, said.seq, said.code, said.level, said.phase, evidence)
    return (said.t_ns, said.kind, tuple(sorted(said.data.items())))
