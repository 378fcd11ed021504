"""``wakeful data``: makes the packed data files that training and evaluation read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Build training data files from their official sources.", no_args_is_help=True)
build = typer.Typer(help="Build one training data file.", no_args_is_help=True)
app.add_typer(build, name="build")


@build.command("ferplus")
def ferplus(
    faces: Annotated[
        Path, typer.Option("--faces", metavar="FILE|FOLDER", help="Kaggle's fer2013.csv, or a folder of images.")
    ],
    votes: Annotated[Path, typer.Option("--votes", metavar="FILE", help="Microsoft's fer2013new.csv.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to write.")] = Path("ferplus.npz"),
) -> None:
    """FER2013 faces with the FER+ votes, as one .npz file."""
    from wakeful.models.expression.build import build as build_file
    from wakeful.models.expression.data import SPLITS

    packed = build_file(faces, votes, out)
    counts = ", ".join(f"{split} {(packed.split == split).sum()}" for split in SPLITS)
    typer.echo(f"{out}: {len(packed)} faces ({counts})")


@build.command("eyes")
def eyes(
    faces: Annotated[
        Path, typer.Option("--faces", metavar="FILE", help="keypoints68.npz, with its .zip of images beside it.")
    ],
    closed: Annotated[Path, typer.Option("--closed", metavar="FILE", help="cew_eyes.npz: photographs of closed eyes.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to write.")] = Path("eyes.npz"),
    scenes: Annotated[int, typer.Option(min=1, help="How many scenes are made of each face.")] = 11,
    seed: Annotated[int, typer.Option(help="The same seed gives the same patches.")] = 1,
) -> None:
    """Images of open, closed and covered eyes, cropped as the landmark readers crop them; takes minutes on one core."""
    from wakeful.device.evaluation.eye_patches import build_eyes
    from wakeful.models.eyes.data import SPLITS, save

    packed = build_eyes(faces, closed, scenes, seed)
    save(out, packed)
    counts = ", ".join(f"{split} {(packed.split == split).sum()}" for split in SPLITS)
    typer.echo(f"{out}: {len(packed)} eyes ({counts})")
