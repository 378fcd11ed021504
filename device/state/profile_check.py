"""Contradictions of a profile that no single value shows: rules that can never end, ladders without steps, lost zones.

The shape and types of a profile are checked before; this checks what it means. A profile without problems is one whose
every rule can be raised, can be ended, and tells something that no other rule tells.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator, Mapping
from itertools import combinations

from wakeful.device.state.codes import code_problems
from wakeful.device.state.cover import LONG_BLINK_S
from wakeful.device.state.glance import RESET_NS
from wakeful.device.state.profile import BLINK_SIGNALS, Profile, Rule
from wakeful.device.state.profile_numbers import section_problems
from wakeful.device.state.profile_problem import KeyPath, Problem
from wakeful.device.state.rules import MIN_REPEAT_NS
from wakeful.device.state.signals import SIGNALS
from wakeful.device.state.zone_check import zone_problems
from wakeful.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Opposite:
    """A signal that shows that a cause is over: from these two bounds on, they cannot hold at once."""

    name: str
    bound: float = 0.0
    cause_bound: float = 0.0


OPPOSITES = {
    "closure_s": Opposite("eyes_open_s", cause_bound=LONG_BLINK_S),
    "off_road_s": Opposite("on_road_s"),
    "off_road_in_30s": Opposite("on_road_s", bound=RESET_NS / 1e9),
}
# An urgent alert of closed eyes ends with eyes that have been open for this long, s.
AWAKE_AGAIN_S = 2.0
SHORTEST_REWARN_S = MIN_REPEAT_NS / 1e9
SHARE = "share of 1"


def problems(profile: Profile) -> Iterator[Problem]:
    """All contradictions of a profile, rule by rule, then between rules, then of zones and bounds."""
    if not profile.about.strip():
        yield Problem(("about",), "about is empty: say in one line whom the profile is for")
    if not profile.rules:
        yield Problem(("rules",), "there are no rules: add at least one table [[rules]]")
    yield from code_problems(rule.code for rule in profile.rules)
    for position, rule in enumerate(profile.rules):
        yield from _rule_problems(("rules", position), rule)
    for (low, one), (high, other) in combinations(enumerate(profile.rules), 2):
        yield from _against_each_other(("rules", low), one, ("rules", high), other)
    yield from zone_problems(profile.gaze.zones)
    yield from section_problems(profile)


def _rule_problems(where: KeyPath, rule: Rule) -> Iterator[Problem]:
    yield from _source(where, rule)
    yield from _times(where, rule)
    by_themselves = list(_conditions(where, rule))
    yield from by_themselves
    # How conditions go together says nothing while one of them is wrong.
    if not by_themselves:
        yield from _end(where, rule)


def _source(where: KeyPath, rule: Rule) -> Iterator[Problem]:
    if not rule.source.strip():
        yield Problem((*where, "source"), f"{_name(rule)} has no source: name the standard or study it comes from")


def _times(where: KeyPath, rule: Rule) -> Iterator[Problem]:
    for key in ("dwell_s", "from_kmh", "below_kmh", "rewarn_s"):
        value = getattr(rule, key)
        if value is not None and not 0.0 <= value < math.inf:
            yield Problem((*where, key), f"{key} = {value:g}: it should be a number from 0 on")
    if rule.below_kmh is not None and rule.from_kmh >= rule.below_kmh:
        text = f"from_kmh = {rule.from_kmh:g} and below_kmh = {rule.below_kmh:g} leave no speed"
        yield Problem((*where, "below_kmh"), f"{text}: below_kmh should be the greater one")
    if 0.0 <= rule.rewarn_s < SHORTEST_REWARN_S:
        text = f"rewarn_s = {rule.rewarn_s:g} repeats without a pause"
        yield Problem((*where, "rewarn_s"), f"{text}: it should be {SHORTEST_REWARN_S:g} s or more")


def _conditions(where: KeyPath, rule: Rule) -> Iterator[Problem]:
    """Each signal and bound by itself."""
    if not rule.when:
        yield Problem((*where, "when"), "when is empty: name a signal and its bound, as in { closure_s = 1.0 }")
    for key in ("when", "clear", "clear_below"):
        bounds: Mapping[str, float] = getattr(rule, key)
        for name, bound in bounds.items():
            text = _wrong_bound(key, name, bound)
            if text:
                yield Problem((*where, key, name), text)
    # A rule on the estimate alone was allowed once: it still loads, and gives an advisory.
    alone = bool(rule.when) and BLINK_SIGNALS.issuperset(rule.when)
    if alone and rule.level != "advisory" and rule.when.keys() != {"kss_estimate"}:
        fix = "make it an advisory, or name another signal too, as in perclos_60s"
        yield Problem((*where, "level"), f"{_name(rule)} is {rule.level} by blinks alone: {fix}")
    if not rule.clear and not rule.clear_below:
        fix = "add clear or clear_below, as in clear = { eyes_open_s = 0.5 }"
        yield Problem(where, f"nothing ends {_name(rule)}: {fix}")


def _wrong_bound(key: str, name: str, bound: float) -> str | None:
    given = f"{key}.{name} = {bound:g}"
    if name not in SIGNALS:
        close = difflib.get_close_matches(name, SIGNALS, n=1)
        fix = f"did you mean {close[0]}?" if close else "`wakeful rules signals` lists them"
        return f"there is no signal {name} ({key}): {fix}"
    if not 0.0 <= bound < math.inf:
        return f"{given}: it should be a number above 0"
    kind = SIGNALS[name]
    if kind.highest is not None and bound > kind.highest:
        if kind.unit == SHARE and bound <= 100.0:
            return f"{given}: it is a share of 1, not percent: {bound / 100.0:g}?"
        return f"{given}: {name} never exceeds {kind.highest:g}"
    if bound == 0.0:
        return f"{given} {'never' if key == 'clear_below' else 'always'} holds: it should be above 0"
    return None


def _end(where: KeyPath, rule: Rule) -> Iterator[Problem]:
    """What ends the alert must say that its cause is over, or it could be cleared while the cause lasts."""
    for name, bound in rule.clear.items():
        if name in rule.when:
            text = f"clear.{name} = {bound:g} holds while its cause lasts ({name} is in when)"
            yield Problem((*where, "clear", name), f"{text}: {_way_out(name)}")
            return
    for name, bound in rule.clear_below.items():
        if name in rule.when and bound > rule.when[name]:
            text = f"clear_below.{name} = {bound:g} is above the bound of when, {rule.when[name]:g}"
            yield Problem((*where, "clear_below", name), f"{text}: it should be {rule.when[name]:g} or less")
            return
    if not any(_over(name, rule) for name in rule.when):
        cause = next(iter(rule.when))
        text = f"{_name(rule)} can be cleared while its cause lasts"
        yield Problem((*where, "clear" if rule.clear else "clear_below"), f"{text}: {_way_out(cause)}")
        return
    awake_s = rule.clear.get("eyes_open_s", 0.0)
    if rule.level in ("urgent", "emergency") and "closure_s" in rule.when and awake_s < AWAKE_AGAIN_S:
        text = f"{_name(rule)} is {rule.level}, but ends after {awake_s:g} s of open eyes"
        yield Problem((*where, "clear"), f"{text}: eyes_open_s should be {AWAKE_AGAIN_S:g} or more")


def _over(name: str, rule: Rule) -> bool:
    """Whether what ends the alert shows that this signal of its cause is over."""
    opposite = OPPOSITES.get(name)
    if name in rule.clear_below or opposite is None:
        return name in rule.clear_below
    return rule.clear.get(opposite.name, -1.0) >= opposite.bound and rule.when[name] >= opposite.cause_bound


def _way_out(name: str) -> str:
    opposite = OPPOSITES.get(name)
    if opposite is None:
        return f"name {name} in clear_below"
    if opposite.cause_bound:
        return f"name {opposite.name} in clear, and {name} from {opposite.cause_bound:g} on in when"
    return f"name {opposite.name} in clear" + (f", {opposite.bound:g} or more" if opposite.bound else "")


def _against_each_other(where: KeyPath, rule: Rule, other_where: KeyPath, other: Rule) -> Iterator[Problem]:
    if rule.code != other.code or not _speeds_meet(rule, other):
        return
    if rule.level == other.level:
        if rule.when.keys() == other.when.keys():
            text = f"{_name(other)} is there twice at one level for the same signals and speeds"
            yield Problem(other_where, f"{text}: remove one, or part them by from_kmh and below_kmh", where)
        return
    (low_where, low), (high_where, high) = (where, rule), (other_where, other)
    if low.rank > high.rank:
        (low_where, low), (high_where, high) = (high_where, high), (low_where, low)
    if _covers_speeds(high, low) and _needs_no_more(high, low):
        text = f"{_name(high)} at {high.level} needs no more than at {low.level}, so that it is never raised"
        yield Problem(high_where, f"{text}: raise its bounds", low_where)


def _needs_no_more(high: Rule, low: Rule) -> bool:
    """Whether ``high`` holds whenever ``low`` does."""
    if not high.when or high.dwell_s > low.dwell_s:
        return False
    return all(name in low.when and low.when[name] >= bound for name, bound in high.when.items())


def _speeds_meet(one: Rule, other: Rule) -> bool:
    return one.from_kmh < _to_kmh(other) and other.from_kmh < _to_kmh(one)


def _covers_speeds(wide: Rule, narrow: Rule) -> bool:
    return wide.from_kmh <= narrow.from_kmh and _to_kmh(wide) >= _to_kmh(narrow)


def _to_kmh(rule: Rule) -> float:
    return math.inf if rule.below_kmh is None else rule.below_kmh


def _name(rule: Rule) -> str:
    return f"the rule {rule.code}"
