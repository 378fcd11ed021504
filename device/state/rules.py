"""Rules applied to signals: alerts raised once, escalated, told again, acknowledged and cleared.

One alert stands a code. It rises with its ladder (``escalated``), is told again while its cause lasts, or when the
cause of an urgent or acknowledged one comes back (``escalated`` too, at the same level), and is ``cleared`` when what
its rule asks for was seen. What is unknown changes nothing: a person who hides from the camera neither raises an alert
nor clears one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from wakeful.device.messages import Alert, Level, Phase
from wakeful.device.state.profile import LatchSection, Rule
from wakeful.device.state.signals import Signals

# A cause that comes and goes around its bound is told no more often than this.
TELL_AGAIN_NS = 2_000_000_000
# A cause has gone, and can come back, once one of its signals fell below this share of its bound.
GONE = 0.5
# A dwell is made of moments no further apart than this.
MAX_GAP_NS = 500_000_000


@dataclass(frozen=True, slots=True)
class Standing:
    """One alert that stands.

    Attributes:
        rule: the rule that gave its present level.
        raised_ns, told_ns: when it was raised, and last raised or escalated.
    """

    seq: int
    rule: Rule
    raised_ns: int
    told_ns: int
    acknowledged: bool = False


@dataclass(slots=True)
class _Watch:
    """One rule over time: how long its condition has been seen to hold, whether it held at the last look, and whether
    its cause was gone since it last held. A speed gate that closes does not take the cause away."""

    rule: Rule
    held_ns: int = 0
    looked_ns: int | None = None
    holds: bool = False
    gone: bool = False


class RuleBook:
    """All rules of a profile and the alerts that stand by them."""

    def __init__(self, rules: tuple[Rule, ...], latch: LatchSection) -> None:
        # The most urgent first, so that an alert is raised at the level it deserves.
        self._watches = [_Watch(rule) for rule in sorted(rules, key=lambda rule: -rule.rank)]
        self._latch_ns = round(latch.unacknowledged_s * 1e9)
        self._standing: dict[str, Standing] = {}
        self._next_seq = 1

    def worst(self) -> Standing | None:
        """The most urgent alert that stands; of equals the newest."""
        if not self._standing:
            return None
        return max(self._standing.values(), key=lambda standing: (standing.rule.rank, standing.seq))

    def step(self, t_ns: int, signals: Signals, speed_kmh: float | None) -> Iterator[Alert]:
        """Take in the signals of one moment; gives what is cleared, raised and escalated by it."""
        if self._standing:
            yield from self._clear(t_ns, signals)
        for watch in self._watches:
            held_before = watch.holds
            if not _look(watch, t_ns, signals, speed_kmh):
                continue
            came_back, watch.gone = watch.gone, False
            standing = self._standing.get(watch.rule.code)
            if standing is None:
                if not held_before:
                    yield self._raise(t_ns, watch.rule, signals)
            elif _should_tell(t_ns, standing, watch.rule, came_back=came_back):
                yield self._escalate(t_ns, standing, watch.rule, signals)

    def restart(self, t_ns: int) -> None:
        """Time is counted anew from here, with the same person: alerts stand on."""
        for code, standing in self._standing.items():
            self._standing[code] = replace(standing, raised_ns=t_ns, told_ns=t_ns)
        for watch in self._watches:
            watch.held_ns, watch.looked_ns = 0, None

    def adopt(self, t_ns: int, rules: tuple[Rule, ...], latch: LatchSection) -> Iterator[Alert]:
        """Other rules from now on: what each of the old ones saw counts for the new one of its code and level."""
        known = {(watch.rule.code, watch.rule.rank): watch for watch in self._watches}
        self._watches = [_Watch(rule) for rule in sorted(rules, key=lambda rule: -rule.rank)]
        for watch in self._watches:
            before = known.get((watch.rule.code, watch.rule.rank))
            if before is not None:
                watch.held_ns, watch.looked_ns, watch.holds, watch.gone = (
                    before.held_ns,
                    before.looked_ns,
                    before.holds,
                    before.gone,
                )
        self._latch_ns = round(latch.unacknowledged_s * 1e9)
        yield from self._stand_by(t_ns, rules)

    def _stand_by(self, t_ns: int, rules: tuple[Rule, ...]) -> Iterator[Alert]:
        """Alerts that stand end by the new rule of their level, else of their code; without any, they end now."""
        for code, standing in list(self._standing.items()):
            same_code = [rule for rule in rules if rule.code == code]
            if not same_code:
                del self._standing[code]
                yield _alert(t_ns, standing, Phase.CLEARED)
                continue
            same_level = [rule for rule in same_code if rule.rank == standing.rule.rank]
            if same_level:
                self._standing[code] = replace(standing, rule=same_level[0])

    def acknowledge(self, t_ns: int, seq: int) -> Iterator[Alert]:
        """Somebody has noticed alert ``seq``; anything else is ignored."""
        for standing in self._standing.values():
            if standing.seq == seq and not standing.acknowledged:
                self._standing[standing.rule.code] = replace(standing, acknowledged=True)
                yield _alert(t_ns, standing, Phase.ACKNOWLEDGED)
                return

    def clear_all(self, t_ns: int) -> Iterator[Alert]:
        """Another person is judged from now on: nothing of the last one's stands any longer."""
        for standing in self._standing.values():
            yield _alert(t_ns, standing, Phase.CLEARED)
        self._standing.clear()
        for watch in self._watches:
            watch.held_ns, watch.looked_ns, watch.holds = 0, None, False

    def _raise(self, t_ns: int, rule: Rule, signals: Signals) -> Alert:
        standing = Standing(self._next_seq, rule, raised_ns=t_ns, told_ns=t_ns)
        self._next_seq += 1
        self._standing[rule.code] = standing
        return _alert(t_ns, standing, Phase.RAISED, _evidence(rule, signals))

    def _escalate(self, t_ns: int, standing: Standing, rule: Rule, signals: Signals) -> Alert:
        risen = replace(standing, rule=rule, told_ns=t_ns, acknowledged=False)
        self._standing[rule.code] = risen
        return _alert(t_ns, risen, Phase.ESCALATED, _evidence(rule, signals))

    def _clear(self, t_ns: int, signals: Signals) -> Iterator[Alert]:
        for code, standing in list(self._standing.items()):
            if self._free_to_end(t_ns, standing) and _ends(standing.rule, signals):
                del self._standing[code]
                yield _alert(t_ns, standing, Phase.CLEARED)

    def _free_to_end(self, t_ns: int, standing: Standing) -> bool:
        latched = standing.rule.rank >= Level.URGENT
        return not latched or standing.acknowledged or t_ns - standing.told_ns >= self._latch_ns


