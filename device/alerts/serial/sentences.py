"""The serial protocol's sentences, as bytes: what is said to a microcontroller, and what it may say back.

Framed as in NMEA 0183: ``$``, comma separated fields, ``*``, two upper-case hex digits that are the exclusive or of
everything between ``$`` and ``*``, then CR LF; printable ASCII, at most 82 characters in all. An empty field means
unknown. Nothing here reads a clock or touches a port.

    $WKS,seq,t_ms,health,level,code,perclos_pct,closure_ms,yaw,pitch,expression*HH   status and heartbeat
    $WKA,seq,t_ms,code,level,phase*HH                                                an alert
    $WKK,seq*HH    $WKV,kmh*HH    $WKM,text*HH                                       inbound: acknowledge, speed, marker

How the bound of 82 is kept: the status number wraps at 65536 and times wrap at 2**32 ms (49.7 days), so that a receiver
subtracts them in ``uint16_t`` and ``uint32_t``; numbers are whole and clamped; a code is cut at 20 characters. Where a
status is still too long, its least urgent fields are left empty, in the order of ``SHED_FIRST``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from functools import reduce
from operator import xor

from wakeful.device.messages import Acknowledge, Alert, Command, DriverState, Health, Marker, VehicleSpeed
from wakeful.errors import WakefulError
from wakeful.frozen import dataclass

MAX_LENGTH = 82
"""Characters of the longest sentence, ``$`` and CR LF included (NMEA 0183)."""

MAX_SPEED_KMH = 500.0
"""A vehicle that says it is faster than this is rejected."""

STATUS_SEQ_WRAP = 1 << 16
TIME_WRAP_MS = 1 << 32
MAX_CODE_LENGTH = 20
MAX_CLOSURE_MS = 999_999

# Positions among the ten fields of a status: expression, pitch, yaw, PERCLOS, closure.
SHED_FIRST = (9, 8, 7, 5, 6)

_RESERVED = re.compile(r"[^ -~]|[$*,!\\^~]")
_SPEED = re.compile(r"\d{1,3}(\.\d{1,6})?")
_SEQ = re.compile(r"\d{1,10}")
_SENTENCE_END = re.compile(rb"[\r\n]+|(?=\$)")


class BrokenSentence(WakefulError, ValueError):
    """Bytes that are not a sentence, or a sentence whose fields make no sense."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence without its framing: ``Sentence("WKV", ("63.5",))``."""

    kind: str
    fields: tuple[str, ...]


def checksum(body: bytes) -> int:
    """Exclusive or of all bytes between ``$`` and ``*``."""
    return reduce(xor, body, 0)


def frame(kind: str, fields: Iterable[str]) -> bytes:
    """``$kind,fields*HH\\r\\n``.

    Raises:
        BrokenSentence: a field is not printable ASCII, holds ``$`` or ``*``, or the whole exceeds 82 characters.
    """
    text = ",".join((kind, *fields))
    if not (text.isascii() and text.isprintable()) or "$" in text or "*" in text:
        raise BrokenSentence(f"cannot be said in a sentence: {text!r}; use printable ASCII without $ and *")
    sentence = b"$%b*%02X\r\n" % (text.encode("ascii"), checksum(text.encode("ascii")))
    if len(sentence) > MAX_LENGTH:
        raise BrokenSentence(f"sentence of {len(sentence)} characters exceeds {MAX_LENGTH}: {text!r}")
    return sentence


def unframe(line: bytes) -> Sentence:
    """The sentence in ``line``, with or without its line end.

    Raises:
        BrokenSentence: wrong start, characters, length or checksum, or no checksum at all.
    """
    line = line.rstrip(b"\r\n")
    if len(line) > MAX_LENGTH - 2:
        raise BrokenSentence(f"sentence is longer than {MAX_LENGTH} characters")
    body, star, digits = line[1:].rpartition(b"*")
    if not line.startswith(b"$") or not star:
        raise BrokenSentence(f"not framed as $...*HH: {line!r}")
    if any(not 0x20 <= byte <= 0x7E for byte in line) or b"$" in body or b"*" in body:
        raise BrokenSentence(f"sentence holds characters that do not belong there: {line!r}")
    if not re.fullmatch(rb"[0-9A-Fa-f]{2}", digits) or int(digits, 16) != checksum(body):
        raise BrokenSentence(f"checksum does not fit: {line!r}")
    kind, *fields = body.decode("ascii").split(",")
    return Sentence(kind, tuple(fields))


