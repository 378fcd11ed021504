"""``wakeful data``: inspects, cleans and labels data sets, and makes the files that training and evaluation read."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from wakeful.models.dataset.inspection import Inspection, Progress
    from wakeful.models.dataset.items import PictureSet

app = typer.Typer(help="Inspect, clean and label data sets; build training data files.", no_args_is_help=True)
build = typer.Typer(help="Build one training data file.", no_args_is_help=True)
app.add_typer(build, name="build")

SHOWN_FILES = 10

Source = Annotated[
    Path,
    typer.Argument(
        metavar="FOLDER|FILE",
        help="A folder of pictures, a zip of one, a table of pixels or file names (.csv), or packed arrays (.npz).",
        show_default=False,
    ),
]
LabelColumn = Annotated[str | None, typer.Option("--label", metavar="COLUMN", help="The column of labels.")]
SplitColumn = Annotated[str | None, typer.Option("--split", metavar="COLUMN", help="The column of train and test.")]


@app.command()
def inspect(
    source: Source,
    label: LabelColumn = None,
    split: SplitColumn = None,
    near: Annotated[bool, typer.Option("--near/--exact-only", help="Search near copies too.")] = True,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FOLDER", help="Write a page with thumbnails, inspect.json and look_at.csv."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what a data set is before anybody trains on it: copies, conflicting labels, balance, light, outliers."""
    from wakeful.models.dataset.report import as_json as figures
    from wakeful.models.dataset.report import write_report

    seen = _inspected(source, label, split, near)
    page = write_report(seen, out) if out else None
    if as_json:
        typer.echo(json.dumps(figures(seen), indent=1))
        return
    _print(seen)
    if page:
        typer.echo(f"page: {page}")


@app.command()
def curate(
    source: Source,
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="A new folder for the cleaned set.")],
    label: LabelColumn = None,
    split: SplitColumn = None,
    near: Annotated[bool, typer.Option("--near/--exact-only", help="Drop near copies across splits too.")] = True,
    near_inside: Annotated[bool, typer.Option("--near-inside", help="Drop near copies within a split too.")] = False,
    conflicts: Annotated[
        bool, typer.Option("--conflicts/--keep-conflicts", help="Drop copies with conflicting labels.")
    ] = True,
    held_out: Annotated[
        bool, typer.Option("--held-out", help="Clean valid and test inside too; their figures then are others.")
    ] = False,
    drop: Annotated[
        Path | None, typer.Option("--drop", metavar="FILE", help="Rows of look_at.csv that you chose to drop.")
    ] = None,
) -> None:
    """Write the data set without copies and contradictions, with a record of every decision."""
    from wakeful.models.dataset.curate import DECISIONS, Rules, read_dropped, write_curated

    seen = _inspected(source, label, split, near)
    dropped = read_dropped(drop, seen) if drop else ()
    record = write_curated(seen, Rules(near, near_inside, conflicts, held_out, dropped), out)
    typer.echo(f"{out}: {record['kept']} of {record['pictures']} pictures; every decision is in {DECISIONS}")
    for why, count in record["dropped"].items():
        typer.echo(f"  dropped {count}: {why}")


@app.command()
def label(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER|FILE|LOG",
            help="Pictures as for `data inspect`, or a log with images, or its folder.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="The table of labels; beside it lies a journal of every key.")
    ] = Path("labels.csv"),
    keys: Annotated[
        str | None, typer.Option(metavar="KEY=NAME,...", help="The labels and their keys; default: states of lids.")
    ] = None,
    every: Annotated[float, typer.Option(min=0.0, metavar="S", help="Of a log, one frame in so many seconds.")] = 1.0,
    who: Annotated[str, typer.Option(metavar="NAME", help="Who labels; noted with each label.")] = "",
    view: Annotated[
        str, typer.Option("--view", metavar="HOST:PORT", help="Where the page is served; this machine only.")
    ] = "127.0.0.1:8322",
    table_only: Annotated[bool, typer.Option("--table-only", help="Write the table of the journal and end.")] = False,
) -> None:
    """Label pictures by hand in a page on this machine, one key a picture, the least certain first."""
    from wakeful.device.view.access import parse_address
    from wakeful.models.labelling.scheme import LIDS, parse_scheme
    from wakeful.models.labelling.session import desk_of, serve, summary

    address, scheme = parse_address(view, None), parse_scheme(keys or LIDS)
    with desk_of(_to_label(source, every), scheme, out, who) as desk:
        if not table_only:
            serve(desk, address, lambda url: typer.echo(f"{url}  {len(desk.pictures.items)} pictures; Ctrl-C ends"))
        found = summary(desk)
    typer.echo(f"{out}: {found.labelled} of {found.pictures} pictures labelled")
    if (agreed := found.agreement).twice:
        kappa = "" if agreed.kappa is None else f", kappa {agreed.kappa:.2f}"
        typer.echo(f"  looked at twice: {agreed.twice}, {agreed.same} alike ({agreed.same / agreed.twice:.0%}{kappa})")
        for one, other, count in agreed.apart[:SHOWN_FILES]:
            typer.echo(f"  {scheme.names[one]} against {scheme.names[other]}: {count}")


