"""Looks for enrolment from pictures in a folder, or from a camera or film, with a word on each."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from wakeful.device.assembly import perception_for
from wakeful.device.config.settings import Settings
from wakeful.device.doctor.placement import frames
from wakeful.device.identity.enrolment import PARTS, Enrolment, Look
from wakeful.device.opening import open_configured
from wakeful.device.supervision.notes import Notes
from wakeful.errors import ConfigError, SourceError
from wakeful.sensors.camera import LIVE, kind_of
from wakeful.sensors.frame import Frame
from wakeful.sensors.image_folder import decode_image, natural_order
from wakeful.sensors.source import Source
from wakeful.sensors.usable import UsableFrames

Say = Callable[[str], None]

LONGEST_S = 90.0
"""A camera or film is watched for so long at most."""
PART_S = 12.0
"""A look that is asked for and does not come is left out after this long."""
FILM_S = 10.0
"""A film that shows nothing new for so long is not watched any longer."""
REFUSAL_S = 2.0
"""The same reason for a refusal is repeated no more often."""


def from_pictures(folder: Path, settings: Settings, enrolment: Enrolment, say: Say) -> None:
    """Offers every picture of a folder, or one picture.

    Raises:
        SourceError: there are none.
    """
    try:
        files = natural_order(folder) if folder.is_dir() else [folder]
    except OSError as error:
        raise SourceError(f"{folder} cannot be read ({error.strerror})") from None
    if not files:
        raise SourceError(f"{folder} holds no images (.png, .jpg, ...)")
    perception = perception_for(settings)
    with closing(perception):
        for number, file in enumerate(files):
            image = decode_image(_bytes_of(file))
            if image is None:
                say(f"{file.name}: refused, cannot be decoded")
                continue
            frame, alone = Frame(image, number, number), perception.fork()
            look = enrolment.offer(frame, alone.look(frame, parts_at_once=3), alone.faces(frame))
            if look is not None:
                say(f"{file.name}: " + (f"refused, {look.refused}" if look.refused else "taken"))


def from_source(settings: Settings, enrolment: Enrolment, say: Say) -> None:
    """Guides somebody in front of a camera through the looks; a film shows what it shows.

    Raises:
        SourceError: it cannot be opened, or broke.
    """
    perception = perception_for(settings)
    with closing(perception), closing(opened(settings)) as source:
        guide = Guide(enrolment, say, live=source.info.live)
        for frame in frames(source, LONGEST_S):
            sighting = perception.look(frame)
            if not guide.goes_on(frame, enrolment.offer(frame, sighting, perception.faces(frame))):
                break


def opened(settings: Settings) -> Source:
    """The source of the settings; what is no camera is played as fast as the machine allows."""
    wanted = settings.source
    if wanted.source != "auto" and kind_of(wanted.source)[0] not in LIVE:
        settings = settings.model_copy(update={"source": wanted.model_copy(update={"pace": "fast"})})
    return UsableFrames(open_configured(settings), Notes())


class Guide:
    """Says what to do next, and leaves out what does not come.

    Args:
        live: somebody is in front of the camera, and can be asked.
    """

    def __init__(self, enrolment: Enrolment, say: Say, *, live: bool) -> None:
        self._enrolment = enrolment
        self._say = say
        self._live = live
        self._part = ""
        self._since_ns = 0
        self._taken_ns: int | None = None
        self._refused: tuple[str, int] = ("", 0)
        self._left_out: set[str] = set()

    def goes_on(self, frame: Frame, look: Look | None) -> bool:
        """Take in what became of a frame; False when there is nothing left to ask for."""
        refused = look.refused if look else ""
        if refused and (refused != self._refused[0] or frame.t_ns - self._refused[1] >= REFUSAL_S * 1e9):
            self._say(f"  not taken: {refused}")
            self._refused = (refused, frame.t_ns)
        wanted = [part for part in PARTS if self._enrolment.missing(part) and part not in self._left_out]
        if self._taken_ns is None or (isinstance(look, Look) and not look.refused):
            self._taken_ns = frame.t_ns
        if not self._live and frame.t_ns - self._taken_ns >= FILM_S * 1e9:
            return False
        if wanted and wanted[0] == self._part and frame.t_ns - self._since_ns >= PART_S * 1e9 and self._live:
            self._say("  left out")
            self._left_out.add(wanted.pop(0))
        if not wanted:
            return False
        if wanted[0] != self._part:
            self._part, self._since_ns = wanted[0], frame.t_ns
            if self._live:
                self._say(f"{PARTS[self._part]} ...")
        return True


def _bytes_of(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{file} cannot be read ({error.strerror})") from None
