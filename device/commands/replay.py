"""``wakeful replay``: evaluates recorded drives again, to verify a log or to try other rules on it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from wakeful.device.record.outcome import Outcome
    from wakeful.device.record.replay import Said

SHOWN = 20


def replay(
    logs: Annotated[list[Path], typer.Argument(metavar="LOG...", help="Logs, or folders of logs.", show_default=False)],
    profile: Annotated[
        str | None, typer.Option(metavar="NAME|FILE", help="Apply these rules instead of the recorded ones.")
    ] = None,
    events: Annotated[
        str | None, typer.Option(metavar="FILE|-", help="Write alerts and events as `wakeful run --events` does.")
    ] = None,
    diff: Annotated[
        bool, typer.Option("--diff", help="Compare with the log; status 1 if the recorded rules give other alerts.")
    ] = False,
    jobs: Annotated[int, typer.Option(min=1, metavar="N", help="Recordings processed in parallel.")] = 1,
) -> int:
    """Run the rules again over recorded drives: the same rules give the same alerts, others show what would change."""
    from wakeful.device.config.layers import load_profile
    from wakeful.device.extras import need
    from wakeful.device.jobs import in_processes
    from wakeful.device.record.outcome import Job, replay_job
    from wakeful.device.record.reader import recordings
    from wakeful.errors import ConfigError

    need("record", "zstandard")
    if profile:
        load_profile(profile)
    found = recordings(logs)
    if events and len(found) > 1:
        raise ConfigError(f"--events takes one recording, not {len(found)}: give the files of one")
    work = [Job(tuple(file.path for file in one.files), profile, events) for one in found]
    outcomes = list(in_processes(replay_job, work, jobs))
    _print(outcomes, diff, profile, to_stderr=events == "-")
    return 1 if diff and profile is None and not all(outcome.same for outcome in outcomes) else 0


def _print(outcomes: list[Outcome], diff: bool, profile: str | None, *, to_stderr: bool) -> None:
    from wakeful.device.commands.plain_console import PlainConsole

    console = PlainConsole(to_stderr=to_stderr)
    _print_table(outcomes, console)
    for outcome in outcomes:
        for warning in outcome.warnings:
            console.print(f"{outcome.name}: {warning}", style="yellow", soft_wrap=True)
        if diff and profile is None:
            _print_differences(outcome, console)
        elif profile is not None:
            _print_changes(outcome, console)


def _print_table(outcomes: list[Outcome], console: Console) -> None:
    """A row a recording: alerts raised now, an hour; how much of the time the eyes were known; time in each health."""
    from rich.table import Table

    table = Table("recording", "duration", "alerts an hour", "eyes known", "health", box=None, pad_edge=False)
    for column in table.columns:
        column.overflow = "fold"
    table.columns[0].no_wrap = True
    for outcome in outcomes:
        done = outcome.done
        seconds = max(done.seconds, 1e-9)
        rates = (f"{code} {count * 3600.0 / seconds:.1f}" for code, count in sorted(done.raised.items()))
        health = (f"{name} {_duration(s)}" for name, s in sorted(done.health_s.items()) if name != "ok")
        table.add_row(
            outcome.name.removeprefix("wakeful-").removesuffix(".mcap"),
            _duration(done.seconds),
            ", ".join(rates) or "none",
            f"{done.seen_s / seconds:.1%}",
            ", ".join(health) or "ok",
        )
    console.print(table)


def _print_differences(outcome: Outcome, console: Console) -> None:
    from wakeful.device.messages import Alert

    compared = outcome.done.compared(outcome.done.now)
    alerts = sum(isinstance(one, Alert) for one in compared)
    if outcome.same:
        console.print(f"{outcome.name}: the same {alerts} alerts and {len(compared) - alerts} events")
        return
    both = [(one, "only in the log") for one in outcome.then_only] + [(one, "only now") for one in outcome.now_only]
    both.sort(key=lambda pair: pair[0].t_ns)
    console.print(f"{outcome.name}: {len(both)} differences", style="red")
    for one, where in both[:SHOWN]:
        console.print(f"  {_line(one, outcome.origin_ns)}  {where}", soft_wrap=True)
    if len(both) > SHOWN:
        console.print(f"  ... and {len(both) - SHOWN} more")


def _print_changes(outcome: Outcome, console: Console) -> None:
    from wakeful.device.record.compare import changes

    found = changes(outcome.done.compared(outcome.done.then), outcome.done.compared(outcome.done.now))
    if not found:
        console.print(f"{outcome.name}: the same alerts at the same times")
        return
    counts = {what: sum(change.what == what for change in found) for what in ("appeared", "vanished", "moved")}
    summary = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    console.print(f"{outcome.name}: {summary}")
    for change in found:
        by = f" by {change.by_s:+.2f} s" if change.what == "moved" else ""
        console.print(f"  {_line(change.alert, outcome.origin_ns)}  {change.what}{by}", soft_wrap=True)


def _line(said: Said, origin_ns: int) -> str:
    from wakeful.device.alerts.output import seconds
    from wakeful.device.alerts.wording import time_text
    from wakeful.device.messages import Alert

    at = time_text(seconds(said.t_ns, origin_ns))
    if isinstance(said, Alert):
        return f"{at:>9}  {said.code} {said.level.label} {said.phase}"
    return f"{at:>9}  {said.kind}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
