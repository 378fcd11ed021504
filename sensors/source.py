"""The contract of everything that gives pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from wakeful.errors import SourceError, WakefulError
from wakeful.frozen import dataclass
from wakeful.sensors.frame import Frame


class StaleFrame(WakefulError, TimeoutError):
    """The newest frame is older than asked for; the source may recover by itself."""


class EndOfSource(WakefulError, EOFError):
    """A file, folder or scenario has come to its end."""


class EndedEarly(EndOfSource):
    """A file has ended before its own length said so; all frames before that were given."""


class SourceNotFound(SourceError, FileNotFoundError):
    """No such camera, file or folder."""


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What a source really delivers, read back after it was opened.

    Attributes:
        name: what the user would call it (``/dev/video0``, ``drive.mp4``, ``synthetic:demo``).
        live: frames come with the clock; False: they come as quickly as they are asked for.
        fps: nominal frames a second, None where unknown.
        requested: what was asked for and not granted, in words (``1280x720 -> 640x480``); empty if all was.
    """

    name: str
    live: bool
    width: int
    height: int
    fps: float | None
    pixel_format: str = ""
    requested: str = ""


class Source(Protocol):
    """One source of pictures. Closing twice is harmless."""

    @property
    def info(self) -> SourceInfo: ...

    @property
    def dropped(self) -> int:
        """Frames that were captured and never read, so far."""
        ...

    @property
    def lost(self) -> str | None:
        """Why a live source counts as lost at present (``unplugged``, ``frozen``, ``black``, ...), else None."""
        ...

    def read_latest(self, max_age_s: float) -> Frame:
        """The newest frame that was not read before, waiting up to ``max_age_s`` for it.

        Sources that are not live give their next frame instead, and never a stale one.

        Raises:
            StaleFrame: no new frame came within ``max_age_s``.
            EndOfSource: the file, folder or scenario is over; ``EndedEarly`` if a part of it is missing.
            SourceError: the source is broken for good.
        """
        ...

    def close(self) -> None: ...


class Wrapped:
    """A source before another one: derive, and change what should be different."""

    def __init__(self, source: Source) -> None:
        self._source = source

    @property
    def info(self) -> SourceInfo:
        return self._source.info

    @property
    def dropped(self) -> int:
        return self._source.dropped

    @property
    def lost(self) -> str | None:
        return self._source.lost

    def read_latest(self, max_age_s: float) -> Frame:
        return self._source.read_latest(max_age_s)

    def close(self) -> None:
        self._source.close()

    def expose(self, factor: float | None) -> bool:
        """See the function ``expose``."""
        return expose(self._source, factor)

    def take_black(self) -> list[tuple[int, int]]:
        """See ``wakeful.sensors.live.LiveCamera``; other sources keep no black image back."""
        found: list[tuple[int, int]] = getattr(self._source, "take_black", list)()
        return found

    def threads(self) -> list[tuple[str, Callable[[], bool], Callable[[], None]]]:
        """The source's threads that must never end, where it has any; see ``wakeful.sensors.live.LiveCamera``."""
        found: list[tuple[str, Callable[[], bool], Callable[[], None]]] = getattr(self._source, "threads", list)()
        return found


def expose(source: Source, factor: float | None) -> bool:
    """Ask a source for this many times the exposure that it has now; None: for what the settings say.

    Returns at once, with False where the source cannot do it. A camera does so within some frames, from its capture
    thread, and gives back its own exposure when it is opened again or closed.
    """
    return bool(getattr(source, "expose", lambda _: False)(factor))
