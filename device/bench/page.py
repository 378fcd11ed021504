"""The record as one HTML page that needs nothing else: no script, no font, no address."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from html import escape
from importlib import resources
from string import Template
from typing import Any

from wakeful.device.bench import plots
from wakeful.device.bench.plots import number
from wakeful.device.bench.record import Comparison, Record, Row, Value
from wakeful.device.bench.table import (
    BUSY_ADVICE,
    COLD,
    COST,
    MINUTE,
    PACED,
    PIPELINE,
    STAGE,
    STREAM,
    Columns,
    absences,
    marked,
    ranked,
)


def page(record: Record) -> str:
    """The HTML page of a record, finished or not."""
    template = Template(resources.files(__package__).joinpath("page.html").read_text(encoding="utf-8"))
    measured = [row for row in ranked(record.rows) if row.error is None]
    headline = _headline(measured)
    sections = (
        _section(scenario, [row for row in measured if row.scenario == scenario], draw) for scenario, draw in SECTIONS
    )
    return template.substitute(
        title=escape(headline),
        headline=escape(headline),
        machine=escape(_machine(record.host)),
        began=escape(record.began),
        warnings="".join(_warnings(record)),
        command=escape(record.command),
        sections=_compared(marked(record)) + "".join(sections) + _failed(record.rows),
        absent="".join(f"<dt>{escape(', '.join(names))}</dt><dd>{escape(why)}</dd>" for why, names in _absent(record)),
        about="".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in _about(record)),
    )


def _headline(rows: Sequence[Row]) -> str:
    timed = [row for row in rows if row.scenario in ("single-stream", "pipeline") and row.figures.get("p50_ms")]
    if not timed:
        return "How fast is it here?"
    networks = list(dict.fromkeys(row.subject.network for row in timed))
    if len(networks) > 3:
        return f"{len(networks)} networks, {len(timed)} variants"
    best = [next(row for row in timed if row.subject.network == network) for network in networks]
    return "; ".join(f"{row.subject.network}: {number(row.figures['p50_ms'], 2)} ms" for row in best)


def _machine(host: dict[str, Any]) -> str:
    parts = [
        host.get("board"),
        host.get("soc"),
        host.get("processor"),
        f"{host.get('cores')} cores",
        host.get("kernel"),
    ]
    return ", ".join(str(part) for part in parts if part)


def _warnings(record: Record) -> Iterable[str]:
    if record.emulated:
        why = escape(record.emulation or "")
        yield f'<p class="warning"><b>Emulated</b> ({why}): not the times of a board, must not be published.</p>'
    if record.quick:
        yield '<p class="warning"><b>Quick</b>: fewer runs than a figure for publication needs.</p>'
    for why in record.busy:
        yield f'<p class="warning"><b>Busy machine</b>: {escape(why)}: {BUSY_ADVICE}.</p>'
    if not record.ended:
        yield '<p class="warning"><b>Not finished</b>: it is still running, or was interrupted.</p>'


def _section(name: str, rows: list[Row], draw: Callable[[list[Row]], str]) -> str:
    return f"<h2>{name}</h2>{draw(rows)}" if rows else ""


def _compared(comparisons: Sequence[Comparison]) -> str:
    if not comparisons:
        return ""
    note = (
        '<p class="soft">Measured in turns; the interval contains the true ratio in 99 of 100 cases. The first line '
        "compares the first with itself: a difference has to be larger than that.</p>"
    )
    notes = dict.fromkeys(one.note for one in comparisons if one.note)
    by_clock = "".join(f'<p class="soft">By wall time all the same: {escape(why)}.</p>' for why in notes)
    return f"<h2>Compared</h2>{note}{by_clock}{plots.ratios(comparisons)}"


def _stream(rows: list[Row]) -> str:
    accuracy = _table(("parity", "task", "operators", *SIZE), [(row, _accuracy(row)) for row in rows], "text")
    sampled = "".join(plots.sampled(rows[0], name, unit) for name, unit in SAMPLED)
    return (
        plots.latencies(rows)
        + _figures(rows, STREAM)
        + _figures(rows, COST)
        + accuracy
        + plots.distributions(rows)
        + plots.over_time(rows)
        + sampled
    )


def _accuracy(row: Row) -> list[str]:
    units = ", ".join(f"{n} {unit}" for unit, n in (row.operators or {}).items())
    kind = {True: "good", False: "bad", None: ""}[row.accuracy.parity_passed]
    parity = row.accuracy.parity or "–"
    held = "" if row.accuracy.ranked else ": not ranked"
    macs, size = row.figures.get("macs"), row.subject.bytes
    return [
        f'<span class="{kind}">{escape(parity)}{held}</span>',
        escape(row.accuracy.task or "–"),
        escape(units or "–"),
        number(float(macs) / 1e6 if macs is not None else None, 1),
        number(size / 1000 if size else None, 0),
    ]


def _pipeline(rows: list[Row]) -> str:
    note = '<p class="soft">p50 to p99: from the image to the decision, with its alerts sent.</p>'
    drawn = [plots.latencies(rows), note, _figures(rows, PIPELINE), _figures(rows, COST)]
    for row in (row for row in rows if row.stages):
        drawn.append(f"<h3>{escape(row.subject.name)}</h3>{plots.stages(row)}")
        drawn.append(_series(row.stages, STAGE, "{stage}"))
    return "".join(drawn) + plots.distributions(rows) + plots.over_time(rows)


def _sustained(rows: list[Row]) -> str:
    drawn = []
    for row in rows:
        drawn.append(f"<h3>{escape(row.subject.name)}</h3>")
        drawn.append(plots.over_time([row]) + "".join(plots.sampled(row, name, unit) for name, unit in SAMPLED))
        drawn.append(_series(row.minutes, MINUTE, "minute {minute}"))
    return "".join(drawn)


SIZE = ("million MACs", "file KB")
SAMPLED = (("temperature_c", "°C"), ("clock_mhz", "MHz"), ("load", "tasks"))
SECTIONS: tuple[tuple[str, Callable[[list[Row]], str]], ...] = (
    ("single-stream", _stream),
    ("pipeline", _pipeline),
    ("cold", lambda rows: _figures(rows, COLD)),
    ("paced", lambda rows: _figures(rows, PACED)),
    ("sustained", _sustained),
)


def _figures(rows: list[Row], columns: Columns) -> str:
    cells = [(row, [number(row.figures.get(name), digits) for _, name, digits in columns]) for row in rows]
    return _table([heading for heading, *_ in columns], cells)


def _table(headings: Sequence[str], rows: Iterable[tuple[Row, list[str]]], kind: str = "") -> str:
    named = ((row.subject.name, cells, "" if row.accuracy.ranked else "unranked") for row, cells in rows)
    return _named_table(headings, named, kind)


def _series(parts: Iterable[dict[str, Value]], columns: Columns, named: str) -> str:
    """A row for each part of a measurement: a stage or a minute."""
    cells = ((part, [number(part.get(name), digits) for _, name, digits in columns]) for part in parts)
    return _named_table([heading for heading, *_ in columns], ((named.format(**part), row, "") for part, row in cells))


def _named_table(headings: Sequence[str], rows: Iterable[tuple[str, list[str], str]], kind: str = "") -> str:
    head = "".join(f'<th class="{kind}">{escape(heading)}</th>' for heading in headings)
    body = "".join(
        f'<tr class="{rank}"><td>{escape(name)}</td>'
        + "".join(f'<td class="{kind}">{cell}</td>' for cell in cells)
        + "</tr>"
        for name, cells, rank in rows
    )
    return f'<div class="scroll"><table><tr><th></th>{head}</tr>{body}</table></div>'


def _failed(rows: Sequence[Row]) -> str:
    failed = [row for row in rows if row.error is not None]
    if not failed:
        return ""
    lines = "".join(
        f"<li>{escape(row.subject.name)}, {escape(row.scenario)}: {escape(row.error or '')}</li>" for row in failed
    )
    return f'<h2>Not measured</h2><ul class="bad">{lines}</ul>'


def _absent(record: Record) -> list[tuple[str, list[str]]]:
    reasons = absences(record.rows)
    for name, why in record.host.get("absent", {}).items():
        reasons.setdefault(why, []).append(name)
    return list(reasons.items())


def _about(record: Record) -> Iterable[tuple[str, str]]:
    program = record.wakeful
    changed = " with changes" if program.get("changed") else ""
    yield "wakeful", f"{program.get('version')}, revision {program.get('revision') or program.get('absent')}{changed}"
    yield "libraries", ", ".join(f"{name} {version}" for name, version in record.versions.items())
    for name, value in record.host.items():
        if name != "absent" and value is not None:
            yield name.replace("_", " "), ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    for name, sha256 in record.networks.items():
        yield name, f"sha256 {sha256}"
