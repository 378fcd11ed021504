"""The signals that rules may name: what each means, its unit and its possible range.

The engine computes all of them at every step; ``None`` is unknown, and an unknown signal neither raises nor clears.
"""

from __future__ import annotations

from collections.abc import Mapping

from wakeful.frozen import dataclass

Signals = Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class SignalKind:
    """One signal: ``highest`` is the largest value it can reach, None without limit."""

    meaning: str
    unit: str
    highest: float | None = None


SIGNALS = {
    "closure_s": SignalKind("length of the running closure of both eyes", "s"),
    "eyes_open_s": SignalKind("how long the eyes have been seen open since the last closure over half a second", "s"),
    "perclos_60s": SignalKind("share of the last 60 s with closed eyes, blinks left out", "share of 1", 1.0),
    "perclos_180s": SignalKind("share of the last 180 s with closed eyes, blinks left out", "share of 1", 1.0),
    "closure_ratio": SignalKind("mean duration of the last minute's closures over this person's own", "ratio"),
    "off_road_s": SignalKind("length of the running glance away from the road", "s"),
    "off_road_in_30s": SignalKind("time off the road in the last 30 s, since 2 s on the road", "s", 30.0),
    "on_road_s": SignalKind("how long the person has been seen to look at the road", "s"),
    "glances_in_30s": SignalKind("looks off the road in the last 30 s, since 2 s on the road", "count"),
    "lowered_s": SignalKind("how long the lids have been lowered: a look down; unknown without their states", "s"),
    "yawns_600s": SignalKind("yawns in the last ten minutes", "count"),
    "nods_600s": SignalKind("nods with closed eyes in the last ten minutes", "count"),
    "sleepiness": SignalKind(
        'probability of "drowsy" by the last blinks, against this person\'s own', "share of 1", 1.0
    ),
    "long_blink_share": SignalKind("share of long ones among the last 30 blinks", "share of 1", 1.0),
    "kss_estimate": SignalKind("estimate of the Karolinska Sleepiness Scale", "1 to 9", 9.0),
    "lid_open": SignalKind("probability that the lids are open, averaged over a running closure", "share of 1", 1.0),
    "lid_lowered": SignalKind("... that they are lowered, because the eyes look down", "share of 1", 1.0),
    "lid_narrowed": SignalKind("... that they are narrowed: a squint, a laugh, half-lidded", "share of 1", 1.0),
    "lid_closed": SignalKind("... that they are closed", "share of 1", 1.0),
    "distress_s": SignalKind("how long a negative expression has been strong", "s"),
}
