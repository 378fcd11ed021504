"""The report of a drive, or of two side by side: one page that needs nothing else, not even a network.

Text and tables are written here (``wakeful.device.view.report_parts``); the curves are included as compressed columns
(``wakeful.device.view.columns``) and drawn by the page's own script. The content security policy of the page allows
nothing to run or load that is not in it.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any

import numpy as np

from wakeful.device.record.reader import Recording
from wakeful.device.view.columns import columns
from wakeful.device.view.drive import Drive, Span, read_drive
from wakeful.device.view.figures import figures
from wakeful.device.view.report_parts import (
    configuration,
    figures_table,
    happenings,
    in_short,
    most_important,
    say_duration,
)
from wakeful.device.view.thumbnails import Thumbnail, thumbnails
from wakeful.errors import ConfigError
from wakeful.files import write_file

LETTERS = "AB"
STYLES = ("live.css", "report.css")
SCRIPTS = ("report_data.js", "report_lanes.js", "report_drawing.js", "report_timeline.js")
"""Joined in this order into one script."""


def write_report(recordings: Sequence[Recording], target: Path) -> None:
    """Writes the page; readable by its owner only, since it describes a person.

    Raises:
        LogError: a log cannot be read.
        ConfigError: the page cannot be written.
    """
    drives = [read_drive(one) for one in recordings]
    pictures = [thumbnails(one, most_important(drive)) for one, drive in zip(recordings, drives, strict=True)]
    text = page(drives, pictures)
    try:
        write_file(target, text, private=True)
    except OSError as error:
        raise ConfigError(f"cannot write {target}: {error.strerror}; name a file in a folder that exists") from None


def page(drives: Sequence[Drive], pictures: Sequence[dict[float, list[Thumbnail]]]) -> str:
    """The HTML page of one or two drives and the pictures of each."""
    found = [figures(drive) for drive in drives]
    style, script = ("".join(map(_file, names)) for names in (STYLES, SCRIPTS))
    names = [_name(drive, number, len(drives)) for number, drive in enumerate(drives)]
    heads = [
        f'<section class="card"><div class="about"><strong>{escape(name)}</strong><span class="dim">'
        f"{escape(_about(drive))}</span></div>{in_short(drive, one, number)}</section>{_damage(drive)}"
        for number, (name, drive, one) in enumerate(zip(names, drives, found, strict=True))
    ]
    lists = [
        f'<section class="card"><h2>What happened {_of(number, drives)}</h2>'
        f"{happenings(drive, shown, number)}</section>"
        for number, (drive, shown) in enumerate(zip(drives, pictures, strict=True))
    ]
    configurations = [
        f'<section class="card"><h2>Configuration {_of(number, drives)}</h2>{configuration(drive)}</section>'
        for number, drive in enumerate(drives)
    ]
    together = (
        '<p class="dim"><label><input type="checkbox" id="together" checked> move both time lines together</label></p>'
        if len(drives) > 1
        else ""
    )
    return Template(_file("report.html")).substitute(
        style_hash=_hash(style),
        script_hash=_hash(script),
        style=style,
        script=script,
        title=escape(" and ".join(drive.name for drive in drives)) + ", wakeful",
        subtitle="report of " + escape(" and ".join(drive.name for drive in drives)),
        count=len(drives),
        overview=_side(heads) + f'<section class="card">{figures_table(found)}</section>',
        timelines=together + _side([_timeline(number) for number in range(len(drives))]),
        details=_side(lists) + _side(configurations),
        data="".join(_data(number, drive) for number, drive in enumerate(drives)),
    )


def _side(parts: Sequence[str]) -> str:
    return f'<div class="side">{"".join(f"<div>{part}</div>" for part in parts)}</div>'


def _timeline(number: int) -> str:
    return f'<section class="card timeline" id="timeline-{number}" data-drive="{number}"></section>'


def _name(drive: Drive, number: int, count: int) -> str:
    return drive.name if count == 1 else f"{LETTERS[number]}: {drive.name}"


def _of(number: int, drives: Sequence[Drive]) -> str:
    return "" if len(drives) == 1 else f"in {LETTERS[number]}"


def _about(drive: Drive) -> str:
    config = drive.config
    parts = [say_duration(drive.end_s - drive.start_s)]
    with contextlib.suppress(OverflowError, OSError, ValueError):
        parts.append(datetime.fromtimestamp(config.wall_ns / 1e9, UTC).strftime("%Y-%m-%d %H:%M UTC"))
    parts.append(f"driver {config.driver}" if config.driver else "driver unknown")
    parts.append(f"profile {config.profile_name}")
    source = config.about.get("source")
    return ", ".join([*parts, *([source[:80]] if isinstance(source, str) else [])])


def _damage(drive: Drive) -> str:
    if not drive.damage:
        return ""
    lines = "".join(f"<li>{escape(line)}</li>" for line in drive.damage[:20])
    return f'<section class="card damage"><h2>What is wrong with the log</h2><ul>{lines}</ul></section>'


def _data(number: int, drive: Drive) -> str:
    made = columns(drive.t_s, drive.curves)
    content = json.dumps(_for_script(drive) | {"columns": made.index}, separators=(",", ":"), allow_nan=False)
    packed = base64.b64encode(made.compressed()).decode()
    # Nothing in a log may end the block that contains it.
    safe = content.replace("<", "\\u003c")
    return (
        f'<script type="application/json" id="drive-{number}">{safe}</script>'
        f'<script type="application/octet-stream" id="columns-{number}">{packed}</script>\n'
    )


def _for_script(drive: Drive) -> dict[str, Any]:
    """What the script draws beside the curves, with times in seconds."""
    speed = drive.curves["speed_kmh"]
    return {
        "name": drive.name,
        "start": round(drive.start_s, 3),
        "end": round(drive.end_s, 3),
        "top_speed": round(float(np.nanmax(speed)), 1) if np.isfinite(speed).any() else 0.0,
        "alerts": [
            {
                "code": life.code,
                "level": life.level.label,
                "start": round(life.start_s, 3),
                "end": round(drive.end_s if life.end_s is None else life.end_s, 3),
            }
            for life in drive.alerts
        ],
        "markers": [
            {"t": round(marker.start_s, 3), "text": marker.name} for marker in [*drive.markers, *drive.changes]
        ],
        "spans": {
            "health": _spans(drive.health),
            "zones": _spans(drive.zones),
            "expressions": _spans(drive.expressions),
            "closures": _spans([span for span in drive.events if span.name == "closure"]),
            "long_blinks": _spans([span for span in drive.events if span.name == "long_blink"]),
            "yawns": _spans([span for span in drive.events if span.name == "yawn"]),
            "notes": _spans(drive.notes),
            "gaps": _spans(drive.gaps),
        },
    }


def _spans(spans: Sequence[Span]) -> list[list[float | str]]:
    return [[round(span.start_s, 2), round(span.end_s, 2), span.name] for span in spans]


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _file(name: str) -> str:
    return resources.files("wakeful.device.view").joinpath("page", name).read_text(encoding="utf-8")
