"""Rules applied to signals: alerts raised once, escalated, repeated, acknowledged and cleared.

Each code has at most one active alert. It rises with its ladder (``escalated``), is repeated while its cause lasts, or
when the cause of an urgent or acknowledged one comes back (``escalated`` too, at the same level), and is ``cleared``
when what its rule requires was seen. What is unknown changes nothing: a person who hides from the camera neither
raises an alert nor clears one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from wakeful.device.messages import Alert, Level, Phase
from wakeful.device.state.profile import LatchSection, Rule
from wakeful.device.state.signals import Signals
from wakeful.frozen import dataclass

# An alert whose cause comes and goes around its bound is repeated no more often than this.
MIN_REPEAT_NS = 2_000_000_000
# A cause has gone, and can come back, once one of its signals fell below this share of its bound.
GONE = 0.5
# A dwell is made of moments no further apart than this.
MAX_GAP_NS = 500_000_000


@dataclass(frozen=True, slots=True)
class ActiveAlert:
    """An alert that was raised and has not ended.

    Attributes:
        rule: the rule that gave its present level.
        alerted_ns: when it was last raised or escalated.
    """

    seq: int
    rule: Rule
    alerted_ns: int
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
    """All rules of a profile and the active alerts."""

    def __init__(self, rules: tuple[Rule, ...], latch: LatchSection) -> None:
        # The most urgent first, so that an alert is raised at the level it deserves.
        self._watches = [_Watch(rule) for rule in sorted(rules, key=lambda rule: -rule.rank)]
        self._latch_ns = round(latch.unacknowledged_s * 1e9)
        self._active: dict[str, ActiveAlert] = {}
        self._next_seq = 1

    def worst(self) -> ActiveAlert | None:
        """The most urgent active alert; of equals the newest."""
        if not self._active:
            return None
        return max(self._active.values(), key=lambda active: (active.rule.rank, active.seq))

    def step(self, t_ns: int, signals: Signals, speed_kmh: float | None) -> tuple[Alert, ...]:
        """Take in the signals of one moment; returns what is cleared, raised and escalated by it."""
        alerts = self._clear(t_ns, signals) if self._active else []
        for watch in self._watches:
            held_before = watch.holds
            if not _look(watch, t_ns, signals, speed_kmh):
                continue
            came_back, watch.gone = watch.gone, False
            active = self._active.get(watch.rule.code)
            if active is None:
                if not held_before:
                    alerts.append(self._raise(t_ns, watch.rule, signals))
            elif _should_repeat(t_ns, active, watch.rule, came_back=came_back):
                alerts.append(self._escalate(t_ns, active, watch.rule, signals))
        return tuple(alerts)

    def watches_looks_away(self, speed_kmh: float | None) -> bool:
        """Whether a long look away would be noticed at this speed, if closed eyes are."""

        def applies(signal: str) -> bool:
            return any(signal in watch.rule.when and _is_fast_enough(watch.rule, speed_kmh) for watch in self._watches)

        return applies("off_road_s") or not applies("closure_s")

    def restart(self, t_ns: int) -> None:
        """Time starts again from here, with the same person: alerts stay active."""
        for code, active in self._active.items():
            self._active[code] = replace(active, alerted_ns=t_ns)
        for watch in self._watches:
            watch.held_ns, watch.looked_ns = 0, None

    def adopt(self, t_ns: int, rules: tuple[Rule, ...], latch: LatchSection) -> tuple[Alert, ...]:
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
        return self._assign_rules(t_ns, rules)

    def _assign_rules(self, t_ns: int, rules: tuple[Rule, ...]) -> tuple[Alert, ...]:
        """Active alerts end by the new rule of their level, else by the old one; without a rule of their code, now."""
        cleared = []
        for code, active in list(self._active.items()):
            same_code = [rule for rule in rules if rule.code == code]
            if not same_code:
                del self._active[code]
                cleared.append(_alert(t_ns, active, Phase.CLEARED))
                continue
            same_level = [rule for rule in same_code if rule.rank == active.rule.rank]
            if same_level:
                self._active[code] = replace(active, rule=same_level[0])
        return tuple(cleared)

    def acknowledge(self, t_ns: int, seq: int | None) -> tuple[Alert, ...]:
        """Somebody has noticed alert ``seq``, or every active one; any other number is ignored."""
        alerts = []
        for code, active in self._active.items():
            if seq in (None, active.seq) and not active.acknowledged:
                self._active[code] = replace(active, acknowledged=True)
                alerts.append(_alert(t_ns, active, Phase.ACKNOWLEDGED))
        return tuple(alerts)

    def clear_all(self, t_ns: int) -> tuple[Alert, ...]:
        """Start over with no active alert, for another person or a pause."""
        cleared = tuple(_alert(t_ns, active, Phase.CLEARED) for active in self._active.values())
        self._active.clear()
        for watch in self._watches:
            watch.held_ns, watch.looked_ns, watch.holds = 0, None, False
        return cleared

    def _raise(self, t_ns: int, rule: Rule, signals: Signals) -> Alert:
        active = ActiveAlert(self._next_seq, rule, alerted_ns=t_ns)
        self._next_seq += 1
        self._active[rule.code] = active
        return _alert(t_ns, active, Phase.RAISED, _evidence(rule, signals))

    def _escalate(self, t_ns: int, active: ActiveAlert, rule: Rule, signals: Signals) -> Alert:
        risen = replace(active, rule=rule, alerted_ns=t_ns, acknowledged=False)
        self._active[rule.code] = risen
        return _alert(t_ns, risen, Phase.ESCALATED, _evidence(rule, signals))

    def _clear(self, t_ns: int, signals: Signals) -> list[Alert]:
        cleared = []
        for code, active in list(self._active.items()):
            if self._free_to_end(t_ns, active) and _ends(active.rule, signals):
                other = self._other_cause(active.rule, signals)
                if other is not None:
                    self._active[code] = replace(active, rule=other)
                    continue
                del self._active[code]
                cleared.append(_alert(t_ns, active, Phase.CLEARED))
        return cleared

    def _other_cause(self, ended: Rule, signals: Signals) -> Rule | None:
        """Another rule for the same alert at the same level that still holds: long blinks beside PERCLOS."""
        step = (ended.code, ended.rank)
        for watch in self._watches:
            rule = watch.rule
            if watch.holds and rule is not ended and (rule.code, rule.rank) == step and not _ends(rule, signals):
                return rule
        return None

    def _free_to_end(self, t_ns: int, active: ActiveAlert) -> bool:
        latched = active.rule.rank >= Level.URGENT
        return not latched or active.acknowledged or t_ns - active.alerted_ns >= self._latch_ns


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
    if not (holds and _is_fast_enough(rule, speed_kmh)):
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


def _is_fast_enough(rule: Rule, speed_kmh: float | None) -> bool:
    """Whether the rule applies at this speed; an unknown one opens every gate."""
    return speed_kmh is None or (speed_kmh >= rule.from_kmh and (rule.below_kmh is None or speed_kmh < rule.below_kmh))


def _should_repeat(t_ns: int, active: ActiveAlert, rule: Rule, *, came_back: bool) -> bool:
    """Whether an active alert rises by this rule, or is repeated."""
    if rule.rank > active.rule.rank:
        return True
    if rule.rank != active.rule.rank:
        return False
    since_ns = t_ns - active.alerted_ns
    # An alert that nobody silenced still sounds; one around its bound would otherwise be repeated with every wave.
    worth_it = active.acknowledged or rule.rank >= Level.URGENT
    return since_ns >= rule.rewarn_s * 1e9 or (came_back and worth_it and since_ns >= MIN_REPEAT_NS)


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


def _alert(t_ns: int, active: ActiveAlert, phase: Phase, evidence: Mapping[str, float] | None = None) -> Alert:
    return Alert(t_ns, active.seq, active.rule.code, active.rule.rank, phase, evidence or {})
