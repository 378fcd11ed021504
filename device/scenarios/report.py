"""The report: one HTML page that needs nothing else, and the same as JSON."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Iterator, Sequence
from html import escape
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any

from wakeful.device.scenarios.behaviour import BEHAVIOURS, Behaviour
from wakeful.device.scenarios.curves import curves
from wakeful.device.scenarios.figures import Count, as_json, by_behaviour, by_group, by_reason, count
from wakeful.device.scenarios.matrix import CAMERAS, EYEWEAR, HEADS, LIGHTS, Camera, Cell, Eyewear, Light
from wakeful.device.scenarios.runner import Result
from wakeful.device.scenarios.verdict import Outcome
from wakeful.errors import ConfigError
from wakeful.files import write_file

PAGE, DATA = "index.html", "matrix.json"
DARK_BRIGHTNESS = 0.2
"""Pictures darker than this are shown brightened."""
HALF = len(HEADS) // 2


def write_report(folder: Path, results: Sequence[Result], about: dict[str, Any]) -> Path:
    """Write the page and the JSON file into ``folder``, which is made; gives the page's path.

    Args:
        about: how the cells were run, for the head of both.

    Raises:
        ConfigError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_file(folder / DATA, json.dumps(as_json(results, about), indent=1) + "\n", private=False)
        write_file(folder / PAGE, page(results, about), private=False)
    except OSError as error:
        raise ConfigError(
            f"{folder}: the report cannot be written ({error.strerror}); choose another folder"
        ) from error
    return folder / PAGE


def page(results: Sequence[Result], about: dict[str, Any]) -> str:
    """The HTML page."""
    counted = count(results)
    failed = [result for result in results if not result.verdict.passed]
    about_behaviour = {behaviour.name: behaviour.about for behaviour in BEHAVIOURS}
    template = Template(resources.files(__package__).joinpath("report.html").read_text(encoding="utf-8"))
    return template.substitute(
        headline=f"{counted.passed} of {counted.total} cases pass",
        cells=counted.total,
        setting=escape(", ".join(f"{name.replace('_', ' ')} {value}" for name, value in about.items()) + "."),
        groups="".join(_row(counted, escape(name)) for name, counted in by_group(results)),
        behaviours="".join(
            _row(counted, escape(name), escape(about_behaviour[name])) for name, counted in by_behaviour(results)
        ),
        grid="".join(_grid({result.cell.id: result for result in results})),
        failures_title=f"What failed ({len(failed)})" if failed else "Nothing failed",
        reasons="".join(f"<tr><td>{escape(reason)}</td><td>{cells}</td></tr>" for reason, cells in by_reason(failed)),
        failures="".join(map(_failure, failed)),
    )


def _row(counted: Count, *names: str) -> str:
    first, *rest = names
    failed = f'<b class="failed">{counted.failed}</b>' if counted.failed else "0"
    numbers = (counted.total, counted.correct, counted.reported_blind, failed)
    about = "".join(f'<td style="text-align:left" class="soft">{name}</td>' for name in rest)
    return f"<tr><td>{first}</td>{about}{''.join(f'<td>{number}</td>' for number in numbers)}</tr>"


def _grid(results: dict[str, Result]) -> Iterator[str]:
    """Panels: light downwards, eyewear across; in each panel behaviour downwards, head across."""
    columns = len(HEADS) + 1
    yield "<thead><tr><th></th>"
    yield "".join(f'<th colspan="{columns}">{_eyewear(worn)}</th><th class="gap"></th>' for worn in EYEWEAR)
    yield "</tr><tr><th></th>"
    halves = f'<th colspan="{HALF}">level</th><th class="gap"></th><th colspan="{HALF}">from above</th>'
    yield (halves + '<th class="gap"></th>') * len(EYEWEAR)
    yield "</tr><tr><th></th>"
    angles = [f"<th>{head.yaw_deg:+d}</th>" if head.yaw_deg else "<th>0</th>" for head in HEADS]
    angles.insert(HALF, '<th class="gap"></th>')
    yield ("".join(angles) + '<th class="gap"></th>') * len(EYEWEAR)
    yield "</tr></thead><tbody>"
    for light, camera in itertools.product(LIGHTS, CAMERAS):
        if any((result.cell.light, result.cell.camera) == (light, camera) for result in results.values()):
            name = ", ".join(filter(None, (_light(light), _camera(camera))))
            yield f'<tr class="light"><th colspan="{1 + (columns + 1) * len(EYEWEAR)}">{name}</th></tr>'
            for behaviour in BEHAVIOURS:
                rows = ("".join(_panel_row(results, light, worn, behaviour, camera)) for worn in EYEWEAR)
                yield f"<tr><th>{behaviour.name}</th>{''.join(rows)}</tr>"
    yield "</tbody>"


def _panel_row(
    results: dict[str, Result], light: Light, worn: Eyewear, behaviour: Behaviour, camera: Camera
) -> Iterator[str]:
    for column, head in enumerate(HEADS):
        if column == HALF:
            yield '<td class="gap"></td>'
        yield _square(results.get(Cell(light, worn, head, behaviour, camera).id))
    yield '<td class="gap"></td>'


def _square(result: Result | None) -> str:
    if result is None:
        return '<td class="none"></td>'
    said = "; ".join((result.cell.id, *(result.verdict.reasons or (result.cell.expected.why,))))
    inside = f'<a href="#{_anchor(result.cell)}">×</a>' if result.verdict.outcome is Outcome.FAILED else ""
    return f'<td class="{result.verdict.outcome.value}" title="{escape(said)}">{inside}</td>'


def _failure(result: Result) -> str:
    cell, trace = result.cell, result.trace
    pictures = "".join(
        f'<figure><img loading="lazy" alt="" src="data:image/jpeg;base64,{base64.b64encode(one.jpeg).decode()}">'
        f"<figcaption>{one.t_s:.0f} s</figcaption></figure>"
        for one in trace.snapshots
    )
    lit = cell.light.brightness < DARK_BRIGHTNESS
    note = '<p class="note">The images are shown at five times their brightness.</p>' if lit else ""
    return (
        f'<details id="{_anchor(cell)}"><summary><code>{escape(cell.id)}</code> '
        f'<span class="soft">{escape("; ".join(result.verdict.reasons))}</span></summary>'
        f"<p>Expected: {escape(_expectation(cell))}</p>{note}"
        f'<div class="strip{" lit" if lit else ""}">{pictures}</div>{curves(trace)}</details>'
    )


def _expectation(cell: Cell) -> str:
    expected = cell.expected
    required = "; ".join(
        f"{' or '.join(one.any_of)} between {one.after_s:.1f} and {one.by_s:.1f} s" for one in expected.required
    )
    due = required or ("no alert" if expected.sight != "blind" else "degraded within 10 s and no closure alert")
    return f"{due}. {expected.why[0].upper()}{expected.why[1:]}."


def _anchor(cell: Cell) -> str:
    return cell.id.replace("/", "_").replace("+", "p")


def _eyewear(worn: Eyewear) -> str:
    return "no glasses" if worn == "none" else worn


def _camera(camera: Camera) -> str:
    if camera.rotated_deg:
        return f"image turned by {camera.rotated_deg}°"
    return f"{camera.fps:g} frames per second" if camera.name else ""


def _light(light: Light) -> str:
    known = {
        "bright": "bright",
        "normal": "normal light",
        "dim": "dim",
        "dark": "near dark, with noise",
        "glare": "one side glaring",
    }
    return known.get(light.name, light.name)
