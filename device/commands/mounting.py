"""Options of every command that takes a source: its login, and how images are corrected; see ``[source]``."""

from __future__ import annotations

from typing import Annotated

import typer

Rotate = Annotated[
    int | None,
    typer.Option(
        "--rotate", metavar="0|90|180|270", help="Turn images clockwise by so many degrees, for an upright head."
    ),
]
Mirror = Annotated[
    bool | None, typer.Option("--mirror/--no-mirror", help="Exchange left and right of images, after rotating them.")
]
Crop = Annotated[
    str | None,
    typer.Option(
        "--crop",
        metavar="LEFT,TOP,RIGHT,BOTTOM",
        help="Use only this part of the rotated and mirrored images; shares, as in 0.5,0,1,1 for the right half.",
    ),
]
Aspect = Annotated[
    str | None,
    typer.Option(
        "--aspect", metavar="W:H", help="Stretch the source's images to this shape, as 4:3 for one analogue field."
    ),
]
SourceLogin = Annotated[
    str | None,
    typer.Option(
        "--source-login",
        metavar="USER:PASSWORD",
        envvar="WAKEFUL_SOURCE_LOGIN",
        help="Login of a network camera; in the environment other users of the machine do not see it.",
    ),
]


def overrides(rotate: int | None, mirror: bool | None, crop: str | None, aspect: str | None) -> dict[str, object]:
    """The settings that these options are."""
    return {"source.rotate": rotate, "source.mirror": mirror, "source.crop": crop, "source.aspect": aspect}
