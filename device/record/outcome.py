"""One recording replayed, as a job for a separate process: what is compared, and why it may differ."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from wakeful.device.alerts.events import alert_line, event_line, run_line
from wakeful.device.alerts.run import Run
from wakeful.device.config.layers import load_profile
from wakeful.device.messages import Alert
from wakeful.device.record.compare import differences
from wakeful.device.record.engine_revision import engine_revision
from wakeful.device.record.reader import Recording, recordings
from wakeful.device.record.replay import Replayed, Said, replay
from wakeful.device.record.schema import LogConfig
from wakeful.errors import ConfigError
from wakeful.frozen import dataclass
from wakeful.version import __version__


@dataclass(frozen=True, slots=True)
class Job:
    """One recording to replay.

    Attributes:
        profile: rules to apply instead of the recorded ones.
        events: file for alerts and events, ``-`` for the standard output.
    """

    paths: tuple[Path, ...]
    profile: str | None = None
    events: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of replaying one recording.

    Attributes:
        then_only, now_only: reports that are only in the log, or only in the replay.
        warnings: why the two may differ, one line per warning.
    """

    name: str
    origin_ns: int
    done: Replayed
    then_only: list[Said]
    now_only: list[Said]
    warnings: list[str]

    @property
    def same(self) -> bool:
        return not self.then_only and not self.now_only


def replay_job(job: Job) -> Outcome:
    """Replay one recording.

    Raises:
        LogError: it cannot be read, or holds nothing to evaluate.
        ConfigError: the profile or the file of events cannot be used.
    """
    (recording,) = recordings(job.paths)
    config = replace(recording.config.engine_config, profile=load_profile(job.profile)[0]) if job.profile else None
    with _events(job.events, run_of(recording.config)) as tell:
        done = replay(recording, config, tell)
    then_only, now_only = differences(done.compared(done.then), done.compared(done.now))
    found = warnings(recording)
    if then_only or now_only:
        found += other_code(recording)
    return Outcome(recording.name, recording.config.origin_ns, done, then_only, now_only, found)


def warnings(recording: Recording) -> list[str]:
    """Warnings about the recording; complete once it was read to its end."""
    found = list(recording.damage)
    if recording.missing:
        found.append(f"{recording.missing} messages of the monitor are not in the log")
    if recording.config.cut:
        found.append("the log was cut: what came before it is not known to the engine")
    elif not recording.complete:
        found.append("files of the recording are missing: what was in them is not known to the engine")
    return found


def other_code(recording: Recording) -> list[str]:
    """A warning if the rules of this log were evaluated by other code, as far as the log names it."""
    then = recording.config.about.get("judging_code")
    if not isinstance(then, str) or then == engine_revision():
        return []
    versions = f"wakeful {recording.config.version} then, {__version__} now"
    return [f"the rules were evaluated by other code when it was recorded ({versions}): differences may come from that"]


@contextmanager
def _events(target: str | None, run: Run) -> Iterator[Callable[[Said], None] | None]:
    """Writes reports as ``wakeful run --events`` does, but waits for the disk, which loses nothing in a replay."""
    if target is None:
        yield None
        return
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        opened = sys.stdout if target == "-" else os.fdopen(os.open(target, flags, 0o600), "w", encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot write to {target}: {error.strerror}; name a file in a folder that exists") from None
    try:
        opened.write(run_line(run))
        yield lambda said: _write(opened, said, run)
        opened.flush()
    finally:
        if target != "-":
            opened.close()


def run_of(config: LogConfig) -> Run:
    """The run that was recorded; logs without its number go by the name of the recording."""
    number = config.about.get("run")
    return Run(number if isinstance(number, str) else config.session, config.origin_ns, config.wall_ns)


def _write(file: TextIO, said: Said, run: Run) -> None:
    file.write(alert_line(said, run) if isinstance(said, Alert) else event_line(said, run.origin_ns))
