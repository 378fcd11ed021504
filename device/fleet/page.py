"""The report of a run: one page that needs nothing else and asks for nothing: no script, no font, no picture."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from importlib import resources
from string import Template
from urllib.parse import quote

from wakeful.device.alerts.wording import code_text, time_text
from wakeful.device.evaluation.binomial import share_interval
from wakeful.device.evaluation.poisson import rate_interval
from wakeful.device.fleet.merge import Fleet, Sums, differs
from wakeful.device.fleet.rates_plot import RatePoint, rates_plot
from wakeful.device.fleet.rows import KindScore, Refused, Row

MAX_LISTED = 200
WORST = 10
OK = "ok"


def worst(fleet: Fleet) -> list[Row]:
    """The drives with the most urgent alerts, then with the most warnings, at most ten."""
    ranked = sorted(fleet.rows, key=lambda row: (-row.urgent, -row.serious, row.name))
    return [row for row in ranked if row.serious][:WORST]


def page(fleet: Fleet, reports: Mapping[str, str], title: str) -> str:
    """The HTML page.

    Args:
        reports: name of a drive -> its report, from the folder of the page.

    Raises:
        ConfigError: scipy is not installed.
    """
    total = fleet.total
    template = Template(resources.files(__package__).joinpath("page.html").read_text(encoding="utf-8"))
    count = len(fleet.rows) + len(fleet.refused)
    differing = [row for row in fleet.rows if differs(row)]
    return template.substitute(
        title=escape(f"{title}, wakeful fleet"),
        headline=escape(f"{total.drives} of {count} drives judged, {total.hours:.1f} hours"),
        about=escape(f"{_rules(fleet)}; {title}; wakeful {fleet.wakeful}, code {fleet.code}."),
        tiles="".join(f'<div class="tile"><b>{text}</b><span>{label}</span></div>' for label, text in _tiles(fleet)),
        rates=_rates(total),
        truth=_truth(total.scores, fleet.late_ms),
        health=_health(total),
        drivers=_groups(fleet.drivers, "driver"),
        vehicles=_groups(fleet.vehicles, "vehicle"),
        worst=_worst(worst(fleet), reports),
        differing_title=f"Drives that are not as at the time ({len(differing)})" if differing else "All as at the time",
        differing=_differing(differing),
        refused_title=f"Not judged ({len(fleet.refused)})" if fleet.refused else "Every log was judged",
        refused=_refused(fleet.refused),
        warnings=_warnings([row for row in fleet.rows if row.warnings]),
    )


def _rules(fleet: Fleet) -> str:
    return f"Profile {fleet.profile} ({fleet.profile_digest})" if fleet.profile else "The rules that each log holds"


def _tiles(fleet: Fleet) -> Iterable[tuple[str, str]]:
    total = fleet.total
    yield "hours judged", f"{total.hours:.1f}"
    yield "warnings and above an hour", f"{total.serious / total.hours:.2f}" if total.hours else "–"
    yield "of the time eyes known", _share(total.eyes_ms, total.watched_ms)
    yield "drives not as at the time", str(total.differing)
    yield "drivers, vehicles", f"{sum(map(bool, fleet.drivers))}, {sum(map(bool, fleet.vehicles))}"
    yield "not judged", str(len(fleet.refused))


def _rates(total: Sums) -> str:
    codes = sorted({*total.raised, *total.then})
    if not codes or not total.hours:
        return "<p>No alert was raised.</p>"
    points, rows = [], []
    for code in codes:
        now, then = total.raised.get(code, 0), total.then.get(code, 0)
        low, high = rate_interval(now, total.hours)
        points.append(RatePoint(code_text(code), now / total.hours, low, high, then / total.hours))
        cells = (now, f"{now / total.hours:.3g}", f"{low:.3g} – {high:.3g}", then, f"{then / total.hours:.3g}")
        rows.append((code_text(code), *map(str, cells)))
    table = _table(("", "alerts", "per hour", "95 %", "at the time", "per hour"), rows)
    key = (
        '<p class="soft key"><i style="background:var(--now)"></i>now, with the exact 95 % interval of a Poisson rate'
        '<i style="border:2px solid var(--then)"></i>at the time</p>'
    )
    return rates_plot(points) + key + table + _independent()


def _independent() -> str:
    return (
        '<p class="soft">The intervals take alerts as independent events. Those of one driver are not: look at the '
        "rows by driver too.</p>"
    )


def _truth(scores: Mapping[str, KindScore], late_ms: int) -> str:
    if not scores:
        return ""
    rows = []
    for kind, one in scores.items():
        share = share_interval(one.detected, one.events) if one.events else None
        hours = one.quiet_ms / 3.6e6
        rate = rate_interval(one.false_alarms, hours) if hours else None
        delay = one.delays_ms[len(one.delays_ms) // 2] / 1000.0 if one.delays_ms else None
        rows.append(
            (
                code_text(kind),
                f"{one.detected} of {one.events}",
                f"{share[0]:.0%} – {share[1]:.0%}" if share else "",
                str(one.false_alarms),
                f"{one.false_alarms / hours:.3g}" if hours else "",
                f"{rate[0]:.3g} – {rate[1]:.3g}" if rate else "",
                f"{delay:.1f}" if delay is not None else "",
            )
        )
    head = ("event", "detected", "95 %", "false alerts", "per hour", "95 %", "median s to the alert")
    note = f'<p class="soft">An alert counts for an event during it and up to {late_ms / 1000:g} s after it.</p>'
    return "<h2>Against the truth</h2>" + _table(head, rows) + note


def _health(total: Sums) -> str:
    if not total.watched_ms:
        return "<p>Nothing was judged.</p>"
    colours = ("var(--good)", "var(--then)", "var(--bad)", "var(--now)", "var(--soft)")
    ordered = sorted(total.health_ms.items(), key=lambda one: (one[0] != OK, -one[1], one[0]))
    bars = "".join(
        f'<i style="width:{ms / total.watched_ms:.4%};background:{colours[number % len(colours)]}" '
        f'title="{escape(code_text(name))}"></i>'
        for number, (name, ms) in enumerate(ordered)
    )
    rows = [(code_text(name), _hours(ms), _share(ms, total.watched_ms)) for name, ms in ordered]
    rows.append(("eyes known", _hours(total.eyes_ms), _share(total.eyes_ms, total.watched_ms)))
    return f'<div class="share">{bars}</div>' + _table(("", "hours", "share"), rows)


def _groups(groups: Mapping[str, Sums], what: str) -> str:
    ordered = sorted(groups.items(), key=lambda one: (-one[1].serious / one[1].hours if one[1].hours else 0.0, one[0]))
    rows = []
    for name, one in ordered[:MAX_LISTED]:
        rate = one.serious / one.hours if one.hours else 0.0
        low, high = rate_interval(one.serious, one.hours) if one.hours else (0.0, 0.0)
        counts = ", ".join(f"{code_text(code)} {n}" for code, n in one.raised.items()) or "none"
        rows.append(
            (
                name or f"unknown {what}",
                str(one.drives),
                f"{one.hours:.2f}",
                f"{rate:.3g}",
                f"{low:.3g} – {high:.3g}",
                _share(one.eyes_ms, one.watched_ms),
                _share(one.health_ms.get(OK, 0), one.watched_ms),
                counts,
            )
        )
    head = (what, "drives", "hours", "warnings+ per hour", "95 %", "eyes known", "health ok", "alerts")
    return _table(head, rows, text=(7,), long=True) + _more(len(ordered))


def _worst(rows: Sequence[Row], reports: Mapping[str, str]) -> str:
    if not rows:
        return "<p>No drive has a warning.</p>"
    cells = []
    for row in rows:
        name = escape(row.name)
        link = f'<a href="{quote(reports[row.name])}">{name}</a>' if row.name in reports else name
        counts = ", ".join(f"{code_text(code)} {n}" for code, n in row.raised.items())
        who = ", ".join(filter(None, (row.driver, row.vehicle))) or "unknown"
        cells.append((link, escape(who), _minutes(row.watched_ms), str(row.urgent), str(row.serious), escape(counts)))
    head = ("drive", "driver, vehicle", "minutes", "urgent", "warnings+", "alerts")
    note = '<p class="soft">A report shows the drive as it was recorded, without images.</p>' if reports else ""
    return _table(head, cells, text=(1, 5), plain=False) + note


def _differing(rows: Sequence[Row]) -> str:
    if not rows:
        return "<p>Every drive gives the alerts that were raised at the time.</p>"
    cells = []
    for row in rows[:MAX_LISTED]:
        first = "; ".join(
            f"{time_text(one.at_ms / 1000.0)} {code_text(one.code)} {one.level} {one.what}"
            + (f" by {one.by_ms / 1000.0:+.2f} s" if one.by_ms else "")
            for one in row.changes[:3]
        )
        cells.append((row.name, str(row.appeared), str(row.vanished), str(row.moved), first))
    return _table(("drive", "appeared", "vanished", "moved", "first"), cells, text=(4,), long=True) + _more(len(rows))


def _refused(refused: Sequence[Refused]) -> str:
    if not refused:
        return "<p>None was foreign, cut or corrupt.</p>"
    cells = [(one.name, one.kind, one.why) for one in refused[:MAX_LISTED]]
    return _table(("log", "what", "why"), cells, text=(1, 2), long=True) + _more(len(refused))


def _warnings(rows: Sequence[Row]) -> str:
    if not rows:
        return ""
    cells = [(row.name, "; ".join(row.warnings)) for row in rows[:MAX_LISTED]]
    return f"<h2>What to know of the logs ({len(rows)})</h2>" + _table(("log", ""), cells, text=(1,), long=True)


def _table(
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    text: Sequence[int] = (),
    *,
    plain: bool = True,
    long: bool = False,
) -> str:
    """A table; its cells are escaped if they are plain."""
    clean: Callable[[str], str] = escape if plain else str
    kinds = [' class="text"' if place in text else "" for place in range(len(head))]
    top = "".join(f"<th{kind}>{escape(name)}</th>" for kind, name in zip(kinds, head, strict=True))
    body = "".join(
        "<tr>" + "".join(f"<td{kind}>{clean(cell)}</td>" for kind, cell in zip(kinds, row, strict=True)) + "</tr>"
        for row in rows
    )
    return f'<div class="{"long" if long else "scroll"}"><table><tr>{top}</tr>{body}</table></div>'


def _more(count: int) -> str:
    return f'<p class="soft">and {count - MAX_LISTED} more, all in fleet.json</p>' if count > MAX_LISTED else ""


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "–"


def _hours(ms: int) -> str:
    return f"{ms / 3.6e6:.2f}"


def _minutes(ms: int) -> str:
    return f"{ms / 60_000:.1f}"
