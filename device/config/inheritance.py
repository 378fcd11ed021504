"""Profiles that extend other profiles, so that one changed bound does not need a copy of a whole file.

``extends`` names the parent. Tables are merged; lists other than the rules (zones) replace those of the parent. A rule
changes the parent's rule of its code and level, and only the keys it gives; a code or level that the parent does not
have adds a rule. ``remove`` lists the codes whose rules of the parent are dropped first.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

from wakeful.device.config.toml_lines import KeyPath, TomlLines
from wakeful.device.state.profile_problem import Problem
from wakeful.frozen import dataclass

Table = dict[str, Any]
FILE_KEYS = ("extends", "remove", "settings")
"""What a profile's file may hold beside the bounds and rules."""
SELECTORS = ("level", "from_kmh", "when")
"""Keys that, in this order, select among several rules of one code."""


@dataclass(frozen=True, slots=True)
class Origin:
    """One file that a profile was merged from. ``rules`` maps positions in the merged profile to those in the file."""

    name: str
    text: str
    rules: dict[int, int]


@dataclass(frozen=True, slots=True)
class Merged:
    """A profile's tables with those of its parents.

    Attributes:
        origins: the files, the profile's own first.
        parents: what each file names in ``extends``, the nearest first.
        changes: what the profile's own file does to its parent, in words.
        problems: mistakes in how it extends; their places are those of the own file.
    """

    values: Table
    origins: tuple[Origin, ...]
    parents: tuple[str, ...] = ()
    changes: str = ""
    problems: tuple[Problem, ...] = ()

    def place(self, path: KeyPath) -> str:
        """``FILE: line N`` of a key, in the file that gave it; the nearest thing around it where none did."""
        own = [(origin, where) for origin in self.origins if (where := _in_file(origin, path)) is not None]
        lines = [(origin.name, TomlLines(origin.text), where) for origin, where in own]
        for name, found, where in lines:
            if (line := found.exactly(where)) is not None:
                return f"{name}: line {line}"
        for name, found, where in lines:
            if (line := found.of(where)) is not None:
                return f"{name}: line {line}"
        return self.origins[0].name

    def own_place(self, path: KeyPath) -> str:
        """``FILE: line N`` of a key in the profile's own file, with its positions."""
        line = TomlLines(self.origins[0].text).of(path)
        return f"{self.origins[0].name}: line {line}"


def alone(name: str, text: str, values: Table) -> Merged:
    """A profile without a parent."""
    rules = values.get("rules")
    count = len(rules) if isinstance(rules, list) else 0
    problems = []
    if "remove" in values:
        problems.append(Problem(("remove",), "remove: there is nothing to remove without extends; name the parent"))
    kept = {key: value for key, value in values.items() if key != "remove"}
    return Merged(kept, (Origin(name, text, {at: at for at in range(count)}),), problems=tuple(problems))


def extended(parent: Merged, name: str, text: str, values: Table) -> Merged:
    """A profile with what it takes from its parent."""
    problems: list[Problem] = []
    own_rules = values.get("rules", [])
    merged = copy.deepcopy(parent.values)
    kept = _kept(merged["rules"], values.get("remove", []), problems)
    rules = [merged["rules"][at] for at in kept]
    # Several rules of the file may match one rule of the parent only by mistake: each is matched with the parent's own.
    inherited = list(rules)
    places: dict[int, int] = {}
    for at, rule in enumerate(own_rules if isinstance(own_rules, list) else []):
        found = _match(inherited, rule, at, problems)
        if found is None:
            rules.append(copy.deepcopy(rule))
            places[len(rules) - 1] = at
        else:
            if found in places:
                problems.append(Problem(("rules", at), f"rules.code: {rule['code']} is changed twice; join the rules"))
            merge(rules[found], rule)
            places[found] = at
    merge(merged, {key: value for key, value in values.items() if key not in ("extends", "remove", "rules")})
    merged["rules"] = rules if isinstance(own_rules, list) else own_rules
    now_at = {old: new for new, old in enumerate(kept)}
    origins = [
        replace(one, rules={now_at[at]: own for at, own in one.rules.items() if at in now_at}) for one in parent.origins
    ]
    changed = sum(at < len(kept) for at in places)
    counts = {"changed": changed, "added": len(places) - changed, "removed": len(parent.values["rules"]) - len(kept)}
    return Merged(
        merged,
        (Origin(name, text, places), *origins),
        (values["extends"], *parent.parents),
        ", ".join(f"{count} rule{'s' if count > 1 else ''} {what}" for what, count in counts.items() if count)
        or "no rule changed",
        tuple(problems),
    )


def merge(into: Table, values: Table) -> None:
    """Puts ``values`` over ``into``; tables are merged, everything else is replaced."""
    for key, value in values.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            merge(into[key], value)
        else:
            into[key] = copy.deepcopy(value)


def _kept(rules: list[Table], remove: Any, problems: list[Problem]) -> list[int]:
    """Positions of the rules that are not removed."""
    if not isinstance(remove, list) or not all(isinstance(code, str) for code in remove):
        problems.append(Problem(("remove",), 'remove should be a list of codes, as in remove = ["yawning"]'))
        return list(range(len(rules)))
    known = list(dict.fromkeys(rule["code"] for rule in rules))
    for at, code in enumerate(remove):
        if code not in known:
            problems.append(
                Problem(("remove", at), f"remove: the parent has no rule {code!r}; it has {', '.join(known)}")
            )
    return [at for at, rule in enumerate(rules) if rule["code"] not in remove]


def _match(rules: list[Table], rule: Any, at: int, problems: list[Problem]) -> int | None:
    """The position of the rule that ``rule`` changes; None where it is a new one."""
    if not isinstance(rule, dict):
        return None
    found = [position for position, one in enumerate(rules) if one["code"] == rule.get("code")]
    if "level" in rule:
        found = [position for position in found if rules[position]["level"] == rule["level"]]
    if len(found) > 1 and "from_kmh" in rule:
        found = [position for position in found if rules[position].get("from_kmh", 0.0) == rule["from_kmh"]]
    if len(found) > 1 and isinstance(rule.get("when"), dict):
        found = [position for position in found if rule["when"].keys() <= rules[position]["when"].keys()] or found
    if len(found) > 1:
        differ = (key for key in SELECTORS if len({str(rules[position].get(key)) for position in found}) > 1)
        missing = next((key for key in differ if key not in rule), None)
        fix = f"give {missing} to say which one is meant" if missing else "remove them and add new ones"
        text = f"the parent has {len(found)} rules {rule['code']}: {fix}"
        problems.append(Problem(("rules", at), text))
    return found[0] if found else None


def _in_file(origin: Origin, path: KeyPath) -> KeyPath | None:
    """A path in the merged profile as one of a file; None where the file has no part in the rule."""
    if len(path) > 1 and path[0] == "rules" and isinstance(path[1], int):
        own = origin.rules.get(path[1])
        return None if own is None else ("rules", own, *path[2:])
    return path
