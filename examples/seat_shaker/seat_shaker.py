"""An output of another package: a motor in the seat runs while a warning, or worse, is active.

Its configuration: `[outputs.extra.seat]` with `motor = "/sys/class/pwm/pwmchip0/pwm0/enable"`.
"""

from pathlib import Path

import wakeful


class SeatShaker(wakeful.Output):
    """Writes 1 to the motor's file while the seat shakes, else 0."""

    def __init__(self, motor: str) -> None:
        self._motor, self._shaking = Path(motor), False

    def state(self, state: wakeful.DriverState) -> None:
        self._shake(state.level >= wakeful.Level.WARNING)

    def close(self) -> None:
        self._shake(False)

    def _shake(self, on: bool) -> None:
        if on != self._shaking:
            self._motor.write_text("1" if on else "0")
            self._shaking = on
