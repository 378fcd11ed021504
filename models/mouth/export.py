"""Writes the mouth network as ONNX: ``python -m wakeful.models.mouth.export --weights FILE --out mouth.onnx``."""

from __future__ import annotations

from wakeful.models.mouth.net import COLUMNS, NAME, ROWS, MouthNet
from wakeful.models.training.export import export, parser
from wakeful.models.training.run import load_weights


def main() -> None:
    """The command."""
    given = parser(__doc__).parse_args()
    net = MouthNet()
    net.load_state_dict(load_weights(given.weights, NAME))
    export(net, given.out, ROWS, COLUMNS, ("mouth",))


if __name__ == "__main__":
    main()
