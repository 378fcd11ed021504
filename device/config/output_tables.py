"""Which outputs the settings ask for, by name, with the arguments that ``make_output`` builds them from."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from wakeful.device.alerts.loop_stats import LoopStats
from wakeful.device.alerts.report import machine_name
from wakeful.device.alerts.sound.settings import OFF
from wakeful.device.alerts.status_file import usual_file
from wakeful.device.config.settings import Settings


def changeable(settings: Settings, expressions: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Outputs that can change while the monitor runs."""
    outputs = settings.outputs
    reporting = {"device": settings.device or machine_name(), "expression_classes": expressions}
    status = outputs.status or (usual_file() if os.environ.get("RUNTIME_DIRECTORY") else None)
    wanted: list[tuple[str, object, dict[str, Any]]] = [
        ("events", outputs.events, {"target": outputs.events}),
        ("signals", outputs.signals, {"target": outputs.signals, "expression_classes": expressions}),
        ("serial", settings.serial.url, {"settings": settings.serial}),
        ("mqtt", settings.mqtt.broker, {"settings": settings.mqtt, **reporting}),
        ("can", settings.can.address, {"settings": settings.can}),
        ("stream", settings.stream.path, {"settings": settings.stream, **reporting}),
        ("gpio", settings.gpio.line, {"settings": settings.gpio}),
        ("gpio_heartbeat", settings.gpio.heartbeat_line, {"settings": settings.gpio}),
        ("sound", settings.sound.device != OFF, {"settings": settings.sound}),
        ("status", status, {"target": status}),
    ]
    return {name: arguments for name, is_set, arguments in wanted if is_set} | outputs.extra


def live_page(
    settings: Settings, title: str, expressions: tuple[str, ...], stats: Callable[[], LoopStats]
) -> dict[str, dict[str, Any]]:
    """The live page, if it has an address."""
    view = settings.view
    if not view.address:
        return {}
    token = view.token.get_secret_value() if view.token else None
    about = {"title": title, "stats": stats, "expression_classes": expressions}
    return {"view": {"address": view.address, "token": token, **about}}
