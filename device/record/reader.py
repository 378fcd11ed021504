"""Reads logs: one file, or the files of one recording in their order, as typed messages.

    for recording in recordings([Path("drives/")]):
        for entry in recording.entries(schema.ALERT, schema.MARKER):
            print(recording.config.seconds(entry.value.t_ns), entry.value)
        print(recording.damage)

Damage is reported and skipped; everything readable before and after a damaged chunk is returned.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, NamedTuple

from wakeful.device.messages import Observation
from wakeful.device.record import schema
from wakeful.device.record.checks import InvalidMessage
from wakeful.device.record.container import Condition, Message, messages
from wakeful.device.record.decode import DECODERS, decode
from wakeful.device.record.encode import Recorded
from wakeful.device.record.errors import LogError
from wakeful.device.record.log_config import UnsupportedVersion, read_config
from wakeful.device.record.schema import LogConfig
from wakeful.frozen import dataclass
from wakeful.version import __version__

SUFFIX = ".mcap"
REPAIRED = ".repaired.mcap"
# The head is the first message of a file. Anything else is not a log of wakeful, or incomplete.
HEAD_WITHIN = 100
UNCOUNTED = frozenset((schema.CONFIG, *schema.NOT_COUNTED))


class Entry(NamedTuple):
    """One message of a log.

    Attributes:
        log_ns: wall clock, Unix ns.
        ready_ns: when the monitor had it ready, in the same clock, so a state's latency after ``log_ns``;
            equal to ``log_ns`` if unknown.
        sequence: running number over all channels of the recording, as handed over by the monitor.
    """

    topic: str
    log_ns: int
    sequence: int
    value: Recorded
    ready_ns: int


class LogFile:
    """One file of a recording.

    Attributes:
        config: its head.
        condition: filled in by reading to the end.
        unfit: messages with invalid content.
        first_sequence, last_sequence: of the monitor's messages, as far as they were read.
        missing: messages between these that are not in the file.

    Raises:
        LogError: it cannot be opened, is not a log of wakeful, or was written by a later version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.condition = Condition()
        self.unfit = 0
        self.first_sequence = self.last_sequence = 0
        self.missing = 0
        with open_log(path) as file:
            self.config = head(file, str(path))

    def raw(self, *, search: bool = False) -> Iterator[Message]:
        """All messages in the order of the file; ``search`` as in ``wakeful.device.record.container.messages``."""
        self.condition = Condition()
        with open_log(self.path) as file:
            yield from messages(file, str(self.path), self.condition, search=search)

    def entries(self, *topics: str) -> Iterator[Entry]:
        """Typed messages of these channels, all but ``/config`` by default, in the order of writing."""
        wanted = frozenset(topics) if topics else frozenset(DECODERS)
        self.unfit = self.missing = self.first_sequence = self.last_sequence = 0
        for topic, log_ns, sequence, data, ready_ns in self.raw():
            if topic not in UNCOUNTED:
                self._count(sequence)
            if topic not in wanted:
                continue
            try:
                yield Entry(topic, log_ns, sequence, self._decoded(topic, data), ready_ns)
            except InvalidMessage:
                self.unfit += 1

    def _decoded(self, topic: str, data: bytes) -> Recorded:
        value = decode(topic, data)
        if isinstance(value, Observation) and value.expression is not None:
            classes = len(self.config.engine_config.expression_classes)
            if len(value.expression) != classes:
                raise InvalidMessage(f"{len(value.expression)} probabilities of {classes} expressions")
        return value

    def _count(self, sequence: int) -> None:
        if self.last_sequence:
            self.missing += max(0, sequence - self.last_sequence - 1)
        else:
            self.first_sequence = sequence
        self.last_sequence = sequence

    @property
    def damage(self) -> list[str]:
        """What is wrong with the file, one line per problem; known once it was read to its end."""
        unfit = [f"{self.unfit} messages are invalid"] if self.unfit else []
        return [f"{self.path.name}: {one}" for one in [*self.condition.damage, *unfit]]


