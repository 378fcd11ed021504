"""AUTOSAR's end-to-end protection of a frame: Profile 11, variant A, of AUTOSAR FO R23-11, PRS_E2EProtocol.

Byte 0 is a CRC, the low half of byte 1 a counter. It finds frames that are damaged, lost, repeated or meant for another
identifier. It is no cryptography: whoever knows the data id can make such frames.
"""

from __future__ import annotations

from enum import StrEnum

POLYNOMIAL = 0x1D
COUNTERS = 15
"""The counter runs from 0 to 14; 15 is invalid."""
MAX_DELTA = 3
"""A counter this far after the last one is accepted: two frames may be lost, which a single burst of errors does."""


class Refusal(StrEnum):
    """Why a received frame is not accepted."""

    LENGTH = "wrong length"
    CRC = "wrong CRC"
    COUNTER = "wrong counter"
    REPEATED = "repeated counter"
    INACTIVE = "no such active alert"


def _remainder(byte: int) -> int:
    for _ in range(8):
        byte = (byte << 1 ^ (POLYNOMIAL if byte & 0x80 else 0)) & 0xFF
    return byte


_TABLE = bytes(map(_remainder, range(256)))


def checksum(data: bytes, data_id: int) -> int:
    """The CRC of a protected frame: over the data id, low byte first, and all bytes after the first."""
    crc = 0
    for byte in data_id.to_bytes(2, "little") + data[1:]:
        crc = _TABLE[crc ^ byte]
    return crc


def protect(data: bytes, data_id: int, counter: int) -> bytes:
    """A frame with its CRC and counter put in."""
    counted = bytes((0, data[1] & 0xF0 | counter % COUNTERS)) + data[2:]
    return bytes((checksum(counted, data_id),)) + counted[1:]


class Checker:
    """Checks frames of one identifier. The counter of the first is taken as it is.

    Attributes:
        last: counter of the newest frame with the right CRC.
    """

    def __init__(self, data_id: int, length: int) -> None:
        self._data_id = data_id
        self._length = length
        self.last: int | None = None

    def check(self, data: bytes) -> Refusal | None:
        """Why this frame is refused; None: it is accepted."""
        if len(data) != self._length:
            return Refusal.LENGTH
        if data[0] != checksum(data, self._data_id):
            return Refusal.CRC
        counter, last = data[1] & 0x0F, self.last
        if counter >= COUNTERS:
            return Refusal.COUNTER
        self.last = counter
        if last is None:
            return None
        delta = (counter - last) % COUNTERS
        if delta == 0:
            return Refusal.REPEATED
        return Refusal.COUNTER if delta > MAX_DELTA else None
