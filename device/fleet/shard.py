"""Judges the drives of one shard: a pure function of the logs, the plan and the code."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from wakeful.device.drivers import RESERVED
from wakeful.device.evaluation.drives import Bounds, active_spans, events_of, score
from wakeful.device.evaluation.drives import Drive as ScoredDrive
from wakeful.device.fleet.code import judging_code
from wakeful.device.fleet.errors import OtherCode
from wakeful.device.fleet.plan import Drive, Plan, pseudonym
from wakeful.device.fleet.rows import Changed, KindScore, Refused, Row, ShardResult
from wakeful.device.fleet.sources import Changed as LogChanged
from wakeful.device.fleet.sources import opened
from wakeful.device.messages import Alert, Event, Level, Phase
from wakeful.device.record.compare import changes, differences
from wakeful.device.record.errors import LogError
from wakeful.device.record.log_config import read_profile
from wakeful.device.record.outcome import other_code, warnings
from wakeful.device.record.reader import Recording, recordings
from wakeful.device.record.replay import Replayed, Said, replay
from wakeful.device.record.schema import LogConfig
from wakeful.device.sanitise import printable
from wakeful.device.state.profile import Profile
from wakeful.frozen import dataclass

MAX_CHANGES = 20
MAX_WARNINGS = 10
MAX_TEXT = 300
"""Of a drive's changes, of its warnings, and of the length of a text that comes from a log."""


def judge_shard(plan: Plan, number: int) -> ShardResult:
    """Judge the drives of one shard.

    Raises:
        OtherCode: this is not the code that planned the run.
        StoreError: S3 does not answer. Whatever is wrong with a log becomes a row of its own instead.
    """
    if plan.code != judging_code():
        raise OtherCode(
            f"this run was planned by other code (wakeful {plan.version}, {plan.code}; here {judging_code()}): "
            "go on with that code, or start a new run"
        )
    begun_s = time.process_time()
    profile = None if plan.rules is None else read_profile(dict(plan.rules.tables))
    found = [_outcome(plan.drives[place], plan, profile) for place in plan.shards[number]]
    return ShardResult(
        number,
        plan.code,
        tuple(one for one in found if isinstance(one, Row)),
        tuple(one for one in found if isinstance(one, Refused)),
        round((time.process_time() - begun_s) * 1000),
    )


def _outcome(drive: Drive, plan: Plan, profile: Profile | None) -> Row | Refused:
    if drive.copy_of:
        return Refused(drive.name, "copy", f"the same bytes as {drive.copy_of}, which is counted once")
    try:
        with opened(drive.files) as paths:
            return _judged(paths, drive, plan, profile)
    except LogChanged as error:
        return _refused(drive, "changed", str(error))
    except LogError as error:
        return _refused(drive, "unreadable", str(error))


def _judged(paths: Sequence[Path], drive: Drive, plan: Plan, profile: Profile | None) -> Row | Refused:
    try:
        (recording,) = recordings(paths)
        return judge(recording, drive, plan, profile)
    except Damaged as error:
        return _refused(drive, error.kind, str(error))
    except LogError as error:
        # Where the log lies differs from worker to worker, and is no part of the result.
        why = str(error)
        for path, pin in zip(paths, drive.files, strict=True):
            why = why.replace(str(path), pin.name)
        return _refused(drive, _kind(why), why)
    except Exception as error:
        # One log must not stop a thousand; the page shows it as a fault of wakeful.
        return _refused(drive, "failed", f"{type(error).__name__}: {error}; please report it")


def _kind(why: str) -> str:
    if "cut off" in why or "is empty" in why:
        return "cut"
    return "foreign" if "not an MCAP file" in why or "not a log of wakeful" in why else "unusable"


class Damaged(LogError):
    """A log that is not whole. ``kind`` is ``cut`` or ``corrupt``."""

    def __init__(self, kind: str, says: str) -> None:
        super().__init__(says)
        self.kind = kind


