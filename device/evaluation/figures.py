"""The scores of clips as plain values for JSON, and as tables for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from wakeful.device.evaluation.scores import AssessedAlert, ClipScore, FalseAlarms, Score, false_alarms, overall
from wakeful.version import __version__

NAMES = {
    "closure": "closures",
    "blink": "  blinks",
    "long_closure": "  long",
    "blink_center": "centres",
    "yawn": "yawns",
    "head_turn": "head turns",
    "looking_down": "looks down",
}
COLUMNS = {
    "closure": "closures",
    "blink_center": "centres",
    "yawn": "yawns",
    "head_turn": "turns",
    "looking_down": "down",
}
"""What the table of clips shows; ``blink`` and ``long_closure`` are parts of ``closure``."""


def as_json(clips: Sequence[ClipScore], about: dict[str, Any]) -> dict[str, Any]:
    """All figures; seconds, shares of 1, alarms an hour."""
    return {
        "version": __version__,
        **about,
        "hours": round(sum(clip.duration_s for clip in clips) / 3600.0, 5),
        "overall": {kind: _score(score) for kind, score in overall(clips).items()},
        "false_alarms": {
            "warning_and_above": _alarms(false_alarms(clips, quiet=False)),
            "advisory": _alarms(false_alarms(clips, quiet=True)),
        },
        "clips": {
            clip.name: {
                "duration_s": round(clip.duration_s, 3),
                "face_share": round(clip.face_share, 4),
                "scores": {kind: _score(score) for kind, score in clip.scores.items()},
                "alerts": [_alert(assessed) for assessed in clip.alerts],
            }
            for clip in clips
        },
    }


def print_tables(clips: Sequence[ClipScore], console: Console) -> None:
    """What a person wants to see of them."""
    by_clip = Table("clip", "s", "face", *COLUMNS.values(), box=None, pad_edge=False)
    for clip in clips:
        found = (_found(clip.scores.get(kind)) for kind in COLUMNS)
        by_clip.add_row(clip.name, f"{clip.duration_s:.0f}", f"{clip.face_share:.0%}", *found)
    console.print(by_clip)
    console.print("found/marked +false; blank: not looked for; down: looks down reported as glances", style="dim")
    console.print()
    for clip in clips:
        for assessed in clip.alerts:
            console.print(f"{clip.name}: {_alert_words(assessed)}", soft_wrap=True)
    console.print()
    together = Table("overall", "marks", "found", "false", "prec.", "recall", "F1", box=None, pad_edge=False)
    for edge in ("start", "end"):
        together.add_column(edge, no_wrap=True)
    for kind, score in overall(clips).items():
        edges = (_edge(score.start_error_s), _edge(score.end_error_s)) if kind != "blink_center" else ("", "")
        shares = (_percent(score.precision), _percent(score.recall), _percent(score.f1))
        together.add_row(NAMES[kind], str(score.marked), str(score.right), str(score.false), *shares, *edges)
    console.print(together)
    console.print("blinks: under 0.5 s; start, end: found against marked edge, mean (largest), s", style="dim")
    console.print()
    for name, quiet in (("warnings and above", False), ("advisories", True)):
        alarms = false_alarms(clips, quiet)
        console.print(
            f"false alarms, {name}: {alarms.count}, {alarms.per_hour:.1f} an hour "
            f"(exact 95 % interval {alarms.low:.1f} to {alarms.high:.1f})",
            soft_wrap=True,
        )


def _score(score: Score) -> dict[str, Any]:
    return {
        "marked": score.marked,
        "right": score.right,
        "missed": score.missed,
        "false": score.false,
        "complete": score.complete,
        "precision": _rounded(score.precision),
        "recall": _rounded(score.recall),
        "f1": _rounded(score.f1),
        "start_error_s": [round(error, 3) for error in score.start_error_s],
        "end_error_s": [round(error, 3) for error in score.end_error_s],
    }


def _alarms(alarms: FalseAlarms) -> dict[str, Any]:
    return {
        "count": alarms.count,
        "per_hour": round(alarms.per_hour, 2),
        "interval_95": [round(alarms.low, 2), round(alarms.high, 2)],
    }


def _alert(assessed: AssessedAlert) -> dict[str, Any]:
    alert = assessed.alert
    return {"t": round(alert.t_s, 3), "code": alert.code, "level": alert.level, "explained": assessed.explained}


def _alert_words(assessed: AssessedAlert) -> str:
    mark = {True: "", False: ", false", None: ", not assessed"}[assessed.explained]
    return f"{assessed.alert.code} ({assessed.alert.level}) at {assessed.alert.t_s:.1f} s{mark}"


def _found(score: Score | None) -> str:
    if score is None:
        return ""
    return f"{score.right}/{score.marked}" + (f" +{score.false}" if score.false else "")


def _edge(errors: Sequence[float]) -> str:
    if not errors:
        return ""
    sizes = [abs(error) for error in errors]
    return f"{sum(sizes) / len(sizes):.2f} ({max(sizes):.2f})"


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.0%}" if share == 1.0 else f"{share:.1%}"


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)
