"""Writes the mouth network as ONNX: ``python -m wakeful.models.mouth.export --weights FILE --out mouth.onnx``."""

from __future__ import annotations

from pathlib import Path

from wakeful.models.mouth.layout import COLUMNS, ROWS
from wakeful.models.mouth.net import NAME, MouthNet
from wakeful.models.training.export import export, parser
from wakeful.models.training.run import loaded


def write(weights: Path, out: Path) -> Path:
    """Writes ``out`` (.onnx) from the weights of a training; gives its path."""
    return export(loaded(MouthNet(), weights, NAME), out, ROWS, COLUMNS, ("mouth",))


def main() -> None:
    """The command."""
    given = parser(__doc__).parse_args()
    write(given.weights, given.out)


if __name__ == "__main__":
    main()