def judge(recording: Recording, drive: Drive, plan: Plan, profile: Profile | None) -> Row:
    """Judge one recording.

    Raises:
        Damaged: it is not whole: a part of a drive must not be counted as a drive.
        LogError: it cannot be read, or holds nothing to judge.
    """
    config = recording.config
    engine = replace(config.engine_config, profile=profile) if profile else config.engine_config
    done = replay(recording, engine if profile else None)
    _check_whole(recording)
    figures = _Compared(done, config)
    found = warnings(recording) + (other_code(recording) if profile is None and figures.differences else [])
    return Row(
        name=drive.name,
        driver=_driver(done, config, drive, plan),
        vehicle=_short(config.vehicle),
        begun=_begun(config.wall_ns),
        frames=done.frames,
        watched_ms=_ms(done.seconds),
        eyes_ms=_ms(done.seen_s),
        health_ms={name: _ms(seconds) for name, seconds in sorted(done.health_s.items())},
        raised=_raised(done.now),
        then=_raised(done.then),
        serious=_reaching(done.now, Level.WARNING),
        urgent=_reaching(done.now, Level.URGENT),
        differences=figures.differences,
        appeared=figures.count("appeared"),
        vanished=figures.count("vanished"),
        moved=figures.count("moved"),
        changes=figures.first,
        warnings=tuple(map(_short, found))[:MAX_WARNINGS],
        scores=_scores(done, config, drive, plan, now=profile is not None),
    )


def _check_whole(recording: Recording) -> None:
    for file in recording.files:
        if file.condition.whole and not file.unfit:
            continue
        # Read to its end without a broken record: the writer was stopped.
        unclosed = [one for one in file.condition.damage if "without a footer" in one or "cut off" in one]
        kind = "cut" if len(unclosed) == len(file.condition.damage) and not file.unfit else "corrupt"
        raise Damaged(kind, f"{_short('; '.join(file.damage))}: `wakeful log repair` saves what is readable")


@dataclass
class _Compared:
    """What is raised now against what was raised at the time."""

    done: Replayed
    config: LogConfig

    @cached_property
    def _sides(self) -> tuple[list[Said], list[Said]]:
        return self.done.compared(self.done.then), self.done.compared(self.done.now)

    @cached_property
    def _changes(self) -> list[Changed]:
        return [
            Changed(
                _ms(self.config.seconds(one.alert.t_ns)),
                one.alert.code,
                one.alert.level.label,
                one.what,
                _ms(one.by_s),
            )
            for one in changes(*self._sides)
        ]

    @cached_property
    def differences(self) -> int:
        then_only, now_only = differences(*self._sides)
        return len(then_only) + len(now_only)

    @property
    def first(self) -> tuple[Changed, ...]:
        return tuple(self._changes[:MAX_CHANGES])

    def count(self, what: str) -> int:
        return sum(one.what == what for one in self._changes)


def _scores(done: Replayed, config: LogConfig, drive: Drive, plan: Plan, *, now: bool) -> Mapping[str, KindScore]:
    """Against the truth: with other rules what is raised now, else what was raised at the time."""
    alerts = [one for one in (done.now if now else done.then) if isinstance(one, Alert)]
    scored = ScoredDrive(
        "",
        done.seconds,
        active_spans(alerts, config.origin_ns, done.seconds),
        events_of(drive.truth, config.wall_ns, plan.bounds),
    )
    return {kind: _score(scored, kind, plan.bounds) for kind in plan.kinds}


def _score(drive: ScoredDrive, kind: str, bounds: Bounds) -> KindScore:
    found = score(drive, kind, bounds)
    return KindScore(
        found.events,
        len(found.delays_s),
        found.false_alarms,
        _ms(found.quiet_s),
        tuple(sorted(map(_ms, found.delays_s))),
    )


def _driver(done: Replayed, config: LogConfig, drive: Drive, plan: Plan) -> str:
    """Who drove, as the truth says, or else the log, or else the face, where it was that of one person."""
    told = next((row.driver for row in drive.truth if row.driver), "")
    if told:
        return _short(told)
    events = (one for one in done.now if isinstance(one, Event) and one.kind == "driver")
    recognized = {str(one.data.get("name", "")) for one in events} - {"", *RESERVED}
    name = config.driver or (recognized.pop() if len(recognized) == 1 else "")
    return _short(name) if plan.names else pseudonym(name)


def _raised(said: Iterable[Said]) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in said:
        if isinstance(one, Alert) and one.phase is Phase.RAISED:
            found[one.code] = found.get(one.code, 0) + 1
    return dict(sorted(found.items()))


def _reaching(said: Iterable[Said], level: Level) -> int:
    """How many alerts reached a level."""
    return len({one.seq for one in said if isinstance(one, Alert) and one.level >= level})


def _begun(wall_ns: int) -> str:
    try:
        return datetime.fromtimestamp(wall_ns // 1_000_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (OverflowError, OSError, ValueError):
        return ""


def _refused(drive: Drive, kind: str, why: str) -> Refused:
    return Refused(drive.name, kind, _short(why))


def _short(text: str) -> str:
    text = printable(text)
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 3] + "..."


def _ms(seconds: float) -> int:
    return round(seconds * 1000.0)
