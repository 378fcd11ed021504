"""The figures of a drive: pure functions of what was recorded. Unknown is None, never zero."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from wakeful.device.alerts.wording import BLINK_S
from wakeful.device.messages import Level
from wakeful.device.view.drive import GAP_S, AlertLife, Drive, Span
from wakeful.frozen import dataclass

MIN_FPS_FOR_BLINKS = 15.0
"""Below this rate a blink, which lasts a tenth to a third of a second, is visible in one frame or in none."""
LAST_BLINKS = 30
"""So many closures are those that sleepiness rests on, by the default of profiles."""


@dataclass(frozen=True, slots=True)
class SleepiestMoment:
    """When ``sleepiness`` was highest, its coverage there, and the long blinks in the minutes it rests on."""

    t_s: float
    p: float
    coverage: float
    long_blinks: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of one drive.

    Attributes:
        watched_s: time covered by frames, without gaps. frames: states with a new frame.
        fps: median rate. dropped: frames of the source that were never analysed, from the gaps in their numbers.
        latency_ms, latency_p99_ms: median and 99th percentile from the capture of a frame to its state.
        gaps: times over 0.5 s without a state, and their sum.
        eyes_known, on_road: share of the watched time; on_road is of the time in which the zone is known.
        alerts: raised, by (code, highest level). alerts_per_hour: of level warning and above.
        longest_closure: the longest, None without any.
        blinks, blinks_per_min, blink_ms: closures under 0.5 s; None below 15 frames a second.
        long_closures: closures of 0.5 s and more.
        perclos_max, perclos_max_s: highest PERCLOS of a minute, and when.
        long_blinks: much longer than this person's own. sleepiest: None while sleepiness was never known.
        kss_max: highest estimate of sleepiness.
        health_s, zone_s, expression_s: seconds of each.
    """

    watched_s: float
    frames: int
    fps: float | None
    dropped: int
    latency_ms: float | None
    latency_p99_ms: float | None
    gaps: int
    gap_s: float
    eyes_known: float | None
    on_road: float | None
    alerts: Counter[tuple[str, Level]]
    alerts_per_hour: float | None
    longest_closure: Span | None
    blinks: int | None
    blinks_per_min: float | None
    blink_ms: float | None
    long_closures: int
    yawns: int
    nods: int
    glances: int
    perclos_max: float | None
    perclos_max_s: float | None
    long_blinks: int
    sleepiest: SleepiestMoment | None
    kss_max: float | None
    speed_mean_kmh: float | None
    health_s: dict[str, float]
    zone_s: dict[str, float]
    expression_s: dict[str, float]


def figures(drive: Drive) -> Figures:
    """Computes the figures of a drive."""
    new = np.flatnonzero(np.diff(drive.seqs, prepend=-2) != 0)  # states without a frame repeat the number before
    steps_s = np.diff(drive.t_s)
    steps_s = steps_s[(steps_s > 0) & (steps_s <= GAP_S)]
    watched_s = float(steps_s.sum())
    fps = float(1.0 / np.median(steps_s)) if len(steps_s) else None
    closures = [span for span in drive.events if span.name == "closure"]
    blinks = [span.length_s for span in closures if span.length_s < BLINK_S]
    countable = fps is not None and round(fps, 1) >= MIN_FPS_FOR_BLINKS and watched_s > 0
    zones = seconds_of(drive.zones)
    perclos = drive.curves["perclos_60s"]
    highest = int(np.nanargmax(perclos)) if np.isfinite(perclos).any() else None
    kinds = Counter(span.name for span in drive.events)
    return Figures(
        watched_s=watched_s,
        frames=len(new),
        fps=fps,
        dropped=_dropped(drive.seqs),
        latency_ms=_percentile(drive.latency_ms, 50),
        latency_p99_ms=_percentile(drive.latency_ms, 99),
        gaps=len(drive.gaps),
        gap_s=sum(span.length_s for span in drive.gaps),
        eyes_known=_known_share(drive),
        # A zone that begins with the last frame takes no time.
        on_road=zones.get("road", 0.0) / known_s if (known_s := sum(zones.values())) > 0.0 else None,
        alerts=Counter((life.code, life.level) for life in drive.alerts),
        alerts_per_hour=_per_hour(drive.alerts, watched_s),
        longest_closure=max(closures, key=lambda span: span.length_s, default=None),
        blinks=len(blinks) if countable else None,
        blinks_per_min=60.0 * len(blinks) / watched_s if countable else None,
        blink_ms=1000.0 * sum(blinks) / len(blinks) if countable and blinks else None,
        long_closures=len(closures) - len(blinks),
        yawns=kinds["yawn"],
        nods=kinds["nod"],
        glances=kinds["glance"],
        perclos_max=None if highest is None else float(perclos[highest]),
        perclos_max_s=None if highest is None else float(drive.t_s[highest]),
        long_blinks=kinds["long_blink"],
        sleepiest=_sleepiest(drive),
        kss_max=_percentile(drive.curves["kss_estimate"], 100),
        speed_mean_kmh=_mean(drive.curves["speed_kmh"]),
        health_s=seconds_of(drive.health),
        zone_s=zones,
        expression_s=seconds_of(drive.expressions),
    )


def _sleepiest(drive: Drive) -> SleepiestMoment | None:
    curve = drive.curves["sleepiness"]
    if not np.isfinite(curve).any():
        return None
    highest = int(np.nanargmax(curve))
    t_s = float(drive.t_s[highest])
    blinks = [span for span in drive.events if span.name == "closure" and span.end_s <= t_s][-LAST_BLINKS:]
    since_s = blinks[0].start_s if blinks else t_s
    long = (one for one in drive.events if one.name == "long_blink" and since_s - BLINK_S <= one.start_s <= t_s)
    return SleepiestMoment(t_s, float(curve[highest]), float(drive.curves["sleepiness_coverage"][highest]), tuple(long))


def seconds_of(spans: Iterable[Span]) -> dict[str, float]:
    """Seconds of each name, the longest first. Degraded health is counted without its reason."""
    total: Counter[str] = Counter()
    for span in spans:
        total[span.name.partition(":")[0]] += span.length_s  # type: ignore[assignment]
    return dict(total.most_common())


def _dropped(seqs: NDArray[np.int64]) -> int:
    steps = np.diff(seqs[seqs >= 0])
    # A number that decreases is a restarted source, not a lost frame.
    return int((steps[steps > 1] - 1).sum())


def _known_share(drive: Drive) -> float | None:
    """Share of the frames with a readable eye; 0 for a monitor that works but sees no eye."""
    if not len(drive.t_s):
        return None
    known = np.isfinite(drive.curves["eye_open_left"]) | np.isfinite(drive.curves["eye_open_right"])
    return float(known.mean())


def _per_hour(alerts: list[AlertLife], watched_s: float) -> float | None:
    if watched_s <= 0:
        return None
    return 3600.0 * sum(life.level >= Level.WARNING for life in alerts) / watched_s


def _percentile(values: NDArray[np.float32], percent: float) -> float | None:
    known = values[np.isfinite(values)]
    return float(np.percentile(known, percent)) if len(known) else None


def _mean(values: NDArray[np.float32]) -> float | None:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else None
