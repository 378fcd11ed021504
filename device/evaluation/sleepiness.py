"""Replays blinks of people who rated their sleepiness through the engine's own estimator.

The file of blinks (``rldd_blinks.npz``, of UTA-RLDD) holds three recordings of each person, blinks in standard
deviations of some of the person's own alert ones, and no times. A drive knows no more than its own first blinks, so
that those of the alert recording are what the others are compared with (``as_in_drives``). All figures are over people;
intervals come from drawing people again and again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.device.evaluation.sleepiness_fit import DROWSY, LOW_VIGILANT, Coefficients, Floats, fit
from wakeful.device.state.blinks import Blink
from wakeful.device.state.profile import BLINK_SIGNALS, BlinksSection, Profile, Rule
from wakeful.device.state.sleepiness import (
    USUAL_DEPTH_SPREAD,
    USUAL_SPREAD,
    Deviation,
    OwnSleepiness,
    deviation,
    sleepiness_of,
)
from wakeful.errors import ConfigError
from wakeful.frozen import dataclass

BLINKS = "rldd_blinks.npz"
ALERT = 0
LEVELS = {ALERT: "alert", LOW_VIGILANT: "low vigilant", DROWSY: "drowsy"}
DRAWS = 2000
USUAL_S, USUAL_DEPTH = 0.2, 0.8
"""A blink without a deviation, for what the file has no seconds of: the result does not depend on them."""
BY_FOLDS = "fitted with folds by person"
UNLEARNED = "the same, of alert blinks only those that nobody learned from"
OF_THE_FILE = "the same, in the deviations of the file"
LEAST_UNLEARNED = 10
"""Alert recordings with fewer blinks that nobody learned from are left out of the figures by these alone."""
BINS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 1.0)


@dataclass(frozen=True, slots=True)
class Blinking:
    """One recording. ``deviations``: duration and depth, [blinks, 2]; ``frequency`` is no part of the estimate."""

    person: int
    level: int
    fold: int
    deviations: Floats
    frequency: float


@dataclass(frozen=True, slots=True)
class Scored:
    """One recording after the replay.

    Attributes:
        score: mean sleepiness over all blinks at which it was known; NaN where it never was.
        p: sleepiness after each blink, NaN where unknown.
        alerted_after: number of blinks after which the rules first held; None: never.
    """

    of: Blinking
    score: float
    p: Floats
    alerted_after: int | None


def load(folder: Path) -> list[Blinking]:
    """The recordings in ``folder``. Raises ConfigError where they are missing or malformed."""
    path = folder / BLINKS
    try:
        with np.load(path, allow_pickle=False) as found:
            names = [str(name) for name in found["features"]]
            columns = [names.index(f"{name}_z") for name in ("duration", "amplitude")]
            parts = np.split(found["blinks"].astype(float), np.cumsum(found["count"])[:-1])
            frequency = names.index("freq_z")
            labels = zip(found["person"], found["label"], found["fold"], parts, strict=True)
            return [
                Blinking(int(person), int(level), int(fold), part[:, columns], float(part[:, frequency].mean()))
                for person, level, fold, part in labels
                if len(part)
            ]
    except FileNotFoundError:
        raise ConfigError(f"{path} is missing: name the folder that holds {BLINKS}") from None
    except (OSError, KeyError, ValueError, IndexError) as error:
        raise ConfigError(f"{path} is not a file of blinks: {error}") from None


def as_in_drives(recordings: Sequence[Blinking], section: BlinksSection) -> list[Blinking]:
    """Deviations from what the engine learns of the first blinks of the alert recording.

    People with fewer alert blinks than that needs are left out: a drive would know nothing of them.
    """
    taught = {}
    for one in recordings:
        if one.level == ALERT:
            own = OwnSleepiness(section)
            for blink in _blinks(one):
                own.add(blink)
            taught[one.person] = own.usual
    found = []
    for one in recordings:
        if baseline := taught.get(one.person):
            each = [deviation(blink, baseline) for blink in _blinks(one)]
            found.append(replace(one, deviations=np.array([(blink.duration, blink.depth) for blink in each])))
    return found


def without_learned(recordings: Sequence[Blinking], section: BlinksSection) -> list[Blinking]:
    """The people with enough alert blinks after those that were learned, and of their alert ones only these."""
    later = {
        one.person: replace(one, deviations=one.deviations[section.own :])
        for one in recordings
        if one.level == ALERT and len(one.deviations) >= section.own + LEAST_UNLEARNED
    }
    return [later[one.person] if one.level == ALERT else one for one in recordings if one.person in later]


def _blinks(recording: Blinking) -> list[Blink]:
    duration_sd_s = USUAL_SPREAD * USUAL_S
    return [
        Blink(number, number, USUAL_S + duration_sd_s * duration, USUAL_DEPTH + USUAL_DEPTH_SPREAD * depth)
        for number, (duration, depth) in enumerate(recording.deviations.tolist(), start=1)
    ]


def replay(recording: Blinking, section: BlinksSection, rules: Sequence[Rule]) -> Scored:
    """Blink after blink through the estimator of the engine, and through the rules that need nothing else."""
    p, alerted_after = [], None
    blinks = [Deviation(duration, depth) for duration, depth in recording.deviations.tolist()]
    for number in range(1, len(blinks) + 1):
        now = sleepiness_of(blinks[max(0, number - section.window) : number], section)
        p.append(np.nan if now.p is None else now.p)
        signals = {"sleepiness": now.p, "long_blink_share": now.long_share}
        if alerted_after is None and any(_holds(rule, signals) for rule in rules):
            alerted_after = number
    known = np.array(p, float)
    score = float(np.nanmean(known)) if np.isfinite(known).any() else float("nan")
    return Scored(recording, score, known, alerted_after)


def blink_rules(profile: Profile) -> list[Rule]:
    """The rules that blinks alone decide."""
    return [rule for rule in profile.rules if BLINK_SIGNALS.issuperset(rule.when)]


def _holds(rule: Rule, signals: dict[str, float | None]) -> bool:
    return all((value := signals.get(name)) is not None and value >= bound for name, bound in rule.when.items())


def by_folds(recordings: Sequence[Blinking], section: BlinksSection, rules: Sequence[Rule]) -> list[Scored]:
    """Every person by coefficients that were fitted to the people of the other folds."""
    scored = []
    for fold in sorted({one.fold for one in recordings}):
        others = [(one.deviations, one.level) for one in recordings if one.fold != fold]
        fitted = with_coefficients(section, fit(others, section))
        scored += [replay(one, fitted, rules) for one in recordings if one.fold == fold]
    return scored


def every_way(recordings: Sequence[Blinking], profile: Profile, name: str) -> dict[str, list[Scored]]:
    """By the coefficients of the profile and by fitted ones, by what drives know of a person and by what the file does.

    Where all people are in one fold nothing is fitted.
    """
    section, rules = profile.blinks, blink_rules(profile)
    drives = as_in_drives(recordings, section)
    found = {f"profile {name}": [replay(one, section, rules) for one in drives]}
    if len({one.fold for one in drives}) > 1:
        found[BY_FOLDS] = by_folds(drives, section, rules)
        found[UNLEARNED] = by_folds(without_learned(drives, section), section, rules)
        found[OF_THE_FILE] = by_folds(recordings, section, rules)
    return found


def with_coefficients(section: BlinksSection, found: Coefficients) -> BlinksSection:
    """The section with other coefficients."""
    return replace(section, intercept=found[0], duration=found[1], shallow=found[2])


def auc(low: NDArray[Any], high: NDArray[Any]) -> float:
    """Share of pairs in which the second is higher; ties count half."""
    steps = high[:, None] - low[None, :]
    return float((steps > 0).mean() + 0.5 * (steps == 0).mean())


def auc_of(scored: Sequence[Scored], level: int, score: Callable[[Scored], float]) -> tuple[float, float, float]:
    """Area under the curve of this level against alert, and its interval (95 %) over people."""
    found = {(one.of.person, one.of.level): score(one) for one in scored if np.isfinite(score(one))}
    people = sorted(person for person, one in found if one == ALERT and (person, level) in found)
    if not people:
        return float("nan"), float("nan"), float("nan")
    low, high = (np.array([found[person, one] for person in people]) for one in (ALERT, level))
    random = np.random.default_rng(0)
    drawn = [auc(low[some], high[some]) for some in random.integers(0, len(people), (DRAWS, len(people)))]
    return auc(low, high), *(float(bound) for bound in np.percentile(drawn, [2.5, 97.5]))  # type: ignore[return-value]


def alerted(scored: Sequence[Scored], level: int, blinks: int | None = None) -> tuple[int, int]:
    """How many recordings of this level were alerted within so many blinks, and how many there are."""
    of_level = [one for one in scored if one.of.level == level]
    last = np.inf if blinks is None else blinks
    within = [one for one in of_level if one.alerted_after is not None and one.alerted_after <= last]
    return len(within), len(of_level)


def reliability(scored: Sequence[Scored]) -> list[tuple[float, float, int]]:
    """For each bin of scores: mean score, share that is drowsy, number of recordings."""
    scores = np.array([one.score for one in scored])
    drowsy = np.array([one.of.level == DROWSY for one in scored])
    found = []
    for low, high in pairwise(BINS):
        inside = (scores >= low) & (scores < high)
        if inside.any():
            found.append((float(scores[inside].mean()), float(drowsy[inside].mean()), int(inside.sum())))
    return found


def figures(scored: Sequence[Scored]) -> dict[str, Any]:
    """All figures of one set of coefficients."""
    tricks: dict[str, Callable[[Scored], float]] = {
        "sleepiness": lambda one: one.score,
        "number_of_blinks": lambda one: float(len(one.p)),
        "number_and_frequency": lambda one: float(np.log(len(one.p)) + np.log1p(abs(one.of.frequency))),
        "mean_duration": lambda one: float(one.of.deviations[:, 0].mean()),
    }
    return {
        "auc_95": {
            name: {LEVELS[level]: auc_of(scored, level, score) for level in (DROWSY, LOW_VIGILANT)}
            for name, score in tricks.items()
        },
        "alerted": {LEVELS[level]: alerted(scored, level) for level in LEVELS},
        "reliability": reliability(scored),
        "people": len({one.of.person for one in scored}),
    }
