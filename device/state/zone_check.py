"""Zones of gaze that cannot be meant: none for the road, names twice, angles swapped, zones out of reach."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

from wakeful.device.state.gaze_zone import ROAD
from wakeful.device.state.profile import Zone
from wakeful.device.state.profile_problem import KeyPath, Problem

LIMITS_DEG = {"yaw_deg": 180.0, "pitch_deg": 90.0}
ZONES: KeyPath = ("gaze", "zones")


def zone_problems(zones: Sequence[Zone]) -> Iterator[Problem]:
    """All problems of the zones, in their order."""
    if ROAD not in [zone.name for zone in zones]:
        yield Problem(ZONES, f"no zone is called {ROAD}: add the one where the person should look")
    counted: Counter[str] = Counter()
    for position, zone in enumerate(zones):
        where = (*ZONES, position)
        if not zone.name.strip():
            yield Problem((*where, "name"), "a zone has no name: say what lies there")
        elif counted[zone.name]:
            first = next(number for number, one in enumerate(zones) if one.name == zone.name)
            yield Problem((*where, "name"), f"two zones are called {zone.name}: rename one", (*ZONES, first))
        counted[zone.name] += 1
        wrong = list(_angles(where, zone))
        yield from wrong
        if not wrong and _covered(zone, zones[:position]):
            text = f"the zone {zone.name} is never reached, as those before it cover it"
            yield Problem(where, f"{text}: move it up, or remove it")


def _angles(where: KeyPath, zone: Zone) -> Iterator[Problem]:
    for key, limit in LIMITS_DEG.items():
        low, high = getattr(zone, key)
        given = f"{key} = [{low:g}, {high:g}] of the zone {zone.name}"
        if not (-limit <= low <= limit and -limit <= high <= limit):
            yield Problem((*where, key), f"{given}: angles should be from {-limit:g} to {limit:g}")
        elif low >= high:
            yield Problem((*where, key), f"{given}: the first angle should be the smaller one")


def _covered(zone: Zone, earlier: Sequence[Zone]) -> bool:
    """Whether no direction in the zone is left to it: between the edges of all, each cell lies in an earlier zone."""
    yaws, pitches = _between(zone, earlier, "yaw_deg"), _between(zone, earlier, "pitch_deg")
    return all(any(_holds(one, yaw, pitch) for one in earlier) for yaw in yaws for pitch in pitches)


def _between(zone: Zone, earlier: Sequence[Zone], key: str) -> list[float]:
    """The middles of the stretches into which the edges of earlier zones cut this one."""
    low, high = getattr(zone, key)
    edges = {low, high} | {edge for one in earlier for edge in getattr(one, key) if low < edge < high}
    return [(left + right) / 2.0 for left, right in pairwise(sorted(edges))]


def _holds(zone: Zone, yaw_deg: float, pitch_deg: float) -> bool:
    return zone.yaw_deg[0] <= yaw_deg <= zone.yaw_deg[1] and zone.pitch_deg[0] <= pitch_deg <= zone.pitch_deg[1]
