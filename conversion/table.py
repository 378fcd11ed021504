"""The manifest as a table that people read: ``conversion/README.md`` carries it between two marks."""

from __future__ import annotations

from pathlib import Path

from wakeful.errors import ConfigError
from wakeful.files import write_file
from wakeful.models.manifest import Manifest, TaskFigure, Variant

BEGIN = "<!-- written by `wakeful convert table` -->"
END = "<!-- end of the table -->"
HEAD = (
    "| network | precision | for | bytes | M MACs | operators | parity | on | task | float | loss, bar | passed |",
    "|---|---|---|---|---|---|---|---|---|---|---|---|",
)


def as_markdown(manifest: Manifest) -> str:
    """One row a variant."""
    notes = [f"- {note}" for note in manifest.notes]
    return "\n".join([*HEAD, *(_row(one) for one in manifest.variants), *([""] if notes else []), *notes])


def put_into(readme: Path, text: str) -> None:
    """Replaces what is between the marks.

    Raises:
        ConfigError: they are missing from the file.
    """
    said = readme.read_text(encoding="utf-8") if readme.is_file() else ""
    if BEGIN not in said or END not in said:
        raise ConfigError(f"{readme} has no place for the table: it needs the lines {BEGIN} and {END}")
    before, rest = said.split(BEGIN, 1)
    write_file(readme, f"{before}{BEGIN}\n{text}\n{END}{rest.split(END, 1)[1]}", private=False)


def _row(one: Variant) -> str:
    figure = one.task[0] if one.task else None
    units = ", ".join(f"{count} {unit.upper()}" for unit, count in one.operators.items())
    cells = [
        one.network,
        one.precision,
        one.soc or one.runtime,
        f"{one.bytes:,}",
        f"{one.macs / 1e6:.1f}",
        units,
        _parity(one),
        str(figure.data.count if figure else one.parity.data.count if one.parity else ""),
        *("; ".join(filter(None, cell)) for cell in zip(*map(_task, one.task), strict=True)),
        *([""] * 3 if figure is None else []),
        "yes" if one.passed else "**no**",
    ]
    return f"| {' | '.join(cells)} |"


def _parity(one: Variant) -> str:
    if one.parity is None:
        return ""
    text = f"{one.parity.worst:.2g} {'steps' if one.parity.unit == 'steps' else 'of the largest value'}"
    return text if one.parity.share_within is None else f"{text}, {_share(one.parity.share_within)} within 2"


def _share(share: float) -> str:
    """In percent, and never 100 when it is less."""
    return "all" if share == 1.0 else f"{min(share, 0.9999):.2%}"


def _task(figure: TaskFigure) -> tuple[str, str, str]:
    if figure.unit == "share":
        return (f"{figure.name} {figure.value:.2%}", f"{figure.reference:.2%}", f"{figure.loss:+.2%}, {figure.bar:.1%}")
    if figure.unit == "pixels of the input":
        return f"{figure.name} {figure.value:.3f} px", "", f"{figure.loss:.3f}, {figure.bar:g} px"
    return f"{figure.name} {figure.value:.4f} {figure.unit}".rstrip(), "", f"{figure.loss:.4f}, {figure.bar:g}"
