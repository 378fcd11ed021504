"""``wakeful explain``: what a network looks at, and what it is made of."""

from __future__ import annotations

from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wakeful.frozen import dataclass

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from wakeful.device.perception.network import Loader, Network
    from wakeful.device.perception.one_image import Look

app = typer.Typer(help="Show which parts of an image a network uses, and its layers.", no_args_is_help=True)


Image = Annotated[
    Path | None, typer.Option("--image", metavar="FILE", help="An image with a face; by default the rendered driver.")
]
Out = Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Folder for the images and index.html.")]


@app.callback()
def _group() -> None:
    pass


@app.command("expression")
def expression(
    out: Out,
    image: Image = None,
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
    from wakeful.device.perception.expression import crop
    from wakeful.device.perception.network import load
    from wakeful.models.explain.page import write_page
    from wakeful.models.expression.explain import explain

    picture = _picture(image)
    look = _look(picture, image, load)
    assert look.landmarks is not None
    face = crop(picture, look.landmarks)
    explanation = explain(weights or registry.path("expression_float"), face, _more_faces(data))
    typer.echo(f"{write_page(explanation, out)}: {explanation.title}")


def _command(network: str) -> None:
    """Adds the command of a network that reads points."""

    @app.command(network)
    def read(
        out: Out,
        image: Image = None,
        weights: Annotated[
            Path | None,
            typer.Option("--weights", metavar="FILE", help="A float .onnx file; by default the shipped one."),
        ] = None,
    ) -> None:
        """Write a page with its points, the first filters, feature maps, dead channels and a table of layers."""
        from wakeful.device.extras import need
        from wakeful.models import registry

        need("train", "onnx", "matplotlib")
        from wakeful.models.explain.page import write_page
        from wakeful.models.explain.points import Seen, explain, open_points

        file = weights or registry.path(f"{network}_float")
        model, picture, networks = open_points(network, file), _picture(image), _Networks(network, file)
        look = _look(picture, image, networks)
        seen = Seen(picture, networks.given[network], _read_by(network, look))
        explanation = explain(network, file, model, seen)
        typer.echo(f"{write_page(explanation, out)}: {explanation.title}")


for _network in ("face", "lids", "mouth"):
    _command(_network)


@dataclass(frozen=True, slots=True)
class _Networks:
    """Gives the networks, one of them from ``file``, and keeps what each was last given."""

    network: str
    file: Path
    given: dict[str, NDArray[np.float32]] = field(default_factory=dict)

    def __call__(self, name: str, threads: int = 1) -> Network:
        from wakeful.device.perception.network import load, load_file

        loaded = load_file(self.file, threads) if name == self.network else load(name, threads)
        return _Kept(loaded, name, self.given)


class _Kept:
    """A network whose input is kept."""

    def __init__(self, network: Network, name: str, given: dict[str, NDArray[np.float32]]) -> None:
        self._network, self._name, self._given = network, name, given
        self.input_shape = network.input_shape

    def __call__(self, tensor: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        self._given[self._name] = tensor.copy()
        return self._network(tensor)


def _picture(image: Path | None) -> NDArray[np.uint8]:
    """The image, blue-green-red; without one, the rendered driver."""
    from wakeful.errors import SourceError
    from wakeful.sensors.driver_face import DriverPose, render
    from wakeful.sensors.opencv import cv2

    if image is None:
        return render(DriverPose())
    picture = cv2.imread(str(image), cv2.IMREAD_COLOR)
    if picture is None:
        raise SourceError(f"{image} is not an image that can be read")
    return picture.astype("uint8", copy=False)


def _look(picture: NDArray[np.uint8], image: Path | None, load: Loader) -> Look:
    """What the monitor reads of the face."""
    from wakeful.device.perception.one_image import look_at
    from wakeful.device.perception.pipeline import Perception
    from wakeful.errors import SourceError

    look = look_at(picture, Perception("wakeful", load=load))
    if not look.face:
        raise SourceError(f"no face was found in {image}")
    return look


def _read_by(network: str, look: Look) -> NDArray[np.float32]:
    """The points [N, 2] of the image that a network is read for."""
    import numpy as np

    from wakeful.models.mouth.layout import LIPS

    assert look.landmarks is not None and look.left_eye is not None and look.right_eye is not None
    eyes = [part for eye in (look.right_eye, look.left_eye) for part in (eye.contour, eye.iris)]
    if network == "lids":
        return np.concatenate(eyes)
    return look.landmarks[list(LIPS), :2] if network == "mouth" else np.concatenate([look.landmarks[:, :2], *eyes])


def _more_faces(data: Path | None) -> NDArray[np.uint8] | None:
    from wakeful.models.expression.data import load

    return load(data).images[:1000] if data else None
