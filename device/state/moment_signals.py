"""The signals that rules are applied to, from what is known of one moment."""

from __future__ import annotations

from wakeful.device.state.attention import AttentionView
from wakeful.device.state.episodes import EpisodeView
from wakeful.device.state.eyelids import Eyelids, LidView
from wakeful.device.state.signals import Signals
from wakeful.device.state.sleepiness import kss_estimate

NO_STATES = (None, None, None, None)


def signals_of(watched: Eyelids, lids: LidView, attention: AttentionView, episodes: EpisodeView) -> Signals:
    """Every signal of ``wakeful.device.state.signals`` at this moment; ``watched`` are the lids over time."""
    states = lids.states or NO_STATES
    return {
        "closure_s": lids.closure_s,
        "eyes_open_s": None if lids.closed is None else lids.eyes_open_s,
        "perclos_60s": watched.perclos_60s.share,
        "perclos_180s": watched.perclos_180s.share,
        "closure_ratio": watched.closure_ratio,
        "off_road_s": attention.off_road_s,
        "off_road_in_30s": attention.off_road_in_30s,
        "on_road_s": attention.on_road_s,
        "glances_in_30s": attention.glances_in_30s,
        "lowered_s": lids.lowered_s,
        "yawns_600s": float(episodes.yawns),
        "nods_600s": float(episodes.nods),
        "sleepiness": watched.sleepiness.p,
        "long_blink_share": watched.sleepiness.long_share,
        "kss_estimate": kss_estimate(watched.sleepiness.p),
        "distress_s": episodes.distress_s,
        "lid_open": states[0],
        "lid_lowered": states[1],
        "lid_narrowed": states[2],
        "lid_closed": states[3],
    }