def encode_status(state: DriverState | None, *, seq: int, origin_ns: int, health: Health | None = None) -> bytes:
    """``$WKS``: the newest state, also sent as the heartbeat.

    Args:
        state: None before the first state; then everything but the health is unknown.
        seq: running number of the status sentences.
        origin_ns: capture time of second 0, ns.
        health: said instead of the state's own, by a sender that knows better (``stale``).
    """
    if state is None:
        return frame("WKS", (str(seq % STATUS_SEQ_WRAP), "", health or Health.STALE, *[""] * 7))
    fields = [
        str(seq % STATUS_SEQ_WRAP),
        _time_ms(state.t_ns, origin_ns),
        str(health or state.health),
        state.level.label,
        _clean(state.code)[:MAX_CODE_LENGTH],
        _whole(state.perclos_60s, 100.0, 0, 100),
        _whole(state.closure_s, 1000.0, 0, MAX_CLOSURE_MS),
        _whole(state.yaw_deg, 1.0, -180, 180),
        _whole(state.pitch_deg, 1.0, -90, 90),
        _clean(state.expression or ""),
    ]
    for position in SHED_FIRST:
        if len("$WKS,*HH\r\n") + len(",".join(fields)) <= MAX_LENGTH:
            break
        fields[position] = ""
    return frame("WKS", fields)


def encode_alert(alert: Alert, origin_ns: int) -> bytes:
    """``$WKA``: one step in the life of an alert, under the alert's own number."""
    return frame(
        "WKA",
        (
            str(alert.seq % TIME_WRAP_MS),
            _time_ms(alert.t_ns, origin_ns),
            _clean(alert.code)[:MAX_CODE_LENGTH],
            alert.level.label,
            str(alert.phase),
        ),
    )


def encode_command(command: Command) -> bytes:
    """What a vehicle or a robot says to the monitor; for receivers written in Python, and for tests.

    Raises:
        BrokenSentence: a marker that is too long or not printable ASCII, or a command that no sentence has.
    """
    if isinstance(command, Acknowledge) and command.alert_seq is not None:
        return frame("WKK", (str(command.alert_seq),))
    if isinstance(command, VehicleSpeed):
        return frame("WKV", ("" if command.kmh is None else f"{command.kmh:.6f}".rstrip("0").rstrip("."),))
    if isinstance(command, Marker):
        return frame("WKM", (command.text,))
    raise BrokenSentence(f"no sentence says {type(command).__name__}")


def decode_command(sentence: Sentence) -> Command | None:
    """The command in a sentence; None where the sentence is none of the inbound ones.

    An empty speed says that the vehicle no longer knows its speed.

    Raises:
        BrokenSentence: a number that is none, negative or absurd.
    """
    if sentence.kind == "WKM":
        return Marker(",".join(sentence.fields))
    if sentence.kind not in ("WKK", "WKV"):
        return None
    if len(sentence.fields) != 1:
        raise BrokenSentence(f"${sentence.kind} has {len(sentence.fields)} fields, wanted 1")
    (field,) = sentence.fields
    if sentence.kind == "WKV" and field == "":
        return VehicleSpeed(None)
    if sentence.kind == "WKV" and _SPEED.fullmatch(field) and float(field) <= MAX_SPEED_KMH:
        return VehicleSpeed(float(field))
    if sentence.kind == "WKK" and _SEQ.fullmatch(field):
        return Acknowledge(int(field))
    raise BrokenSentence(f"${sentence.kind} says {field!r}, which is out of bounds")


class SentenceReader:
    """Finds commands in a stream of bytes, however it is cut into pieces and whatever noise is in it.

    Attributes:
        broken: sentences and runs of noise that were refused.
        ignored: whole sentences that are not commands, such as those of a GPS receiver, or echoes of sent ones.
    """

    def __init__(self) -> None:
        self.broken = 0
        self.ignored = 0
        self._open = b""

    def feed(self, data: bytes) -> list[Command]:
        """The commands completed by ``data``. Never raises; holds back at most one sentence."""
        *finished, rest = _SENTENCE_END.split(self._open + data)
        # One byte more than a sentence may have keeps what is too long recognisable, in bounded space.
        self._open = rest[: MAX_LENGTH - 1]
        return [command for line in finished if line for command in self._parse(line)]

    def _parse(self, line: bytes) -> list[Command]:
        try:
            command = decode_command(unframe(line))
        except BrokenSentence:
            self.broken += 1
            return []
        if command is None:
            self.ignored += 1
            return []
        return [command]


def _time_ms(t_ns: int, origin_ns: int) -> str:
    return str(max(0, round((t_ns - origin_ns) / 1e6)) % TIME_WRAP_MS)


def _whole(value: float | None, scale: float, lowest: int, highest: int) -> str:
    """``value * scale`` as a whole number within bounds; empty where it is unknown or no number."""
    if value is None or math.isnan(value):
        return ""
    return str(round(min(max(value * scale, lowest), highest)))


def _clean(text: str) -> str:
    return _RESERVED.sub("_", text)
