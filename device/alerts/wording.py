"""Alerts and events in a few words, for people who read them on a terminal."""

from __future__ import annotations

import math

from wakeful.device.messages import Alert, DriverState, Event, Health, Level

BLINK_S = 0.5
"""Closures shorter than this are not listed: blinks would hide everything else."""

QUIET_EVENTS = frozenset({"health", "expression", "calibration", "long_blink"})
"""Events that show elsewhere on the terminal."""

_STATUS_TEXTS = {
    Health.STARTING: "waiting for the first frame",
    Health.OK: "no alert",
    Health.CALIBRATING: "learning this person's open eyes",
    Health.DEGRADED: "sees too little to be reliable",
    Health.NO_FACE: "no face in view",
    Health.CAMERA_LOST: "camera lost, waiting for it to come back",
    Health.STALE: "the monitor does not answer",
    Health.PAUSED: "paused: nobody is warned",
}
_UNSURE_TEXT = "unsure who drives: set [driver] side or region"
_ROTATED_TEXT = "the image is rotated: `wakeful doctor --placement` names the setting"


def health_text(health: Health, reason: str = "") -> str:
    """``camera lost``, ``degraded: dark``."""
    name = str(health).replace("_", " ")
    return f"{name}: {code_text(reason)}" if reason else name


def code_text(code: str) -> str:
    """``long distraction``."""
    return code.replace("_", " ")


def status_text(state: DriverState) -> str:
    """The active alert, or why there is none."""
    if state.level == Level.NONE:
        if state.reason == "rotated":
            return _ROTATED_TEXT
        if state.reason == "unsure_driver":
            return _UNSURE_TEXT
        text = _STATUS_TEXTS[state.health]
        return f"{text}: {code_text(state.reason)}" if state.reason else text
    return code_text(state.code)


def alert_text(alert: Alert) -> str:
    """``microsleep raised, closure 1.0 s``."""
    evidence = [figure_text(name, value) for name, value in alert.evidence.items()]
    return ", ".join([f"{code_text(alert.code)} {alert.phase}", *evidence])


def event_text(event: Event) -> str | None:
    """``yawn, 4.2 s``; None for events that are not worth a line."""
    if "note" in event.data:
        note = code_text(str(event.data["note"]))
        return f"{note} is over" if "over" in event.data else f"{note}: {event.data['text']}"
    if event.kind in QUIET_EVENTS:
        return None
    if event.kind == "watched":
        doubt = ", unsure who drives" if event.data.get("unsure") else ""
        return f"person {event.data.get('person')} is watched instead of {event.data.get('previous')}{doubt}"
    start_ns, end_ns = event.data.get("start_ns"), event.data.get("end_ns")
    if isinstance(start_ns, int) and isinstance(end_ns, int):
        duration_s = (end_ns - start_ns) / 1e9
        if event.kind == "closure" and duration_s < BLINK_S:
            return None
        name = "eyes closed" if event.kind == "closure" else code_text(event.kind)
        return f"{name}, {duration_s:.1f} s"
    figures = [figure_text(name, value) for name, value in event.data.items() if not name.endswith("_ns")]
    return ", ".join([code_text(event.kind), *figures])


def time_text(seconds: float) -> str:
    """``1:02.3``, ``1:00:02.3``."""
    minutes, rest_s = divmod(max(0.0, math.floor(seconds * 10) / 10), 60.0)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02d}:{rest_s:04.1f}" if hours else f"{minutes}:{rest_s:04.1f}"


def figure_text(name: str, value: object) -> str:
    """``closure 1.0 s`` from ``closure_s``: the unit is the end of the name; ``PERCLOS 8.3%`` from ``perclos_60s``."""
    stem, _, unit = name.rpartition("_")
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return f"{code_text(name)} {value}"
    if name.startswith("perclos_"):
        return f"PERCLOS {value:.1%}"
    if unit in ("s", "deg", "kmh", "pct") and stem:
        shown = {"s": f"{value:.1f} s", "deg": f"{value:+z.0f}°", "kmh": f"{value:.0f} km/h", "pct": f"{value:.0f} %"}
        return f"{code_text(stem)} {shown[unit]}"
    return f"{code_text(name)} {value:.3g}"
