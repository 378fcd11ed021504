"""A study's answer as one page that is read in two minutes: question, answer, one figure, its table, what is open."""

from __future__ import annotations

import base64
import html
import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from wakeful.errors import ConfigError
from wakeful.files import write_file
from wakeful.models.explain.page import STYLE
from wakeful.models.studies.study import Answer, Result

PAGE, FIGURE, RESULTS = "index.html", "figure.png", "results.json"


def write_page(name: str, question: str, answer: Answer, results: Sequence[Result], missing: int, out: Path) -> Path:
    """Writes the page, its figure and all results into ``out``; gives the page.

    Args:
        missing: trials that are not done.

    Raises:
        ConfigError: the folder cannot be written to.
    """
    picture = io.BytesIO()
    answer.figure.savefig(picture, format="png", dpi=120)
    content = _page(name, question, answer, results, missing, picture.getvalue())
    files = {
        FIGURE: picture.getvalue(),
        RESULTS: (json.dumps([asdict(one) for one in results], indent=1) + "\n").encode(),
        PAGE: content.encode(),
    }
    try:
        out.mkdir(parents=True, exist_ok=True)
        for file, data in files.items():
            write_file(out / file, data, private=False)
    except OSError as error:
        raise ConfigError(f"{out} cannot be written to: {error.strerror}") from None
    return out / PAGE


def _page(name: str, question: str, answer: Answer, results: Sequence[Result], missing: int, picture: bytes) -> str:
    head = "".join(f"<th>{html.escape(column)}</th>" for column in answer.columns)
    rows = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in answer.rows)
    open_points = "".join(f"<li>{html.escape(one)}</li>" for one in answer.not_tried)
    image = base64.b64encode(picture).decode()
    hours = sum(one.cpu_s for one in results) / 3600.0
    lacking = f" {missing} trials are not done yet: run the command again." if missing else ""
    seeds = "Values in brackets: least and greatest of several seeds; without, one seed was run."
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Study: {html.escape(name)}</title>'
        f"<style>{STYLE}</style><h1>{html.escape(question)}</h1>"
        f"<p><strong>{html.escape(answer.sentence)}</strong></p>"
        f'<img alt="{html.escape(name)}" src="data:image/png;base64,{image}"><p>{html.escape(answer.reading)}</p>'
        f"<table><tr>{head}</tr>{rows}</table><p>{seeds}</p><h2>Not tried</h2><ul>{open_points}</ul>"
        f"<p>{len(results)} trainings of {results[0].figures['steps']} steps, {hours:.2f} processor hours: "
        f"<code>wakeful study {html.escape(name)}</code>.{lacking}</p></html>\n"
    )
