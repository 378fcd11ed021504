"""What wakeful says on a CAN bus, as frames: put together from ``wakeful.dbc`` beside this file, and nothing else.

Whoever reads the bus loads the same file. ``base_id`` moves its three frames where their identifiers are taken.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from importlib import resources
from typing import Any

from wakeful.device.messages import Alert, DriverState, Health, Level
from wakeful.device.state.codes import can_numbers
from wakeful.errors import ConfigError

DBC = "wakeful.dbc"
BASE_ID = 0x5F0
HEARTBEAT, ALERT, ACKNOWLEDGE = "WakefulHeartbeat", "WakefulAlert", "WakefulAcknowledge"
NUMBER_WRAP = 1 << 16
TIME_WRAP_MS = 1 << 32
COUNTER_WRAP = 1 << 8
UNKNOWN_PERCLOS_PCT = 127.5
UNKNOWN_CLOSURE_S = 655.35
UNKNOWN_DEG = -128


@dataclass(frozen=True, slots=True)
class CanFrame:
    """One classic CAN frame."""

    id: int
    data: bytes
    extended: bool = False


class Frames:
    """Puts frames together and reads the one that comes back.

    Attributes:
        codes: what the rules of the profile can raise, in their order; it numbers the profile's own codes.
    """

    def __init__(self, base_id: int = BASE_ID) -> None:
        from cantools.database import load_string

        self._database: Any = load_string(dbc_text(), "dbc")
        self._offset = base_id - BASE_ID
        self._codes = {str(name) for name in self._message(ALERT).get_signal_by_name("Code").choices.values()}
        self.codes: tuple[str, ...] = ()
        self.acknowledge_id = self._id(ACKNOWLEDGE)

    def heartbeat(self, state: DriverState | None, counter: int, *, stale: bool = False) -> CanFrame:
        """The state that counts at present; None before the first, and then only the health is sent."""
        state = state or DriverState(0, -1, Health.STALE if stale else Health.STARTING)
        values = {
            "Counter": counter % COUNTER_WRAP,
            "Health": str(state.health),
            "Level": state.level.label,
            "Code": self._code(state.code, state.level),
            "Face": _yes_no(state.face if state.health.has_frame else None),
            "EyesClosed": _yes_no(state.eyes_closed),
            "Perclos": _within(state.perclos_60s, 100.0, 0.0, 100.0, UNKNOWN_PERCLOS_PCT),
            "Closure": _within(state.closure_s, 1.0, 0.0, 655.0, UNKNOWN_CLOSURE_S),
            "HeadYaw": round(_within(state.yaw_deg, 1.0, -127.0, 127.0, UNKNOWN_DEG)),
            "HeadPitch": round(_within(state.pitch_deg, 1.0, -127.0, 127.0, UNKNOWN_DEG)),
        }
        return self._frame(HEARTBEAT, values)

    def alert(self, alert: Alert, origin_ns: int) -> CanFrame:
        """One step of an alert: raised, escalated, acknowledged, cleared."""
        values = {
            "Number": alert.seq % NUMBER_WRAP,
            "Code": self._code(alert.code, alert.level),
            "Level": alert.level.label,
            "Phase": str(alert.phase),
            "Time": max(0, round((alert.t_ns - origin_ns) / 1e6)) % TIME_WRAP_MS,
        }
        return self._frame(ALERT, values)

    def acknowledged(self, data: bytes, newest_seq: int) -> int | None:
        """The alert that was noticed; None where the frame is too short.

        Args:
            newest_seq: number of the newest alert, to know the part of the number that the frame leaves out.
        """
        if len(data) < 2:
            return None
        number = int(self._message(ACKNOWLEDGE).decode(data)["Number"])
        return newest_seq - (newest_seq - number) % NUMBER_WRAP

    def _code(self, code: str, level: Level) -> str | int:
        if code in self._codes:
            return code
        if number := can_numbers(self.codes).get(code):
            return number
        return "none" if level is Level.NONE else "other"

    def _frame(self, name: str, values: dict[str, Any]) -> CanFrame:
        return CanFrame(self._id(name), bytes(self._message(name).encode(values)))

    def _id(self, name: str) -> int:
        return int(self._message(name).frame_id) + self._offset

    def _message(self, name: str) -> Any:
        return self._database.get_message_by_name(name)


def parse_frame(text: str) -> CanFrame:
    """``7DF#02010D``: identifier and data in hex; an identifier of more than three digits is an extended one.

    Raises:
        ConfigError: it is none.
    """
    identifier, sharp, data = text.partition("#")
    try:
        number, payload = int(identifier, 16), bytes.fromhex(data)
    except ValueError:
        sharp = ""
        number, payload = 0, b""
    extended = len(identifier) > 3
    if not sharp or len(payload) > 8 or not 0 <= number < (1 << 29 if extended else 1 << 11):
        raise ConfigError(f"{text!r} is not a CAN frame: give ID#DATA in hex, as in 7DF#02010D, up to eight bytes")
    return CanFrame(number, payload, extended)


def dbc_text() -> str:
    """The description of the frames, as shipped."""
    return resources.files("wakeful.device.alerts.can").joinpath(DBC).read_text(encoding="utf-8")


def _yes_no(value: bool | None) -> str:
    return "unknown" if value is None else "yes" if value else "no"


def _within(value: float | None, scale: float, lowest: float, highest: float, unknown: float) -> float:
    if value is None or not math.isfinite(value):
        return unknown
    return min(max(value * scale, lowest), highest)
