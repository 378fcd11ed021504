"""The text and tables of the report: what a person reads before looking at the curves."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from html import escape
from typing import Any

from wakeful.device.alerts.wording import code_text, figure_text, time_text
from wakeful.device.messages import Level
from wakeful.device.view.drive import AlertLife, Drive
from wakeful.device.view.figures import Figures, SleepiestMoment
from wakeful.device.view.thumbnails import Thumbnail
from wakeful.frozen import dataclass

MAX_LISTED = 500
MAX_BLINKS_NAMED = 5
LONG_CLOSURE_S = 0.5
LEVEL_WORDS = {
    Level.NONE: ("alert", "alerts"),
    Level.ADVISORY: ("advisory", "advisories"),
    Level.WARNING: ("warning", "warnings"),
    Level.URGENT: ("urgent alert", "urgent alerts"),
    Level.EMERGENCY: ("emergency", "emergencies"),
}
"""One and many of each."""


@dataclass(frozen=True, slots=True)
class Row:
    """One figure in the table: its text, and its number where two drives can be compared."""

    group: str
    label: str
    text: str
    number: float | None = None
    say: Callable[[float], str] | None = None


def rows(found: Figures) -> list[Row]:
    """All figures as text, in the order of the table."""
    longest = found.longest_closure
    given: list[tuple[str, str, float | None, Callable[[float], str]]] = [
        ("The drive", "watched", found.watched_s, say_duration),
        ("The drive", "frames", found.frames, _count),
        ("The drive", "frames per second, median", found.fps, lambda v: f"{v:.1f}"),
        ("The drive", "frames dropped", found.dropped, _count),
        ("The drive", "capture to decision, median", found.latency_ms, lambda v: f"{v:.0f} ms"),
        ("The drive", "the same, 99th percentile", found.latency_p99_ms, lambda v: f"{v:.0f} ms"),
        ("The drive", "gaps in the log", found.gaps, _count),
        ("The drive", "seconds in gaps", found.gap_s, lambda v: f"{v:.1f} s"),
        ("The drive", "mean speed", found.speed_mean_kmh, lambda v: f"{v:.0f} km/h"),
        ("Eyes", "an eye was readable in", found.eyes_known, _percent),
        ("Eyes", "longest closure", longest.length_s if longest else None, lambda v: f"{v:.2f} s"),
        ("Eyes", "closures of 0.5 s and more", found.long_closures, _count),
        ("Eyes", "blinks", found.blinks, _count),
        ("Eyes", "blinks per minute", found.blinks_per_min, lambda v: f"{v:.1f}"),
        ("Eyes", "mean blink", found.blink_ms, lambda v: f"{v:.0f} ms"),
        ("Eyes", "highest PERCLOS over a minute", found.perclos_max, _percent),
        ("Eyes", "highest sleepiness by blinks", found.sleepiest.p if found.sleepiest else None, _percent),
        ("Eyes", "its coverage", found.sleepiest.coverage if found.sleepiest else None, _percent),
        ("Eyes", "long blinks", found.long_blinks, _count),
        ("Eyes", "highest KSS estimate", found.kss_max, lambda v: f"{v:.1f}"),
        ("Attention", "looked at the road", found.on_road, _percent),
        ("Attention", "glances away", found.glances, _count),
        ("Attention", "yawns", found.yawns, _count),
        ("Attention", "nods", found.nods, _count),
        ("Alerts", "warnings and higher, per hour", found.alerts_per_hour, lambda v: f"{v:.1f}"),
    ]
    given += [
        ("Alerts", f"{code_text(code)}, {level.label}", count, _count)
        for (code, level), count in sorted(found.alerts.items(), key=lambda one: (-one[0][1], one[0][0]))
    ]
    given += [("Health", code_text(name), seconds, say_duration) for name, seconds in found.health_s.items()]
    given += [("Looked at", code_text(name), seconds, say_duration) for name, seconds in found.zone_s.items()]
    given += [("Expression", name, seconds, say_duration) for name, seconds in found.expression_s.items()]
    return [
        Row(group, label, "unknown" if number is None else say(number), number, say)
        for group, label, number, say in given
    ]


def figures_table(all_figures: Sequence[Figures]) -> str:
    """The figures of one drive, or of two beside each other with their difference."""
    tables = [{(row.group, row.label): row for row in rows(found)} for found in all_figures]
    keys = list(dict.fromkeys(key for table in tables for key in table))
    groups = dict.fromkeys(group for group, _ in keys)
    parts = []
    for group in groups:
        lines = "".join(_figure(label, [t.get((g, label)) for t in tables]) for g, label in keys if g == group)
        heads = "<th>A</th><th>B</th><th>B − A</th>" if len(tables) > 1 else "<th></th>"
        parts.append(f"<table><thead><tr><th>{escape(group)}</th>{heads}</tr></thead><tbody>{lines}</tbody></table>")
    return f'<div class="groups">{"".join(parts)}</div>'


def _figure(label: str, found: Sequence[Row | None]) -> str:
    cells = [row.text if row else "0" for row in found]
    if len(found) > 1:
        cells.append(_difference(found))
    return f"<tr><td>{escape(label)}</td>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"


def _difference(found: Sequence[Row | None]) -> str:
    say = next((row.say for row in found if row and row.say), None)
    first, second = ((row.number if row else 0.0) for row in found)
    if say is None or first is None or second is None:
        return ""
    if say(first) == say(second):
        return "="
    return ("+" if second > first else "−") + say(abs(second - first))


def in_short(drive: Drive, found: Figures, number: int) -> str:
    """A summary in a few sentences; the times in it are links to their place in the time line."""
    lines = [*_alerts_in_short(drive, number), *_eyes_in_short(found, number), _sight_in_short(drive, found)]
    return f'<ul class="short">{"".join(f"<li class={kind}>{text}</li>" for kind, text in lines)}</ul>'


def _alerts_in_short(drive: Drive, number: int) -> list[tuple[str, str]]:
    if not drive.alerts:
        return [("ok", "No alert was raised.")]
    lines = []
    for level in sorted({life.level for life in drive.alerts}, reverse=True):
        lives = [life for life in drive.alerts if life.level == level]
        codes = ", ".join(dict.fromkeys(code_text(life.code) for life in lives))
        first = lives[0]
        only = "at" if len(lives) == 1 else "the first at"
        kind = LEVEL_WORDS[level][len(lives) > 1]
        text = f"{len(lives)} {kind}: {escape(codes)}; {only} {link(first.start_s, number)}"
        if first.evidence:
            text += f" ({escape(_evidence(first))})"
        lines.append((level.label, text + "."))
    return lines


def _eyes_in_short(found: Figures, number: int) -> list[tuple[str, str]]:
    lines = []
    longest = found.longest_closure
    if longest is not None and longest.length_s >= LONG_CLOSURE_S:
        more = f"; {found.long_closures} closures of half a second or more" if found.long_closures > 1 else ""
        at = link(longest.start_s, number)
        lines.append(("plain", f"Longest closure: {longest.length_s:.1f} s, at {at}{more}."))
    if found.perclos_max is not None and found.perclos_max_s is not None:
        at = link(found.perclos_max_s, number)
        lines.append(("plain", f"Highest PERCLOS over a minute: {found.perclos_max:.1%}, at {at}."))
    if found.sleepiest is not None:
        lines.append(("plain", _sleepiest_in_short(found.sleepiest, number)))
    return lines


def _sleepiest_in_short(moment: SleepiestMoment, number: int) -> str:
    text = (
        f"Sleepiest by the last blinks: {moment.p:.0%}, at {link(moment.t_s, number)} (coverage {moment.coverage:.0%})"
    )
    if not moment.long_blinks:
        return f"{text}; no long blink among them."
    longest = sorted(moment.long_blinks, key=lambda blink: -blink.length_s)[:MAX_BLINKS_NAMED]
    named = ", ".join(f"{blink.length_s:.2f} s at {link(blink.start_s, number)}" for blink in longest)
    return f"{text}; {len(moment.long_blinks)} long blinks before it, the longest {named}."


def _sight_in_short(drive: Drive, found: Figures) -> tuple[str, str]:
    known = "never" if not found.eyes_known else f"in {found.eyes_known:.1%} of the frames"
    text = f"An eye was readable {known}."
    lost = [f"{code_text(name)} {say_duration(s)}" for name, s in found.health_s.items() if name != "ok" and s >= 0.1]
    if lost:
        text += f" Health other than ok: {escape(', '.join(lost))}."
    trouble = [f"{found.dropped} frames dropped"] if found.dropped else []
    trouble += [f"{found.gaps} gaps in the log, {found.gap_s:.1f} s in total"] if found.gaps else []
    trouble += [code_text(code) for code in dict.fromkeys(span.name for span in drive.notes)]
    return ("plain", text + (f" {escape(', '.join(trouble).capitalize())}." if trouble else ""))


def happenings(drive: Drive, pictures: Mapping[float, Sequence[Thumbnail]], number: int) -> str:
    """Alerts and markers in order of time, each with its images."""
    lines = [(life.start_s, _alert(life, drive.end_s, pictures, number)) for life in drive.alerts]
    lines += [
        (marker.start_s, _line(marker.start_s, '<span class="chip">marker</span>', marker.name, "", pictures, number))
        for marker in drive.markers
    ]
    lines += [
        (change.start_s, _line(change.start_s, '<span class="chip">profile</span>', change.name, "", {}, number))
        for change in drive.changes
    ]
    lines.sort(key=lambda line: line[0])
    if not lines:
        return '<p class="dim">No alerts and no markers.</p>'
    more = f'<p class="dim">and {len(lines) - MAX_LISTED} more</p>' if len(lines) > MAX_LISTED else ""
    body = "".join(text for _, text in lines[:MAX_LISTED])
    head = "<tr><th>at</th><th></th><th>what</th><th>lasted</th></tr>"
    return f'<div class="list"><table><thead>{head}</thead><tbody>{body}</tbody></table>{more}</div>'


def _alert(life: AlertLife, end_s: float, pictures: Mapping[float, Sequence[Thumbnail]], number: int) -> str:
    chip = f'<span class="chip {life.level.label}">{life.level.label}</span>'
    what = ", ".join([code_text(life.code), *([_evidence(life)] if life.evidence else [])])
    if life.acknowledged_s is not None:
        what += f", acknowledged after {life.acknowledged_s - life.start_s:.1f} s"
    lasted = f"{(end_s if life.end_s is None else life.end_s) - life.start_s:.1f} s"
    if life.end_s is None:
        lasted += ", to the end"
    return _line(life.start_s, chip, what, lasted, pictures, number)


def _line(
    at_s: float, chip: str, what: str, lasted: str, pictures: Mapping[float, Sequence[Thumbnail]], number: int
) -> str:
    cells = "".join(f"<td>{cell}</td>" for cell in (time_text(at_s), chip, escape(what), lasted))
    where = f'data-t="{at_s:.3f}" data-drive="{number}"'
    strip = _strip(pictures.get(at_s, ()))
    below = f'<tr class="pictures" {where}><td></td><td colspan="3">{strip}</td></tr>' if strip else ""
    return f"<tr {where}>{cells}</tr>{below}"


def _strip(pictures: Sequence[Thumbnail]) -> str:
    shown = "".join(
        f'<figure><img alt="the driver at {time_text(one.t_s)}" '
        f'src="data:image/jpeg;base64,{base64.b64encode(one.jpeg).decode()}">'
        f"<figcaption>{time_text(one.t_s)}</figcaption></figure>"
        for one in pictures
    )
    return f'<div class="strip">{shown}</div>' if shown else ""


def _evidence(life: AlertLife) -> str:
    return ", ".join(figure_text(name, value) for name, value in life.evidence.items())


def configuration(drive: Drive) -> str:
    """What the drive was recorded with: versions, networks, settings and rules."""
    config = asdict(drive.config)
    head = {
        "wakeful": config.pop("version"),
        "profile": config.pop("profile_name"),
        "landmarks": drive.config.engine_config.reader.name,
        **{key: value for key, value in drive.config.about.items() if isinstance(value, str | int | float)},
    }
    lines = "".join(f"<tr><td>{escape(str(k))}</td><td>{escape(str(v)[:200])}</td></tr>" for k, v in head.items())
    whole = json.dumps(config, indent=1, default=str, ensure_ascii=False)
    everything = f"<details><summary>Everything</summary><pre>{escape(whole)}</pre></details>"
    return f'<table class="settings">{lines}</table>{everything}'


def link(at_s: float, number: int) -> str:
    """A time that links to its place in the time line."""
    return f'<a href="#timeline-{number}" data-t="{at_s:.3f}" data-drive="{number}">{time_text(at_s)}</a>'


def say_duration(seconds: float) -> str:
    """``43 s``, ``12 min 03 s``, ``1 h 02 min``."""
    if seconds < 100:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest_s = divmod(round(seconds), 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min {rest_s:02d} s"


def _count(value: float) -> str:
    return f"{value:.0f}"


def _percent(value: float) -> str:
    return f"{value:.1%}"


def most_important(drive: Drive) -> list[float]:
    """Moments of alerts and markers; the most important, which get images first, come first."""
    ranked = [(-int(life.level), life.start_s) for life in drive.alerts]
    ranked += [(-int(Level.URGENT), marker.start_s) for marker in drive.markers]
    return [at_s for _, at_s in sorted(ranked)]


def about(drive: Drive) -> dict[str, Any]:
    """Driver and profile, for the head of a column."""
    return {"driver": drive.config.driver or "unknown driver", "profile": drive.config.profile_name}
