"""An explanation as pictures and one HTML page that holds them all."""

from __future__ import annotations

import base64
import html
import io
from dataclasses import astuple, fields
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from wakeful.errors import ConfigError
from wakeful.files import write_file
from wakeful.models.explain.network import Anatomy, Explanation, Layer

MAPS_SHOWN = 48
STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:1100px;margin:2em auto;padding:0 1em;color:#222}"
    "img{max-width:100%}table{border-collapse:collapse}"
    "td,th{padding:.2em .8em;border-bottom:1px solid #ddd;text-align:right}"
    "td:first-child,th:first-child{text-align:left}"
)


def write_page(explanation: Explanation, out: Path) -> Path:
    """Writes ``index.html`` and its pictures into ``out``, all drawn before the first is written; gives the page.

    Raises:
        ConfigError: the folder cannot be written to.
    """
    pictures = {name: _png(figure) for name, figure in draw(explanation).items()}
    files = {f"{name}.png": content for name, content in pictures.items()}
    files["index.html"] = _page(explanation, pictures).encode()
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            write_file(out / name, content, private=False)
    except OSError as error:
        raise ConfigError(f"{out} cannot be written to: {error.strerror}") from None
    return out / "index.html"


def draw(explanation: Explanation) -> dict[str, Figure]:
    """The pictures by name: what is particular, first filters, and the feature maps of each stage."""
    anatomy = explanation.anatomy
    pictures = {explanation.picture: explanation.draw(), "filters": _tiles(anatomy.filters, len(anatomy.filters))}
    for name, maps in anatomy.stages.items():
        pictures[name.replace(" ", "_")] = _tiles(maps, MAPS_SHOWN)
    return pictures


def _tiles(maps: NDArray[np.float32], shown: int) -> Figure:
    """Small pictures [C, H, W] in rows of twelve, each with its own grey scale."""
    count = min(len(maps), shown)
    rows = -(-count // 12)
    figure = Figure(figsize=(10, 0.85 * rows), layout="constrained")
    for axes, one in zip(figure.subplots(rows, 12, squeeze=False).ravel(), [*maps[:count], *[None] * 12], strict=False):
        axes.set_axis_off()
        if one is not None:
            axes.imshow(one, cmap="gray")
    return figure


def _png(figure: Figure) -> bytes:
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=110)
    return drawn.getvalue()


def _page(explanation: Explanation, pictures: dict[str, bytes]) -> str:
    images = {
        name: f'<img alt="{name}" src="data:image/png;base64,{base64.b64encode(content).decode()}">'
        for name, content in pictures.items()
    }
    anatomy, title = explanation.anatomy, html.escape(explanation.title)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><style>{STYLE}</style>'
        f"<h1>{title}</h1><p>{html.escape(anatomy.weights)}</p>"
        f"<h2>{explanation.heading}</h2><p>{explanation.note}</p>{images[explanation.picture]}"
        f"{_inside(anatomy, images)}</html>"
    )


def _inside(anatomy: Anatomy, images: dict[str, str]) -> str:
    """Filters, feature maps, silent channels and layers."""
    stages = "".join(
        f"<h3>{name}: {maps.shape[0]} maps of {maps.shape[2]}x{maps.shape[1]}</h3>{images[name.replace(' ', '_')]}"
        for name, maps in anatomy.stages.items()
    )
    silent = _table(("after", "silent channels"), [(name, f"{share:.1%}") for name, share in anatomy.silent.items()])
    layers = _table([field.name for field in fields(Layer)], [astuple(one) for one in anatomy.layers])
    total = (
        f"{sum(one.parameters for one in anatomy.layers):,} parameters, "
        f"{sum(one.macs for one in anatomy.layers) / 1e6:.1f} million multiply-accumulates for one crop"
    )
    return (
        f"<h2>First filters</h2>{images['filters']}"
        f"<h2>Feature maps</h2><p>The first {MAPS_SHOWN} of each stage.</p>{stages}"
        f"<h2>Silent channels</h2><p>Zero everywhere in all of {anatomy.crops} crops.</p>{silent}"
        f"<h2>Layers</h2><p>{total}</p>{layers}"
    )


def _table(heads: list[str] | tuple[str, ...], rows: list[tuple[object, ...]] | list[tuple[str, str]]) -> str:
    head = "".join(f"<th>{html.escape(name)}</th>" for name in heads)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"
