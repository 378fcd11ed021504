"""New names for output packages that still import the names from before the package ``wakeful``."""

from __future__ import annotations

import importlib.util
import re
import traceback

ROOTS = ("device", "sensors", "models", "conversion", "deploy")
MOVED = {
    "alerts.can_bus": "alerts.can.bus",
    "alerts.can_frames": "alerts.can.frames",
    "alerts.can_line": "alerts.can.output",
    "alerts.can_signals": "alerts.can.vehicle_signals",
    "alerts.dashboard": "alerts.terminal.dashboard",
    "alerts.for_people": "alerts.terminal.choice",
    "alerts.gauges": "alerts.terminal.gauges",
    "alerts.gpio": "alerts.gpio.output",
    "alerts.gpio_mock": "alerts.gpio.mock",
    "alerts.heartbeat": "alerts.serial.heartbeat",
    "alerts.home_assistant": "alerts.mqtt.home_assistant",
    "alerts.mqtt": "alerts.mqtt.output",
    "alerts.mqtt_access": "alerts.mqtt.access",
    "alerts.mqtt_link": "alerts.mqtt.link",
    "alerts.mqtt_session": "alerts.mqtt.session",
    "alerts.patterns": "alerts.gpio.patterns",
    "alerts.plain": "alerts.terminal.plain",
    "alerts.sentences": "alerts.serial.sentences",
    "alerts.serial_line": "alerts.serial.output",
    "alerts.serial_port": "alerts.serial.port",
    "alerts.terminal": "alerts.terminal.output",
    "commands.extras": "extras",
    "config": "config.layers",
    "config_mistakes": "config.errors",
    "config_text": "config.as_text",
    "doctor": "doctor.checks",
    "doctor_check": "doctor.check",
    "doctor_hexagon": "doctor.hexagon",
    "economy": "supervision.load_shedding",
    "foreign_words": "sanitise",
    "liveness": "supervision.workers",
    "notes": "supervision.notes",
    "overseer": "supervision.overseer",
    "placement": "doctor.placement",
    "placement_picture": "doctor.placement_picture",
    "process_signals": "supervision.signals",
    "record.button": "inputs.button",
    "record.keys": "inputs.keys",
    "run": "app",
    "settings": "config.settings",
    "temperature": "supervision.temperature",
    "toml_lines": "config.toml_lines",
    "watchdog": "supervision.watchdog",
}
"""Modules of ``device`` that have moved to another folder, names without ``device.``."""

_IMPORT = re.compile(r"\s*(?:from|import)\s+(?:wakeful\.)?((?:" + "|".join(ROOTS) + r")\b[\w.]*)")


def import_instead(error: BaseException) -> tuple[str, str] | None:
    """The old and the new name of the module whose import raised ``error``; None if it is not one of wakeful's."""
    if not isinstance(error, ImportError):
        return None
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        found = _IMPORT.match(frame.line or "")
        if found:
            old = found[1]
            new = new_name(old)
            return (old, new) if _exists(new) else None
    return None


def new_name(old: str) -> str:
    """Where the module ``old``, as in ``device.notes``, is now: ``wakeful.device.supervision.notes``."""
    root, _, rest = old.partition(".")
    return f"wakeful.{root}" + (f".{MOVED.get(rest, rest) if root == 'device' else rest}" if rest else "")


def _exists(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ImportError:
        return False
