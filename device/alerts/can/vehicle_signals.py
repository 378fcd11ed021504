"""Speed, ignition and gear of the vehicle out of its CAN frames, by the DBC file that describes them.

A value that its signal cannot have (many vehicles send the largest one for "not available") counts as not said.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wakeful.device.messages import Command, Gear, Ignition, VehicleSpeed
from wakeful.errors import ConfigError
from wakeful.frozen import dataclass

MAX_DBC_BYTES = 16 * 1024 * 1024
MAX_SPEED_KMH = 500.0
MAX_GEAR_CHARS = 20
KMH_PER_UNIT = {"km/h": 1.0, "kmh": 1.0, "kph": 1.0, "km/hr": 1.0, "mph": 1.609344, "m/s": 3.6, "kn": 1.852}


@dataclass(frozen=True, slots=True)
class Wanted:
    """The signals to read, each as MESSAGE.SIGNAL; None: it is not read.

    Attributes:
        speed_factor: km/h in one unit of the speed; None: the unit says it.
        ignition_on: the value from which on the ignition is on.
    """

    speed: str | None = None
    ignition: str | None = None
    gear: str | None = None
    speed_factor: float | None = None
    ignition_on: float = 1.0


class VehicleSignals:
    """Reads the wanted signals.

    Attributes:
        broken: frames that their own description does not fit.

    Raises:
        ConfigError: the file is no DBC, or has no such signal, or the speed's unit is not understood.
    """

    def __init__(self, dbc: str | Path, wanted: Wanted) -> None:
        database = _load(Path(dbc).expanduser())
        self._wanted = wanted
        self._speed = _find(database, wanted.speed, dbc)
        self._ignition = _find(database, wanted.ignition, dbc)
        self._gear = _find(database, wanted.gear, dbc)
        self._factor = wanted.speed_factor or (_factor(self._speed[1]) if self._speed else 1.0)
        found = [one for one in (self._speed, self._ignition, self._gear) if one]
        self._messages = {(message.frame_id, message.is_extended_frame): message for message, _ in found}
        self.broken = 0

    @property
    def ids(self) -> list[tuple[int, bool]]:
        """Identifiers of the frames that are read, and whether they are extended ones."""
        return list(self._messages)

    def read(self, frame_id: int, extended: bool, data: bytes) -> list[Command]:
        """What one frame says. Never raises."""
        message = self._messages.get((frame_id, extended))
        if message is None:
            return []
        try:
            values = message.decode(data, decode_choices=False)
            return list(self._commands(message, values))
        except Exception:  # a decoder of a description from outside may stumble over anything
            self.broken += 1
            return []

    def _commands(self, message: Any, values: dict[str, Any]) -> Iterator[Command]:
        speed = _value(self._speed, message, values)
        if speed is not None and 0.0 <= speed * self._factor <= MAX_SPEED_KMH:
            yield VehicleSpeed(round(speed * self._factor, 1))
        ignition = _value(self._ignition, message, values)
        if ignition is not None:
            yield Ignition(ignition >= self._wanted.ignition_on)
        gear = _value(self._gear, message, values)
        if gear is not None and self._gear is not None:
            choices = self._gear[1].choices or {}
            yield Gear(str(choices.get(int(gear), f"{gear:g}"))[:MAX_GEAR_CHARS])


def _value(signal: tuple[Any, Any] | None, message: Any, values: dict[str, Any]) -> float | None:
    """The value of one signal in a frame; None where the frame does not carry it, or it is none."""
    if signal is None or signal[0] is not message or signal[1].name not in values:
        return None
    value = float(values[signal[1].name])
    low, high = signal[1].minimum, signal[1].maximum
    # A description without bounds says 0 to 0.
    if low is not None and high is not None and low < high and not low <= value <= high:
        return None
    return value


def _load(file: Path) -> Any:
    from cantools.database import load_string

    try:
        if file.stat().st_size > MAX_DBC_BYTES:
            raise ConfigError(f"{file} is too large for a DBC file")
        # DBC files of vehicles are seldom without fault: what overlaps is taken as it is.
        return load_string(file.read_text(encoding="cp1252", errors="replace"), "dbc", strict=False)
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}") from None
    except ConfigError:
        raise
    except Exception as error:
        raise ConfigError(f"{file} is not a DBC file: {' '.join(str(error).split())[:200]}") from None


def _find(database: Any, name: str | None, dbc: str | Path) -> tuple[Any, Any] | None:
    if name is None:
        return None
    known = {
        f"{message.name}.{signal.name}": (message, signal)
        for message in database.messages
        for signal in message.signals
    }
    if name in known:
        return known[name]
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    fix = f"did you mean {close[0]}?" if close else "give it as MESSAGE.SIGNAL"
    raise ConfigError(f"{dbc} describes no signal {name}: {fix}")


def _factor(signal: Any) -> float:
    unit = (signal.unit or "").strip().lower()
    if unit not in KMH_PER_UNIT:
        raise ConfigError(
            f"the unit {signal.unit!r} of {signal.name} is not understood: set [can] speed_factor, km/h in one"
        )
    return KMH_PER_UNIT[unit]
