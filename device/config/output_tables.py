"""What the settings say of the outputs, as tables of the names and arguments that ``make_output`` builds them from."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from wakeful.device.alerts.loop_stats import LoopStats
from wakeful.device.alerts.report import machine_name
from wakeful.device.alerts.status_file import usual_file
from wakeful.device.config.settings import MqttSettings, Settings


def changeable(settings: Settings, expressions: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Outputs that can change while the monitor runs, by name, with what they are built from."""
    return _own_outputs(settings, expressions) | settings.outputs.extra


def _own_outputs(settings: Settings, expressions: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Outputs that have settings of their own, by name, with what they are built from."""
    tables: dict[str, dict[str, Any]] = {}
    if settings.outputs.events:
        tables["events"] = {"target": settings.outputs.events}
    if settings.outputs.signals:
        tables["signals"] = {"target": settings.outputs.signals, "expression_classes": expressions}
    if settings.serial.url:
        tables["serial"] = {"url": settings.serial.url, "baud": settings.serial.baud}
    if settings.mqtt.broker:
        tables["mqtt"] = _reporting(settings, expressions) | _mqtt(settings.mqtt)
    if settings.can.address:
        tables["can"] = settings.can.model_dump()
    if settings.stream.path:
        stream = settings.stream
        tables["stream"] = _reporting(settings, expressions) | {
            "path": stream.path,
            "rate_hz": stream.rate_hz,
            "group": stream.group,
        }
    if settings.gpio.line:
        tables["gpio"] = {"spec": settings.gpio.line, "active_low": settings.gpio.active_low}
    if settings.outputs.status or os.environ.get("RUNTIME_DIRECTORY"):
        tables["status"] = {"target": settings.outputs.status or usual_file()}
    return tables


def live_page(
    settings: Settings, title: str, expressions: tuple[str, ...], stats: Callable[[], LoopStats]
) -> dict[str, dict[str, Any]]:
    """The live page, if it is wanted: what it is built from."""
    wanted = settings.view
    if not wanted.address:
        return {}
    token = wanted.token.get_secret_value() if wanted.token else None
    return {
        "view": {
            "address": wanted.address,
            "token": token,
            "title": title,
            "stats": stats,
            "expression_classes": expressions,
        }
    }


def _reporting(settings: Settings, expressions: tuple[str, ...]) -> dict[str, Any]:
    """How this monitor is called by outputs that report it to other programs, and what they call expressions."""
    return {"device": settings.device or machine_name(), "expression_classes": expressions}


def _mqtt(mqtt: MqttSettings) -> dict[str, Any]:
    return mqtt.model_dump(exclude={"discovery"}) | {"discover": mqtt.discovery}