@dataclass(slots=True)
class Recording:
    """The files of one recording, in their order.

    Attributes:
        config: the head of its first file.
        complete: no file is missing at the start or in between.
    """

    files: list[LogFile] = field(default_factory=list)

    @property
    def config(self) -> LogConfig:
        return self.files[0].config

    @property
    def name(self) -> str:
        """The recording's name, or the file's name if it has only one."""
        return self.files[0].path.name if len(self.files) == 1 else self.config.session

    @property
    def complete(self) -> bool:
        return not self.config.cut and [file.config.part for file in self.files] == list(range(1, len(self.files) + 1))

    @property
    def damage(self) -> list[str]:
        """What is wrong with the files, one line per problem; known once they were read to their end."""
        return [line for file in self.files for line in file.damage]

    @property
    def missing(self) -> int:
        """Messages of the monitor that are not in the files; known once they were read to their end."""
        read = [file for file in self.files if file.last_sequence]
        between = sum(max(0, b.first_sequence - a.last_sequence - 1) for a, b in pairwise(read))
        before = read[0].first_sequence - 1 if read and self.complete else 0
        return before + between + sum(file.missing for file in read)

    @property
    def bytes(self) -> int:
        """Size of the files."""
        return sum(file.path.stat().st_size for file in self.files)

    def entries(self, *topics: str) -> Iterator[Entry]:
        """As ``LogFile.entries``, file after file."""
        for file in self.files:
            yield from file.entries(*topics)


def recordings(paths: Sequence[Path]) -> list[Recording]:
    """The recordings in these files and folders, in order of their start.

    Raises:
        LogError: a path is not a log, a folder holds none, or a log cannot be used.
    """
    found: dict[tuple[str, str], Recording] = {}
    for path in log_files(paths):
        file = LogFile(path)
        # A cut is a separate recording: two cuts of one recording are not its parts.
        key = (file.config.session, str(path) if file.config.cut else "")
        found.setdefault(key, Recording()).files.append(file)
    for one in found.values():
        one.files.sort(key=lambda file: file.config.part)
    return sorted(found.values(), key=lambda one: one.config.wall_ns)


def recording(path: Path) -> Recording:
    """The one recording in a file or folder.

    Raises:
        LogError: as ``recordings``, or there are several.
    """
    found = recordings([path])
    if len(found) > 1:
        names = ", ".join(one.config.session for one in found[:3])
        raise LogError(f"{path} holds {len(found)} recordings ({names}, ...): give the files of one")
    return found[0]


def head(file: BinaryIO, name: str) -> LogConfig:
    """The configuration at the head of an open log.

    Raises:
        LogError: there is none, or it cannot be used.
    """
    for count, message in enumerate(messages(file, name, Condition())):
        if count >= HEAD_WITHIN:
            break
        if message.topic != schema.CONFIG:
            continue
        try:
            return read_config(message.data)
        except UnsupportedVersion as error:
            raise LogError(f"{name} was written by a later version of wakeful ({error}): update this one") from None
        except InvalidMessage as error:
            raise LogError(
                f"{name}: wakeful {__version__} cannot read its head ({_short(str(error))}): a later version?"
            ) from None
    raise LogError(f"{name} is unreadable: it was cut off before its head was written")


def open_log(path: Path) -> BinaryIO:
    """Opens a log for reading.

    Raises:
        LogError: it cannot be opened.
    """
    try:
        if path.exists() and not path.is_file():
            raise LogError(f"{path} is not a file: give a log that `wakeful run --record` wrote")
        return path.open("rb")
    except FileNotFoundError:
        raise LogError(f"{path}: there is no such log") from None
    except (OSError, ValueError) as error:
        raise LogError(f"{path} cannot be read: {getattr(error, 'strerror', error)}") from None


def log_files(paths: Iterable[Path]) -> list[Path]:
    """The logs among these files and folders, each once.

    Raises:
        LogError: a folder holds none.
    """
    return list(dict.fromkeys(_files(paths)))


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        inside = sorted(path.glob(f"*{SUFFIX}"))
        if not inside:
            raise LogError(f"{path} holds no logs (*{SUFFIX})")
        # A repaired log replaces the original.
        replaced = {file.with_name(file.name.removesuffix(REPAIRED) + SUFFIX) for file in inside if is_repaired(file)}
        yield from (file for file in inside if file not in replaced)


def is_repaired(path: Path) -> bool:
    """Whether a file was written by ``wakeful log repair``."""
    return path.name.endswith(REPAIRED)


def _short(text: str) -> str:
    return text if len(text) <= 200 else text[:197] + "..."
