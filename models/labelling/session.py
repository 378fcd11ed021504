"""A sitting of labelling: opens everything, serves the page until it is interrupted, and leaves the table behind."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from wakeful.device.view.access import Address
from wakeful.errors import ConfigError
from wakeful.frozen import dataclass
from wakeful.models.dataset.items import PictureSet
from wakeful.models.labelling.desk import Desk
from wakeful.models.labelling.guess import Guesser
from wakeful.models.labelling.journal import Journal
from wakeful.models.labelling.scheme import Scheme
from wakeful.models.labelling.server import LabelServer
from wakeful.models.labelling.verdicts import Agreement, agreement

JOURNAL = ".journal"
GUESSED_FIRST = 48
"""So many pictures are guessed before the page opens; the others while somebody labels."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a sitting leaves.

    Attributes:
        labelled: pictures with a label, of ``pictures``.
    """

    labelled: int
    pictures: int
    agreement: Agreement


@contextmanager
def desk_of(pictures: PictureSet, scheme: Scheme, out: Path, who: str = "") -> Iterator[Desk]:
    """The desk, with the labels of earlier sittings; the table is written at the end.

    Raises:
        ConfigError: the journal or the table cannot be used.
        ModelError: a network is missing.
    """
    if out.is_dir() or not out.parent.is_dir():
        raise ConfigError(f"--out {out}: name a file in a folder that exists")
    journal = Journal(out.with_name(out.name + JOURNAL), pictures, scheme)
    try:
        desk = Desk(pictures, scheme, journal, Guesser(pictures, scheme), out, who)
        try:
            # Labels of a sitting that was killed are in the journal, and now in the table too.
            desk.write()
            yield desk
            desk.write()
        except OSError as error:
            raise ConfigError(
                f"{out} cannot be written: {error.strerror or error}; the journal has all labels"
            ) from None
    finally:
        journal.close()


def serve(desk: Desk, address: Address, ready: Callable[[str], None]) -> None:
    """Serves the page until Ctrl-C or SIGTERM; ``ready`` is called with its address."""
    ended = threading.Event()
    rows = range(len(desk.pictures.items))
    for row in rows[:GUESSED_FIRST]:
        desk.guesser(row)
    server = LabelServer(address, desk)
    ahead = threading.Thread(target=_guess_all, args=(desk.guesser, rows, ended), name="guesses", daemon=True)
    before = signal.signal(signal.SIGTERM, lambda number, frame: _end(ended, number, frame))
    try:
        ahead.start()
        ready(server.url)
        ended.wait()
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, before)
        ended.set()
        server.close()
        ahead.join(2.0)


def summary(desk: Desk) -> Summary:
    """What has been labelled so far."""
    looks = desk.journal.looks()
    return Summary(len(looks), len(desk.pictures.items), agreement(looks))


def _end(ended: threading.Event, number: int, frame: FrameType | None) -> None:
    ended.set()


def _guess_all(guesser: Guesser, rows: range, ended: threading.Event) -> None:
    for row in rows:
        if ended.is_set():
            return
        guesser(row)
