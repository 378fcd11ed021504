"""Recorded drives with the rows of truth that are about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from wakeful.device.config.layers import load_profile
from wakeful.device.evaluation.drives import Bounds, Drive, active_spans, events_of
from wakeful.device.evaluation.truth import Truth, TruthError
from wakeful.device.messages import Alert
from wakeful.device.record.outcome import warnings
from wakeful.device.record.reader import Recording
from wakeful.device.record.replay import replay


def drives_of(
    recordings: Sequence[Recording], rows: Sequence[Truth], bounds: Bounds, profile: str | None = None
) -> tuple[list[Drive], list[str]]:
    """The drives, and what their reader should know of the logs.

    Args:
        profile: replay them with these rules.

    Raises:
        TruthError: a row is about none of the recordings, or about more than one; a recording has two drivers.
        LogError: a log cannot be read, or holds nothing to evaluate.
    """
    if not rows:
        raise TruthError("the truth holds no rows: there is nothing to compare with")
    mine: list[list[Truth]] = [[] for _ in recordings]
    for row in rows:
        mine[_index(row, recordings)].append(row)
    drives, found = [], []
    for recording, about in zip(recordings, mine, strict=True):
        drives.append(_drive(recording, about, bounds, profile))
        found += [f"{recording.name}: {warning}" for warning in warnings(recording)]
    return drives, found


def _drive(recording: Recording, rows: Sequence[Truth], bounds: Bounds, profile: str | None) -> Drive:
    config = recording.config
    other = replace(config.engine_config, profile=load_profile(profile)[0]) if profile else None
    done = replay(recording, other)
    alerts = [one for one in (done.now if profile else done.then) if isinstance(one, Alert)]
    return Drive(
        _driver(recording, rows),
        done.seconds,
        active_spans(alerts, config.origin_ns, done.seconds),
        events_of(rows, config.wall_ns, bounds),
    )


def _driver(recording: Recording, rows: Sequence[Truth]) -> str:
    """Who drove, as the truth says, or else the log; the recording's name where nobody says it."""
    named = sorted({row.driver for row in rows if row.driver})
    if len(named) > 1:
        raise TruthError(f"the truth names {len(named)} drivers of recording {recording.name}: {named[0]}, {named[1]}")
    return named[0] if named else recording.config.driver or recording.name


def _index(row: Truth, recordings: Sequence[Recording]) -> int:
    """Which recording a row is about."""
    if not row.recording and len(recordings) == 1:
        return 0
    found = [
        number
        for number, one in enumerate(recordings)
        if row.recording and (row.recording in one.config.session or row.recording in one.name)
    ]
    if len(found) != 1:
        what = "none" if not found else f"{len(found)}"
        raise TruthError(
            f"a row of the truth is about recording {row.recording!r}, which is the name of {what} of the logs given"
        )
    return found[0]
