"""Makes new logs of old ones: what can be recovered from a broken one, and a span cut out of a whole one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from wakeful.device.record.container import Message
from wakeful.device.record.errors import LogError
from wakeful.device.record.reader import REPAIRED, SUFFIX, LogFile, Recording
from wakeful.device.record.schema import LogConfig
from wakeful.device.record.writer import LogWriter, is_known
from wakeful.frozen import dataclass


@dataclass(frozen=True, slots=True)
class RepairResult:
    """What a repair gave.

    Attributes:
        messages: that are in the new file.
        seconds: from the first to the last of them.
        damage: what was wrong with the old file, one line per problem.
        unread_bytes: how much of the old file was not readable.
    """

    file: Path
    messages: int
    seconds: float
    damage: list[str]
    unread_bytes: int


def repair(path: Path, target: Path | None = None) -> RepairResult | None:
    """Write a whole log of all that is readable in a broken one; None where it is whole already.

    Args:
        target: by default beside it, ``NAME.repaired.mcap``.

    Raises:
        LogError: nothing of it is readable, or the new file cannot be written.
    """
    log = LogFile(path)
    if target is None:
        target = path.with_name(path.name.removesuffix(SUFFIX) + REPAIRED)
        if _is_whole(log):
            return None
    count = 0
    first_ns: int | None = None
    last_ns = 0
    with _new_log(target, replace(log.config, repaired=True), [path]) as copy:
        for message in log.raw(search=True):
            if not is_known(message.topic):
                continue
            copy.add(message)
            count += 1
            first_ns = message.log_ns if first_ns is None else min(first_ns, message.log_ns)
            last_ns = max(last_ns, message.log_ns)
    seconds = (last_ns - first_ns) / 1e9 if first_ns is not None else 0.0
    return RepairResult(target, count, seconds, log.condition.damage, log.condition.unread_bytes)


def cut(recording: Recording, target: Path, from_s: float, to_s: float) -> int:
    """Write the span ``from_s`` to ``to_s``, seconds since the first frame, into one log; gives how many messages.

    Raises:
        LogError: nothing lies in the span, or the new file cannot be written.
    """
    config = recording.config
    first_ns, last_ns = (config.log_ns(config.origin_ns + round(one * 1e9)) for one in (from_s, to_s))
    count = 0
    with _new_log(target, replace(config, cut=True, part=1), [file.path for file in recording.files]) as copy:
        for file in recording.files:
            for message in file.raw():
                if is_known(message.topic) and first_ns <= message.log_ns <= last_ns:
                    copy.add(message)
                    count += 1
        if count == 0:
            raise LogError(f"nothing of {recording.name} lies between {from_s:g} and {to_s:g} s")
    return count


class Copy:
    """A log that grows message by message."""

    def __init__(self, writer: LogWriter) -> None:
        self._writer = writer

    def add(self, message: Message) -> None:
        """Take one over as it is."""
        self._writer.add_raw(message.topic, message.data, message.log_ns, message.sequence, message.ready_ns)


@contextmanager
def _new_log(target: Path, config: LogConfig, sources: list[Path]) -> Iterator[Copy]:
    """A log that is written whole, or not at all."""
    if any(target.resolve() == source.resolve() for source in sources):
        raise LogError(f"{target} is the log itself: name another file")
    part = target.with_name(target.name + ".part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            writer = LogWriter(file, config)
            yield Copy(writer)
            writer.finish()
        part.replace(target)
    except OSError as error:
        raise LogError(f"{target} cannot be written: {error.strerror}") from None
    finally:
        part.unlink(missing_ok=True)


def _is_whole(log: LogFile) -> bool:
    for _ in log.raw():
        pass
    return log.condition.whole
