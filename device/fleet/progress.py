"""One line about a run that is under way: drives done, hours judged, how fast, how much longer; failures named once."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import typer

from wakeful.device.fleet.rows import ShardResult
from wakeful.device.sanitise import printable

EVERY = 0.1
"""Where the output is no terminal, a line is written for each tenth of the work."""
MAX_NAMED = 20


class Progress:
    """Takes in shards as they are done; a shard that is reported again counts once.

    Args:
        drives: how many there are in all.
        clock: monotonic seconds.
    """

    def __init__(self, drives: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._drives = drives
        self._clock = clock
        self._begun_s = clock()
        self._live = sys.stderr.isatty()
        self._seen: set[int] = set()
        self._done = self._done_before = self._watched_ms = self._watched_before = 0
        self._refused = 0
        self._told = 0.0
        self.cpu_ms = 0

    def before(self, result: ShardResult) -> None:
        """A shard that was done before this process began."""
        self._take(result)
        self._done_before, self._watched_before = self._done, self._watched_ms

    def __call__(self, result: ShardResult) -> None:
        if result.number in self._seen:
            return
        self._take(result)
        share = self._done / self._drives
        if self._live or share >= self._told + EVERY or share == 1.0:
            self._told = share
            typer.echo(
                f"\r{self.line()}\x1b[K" if self._live else self.line(), nl=not self._live or share == 1.0, err=True
            )

    def knows(self, number: int) -> bool:
        """Whether a shard was reported already."""
        return number in self._seen

    def line(self) -> str:
        """Where the run stands."""
        passed_s = max(1e-6, self._clock() - self._begun_s)
        new = self._done - self._done_before
        left_s = (self._drives - self._done) * passed_s / new if new else None
        judged_s = (self._watched_ms - self._watched_before) / 1000.0
        parts = [
            f"{self._done} of {self._drives} drives",
            f"{self._watched_ms / 3.6e6:.1f} h judged",
            f"{judged_s / passed_s:.0f} times real time",
        ]
        if self._refused:
            parts.append(f"{self._refused} not judged")
        if left_s is not None and self._done < self._drives:
            parts.append(f"{_duration(left_s)} left")
        return ", ".join(parts)

    def _take(self, result: ShardResult) -> None:
        self._seen.add(result.number)
        self._done += len(result.judged) + len(result.refused)
        self._watched_ms += sum(row.watched_ms for row in result.judged)
        self.cpu_ms += result.cpu_ms
        for one in result.refused:
            self._refused += 1
            if self._refused <= MAX_NAMED:
                end = "\r\x1b[K" if self._live else ""
                typer.echo(f"{end}wakeful: {printable(f'{one.name}: not judged, {one.kind}: {one.why}')}", err=True)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
