"""Recorded logs: whatever a file holds is read, replayed, repaired and listed, or refused in one line."""

from __future__ import annotations

import contextlib
import json
import os
import struct
import tempfile
import zlib
from dataclasses import replace
from pathlib import Path

from tools.fuzz.runner import Parser
from tools.rigs.log_samples import CONFIG as HEAD
from tools.rigs.log_samples import MESSAGES, ORIGIN_NS, time_of
from wakeful.device.messages import Observation
from wakeful.device.record.container import CHANNEL, CHUNK, DATA_END, FOOTER, HEADER, MAGIC, MESSAGE
from wakeful.device.record.contents import contents
from wakeful.device.record.encode import Recorded, encode
from wakeful.device.record.errors import LogError
from wakeful.device.record.export import row_of
from wakeful.device.record.outcome import warnings
from wakeful.device.record.reader import recording
from wakeful.device.record.replay import replay
from wakeful.device.record.schema import CHANNELS, CONFIG, LogConfig, Picture

LARGEST_T_NS = 1 << 63
FOLDER = tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
FILE = Path(FOLDER.name) / "fuzzed.mcap"


def parse(data: bytes) -> bool:
    """Through what reads a log; taken is what has a readable head.

    Every input is read; each of the longer ways through it is taken by a quarter of them, chosen by their content.
    """
    FILE.write_bytes(data)
    try:
        log = recording(FILE)
        entries = list(log.entries())
    except LogError as error:
        assert "\n" not in str(error)
        return False
    for entry in entries:
        row_of(entry.value, log.config)
        if isinstance(entry.value, Observation):
            assert 0 <= entry.value.t_ns < LARGEST_T_NS
    assert len(warnings(log)) < 100
    way = zlib.crc32(data) % 4
    if way == 0:
        contents(log)
    elif way == 1:
        assert sum(1 for _ in log.files[0].raw(search=True)) >= len(entries)
    elif way == 2:
        with contextlib.suppress(LogError):
            replay(log)
    return True


def log(messages: tuple[Recorded, ...], compression: str | None = None) -> bytes:
    """A small log without schemas, of the channels in use; its messages lie in a chunk where a compression is named."""
    encoded = [(one, *encode(one, HEAD)) for one in messages]
    used = {topic for _, topic, _ in encoded}
    topics = {topic: number for number, topic in enumerate(CHANNELS, start=1) if topic in used}
    head = record(HEADER, text("wakeful") + text("fuzz"))
    head += b"".join(
        record(CHANNEL, struct.pack("<HH", number, 0) + text(topic) + text("json") + bytes(4))
        for topic, number in topics.items()
    )
    body = b"".join(
        record(MESSAGE, struct.pack("<HIQQ", topics[topic], number, HEAD.log_ns(time_of(one)), 0) + data)
        for number, (one, topic, data) in enumerate(encoded)
    )
    if compression is not None:
        body = record(CHUNK, chunk(body, compression))
    return MAGIC + head + body + record(DATA_END, bytes(4)) + record(FOOTER, bytes(20)) + MAGIC


def chunk(body: bytes, compression: str) -> bytes:
    import zstandard

    packed = zstandard.compress(body) if compression == "zstd" else body
    sizes = struct.pack("<QQQI", 0, 0, len(body), zlib.crc32(body) if compression else 0)
    return sizes + text(compression) + struct.pack("<Q", len(packed)) + packed


def record(opcode: int, content: bytes) -> bytes:
    return struct.pack("<BQ", opcode, len(content)) + content


def text(value: str) -> bytes:
    return struct.pack("<I", len(value)) + value.encode()


def small_head() -> LogConfig:
    """The head with three rules and no settings, so that mutations often hit something else."""
    engine = HEAD.engine_config
    profile = replace(engine.profile, rules=engine.profile.rules[:2], about="x")
    return replace(HEAD, engine_config=replace(engine, profile=profile), about={}, settings={}, models={})


def seeds() -> tuple[bytes, ...]:
    head = small_head()
    seen = [
        Observation(ORIGIN_NS + number * 33_000_000, number, face=True, eye_aspect_left=0.3, eye_aspect_right=0.01)
        for number in range(3)
    ]
    without = tuple(one for one in MESSAGES if not isinstance(one, Picture) and "Rules" not in type(one).__name__)
    return (
        log((head, *seen)),
        log((head, *without[:7])),
        log((head, *without[7:])),
        log((head, *seen), ""),
        log((head, *seen, *without[:3]), "zstd"),
        log((head,)),
    )


PARSER = Parser(
    "log",
    parse,
    seeds=seeds(),
    words=(
        *(MAGIC, struct.pack("<Q", 1 << 62), struct.pack("<Q", 1), struct.pack("<I", 0xFFFFFFFF), bytes(8)),
        *b'\x06 \x05 zstd lz4 -1 1e999 NaN null [] {} [[[[[[[[ " , 0.0 true "format":2 /config'.split(b" "),
        *(b"9223372036854775807", b"99999999999999999999", json.dumps(CONFIG).encode()),
    ),
)
