"""Writes one MCAP file with all channels of a log, by way of the ``mcap`` library."""

from __future__ import annotations

import json
from typing import Any, Protocol, cast

from wakeful.device.record.encode import Recorded, encode
from wakeful.device.record.schema import CHANNELS, CONFIG, MCAP_PROFILE, LogConfig
from wakeful.version import __version__

CHUNK_BYTES = 32 << 10


class Stream(Protocol):
    """What a log is written to."""

    def write(self, data: bytes, /) -> int: ...

    def tell(self) -> int: ...

    def flush(self) -> None: ...


class LogWriter:
    """One file from its head to its footer. Nothing is on the stream before ``flush`` or ``finish``.

    Args:
        stream: stays open.
        compressed: by zstd; else chunks are written as they are.
    """

    def __init__(self, stream: Stream, config: LogConfig, *, compressed: bool = True) -> None:
        from mcap.writer import CompressionType, Writer

        self.config = config
        self._writer: Any = Writer(
            cast(Any, stream),
            chunk_size=CHUNK_BYTES,
            compression=CompressionType.ZSTD if compressed else CompressionType.NONE,
        )
        self._writer.start(MCAP_PROFILE, f"wakeful {__version__}")
        self._channels = {}
        for topic, (name, described) in CHANNELS.items():
            schema = self._writer.register_schema(name, "jsonschema", json.dumps(described).encode())
            self._channels[topic] = self._writer.register_channel(topic, "json", schema)
        self.add(config, config.origin_ns, 0)
        self.flush()

    def add(self, message: Recorded, t_ns: int, sequence: int, ready_ns: int | None = None) -> int:
        """Write a message under its capture time; gives its size in bytes.

        Args:
            ready_ns: when the monitor had it ready, by the clock of the capture times.
        """
        topic, data = encode(message, self.config)
        ready = None if ready_ns is None else self.config.log_ns(ready_ns)
        self.add_raw(topic, data, self.config.log_ns(t_ns), sequence, ready)
        return len(data)

    def add_raw(self, topic: str, data: bytes, log_ns: int, sequence: int, ready_ns: int | None = None) -> None:
        """Write what is encoded already; times are Unix ns."""
        published_ns = log_ns if ready_ns is None else ready_ns
        self._writer.add_message(self._channels[topic], log_ns, data, published_ns, sequence % (1 << 32))

    def flush(self) -> None:
        """Close the chunk at hand and put it on the stream."""
        self._writer.flush()

    def finish(self) -> None:
        """Write the index and the footer."""
        self._writer.finish()


def is_known(topic: str) -> bool:
    """Whether a channel is one of wakeful's that is copied from log to log; each file has a head of its own."""
    return topic in CHANNELS and topic != CONFIG
