"""``wakeful explain``: what a network looks at, and what it is made of."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

app = typer.Typer(help="Show which parts of an image a network uses, and its layers.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    pass


@app.command("expression")
def expression(
    image: Annotated[Path, typer.Option("--image", metavar="FILE", help="An image with a face.")],
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Folder for the images and index.html.")],
    weights: Annotated[
        Path | None,
        typer.Option("--weights", metavar="FILE", help="A float network (.onnx or .pt); by default the shipped one."),
    ] = None,
    data: Annotated[
        Path | None, typer.Option("--data", metavar="FILE", help="Packed faces, to find dead channels.")
    ] = None,
) -> None:
    """Write a page with a heat map, the first filters, feature maps, dead channels and a table of layers."""
    from wakeful.device.extras import need
    from wakeful.models import registry

    need("train", "onnx", "matplotlib")
    from wakeful.models.expression.explain import explain
    from wakeful.models.expression.page import write_page

    network = weights or registry.path("expression_float")
    face = _face(image)
    explanation = explain(network, face, _more_faces(data))
    page = write_page(explanation, out)
    typer.echo(f"{page}: {explanation.answer} ({explanation.probabilities[explanation.answer]:.0%})")


def _face(image: Path) -> NDArray[np.uint8]:
    """The face in an image file, cropped as the monitor crops it."""
    from wakeful.device.perception.expression import crop
    from wakeful.device.perception.pipeline import Perception
    from wakeful.errors import SourceError
    from wakeful.sensors.frame import Frame
    from wakeful.sensors.opencv import cv2

    picture = cv2.imread(str(image), cv2.IMREAD_COLOR)
    if picture is None:
        raise SourceError(f"{image} is not an image that can be read")
    sighting = Perception().look(Frame(picture.astype("uint8", copy=False), 0, 0))
    if sighting.landmarks is None:
        raise SourceError(f"no face was found in {image}")
    return crop(picture.astype("uint8", copy=False), sighting.landmarks.points)


def _more_faces(data: Path | None) -> NDArray[np.uint8] | None:
    from wakeful.models.expression.data import load

    return load(data).images[:1000] if data else None
