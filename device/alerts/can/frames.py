"""What wakeful says on a CAN bus, as frames: put together from ``wakeful.dbc`` beside this file, and nothing else.

Whoever reads the bus loads the same file. ``base_id`` moves its frames where their identifiers are taken. There are
two layouts: ``plain``, and ``protected`` with a counter and a CRC in each frame (``wakeful.device.alerts.can.e2e``).
"""

from __future__ import annotations

import math
import re
from dataclasses import replace
from importlib import resources
from typing import Any, Literal

from wakeful.device.alerts.can.e2e import protect
from wakeful.device.messages import Alert, DriverState, Health, Level
from wakeful.device.state.codes import can_numbers
from wakeful.errors import ConfigError
from wakeful.frozen import dataclass

DBC = "wakeful.dbc"
BASE_ID = 0x5F0
EXTENDED_IN_DBC = 1 << 31
HEARTBEAT, ALERT, ACKNOWLEDGE, ATTENTION = "WakefulHeartbeat", "WakefulAlert", "WakefulAcknowledge", "WakefulAttention"
PROTECTED = "E2E"
"""Ends the names of protected frames."""
Layout = Literal["plain", "protected"]
IDENTIFIERS = {"plain": 3, "protected": 8}
"""How many identifiers from ``base_id`` on are wakeful's."""
NUMBER_WRAP = 1 << 16
COUNTER_WRAP = 1 << 8
UNKNOWN_PERCLOS_PCT = 127.5
UNKNOWN_CLOSURE_S = 655.35
UNKNOWN_DEG = -128
UNKNOWN_SLEEPINESS = 25.5


@dataclass(frozen=True, slots=True)
class CanFrame:
    """One frame.

    Attributes:
        data_id: of a frame that gets counter and CRC when it is sent; None: it is sent as it is.
        event: number of the alert whose step is repeated; None: it is sent once.
    """

    id: int
    data: bytes
    extended: bool = False
    data_id: int | None = None
    event: int | None = None


class Frames:
    """Puts frames together and reads the one that comes back.

    Attributes:
        codes: what the rules of the profile can raise, in their order; it numbers the profile's own codes.
    """

    def __init__(self, base_id: int = BASE_ID, layout: Layout = "plain", extended: bool = False) -> None:
        from cantools.database import load_string

        self._database: Any = load_string(dbc_text(base_id, extended), "dbc")
        self._protected = layout == "protected"
        self._codes = _names(self._message(ALERT), "Code")
        self.codes: tuple[str, ...] = ()
        acknowledge = self._message(ACKNOWLEDGE)
        self.acknowledge_id: int = acknowledge.frame_id
        self.acknowledge_length: int = acknowledge.length
        self.acknowledge_data_id = _data_id(acknowledge)

    def states(self, state: DriverState | None, counter: int, *, stale: bool = False) -> list[CanFrame]:
        """All that is sent of a state."""
        heartbeat = self.heartbeat(state, counter, stale=stale)
        return [heartbeat, self.attention(state)] if self._protected else [heartbeat]

    def heartbeat(self, state: DriverState | None, counter: int, *, stale: bool = False) -> CanFrame:
        """The state that counts at present; None before the first, and then only the health is sent."""
        state = state or DriverState(0, -1, Health.STALE if stale else Health.STARTING)
        values = {
            "Health": str(state.health),
            "Level": state.level.label,
            "Code": self._code(state.code, state.level),
            "Face": _yes_no(state.face if state.health.has_frame else None),
            "EyesClosed": _yes_no(state.eyes_closed),
            "Perclos": _within(state.perclos_60s, 100.0, 0.0, 100.0, UNKNOWN_PERCLOS_PCT),
            "Closure": _within(state.closure_s, 1.0, 0.0, 655.0, UNKNOWN_CLOSURE_S),
        }
        if self._protected:
            known = _names(self._message(HEARTBEAT), "Reason")
            values["Reason"] = (state.reason if state.reason in known else "other") if state.reason else "none"
            values["Sleepiness"] = _within(state.kss_estimate, 1.0, 1.0, 9.0, UNKNOWN_SLEEPINESS)
        else:
            values |= {"Counter": counter % COUNTER_WRAP} | _head(state)
        return self._frame(HEARTBEAT, values)

    def attention(self, state: DriverState | None) -> CanFrame:
        """Where the driver looks; in the protected layout only."""
        state = state or DriverState(0, -1, Health.STARTING)
        zone = state.gaze_zone or "unknown"
        values = {
            "GazeZone": zone if zone in _names(self._message(ATTENTION), "GazeZone") else "other",
            "OffRoad": _within(state.off_road_s, 1.0, 0.0, 655.0, UNKNOWN_CLOSURE_S),
            "GazeYaw": _degrees(state.gaze_yaw_deg),
            "GazePitch": _degrees(state.gaze_pitch_deg),
        }
        return self._frame(ATTENTION, values | _head(state))

    def alert(self, alert: Alert, origin_ns: int) -> CanFrame:
        """One step of an alert: raised, escalated, acknowledged, cleared."""
        wrap_ms = 1 << int(self._message(ALERT).get_signal_by_name("Time").length)
        values = {
            "Number": alert.seq % NUMBER_WRAP,
            "Code": self._code(alert.code, alert.level),
            "Level": alert.level.label,
            "Phase": str(alert.phase),
            "Time": max(0, round((alert.t_ns - origin_ns) / 1e6)) % wrap_ms,
        }
        frame = self._frame(ALERT, values)
        return replace(frame, event=alert.seq) if self._protected else frame

    def acknowledged(self, data: bytes, newest_seq: int) -> int | None:
        """The alert that was noticed; None where the frame is too short.

        Args:
            newest_seq: number of the newest alert, to know the part of the number that the frame leaves out.
        """
        if len(data) < self.acknowledge_length:
            return None
        return newest_seq - (newest_seq - self.acknowledged_number(data)) % NUMBER_WRAP

    def acknowledged_number(self, data: bytes) -> int:
        """The number in an acknowledgement of the right length."""
        return int.from_bytes(data[2:4] if self._protected else data[:2], "little")

    def _code(self, code: str, level: Level) -> str | int:
        if code in self._codes:
            return code
        if number := can_numbers(self.codes).get(code):
            return number
        return "none" if level is Level.NONE else "other"

    def _frame(self, name: str, values: dict[str, Any]) -> CanFrame:
        message = self._message(name)
        data_id = _data_id(message)
        empty = {} if data_id is None else {"Crc": 0, "Counter": 0}
        return CanFrame(message.frame_id, bytes(message.encode(values | empty)), message.is_extended_frame, data_id)

    def _message(self, name: str) -> Any:
        return self._database.get_message_by_name(name + PROTECTED if self._protected else name)