def _look(watch: _Watch, t_ns: int, signals: Signals, speed_kmh: float | None) -> bool:
    """Whether the rule's condition is seen to hold now, for as long as it must. Unknown signals change nothing."""
    rule = watch.rule
    holds = True
    for name, bound in rule.when.items():
        value = signals[name]
        if value is None:
            return False
        holds = holds and value >= bound
        watch.gone = watch.gone or value < GONE * bound
    if holds and speed_kmh is not None:
        holds = speed_kmh >= rule.from_kmh and (rule.below_kmh is None or speed_kmh < rule.below_kmh)
    if not holds:
        watch.held_ns, watch.looked_ns = 0, t_ns
        # A figure that wavers around its bound on the way down is no new cause before it was as low as ends an alert.
        if watch.holds and (not rule.clear_below or _below(rule, signals)):
            watch.holds = False
        return False
    if rule.dwell_s > 0.0:
        since_ns = 0 if watch.looked_ns is None else t_ns - watch.looked_ns
        watch.held_ns += since_ns if since_ns <= MAX_GAP_NS else 0
        watch.looked_ns = t_ns
        if watch.held_ns < rule.dwell_s * 1e9:
            return False
    watch.holds = True
    return True


def _should_tell(t_ns: int, standing: Standing, rule: Rule, *, came_back: bool) -> bool:
    """Whether a standing alert rises by this rule, or is told again."""
    if rule.rank > standing.rule.rank:
        return True
    if rule.rank != standing.rule.rank:
        return False
    since_ns = t_ns - standing.told_ns
    # An alert that nobody silenced still sounds; one around its bound would otherwise be told with every wave of it.
    worth_it = standing.acknowledged or rule.rank >= Level.URGENT
    return since_ns >= rule.rewarn_s * 1e9 or (came_back and worth_it and since_ns >= TELL_AGAIN_NS)


def _ends(rule: Rule, signals: Signals) -> bool:
    """Whether all that ends an alert of this rule is seen."""
    for name, bound in rule.clear.items():
        value = signals[name]
        if value is None or value < bound:
            return False
    return _below(rule, signals)


def _below(rule: Rule, signals: Signals) -> bool:
    """Whether every signal that must be low for an alert to end is."""
    for name, bound in rule.clear_below.items():
        value = signals[name]
        if value is None or value >= bound:
            return False
    return True


def _evidence(rule: Rule, signals: Signals) -> Mapping[str, float]:
    return {name: round(value, 3) for name in rule.when if (value := signals[name]) is not None}


def _alert(t_ns: int, standing: Standing, phase: Phase, evidence: Mapping[str, float] | None = None) -> Alert:
    return Alert(t_ns, standing.seq, standing.rule.code, standing.rule.rank, phase, evidence or {})
