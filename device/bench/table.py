"""Records and comparisons in a terminal of 80 columns or more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from wakeful.device.bench.record import WALL_TIME, Comparison, Record, Row, Value
from wakeful.device.bench.statistics import Verdict

NOTHING = "[dim]-[/]"
BUSY_ADVICE = "wall times are too long, so comparisons use CPU time; measure again when the machine is idle"
COLOURS = {Verdict.FASTER: "green", Verdict.SLOWER: "red", Verdict.NO_DIFFERENCE: "dim", Verdict.UNDECIDED: "yellow"}

# Heading, figure, digits. Columns that do not fit into 80 characters are in a second table.
Columns = tuple[tuple[str, str, int], ...]
STREAM: Columns = (
    ("p50 ms", "p50_ms", 3),
    ("p90", "p90_ms", 3),
    ("p95", "p95_ms", 3),
    ("p99", "p99_ms", 3),
    ("max", "max_ms", 2),
    ("jitter", "jitter_ms", 3),
    ("per s", "throughput_per_s", 0),
)
COST: Columns = (
    ("CPU ms", "cpu_ms", 3),
    ("MB", "resident_mb", 0),
    ("peak MB", "peak_mb", 0),
    ("energy mJ", "energy_mj", 2),
)
COLD: Columns = (
    ("whole ms", "start_ms", 0),
    ("import", "import_ms", 1),
    ("load", "load_ms", 1),
    ("compiling", "load_uncached_ms", 1),
    ("1st run", "first_ms", 2),
    ("2nd run", "second_ms", 2),
)
PACED: Columns = (
    ("fps", "fps", 0),
    ("frames", "frames", 0),
    ("late or missed", "deadlines_missed", 0),
    ("age p50 ms", "frame_age_p50_ms", 2),
    ("age p99", "frame_age_p99_ms", 2),
    ("CPU ms", "cpu_ms", 3),
)
MINUTE: Columns = (
    ("runs", "runs", 0),
    ("p50 ms", "p50_ms", 3),
    ("p99 ms", "p99_ms", 3),
    ("°C", "temperature_c", 1),
    ("MHz", "clock_mhz", 0),
)
STAGE: Columns = (
    ("in frames", "frames", 0),
    ("p50 ms", "p50_ms", 3),
    ("p99 ms", "p99_ms", 3),
    ("ms per frame", "mean_ms", 3),
    ("share %", "share_percent", 1),
)
PIPELINE: Columns = (
    ("p50 ms", "p50_ms", 2),
    ("p90", "p90_ms", 2),
    ("p99", "p99_ms", 2),
    ("max", "max_ms", 1),
    ("with capture p50", "whole_p50_ms", 2),
    ("per s", "throughput_per_s", 0),
)


def show(record: Record, console: Console | None = None) -> None:
    """Print what was measured, best first."""
    console = console or Console()
    if record.emulated:
        why = escape(record.emulation or "")
        console.print(f"[black on yellow] emulated [/] {why}: these times say nothing about a board", soft_wrap=True)
    if record.quick:
        console.print("[yellow]quick[/]: fewer runs than a figure for publication needs")
    for why in record.busy:
        console.print(f"[black on yellow] busy machine [/] {escape(why)}: {BUSY_ADVICE}", soft_wrap=True)
    for scenario, make in TABLES.items():
        rows = [row for row in ranked(record.rows) if row.scenario == scenario and row.error is None]
        if rows:
            console.print(f"\n[bold]{scenario}[/]")
            make(console, rows)
    show_comparisons(marked(record), console)
    for row in record.rows:
        if row.error is not None:
            line = f"[red]not measured[/] {escape(row.subject.name)}, {row.scenario}: {escape(row.error)}"
            console.print(line, soft_wrap=True)
    _reasons(console, record.rows)


def marked(record: Record) -> list[Comparison]:
    """The comparisons of a record; a variant outside its accuracy bound is marked, no matter how fast it is."""
    failing = {row.subject.name for row in record.rows if not row.accuracy.ranked}
    return [
        replace(one, second=f"{one.second} (not ranked)") if one.second in failing else one
        for one in record.comparisons
    ]


def show_comparisons(comparisons: Iterable[Comparison], console: Console) -> None:
    """Print ratios, one per line."""
    lines = [
        f"{escape(one.second)} takes [bold]{one.ratio:.3f}[/] of {base(one)} "
        f"({one.low:.3f} to {one.high:.3f}, {one.turns} turns): [{COLOURS[Verdict(one.verdict)]}]{one.verdict}[/]"
        + (f" [yellow](wall time: {escape(one.note)})[/]" if one.note else "")
        for one in comparisons
    ]
    if lines:
        console.print("\n[bold]compared[/]")
        for line in lines:
            console.print(line, soft_wrap=True)


def base(one: Comparison) -> str:
    """What a ratio refers to."""
    return escape(one.first) if one.by == WALL_TIME else f"the {one.by} of {escape(one.first)}"


def ranked(rows: Sequence[Row]) -> list[Row]:
    """Per network the fastest first; those outside their accuracy bound after all others."""
    order = {name: number for number, name in enumerate(dict.fromkeys(row.subject.network for row in rows))}

    def place(row: Row) -> tuple[int, bool, float]:
        p50 = row.figures.get("p50_ms")
        return order[row.subject.network], not row.accuracy.ranked, float(p50) if p50 is not None else 0.0

    return sorted(rows, key=place)


def _stream(console: Console, rows: list[Row]) -> None:
    _figures(console, rows, STREAM)
    _figures(console, rows, COST)
    about = _table("million MACs", "file KB", "operators")
    for network, row in _by_network(about, rows):
        units = ", ".join(f"{n} {unit}" for unit, n in (row.operators or {}).items())
        macs = row.figures.get("macs")
        about.add_row(
            network,
            _number(float(macs) / 1e6 if macs is not None else None, 1),
            _number(row.subject.bytes / 1000 if row.subject.bytes else None, 0),
            units or NOTHING,
        )
    console.print(about)
    for row in rows:
        if row.accuracy.parity or row.accuracy.task:
            console.print(_accuracy(row), soft_wrap=True)


def _sustained(console: Console, rows: list[Row]) -> None:
    for row in rows:
        table = _table(*(heading for heading, *_ in MINUTE), title=row.subject.name)
        for minute in row.minutes:
            table.add_row(
                f"minute {minute['minute']}", *(_number(minute.get(name), digits) for _, name, digits in MINUTE)
            )
        console.print(table)
        ratio, energy = row.figures.get("last_minute_to_first"), row.figures.get("energy_mj")
        console.print(f"last to first {_number(ratio, 3)}; {_number(energy, 2)} mJ per run")


def _pipeline(console: Console, rows: list[Row]) -> None:
    _figures(console, rows, PIPELINE)
    _figures(console, rows, COST)
    for row in rows:
        if not row.stages:
            continue
        table = _table(*(heading for heading, *_ in STAGE), title=row.subject.name)
        for stage in row.stages:
            table.add_row(str(stage["stage"]), *(_number(stage.get(name), digits) for _, name, digits in STAGE))
        console.print(table)
        console.print(_added_up(row))


def _added_up(row: Row) -> str:
    """Whether the stages add up to the frame, and what timing them costs."""
    share, measuring = row.figures.get("stages_to_whole"), row.figures.get("measuring_share")
    if not isinstance(share, float) or not isinstance(measuring, float):
        return ""
    text = f"the stages add up to {100 * share:.1f} % of the whole frame; measuring takes {100 * measuring:.2f} % of it"
    return text if row.figures.get("stages_add_up") else f"[red]{text}[/]"


def _figures(console: Console, rows: list[Row], columns: Columns) -> None:
    table = _table(*(heading for heading, *_ in columns))
    for network, row in _by_network(table, rows):
        table.add_row(network, *(_number(row.figures.get(name), digits) for _, name, digits in columns))
    console.print(table)


TABLES: dict[str, Callable[[Console, list[Row]], None]] = {
    "cold": partial(_figures, columns=COLD),
    "single-stream": _stream,
    "paced": partial(_figures, columns=PACED),
    "sustained": _sustained,
    "pipeline": _pipeline,
}


def _by_network(table: Table, rows: list[Row]) -> Iterable[tuple[str, Row]]:
    """Rows with a heading for each network, so that their names need not repeat it."""
    network = None
    for row in rows:
        if row.subject.network != network:
            network = row.subject.network
            table.add_row(f"[cyan]{escape(network)}[/]")
        variant = row.subject.name.removeprefix(network).removeprefix(", ") or "unchanged"
        yield escape(variant) if row.accuracy.ranked else f"[red]! {escape(variant)}[/]", row


def absences(rows: Sequence[Row]) -> dict[str, list[str]]:
    """Why figures are absent: each reason with the names of the figures."""
    reasons: dict[str, list[str]] = {}
    for row in (row for row in rows if row.error is None):
        for name, reason in row.absent.items():
            names = reasons.setdefault(reason, [])
            if name not in names:
                names.append(name)
        if row.accuracy.absent:
            reasons.setdefault(row.accuracy.absent, ["parity and task"])
    return reasons


def _reasons(console: Console, rows: Sequence[Row]) -> None:
    reasons = absences(rows)
    if reasons:
        console.print("\n[bold]absent[/]")
        for reason, names in reasons.items():
            console.print(f"[dim]{escape(', '.join(names))}: {escape(reason)}[/]", soft_wrap=True)


def _table(*columns: str, title: str | None = None) -> Table:
    table = Table(box=None, pad_edge=False, title=title and escape(title), title_justify="left", title_style="cyan")
    table.add_column("", no_wrap=True)
    for column in columns:
        table.add_column(column, justify="left" if column == "operators" else "right")
    return table


def _accuracy(row: Row) -> str:
    """The accuracy of a variant on one line; red and not ranked if it is outside its bound."""
    known = row.accuracy
    parts = [f"parity {known.parity}" if known.parity else "", known.task or "", known.source or ""]
    line = f"{escape(row.subject.name)}: {escape('; '.join(filter(None, parts)))}"
    return line if known.ranked else f"[red]! {line}: outside its bound, not ranked[/]"


def _number(value: Value, digits: int) -> str:
    if not isinstance(value, (int, float)):
        return NOTHING
    # Seven columns have to fit next to a name: four digits are enough.
    return f"{value:,.{min(digits, 2 if abs(value) >= 10 else digits, 1 if abs(value) >= 100 else digits)}f}"
