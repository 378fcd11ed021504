"""The inspection of a data set as one page with thumbnails, which needs nothing else and runs no script."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape
from importlib import resources
from string import Template

import numpy as np

from wakeful.models.dataset.findings import VERDICTS, LookAt, findings, look_at, verdict
from wakeful.models.dataset.inspection import Inspection
from wakeful.models.dataset.items import Picture
from wakeful.sensors.opencv import cv2

THUMBNAIL_PX = 96
SHOWN = 48
"""Thumbnails of each kind."""
LISTED = 40
"""Rows of tables, and files that were not used."""
CAPTION = 60


def page(seen: Inspection, title: str) -> str:
    """The HTML page."""
    style = "".join(
        resources.files(package).joinpath("page", name).read_text(encoding="utf-8")
        for package, name in (
            ("wakeful.device.view", "live.css"),
            ("wakeful.device.view", "report.css"),
            ("wakeful.models.dataset", "inspect.css"),
        )
    )
    content = [_verdict(seen), _counts(seen), _figures(seen), *_sheets(seen), _unused(seen)]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    template = resources.files("wakeful.models.dataset").joinpath("page", "inspect.html").read_text(encoding="utf-8")
    return Template(template).substitute(
        style=style, style_hash=f"sha256-{digest}", title=escape(title), content="\n".join(filter(None, content))
    )


def _verdict(seen: Inspection) -> str:
    found = findings(seen)
    lines = "".join(f'<li class="{one.level.name.lower()}">{escape(one.text)}</li>' for one in found)
    about = ", ".join([seen.pictures.kind, *seen.pictures.notes])
    return (
        f'<section class="card verdict"><strong>{VERDICTS[verdict(found)].capitalize()}</strong> '
        f'<span class="dim">{len(seen.measured)} pictures, {escape(about)}</span><ul>{lines}</ul></section>'
    )


def _counts(seen: Inspection) -> str:
    """A table for each column: classes over splits."""
    heads = ["", *(name or "no split" for name in seen.splits), "all"]
    tables = []
    for column, texts in {"pictures": np.full(len(seen.measured), "all"), **seen.labels}.items():
        counts = Counter(texts.tolist())
        rows = [
            [name or "unknown", *(int(((texts == name) & (seen.split == i)).sum()) for i in range(len(seen.splits))), n]
            for name, n in counts.most_common(LISTED)
        ]
        more = f'<p class="dim">and {len(counts) - LISTED} more</p>' if len(counts) > LISTED else ""
        tables.append(_table([column, *heads[1:]], rows) + more)
    return f'<section class="card"><h2>Counts</h2>{"<br>".join(tables)}</section>'


def _figures(seen: Inspection) -> str:
    rows = []
    for name, values in seen.measured.figures.items():
        known = values[np.isfinite(values)]
        if len(known):
            rows.append([name, *(f"{value:.3g}" for value in np.percentile(known, (0, 5, 50, 95, 100)))])
    table = _table(["", "least", "5 %", "middle", "95 %", "most"], rows)
    return f'<section class="card"><h2>Sizes, light, sharpness</h2>{table}</section>'


def _sheets(seen: Inspection) -> Iterable[str]:
    listed = look_at(seen)
    kinds = {
        # One pair of each group, as the list has all of them.
        "Copies with conflicting labels": [
            next(look for look in listed if look.index == one.members[0] and f"({one.column})" in look.why)
            for one in seen.conflicts
        ],
        "Copies in several splits": [one for one in listed if "in another split" in one.why],
        "No face": [one for one in listed if one.why == "no face is seen"],
        "Unlike the rest": [LookAt(one.index, one.why) for one in seen.outliers],
    }
    for title, chosen in kinds.items():
        if chosen:
            shown = "".join(_figure(seen, one) for one in chosen[:SHOWN])
            yield (
                f'<section class="card"><h2>{title}: {min(SHOWN, len(chosen))} of {len(chosen)}</h2>'
                f'<div class="sheet">{shown}</div></section>'
            )


def _figure(seen: Inspection, one: LookAt) -> str:
    pair = [one.index] if one.beside is None else [one.beside, one.index]
    images = "".join(f'<img alt="" src="{_thumbnail(seen.pictures.picture(i))}"> ' for i in pair)
    names = " / ".join(_caption(seen, i) for i in pair)
    kind = ' class="pair"' if len(pair) > 1 else ""
    return f"<figure{kind}>{images}<figcaption>{escape(names)}<br>{escape(one.why)}</figcaption></figure>"


def _caption(seen: Inspection, index: int) -> str:
    item = seen.pictures.items[index]
    name = item.name if len(item.name) <= CAPTION else f"...{item.name[-CAPTION:]}"
    return " ".join(filter(None, [name, item.split, *item.labels[:1]]))


def _thumbnail(picture: Picture | None) -> str:
    """As the address of an image that is in the page itself; a picture that cannot be decoded is empty."""
    if picture is None:
        return "data:,"
    height, width = picture.shape[:2]
    scale = THUMBNAIL_PX / max(height, width)
    to = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(picture, to, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    data = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes()
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"


def _unused(seen: Inspection) -> str:
    unused = seen.pictures.unused
    if not unused:
        return ""
    rows = [[one.name, one.why] for one in unused[:LISTED]]
    more = f'<p class="dim">and {len(unused) - LISTED} more</p>' if len(unused) > LISTED else ""
    return f'<section class="card"><h2>Not used</h2>{_table(["", "why"], rows)}{more}</section>'


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    head = "".join(f"<th>{escape(one)}</th>" for one in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<table class="counts"><thead><tr>{head}</tr></thead>{body}</table>'
