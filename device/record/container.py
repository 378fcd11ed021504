"""Walks an MCAP file record by record, whatever state it is in, and never trusts a size that the file names.

The library's own readers want a whole file and allocate what it asks for. A log of a killed process, a pulled card or
a hostile sender is not whole: this walk reads as far as the file is valid, reports why it stopped, and needs memory
for one record at a time. Layout: https://mcap.dev/spec (version 0).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import field
from typing import BinaryIO, NamedTuple

from wakeful.device.record.errors import LogError
from wakeful.device.record.schema import MCAP_PROFILE
from wakeful.frozen import dataclass

MAGIC = b"\x89MCAP0\r\n"
MAX_RECORD_BYTES = 32 << 20
MAX_CHUNK_BYTES = 32 << 20
MAX_CHANNELS = 1000
MAX_SEARCHED = 10_000
"""Places that look like a chunk and are looked at closely, in one search."""

HEADER, FOOTER, SCHEMA, CHANNEL, MESSAGE, CHUNK, DATA_END = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0F
_RECORD = struct.Struct("<BQ")
_MESSAGE = struct.Struct("<HIQQ")
_CHUNK = struct.Struct("<QQQII")
_CHUNK_MARKS = tuple(struct.pack("<I", len(name)) + name for name in (b"zstd", b"lz4"))


class CorruptRecord(ValueError):
    """A malformed record; caught here and reported as damage."""


class Message(NamedTuple):
    """One message as it lies in the file.

    ``ready_ns``: when the monitor had it ready, Unix ns; equal to ``log_ns`` if unknown.
    """

    topic: str
    log_ns: int
    sequence: int
    data: bytes
    ready_ns: int


@dataclass(slots=True)
class Condition:
    """What state a file is in, known once it was read to its end.

    Attributes:
        whole: it was closed as it should be.
        damage: what is wrong with it, one line per problem.
        unread_bytes: how much of it was not readable.
    """

    whole: bool = False
    damage: list[str] = field(default_factory=list)
    unread_bytes: int = 0


def messages(file: BinaryIO, name: str, condition: Condition, *, search: bool = False) -> Iterator[Message]:
    """All messages in the order in which they were written.

    Args:
        file: can seek.
        name: what errors call it.
        condition: is filled in on the way.
        search: look for more whole chunks behind a broken place, as ``wakeful log repair`` does.

    Raises:
        LogError: it is not a log of wakeful. What goes wrong after its head is reported in ``condition`` instead.
    """
    size = file.seek(0, 2)
    file.seek(0)
    _check_head(file, name, size)
    topics: dict[int, str] = {}
    position = file.tell()
    while True:
        try:
            for opcode, content in _records(file, size):
                if opcode == FOOTER:
                    if file.read(len(MAGIC)) != MAGIC:
                        condition.damage.append("it is cut off in its footer")
                    condition.whole = not condition.damage
                    return
                position = file.tell()
                try:
                    yield from _inside(opcode, content, topics)
                except CorruptRecord as error:
                    # The length of the record held, so what follows it may be read.
                    condition.damage.append(f"{error}, near byte {position}")
                    condition.unread_bytes += len(content)
            condition.damage.append("it ends without a footer: it was not closed")
            return
        except CorruptRecord as error:
            condition.damage.append(f"{error}, at byte {position}")
            found = _next_chunk(file, position + 1) if search else None
            condition.unread_bytes += (size if found is None else found) - position
            if found is None:
                return
            file.seek(found)
            position = found


def _check_head(file: BinaryIO, name: str, size: int) -> None:
    if size == 0:
        raise LogError(f"{name} is empty: nothing was recorded into it")
    if file.read(len(MAGIC)) != MAGIC:
        raise LogError(f"{name} is not an MCAP file: give a log that `wakeful run --record` wrote")
    try:
        opcode, content = next(_records(file, size))
        profile, _ = _text(content, 0) if opcode == HEADER else ("", 0)
    except (CorruptRecord, StopIteration):
        raise LogError(f"{name} is cut off in its head: nothing of it can be read") from None
    if profile != MCAP_PROFILE:
        raise LogError(f"{name} is an MCAP file, but not a log of wakeful")


def _records(file: BinaryIO, size: int) -> Iterator[tuple[int, bytes]]:
    """Records outside chunks. Raises CorruptRecord where the file is malformed."""
    while True:
        head = file.read(_RECORD.size)
        if not head:
            return
        if len(head) < _RECORD.size:
            raise CorruptRecord("a record is cut off")
        opcode, length = _RECORD.unpack(head)
        if opcode == 0:
            raise CorruptRecord("there is no record where one should be")
        left = size - file.tell()
        if length > left:
            raise CorruptRecord(
                "a record is cut off" if length <= MAX_RECORD_BYTES else "a record has an implausible length"
            )
        if length > MAX_RECORD_BYTES:
            raise CorruptRecord("a record has an implausible length")
        content = file.read(length)
        if len(content) < length:
            raise CorruptRecord("a record is cut off")
        yield opcode, content


def _inside(opcode: int, content: bytes, topics: dict[int, str]) -> Iterator[Message]:
    """The messages of one record."""
    if opcode == CHUNK:
        content = _unpacked(content)
        at, end = 0, len(content)
        while at < end:
            if end - at < _RECORD.size:
                raise CorruptRecord("a chunk ends in the middle of a record")
            inner, length = _RECORD.unpack_from(content, at)
            at += _RECORD.size
            if length > end - at:
                raise CorruptRecord("a record is longer than its chunk")
            if inner == MESSAGE:
                yield _message(content[at : at + length], topics)
            elif inner == CHANNEL:
                _channel(content[at : at + length], topics)
            at += length
    elif opcode == MESSAGE:
        yield _message(content, topics)
    elif opcode == CHANNEL:
        _channel(content, topics)


def _message(content: bytes, topics: dict[int, str]) -> Message:
    if len(content) < _MESSAGE.size:
        raise CorruptRecord("a message is too short")
    channel, sequence, log_ns, ready_ns = _MESSAGE.unpack_from(content)
    if channel not in topics:
        raise CorruptRecord("a message belongs to no channel")
    return Message(topics[channel], log_ns, sequence, content[_MESSAGE.size :], ready_ns)


def _channel(content: bytes, topics: dict[int, str]) -> None:
    if len(content) < 4 or len(topics) >= MAX_CHANNELS:
        raise CorruptRecord("a channel is malformed")
    (number,) = struct.unpack_from("<H", content)
    topics[number], _ = _text(content, 4)


def _unpacked(content: bytes) -> bytes:
    """The records of a chunk, uncompressed and checked."""
    if len(content) < _CHUNK.size:
        raise CorruptRecord("a chunk is too short")
    _, _, size, checksum, name_length = _CHUNK.unpack_from(content)
    compression, at = _text(content, _CHUNK.size - 4) if name_length else ("", _CHUNK.size)
    if len(content) - at < 8:
        raise CorruptRecord("a chunk is too short")
    (length,) = struct.unpack_from("<Q", content, at)
    packed = content[at + 8 :]
    if length != len(packed) or size > MAX_CHUNK_BYTES:
        raise CorruptRecord("a chunk has an implausible length")
    data = _decompress(compression, packed, size)
    if len(data) != size or (checksum and zlib.crc32(data) != checksum):
        raise CorruptRecord("a chunk does not fit its checksum")
    return data


def _decompress(compression: str, packed: bytes, size: int) -> bytes:
    try:
        if compression == "":
            return packed
        if compression == "zstd":
            import zstandard

            # The frame may name a size of its own, which the library would allocate.
            if zstandard.frame_content_size(packed) > size:
                raise CorruptRecord("a chunk has an implausible length")
            unpacker = zstandard.ZstdDecompressor(max_window_size=MAX_CHUNK_BYTES)
            return unpacker.decompress(packed, max_output_size=size)
        if compression == "lz4":
            from lz4.frame import LZ4FrameDecompressor

            unpacked: bytes = LZ4FrameDecompressor().decompress(packed, max_length=size)
            return unpacked
    except CorruptRecord:
        raise
    except ImportError:
        raise LogError("reading logs needs zstandard and lz4: pip install 'wakeful[record]'") from None
    except Exception as error:
        # What these libraries raise for broken data is of their own kinds.
        raise CorruptRecord(f"a chunk cannot be unpacked ({type(error).__name__})") from None
    raise CorruptRecord("a chunk is compressed in an unknown way")


def _text(content: bytes, at: int) -> tuple[str, int]:
    """A text with its length before it, and where it ends."""
    if len(content) - at < 4:
        raise CorruptRecord("a text is cut off")
    (length,) = struct.unpack_from("<I", content, at)
    end = at + 4 + length
    if end > len(content):
        raise CorruptRecord("a text is cut off")
    try:
        return content[at + 4 : end].decode(), end
    except UnicodeDecodeError:
        raise CorruptRecord("a text is not in UTF-8") from None


def _next_chunk(file: BinaryIO, start: int) -> int | None:
    """Where the next chunk that unpacks begins, at or behind ``start``; None if there is none."""
    window, overlap = 1 << 20, _RECORD.size + _CHUNK.size
    before_mark = _RECORD.size + _CHUNK.size - 4
    size = file.seek(0, 2)
    base, searched = start, 0
    while base < size:
        file.seek(base)
        piece = file.read(window + overlap)
        marks = sorted(at for mark in _CHUNK_MARKS for at in _places(piece, mark) if at >= before_mark)
        for at in marks:
            candidate = base + at - before_mark
            if candidate < start:
                continue
            if _is_chunk(file, candidate, size):
                return candidate
            searched += 1
            if searched >= MAX_SEARCHED:
                return None
        base += window
    return None


def _places(piece: bytes, mark: bytes) -> Iterator[int]:
    at = piece.find(mark)
    while at >= 0:
        yield at
        at = piece.find(mark, at + 1)


def _is_chunk(file: BinaryIO, at: int, size: int) -> bool:
    file.seek(at)
    try:
        opcode, content = next(_records(file, size))
        return opcode == CHUNK and bool(_unpacked(content))
    except (CorruptRecord, StopIteration):
        return False
