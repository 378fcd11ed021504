"""Writes the face network as ONNX: ``python -m wakeful.models.face.export --weights FILE --out face.onnx``."""

from __future__ import annotations

from pathlib import Path

from wakeful.models.face.evaluate import load_face_net
from wakeful.models.face.points import SIZE_PX
from wakeful.models.training.export import Chosen, export, parser

OUTPUTS = ("mesh", "presence")
"""mesh [1, 1434]: x, y, depth of 478 points in half crop sides about the middle; presence [1, 1]: a logit."""


def write(weights: Path, out: Path) -> Path:
    """Writes ``out`` (.onnx) from the weights of a training; gives its path."""
    return export(Chosen(load_face_net(weights), len(OUTPUTS)), out, SIZE_PX, SIZE_PX, OUTPUTS)


def main() -> None:
    """The command."""
    given = parser(__doc__).parse_args()
    write(given.weights, given.out)


if __name__ == "__main__":
    main()
