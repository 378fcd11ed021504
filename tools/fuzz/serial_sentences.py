"""Sentences of the serial line: broken ones are counted, never raised, and what is taken is within its bounds."""

from __future__ import annotations

from tools.fuzz.runner import Parser
from wakeful.device.alerts.serial.sentences import MAX_LENGTH, MAX_SPEED_KMH, SentenceReader, encode_command
from wakeful.device.messages import Acknowledge, Marker, VehicleSpeed


def parse(data: bytes) -> bool:
    """Fed in two pieces, as a serial line cuts them."""
    reader = SentenceReader()
    commands = reader.feed(data[: len(data) // 2]) + reader.feed(data[len(data) // 2 :] + b"\r\n")
    for command in commands:
        if isinstance(command, VehicleSpeed):
            assert command.kmh is None or 0.0 <= command.kmh <= MAX_SPEED_KMH
        elif isinstance(command, Acknowledge):
            assert command.alert_seq is not None and 0 <= command.alert_seq < 10**10
        else:
            assert isinstance(command, Marker)
            assert len(command.text) < MAX_LENGTH
            assert command.text.isascii()
    return bool(commands)


PARSER = Parser(
    "serial_sentences",
    parse,
    seeds=(
        encode_command(Acknowledge(12)),
        encode_command(VehicleSpeed(63.5)),
        encode_command(VehicleSpeed(None)),
        encode_command(Marker("lane change, left")),
        b"$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6A\r\n",
    ),
    words=(*b"$ * , WKV WKK -1 1e9 nan inf 999999 \xff \x00 *00".split(b" "), b"\r\n"),
)
