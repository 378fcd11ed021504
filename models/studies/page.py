"""A study's answer as one page that is read in two minutes: question, answer, one figure, its table, what is open."""

from __future__ import annotations

import base64
import html
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from wakeful.errors import ConfigError
from wakeful.files import write_file
from wakeful.models.explain.page import STYLE
from wakeful.models.studies.study import Answer, Result

PAGE, FIGURE, RESULTS, TIMES = "index.html", "figure.png", "results.json", "times.json"
TIMED = frozenset({"cpu_s", "training_s", "litert_ms", "onnx_ms"})
"""Figures that differ from run to run; apart from them the results of one seed are the same bytes."""


def write_page(name: str, question: str, answer: Answer, results: Sequence[Result], out: Path) -> Path:
    """Writes the page, its figure and all results into ``out``; gives the page.

    Raises:
        ConfigError: the folder cannot be written to.
    """
    return write_files(page_files(name, question, answer, results), out)


def page_files(name: str, question: str, answer: Answer, results: Sequence[Result]) -> dict[str, bytes]:
    """The page, its figure and all results by their names."""
    picture = io.BytesIO()
    answer.figure.savefig(picture, format="png", dpi=120)
    plain = [asdict(one) for one in results]
    return {
        FIGURE: picture.getvalue(),
        RESULTS: (json.dumps(_without_times(plain), indent=1) + "\n").encode(),
        TIMES: (json.dumps({one.trial.key: _times(asdict(one)) for one in results}, indent=1) + "\n").encode(),
        PAGE: _page(name, question, answer, results, picture.getvalue()).encode(),
    }


def write_files(files: Mapping[str, bytes], out: Path) -> Path:
    """Writes what ``page_files`` gives into ``out``; gives the page.

    Raises:
        ConfigError: the folder cannot be written to.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        for file, data in files.items():
            write_file(out / file, data, private=False)
    except OSError as error:
        raise ConfigError(f"{out} cannot be written to: {error.strerror}") from None
    return out / PAGE


def _without_times(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_without_times(one) for one in value]
    if isinstance(value, dict):
        return {key: _without_times(one) for key, one in value.items() if key not in TIMED}
    return value


def _times(values: Mapping[str, Any]) -> dict[str, Any]:
    """The timed figures of one result: its own, and those of its costs."""
    figures = values["figures"]
    found = {**values, **figures, **figures.get("costs", {})}
    return {key: found[key] for key in sorted(TIMED & found.keys())}


def _page(name: str, question: str, answer: Answer, results: Sequence[Result], picture: bytes) -> str:
    head = "".join(f"<th>{html.escape(column)}</th>" for column in answer.columns)
    rows = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in answer.rows)
    open_points = "".join(f"<li>{html.escape(one)}</li>" for one in answer.not_tried)
    image = base64.b64encode(picture).decode()
    hours = sum(one.cpu_s for one in results) / 3600.0
    seeds = "Values in brackets: least and greatest of several seeds; without, one seed was run."
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Study: {html.escape(name)}</title>'
        f"<style>{STYLE}</style><h1>{html.escape(question)}</h1>"
        f"<p><strong>{html.escape(answer.sentence)}</strong></p>"
        f'<img alt="{html.escape(name)}" src="data:image/png;base64,{image}"><p>{html.escape(answer.reading)}</p>'
        f"<table><tr>{head}</tr>{rows}</table><p>{seeds}</p><h2>Not tried</h2><ul>{open_points}</ul>"
        f"<p>{len(results)} trainings of {results[0].figures['steps']} steps, {hours:.2f} processor hours: "
        f"<code>wakeful study {html.escape(name)}</code>.</p></html>\n"
    )