class Counters:
    """Counters of the protected frames, by identifier: each frame that leaves counts."""

    def __init__(self) -> None:
        self._next: dict[tuple[int, bool], int] = {}

    def sealed(self, frame: CanFrame) -> CanFrame:
        """The frame as it goes onto the bus."""
        if frame.data_id is None:
            return frame
        counter = self._next.get((frame.id, frame.extended), 0)
        return replace(frame, data=protect(frame.data, frame.data_id, counter))

    def left(self, frame: CanFrame) -> None:
        """It was taken by the bus."""
        if frame.data_id is not None:
            key = frame.id, frame.extended
            self._next[key] = self._next.get(key, 0) + 1


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


def dbc_text(base_id: int = BASE_ID, extended: bool = False) -> str:
    """The description of the frames, as shipped or with other identifiers."""
    text = resources.files("wakeful.device.alerts.can").joinpath(DBC).read_text(encoding="utf-8")
    first = base_id - BASE_ID + (EXTENDED_IN_DBC if extended else 0)
    if not first:
        return text
    return re.sub(r"\b(BO_|SG_|VAL_) (15\d\d) ", lambda at: f"{at[1]} {int(at[2]) + first} ", text)


def _data_id(message: Any) -> int | None:
    attribute = message.dbc.attributes.get("E2EDataId")
    return None if attribute is None else int(attribute.value)


def _names(message: Any, signal: str) -> set[str]:
    return {str(name) for name in message.get_signal_by_name(signal).choices.values()}


def _head(state: DriverState) -> dict[str, int]:
    return {"HeadYaw": _degrees(state.yaw_deg), "HeadPitch": _degrees(state.pitch_deg)}


def _degrees(value: float | None) -> int:
    return round(_within(value, 1.0, -127.0, 127.0, UNKNOWN_DEG))


def _yes_no(value: bool | None) -> str:
    return "unknown" if value is None else "yes" if value else "no"


def _within(value: float | None, scale: float, lowest: float, highest: float, unknown: float) -> float:
    if value is None or not math.isfinite(value):
        return unknown
    return min(max(value * scale, lowest), highest)