def _to_label(source: Path, every_s: float) -> PictureSet:
    from wakeful.models.dataset.opening import open_set

    if source.suffix == ".mcap" or (source.is_dir() and any(source.glob("*.mcap"))):
        from wakeful.device.extras import need

        need("record", "mcap", "zstandard")
        from wakeful.models.labelling.log_frames import LogFrames

        return LogFrames(source, every_s)
    return open_set(source)


def _inspected(source: Path, label: str | None, split: str | None, near: bool) -> Inspection:
    """The inspection, with progress on the standard error where somebody looks."""
    from wakeful.models.dataset.inspection import inspect as inspect_set
    from wakeful.models.dataset.items import Wish
    from wakeful.models.dataset.opening import open_set

    with _progress() as progress:
        return inspect_set(open_set(source, Wish(label, split)), progress, near=near)


@contextmanager
def _progress() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import Progress as Bars

    from wakeful.models.dataset.inspection import Progress

    with Bars(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bars:
        reading, comparing = bars.add_task("reading", total=1.0), bars.add_task("comparing", total=1.0)
        yield Progress(
            lambda share: bars.update(reading, completed=share), lambda share: bars.update(comparing, completed=share)
        )


def _print(seen: Inspection) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from wakeful.device.sanitise import printable
    from wakeful.models.dataset.findings import VERDICTS, Level, findings, look_at, verdict

    console = Console()
    pictures = seen.pictures
    console.print(Text(printable(f"{pictures.source.name}: {len(seen.measured)} pictures, {pictures.kind}")))
    for note in pictures.notes:
        console.print(Text(printable(f"  {note}"), style="dim"))
    for column, texts in seen.labels.items():
        table = Table(box=None)
        for name in (column, *(name or "no split" for name in seen.splits)):
            table.add_column(Text(printable(name)))
        names, counts = _most_frequent(texts)
        for name in names:
            inside = [int(((texts == name) & (seen.split == i)).sum()) for i in range(len(seen.splits))]
            table.add_row(Text(printable(name or "unknown")), *map(str, inside))
        console.print(table)
        if counts > len(names):
            console.print(f"  and {counts - len(names)} more", style="dim")
    styles = {Level.BAD: "red", Level.LOOK: "yellow", Level.FINE: "green"}
    found = findings(seen)
    for one in found:
        console.print(Text(f"{one.level.name.lower():5}{printable(one.text)}", style=styles[one.level]), soft_wrap=True)
    for look in (listed := look_at(seen))[:SHOWN_FILES]:
        console.print(Text(printable(f"  {pictures.items[look.index].name}: {look.why}"), style="dim"), soft_wrap=True)
    if len(listed) > SHOWN_FILES:
        console.print(f"  and {len(listed) - SHOWN_FILES} more to look at: --out FOLDER lists them all", style="dim")
    level = verdict(found)
    console.print(Text(f"verdict: {VERDICTS[level]}", style=f"bold {styles[level]}"))


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


def _most_frequent(texts: NDArray[np.str_], most: int = 20) -> tuple[list[str], int]:
    """The most frequent labels, and how many there are."""
    from collections import Counter

    counts = Counter(texts.tolist())
    return [name for name, _ in counts.most_common(most)], len(counts)
