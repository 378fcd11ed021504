"""Everything measured and derived, as CSV: one row per frame, empty where unknown.

The columns ``run``, ``origin_utc_ns`` and ``origin_monotonic_ns`` say which run this is and when its second 0 was. Only
the first row fills them: spreadsheets and pandas read the file without an option for a header of another kind.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from wakeful.device.alerts.background import BackgroundWriter
from wakeful.device.alerts.output import DECIMALS, Output, seconds
from wakeful.device.alerts.run import Run, new_run_id
from wakeful.device.messages import DriverState
from wakeful.device.supervision.workers import Liveness

COLUMNS = (
    *("t", "frame", "face", "eye_open_left", "eye_open_right", "mouth_open"),
    *("yaw_deg", "pitch_deg", "roll_deg", "gaze_yaw_deg", "gaze_pitch_deg"),
    *("eyes_closed", "closure_s", "perclos_60s", "level", "health", "expression"),
)
PERSON, DRIVER = "person", "driver"
SLEEPINESS_COLUMNS = ("sleepiness", "sleepiness_coverage")
LID_COLUMNS = ("lid_open", "lid_lowered", "lid_narrowed", "lid_closed")
ORIGIN_COLUMNS = ("run", "origin_utc_ns", "origin_monotonic_ns")


class SignalsOutput(Output):
    """Writes ``target``, or the standard output for ``-``; a ``p_<class>`` column for each of ``expression_classes``.

    States without a frame of their own (the camera is lost) add no row.

    Raises:
        ConfigError: the file cannot be created.
    """

    def __init__(
        self, target: Path | str, expression_classes: Sequence[str] = (), liveness: Liveness | None = None
    ) -> None:
        self._lines = BackgroundWriter(target, liveness)
        self._rows = csv.writer(self._lines, lineterminator="\n")
        self._classes = tuple(expression_classes)
        self._run = Run(new_run_id())
        self._last_seq: int | None = None

    @property
    def dropped(self) -> int:
        """Rows that could not be written."""
        return self._lines.dropped

    def begin(self, run: Run) -> None:
        self._run = run

    def start(self, origin_ns: int) -> None:
        self._run = replace(self._run, origin_ns=origin_ns)
        classes = (f"p_{name}" for name in self._classes)
        self._rows.writerow((*COLUMNS, *ORIGIN_COLUMNS, *LID_COLUMNS, PERSON, *SLEEPINESS_COLUMNS, DRIVER, *classes))

    def state(self, state: DriverState) -> None:
        if state.seq == self._last_seq or state.seq < 0:
            return
        origin: tuple[object, ...] = ("", "", "")
        if self._last_seq is None:
            origin = (self._run.id, self._run.utc_ns, self._run.origin_ns)
        self._last_seq = state.seq
        late = [
            *(_number(p, 3) for p in state.lid_states),
            state.person or "",
            *(_number(value, 3) for value in (state.sleepiness, state.sleepiness_coverage)),
            state.driver,
        ]
        self._rows.writerow((*row(state, self._run.origin_ns), *origin, *late, *self._probabilities(state)))

    def close(self) -> None:
        self._lines.close()

    def _probabilities(self, state: DriverState) -> list[str]:
        known = [_number(p, 3) for p in state.expression_p[: len(self._classes)]]
        return known + [""] * (len(self._classes) - len(known))


def row(state: DriverState, origin_ns: int) -> list[str]:
    """The fields of ``COLUMNS`` as text. Angles have one decimal, openings, shares and seconds three or four."""
    special = {"t": f"{seconds(state.t_ns, origin_ns):.3f}", "frame": str(state.seq), "level": state.level.label}
    return [special.get(name) or _text(getattr(state, name), name) for name in COLUMNS]


def _text(value: object, name: str) -> str:
    if isinstance(value, bool):
        return str(int(value))
    return _number(value, DECIMALS[name]) if isinstance(value, float | int) else str(value or "")


def _number(value: float | None, decimals: int) -> str:
    return "" if value is None or not math.isfinite(value) else f"{value:.{decimals}f}"
