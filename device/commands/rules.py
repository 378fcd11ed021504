"""``wakeful rules``: the rules of a profile, each with its source, and the signals that rules may name."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wakeful.device.commands.export import write_text

if TYPE_CHECKING:
    from wakeful.device.state.profile import Profile, Rule, Zone

app = typer.Typer(help="Show or export the rules of a profile, and the signals they name.", no_args_is_help=True)

WIDTH = 100
INDENT = "    "
HEAD = ("alert", "level", "raised when", "at speed", "ends when", "again")
LATCH = "Urgent and emergency alerts stay active until acknowledged, or for {:g} s after they were last raised"
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_(
    profile: Annotated[str | None, typer.Option("--profile", metavar="NAME|FILE", help="Profile to show.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the rules of a profile with their sources, and its gaze zones."""
    from wakeful.device.config.layers import load_profile
    from wakeful.device.config.settings import Settings

    name = profile or Settings().profile
    rules, _ = load_profile(name)
    if as_json:
        typer.echo(json.dumps(_as_dict(name, rules), indent=2))
        return
    _print([(f"{name}: {rules.about}",), (), HEAD, *[row for rule in rules.rules for row in _rows(rule)]])
    numbers = _can_numbers(rules)
    if numbers:
        _print([(), ("Custom codes and their numbers on CAN",), *[(code, str(at)) for code, at in numbers.items()]])
    latch_s = rules.latch.unacknowledged_s
    _print([(), (LATCH.format(latch_s),)])
    source = [(INDENT + rules.gaze.source,)] if rules.gaze.source else []
    zones = [("zone", "yaw", "pitch"), *[_zone_row(zone) for zone in rules.gaze.zones]]
    _print([(), ("Gaze zones; the first that matches applies",), *source, (), *zones])


@app.command("export")
def export_(
    profile: Annotated[str, typer.Argument(metavar="NAME|FILE", help="Profile to export.")],
    file: Annotated[Path | None, typer.Argument(help="Where to write it; standard output by default.")] = None,
) -> None:
    """Print or save a profile as TOML, as a start for your own."""
    from wakeful.device.config.layers import load_profile, profile_file

    load_profile(profile)
    write_text(profile_file(profile).read_text(encoding="utf-8"), file)


@app.command()
def signals(as_json: AsJson = False) -> None:
    """List the signals that rules may name."""
    from wakeful.device.state.signals import SIGNALS

    if as_json:
        typer.echo(json.dumps({name: asdict(kind) for name, kind in SIGNALS.items()}, indent=2))
        return
    _print([("signal", "unit", "meaning"), *[(name, kind.unit, kind.meaning) for name, kind in SIGNALS.items()]])


def _rows(rule: Rule) -> Iterator[tuple[str, ...]]:
    """A row for each signal of a rule, then one of a single cell: the source."""
    raised = [_condition(name, ">=", bound) for name, bound in rule.when.items()]
    if rule.dwell_s:
        raised.append(f"for {rule.dwell_s:g} s")
    ended = [_condition(name, ">=", bound) for name, bound in rule.clear.items()]
    ended += [_condition(name, "<", bound) for name, bound in rule.clear_below.items()]
    yield rule.code, rule.level, raised[0], _speeds(rule), ended[0], f"{rule.rewarn_s:g} s"
    for further, another in zip_longest(raised[1:], ended[1:], fillvalue=""):
        yield "", "", further and f"and {further}", "", another and f"and {another}", ""
    yield (INDENT + rule.source,)


def _condition(name: str, relation: str, bound: float) -> str:
    from wakeful.device.state.signals import SIGNALS

    unit = SIGNALS[name].unit
    return f"{name} {relation} {bound:g}" + (f" {unit}" if unit == "s" else "")


def _speeds(rule: Rule) -> str:
    if rule.below_kmh is not None:
        return f"{rule.from_kmh:g} to {rule.below_kmh:g} km/h"
    return f"from {rule.from_kmh:g} km/h" if rule.from_kmh else "any"


def _can_numbers(profile: Profile) -> dict[str, int]:
    from wakeful.device.state.codes import can_numbers

    return can_numbers(rule.code for rule in profile.rules)


def _zone_row(zone: Zone) -> tuple[str, ...]:
    return zone.name, *(f"{low:+4g} to {high:+4g} deg" for low, high in (zone.yaw_deg, zone.pitch_deg))


def _print(rows: Sequence[tuple[str, ...]]) -> None:
    """Columns as wide as their widest cell, the last one wrapped; a row of one cell goes over the whole width."""
    columns = zip(*[row for row in rows if len(row) > 1], strict=True)
    widths = [max(len(cell) for cell in column) for column in columns]
    last_at = sum(widths[:-1]) + 2 * len(widths[:-1])
    for row in rows:
        if len(row) > 1:
            text = "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
            further_at = last_at
        else:
            text = "".join(row)
            further_at = len(text) - len(text.lstrip())
        lines = textwrap.wrap(text, WIDTH, subsequent_indent=" " * further_at, break_long_words=False)
        typer.echo("\n".join(lines))


def _as_dict(name: str, profile: Profile) -> dict[str, Any]:
    from wakeful.device.state.signals import SIGNALS

    named = {signal for rule in profile.rules for signal in (*rule.when, *rule.clear, *rule.clear_below)}
    return {
        "profile": name,
        "about": profile.about,
        "rules": [asdict(rule) for rule in profile.rules],
        "units": {signal: kind.unit for signal, kind in SIGNALS.items() if signal in named},
        "can_numbers": _can_numbers(profile),
        "latch": asdict(profile.latch),
        "zones": [asdict(zone) for zone in profile.gaze.zones],
        "zones_source": profile.gaze.source,
    }
