"""What an inspection leaves on disk: the page, the figures as JSON, and the list of files to look at."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from wakeful.errors import ConfigError
from wakeful.files import write_file
from wakeful.models.dataset.copies import Copies
from wakeful.models.dataset.findings import VERDICTS, findings, look_at, verdict
from wakeful.models.dataset.inspection import Inspection
from wakeful.version import __version__

PAGE, FIGURES, LIST = "index.html", "inspect.json", "look_at.csv"


def write_report(seen: Inspection, out: Path) -> Path:
    """Writes all three into the folder ``out``, for their owner alone since they show and name people; gives the page.

    Raises:
        ConfigError: the folder cannot be written to.
    """
    from wakeful.models.dataset.page import page

    files = {
        PAGE: page(seen, seen.pictures.source.name),
        FIGURES: json.dumps(as_json(seen), indent=1) + "\n",
        LIST: listed(seen),
    }
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            write_file(out / name, content, private=True)
    except OSError as error:
        raise ConfigError(f"{out} cannot be written to: {error.strerror}; name another folder") from None
    return out / PAGE


def as_json(seen: Inspection) -> dict[str, Any]:
    """The inspection as figures."""
    found = findings(seen)
    return {
        "wakeful": __version__,
        "source": seen.pictures.source.name,
        "kind": seen.pictures.kind,
        "notes": list(seen.pictures.notes),
        "pictures": len(seen.measured),
        "unreadable": len(seen.unreadable),
        "verdict": verdict(found).name.lower(),
        "says": VERDICTS[verdict(found)],
        "findings": [
            {"level": one.level.name.lower(), "code": one.code, "count": one.count, "text": one.text} for one in found
        ],
        "splits": {name: int((seen.split == i).sum()) for i, name in enumerate(seen.splits)},
        "labels": {
            column: {
                name: dict(Counter(texts[seen.split == i].tolist()).most_common()) for i, name in enumerate(seen.splits)
            }
            for column, texts in seen.labels.items()
        },
        "copies": {kind: _copies(seen, one) for kind, one in (("exact", seen.exact), ("near", seen.near)) if one},
        "conflicts": {
            column: {
                kind: sum(one.column == column and one.exact == exact for one in seen.conflicts)
                for kind, exact in (("exact", True), ("near", False))
            }
            for column in seen.labels
        },
        "figures": {
            name: [round(float(value), 4) for value in np.nanpercentile(values, (0, 5, 50, 95, 100))]
            for name, values in seen.measured.figures.items()
            if np.isfinite(values).any()
        },
        "cues": [
            {"label": one.label, "figure": one.figure, "auc": round(one.auc, 3), "higher": one.higher}
            for one in seen.cues
        ],
        "people": len(seen.people_in()),
        "outliers": len(seen.outliers),
        "no_face": len(seen.faceless),
        "unused": dict(Counter(one.why for one in seen.pictures.unused).most_common()),
    }


def listed(seen: Inspection) -> str:
    """The files to look at as a table."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("row", "name", "split", *seen.pictures.columns, "why", "beside"))
    items = seen.pictures.items
    for one in look_at(seen):
        item = items[one.index]
        beside = "" if one.beside is None else items[one.beside].name
        rows.writerow((one.index, item.name, item.split, *item.labels, one.why, beside))
    return text.getvalue()


def _copies(seen: Inspection, copies: Copies) -> dict[str, Any]:
    groups = copies.groups()
    across = {
        f"{name or 'no split'} in {other or 'no split'}": len(seen.copied_into(copies, i, k))
        for i, name in enumerate(seen.splits)
        for k, other in enumerate(seen.splits)
        if i != k
    }
    return {"groups": len(groups), "pictures": sum(map(len, groups)), "across": across}
