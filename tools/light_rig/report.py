"""The grid for people and programs: a text table, JSON, and a page with a picture of each cell and its verdict."""

from __future__ import annotations

import base64
import html
from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from tools.light_rig.verdict import ALERTED, AWAY, DEGRADED, SILENT, Outcome

STYLE = """
body { font: 14px/1.4 system-ui, sans-serif; margin: 1rem; color: #1c2430; }
table { border-collapse: collapse; } th { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0; }
td { vertical-align: top; padding: .15rem; width: 11rem; font-size: 11px; }
img { display: block; width: 11rem; } .alerted { color: #2c7a4f; } .degraded { color: #8a5a00; }
.silent { color: #b9433f; font-weight: 700; } td.silent img { outline: 3px solid #b9433f; }
"""
CLASSES = {ALERTED: "alerted", AWAY: "degraded", DEGRADED: "degraded", SILENT: "silent"}


def as_json(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Everything but the pictures."""
    return [
        {
            "clip": one.clip,
            "cell": one.cell.name,
            "sleeps": [{"start_s": s.start_s, "verdict": s.verdict, "why": s.why} for s in one.sleeps],
            "false_alerts": list(one.false_alerts),
            "frames": one.frames,
            "degraded": one.degraded,
            "no_face": one.no_face,
        }
        for one in outcomes
    ]


def as_text(outcomes: Sequence[Outcome], before: Sequence[dict[str, Any]] = ()) -> str:
    """A row a cell, and below it what went wrong.

    Args:
        before: what ``as_json`` gave of an earlier run, to compare degraded frames with.
    """
    known = {(one["clip"], one["cell"]): sum(one["degraded"].values()) for one in before}
    heads = f"{'alerted':>8}{'as away':>8}{'degraded':>9}{'silent':>7}{'false':>6}{'degraded frames':>24}{'no face':>8}"
    lines = [f"{'cell':36}{heads}"]
    for cell, of_cell in _by_cell(outcomes):
        verdicts = Counter(sleep.verdict for one in of_cell for sleep in one.sleeps)
        blind = sum(sum(one.degraded.values()) for one in of_cell)
        was = [known[one.clip, cell] for one in of_cell if (one.clip, cell) in known]
        shown = f"{blind / sum(one.frames for one in of_cell):.1%}" + (f" ({blind - sum(was):+d})" if was else "")
        lines.append(
            f"{cell:36}{verdicts[ALERTED]:8}{verdicts[AWAY]:8}{verdicts[DEGRADED]:9}{verdicts[SILENT]:7}"
            f"{sum(len(one.false_alerts) for one in of_cell):6}{shown:>24}"
            f"{sum(one.no_face for one in of_cell) / sum(one.frames for one in of_cell):8.1%}"
        )
        for one in of_cell:
            lines += [
                f"    {s.verdict} {s.clip} at {s.start_s:.1f} s: {s.why}" for s in one.sleeps if s.verdict == SILENT
            ]
            lines += [f"    FALSE ALERT {one.clip}: {said}" for said in one.false_alerts]
    lines += ["", *_totals(outcomes)]
    return "\n".join(lines)


def _totals(outcomes: Sequence[Outcome]) -> list[str]:
    every = [(one, sleep) for one in outcomes for sleep in one.sleeps]
    demanding = [sleep for one, sleep in every if one.cell.must_alert]
    alerted = sum(sleep.verdict == ALERTED for sleep in demanding)
    calm = [one for one in outcomes if not one.sleeps]
    false = sum(len(one.false_alerts) for one in calm)
    return [
        f"silent misses: {sum(sleep.verdict == SILENT for _, sleep in every)} of {len(every)} sleeps in all cells",
        f"alerted in time at gain 0.2 to 2, noise up to 4, 320 px: {alerted} of {len(demanding)}",
        f"alerts of shut eyes in clips without a sleep: {false} in {len(calm)} runs",
        f"degraded frames there at gain 0.5 to 1, noise up to 2: "
        f"{sum(sum(one.degraded.values()) for one in calm if one.cell.is_mild)}",
    ]


def as_page(outcomes: Sequence[Outcome]) -> str:
    """One row a cell, one picture a clip."""
    rows = "".join(
        f"<tr><th>{html.escape(cell)}</th>{''.join(map(_picture, of_cell))}</tr>"
        for cell, of_cell in _by_cell(outcomes)
    )
    totals = "".join(f"<li>{html.escape(line)}</li>" for line in _totals(outcomes))
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>light</title><style>{STYLE}</style>'
        f"<h1>Sleep in bad light</h1><ul>{totals}</ul><table>{rows}</table></html>"
    )


def _picture(one: Outcome) -> str:
    image = f'<img alt="" src="data:image/jpeg;base64,{base64.b64encode(one.thumb).decode()}">'
    said = [f'<div class="{CLASSES[s.verdict]}">{s.verdict}</div>{html.escape(s.why)}' for s in one.sleeps]
    said += [f'<div class="silent">FALSE ALERT {html.escape(words)}</div>' for words in one.false_alerts]
    blind = ", ".join(f"{reason} {count / one.frames:.0%}" for reason, count in one.degraded.items())
    silent = ' class="silent"' if one.silent or one.false_alerts else ""
    return f"<td{silent}>{image}{html.escape(one.clip)}{''.join(said)}<div>{html.escape(blind)}</div></td>"


def _by_cell(outcomes: Sequence[Outcome]) -> list[tuple[str, list[Outcome]]]:
    """The outcomes of each cell, in the order of the grid."""
    return [(cell, list(found)) for cell, found in groupby(outcomes, key=lambda one: one.cell.name)]
