"""From settings to a recorder: the output of a recording and the head of its files."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping
from typing import Any

from wakeful.device.config.settings import Settings
from wakeful.device.drivers import AUTO
from wakeful.device.record.engine_revision import engine_revision
from wakeful.device.record.schema import LogConfig
from wakeful.device.state.engine_config import EngineConfig
from wakeful.models import registry
from wakeful.version import __version__


def record_outputs(settings: Settings, engine: EngineConfig, about: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The recording output, by name, with its settings; empty if no folder is set."""
    if settings.record.folder is None:
        return {}
    return {"record": {"options": settings.record, "template": log_template(settings, engine, about)}}


def log_template(settings: Settings, engine: EngineConfig, about: Mapping[str, Any]) -> LogConfig:
    """The head of a log, except its session and times."""
    return LogConfig(
        version=__version__,
        session="",
        part=0,
        origin_ns=0,
        wall_ns=0,
        profile_name=settings.profile,
        engine_config=engine,
        models={name: one.sha256 for name, one in registry.networks().items() if registry.available(name)},
        about={
            **about,
            "judging_code": engine_revision(),
            "machine": platform.machine(),
            "system": platform.platform(),
            "python": sys.version.split()[0],
        },
        # Only settings of the measurement: addresses of outputs may contain passwords.
        settings={
            "source": settings.source.model_dump(exclude={"login"}),
            "perception": settings.perception.model_dump(),
            "driver": settings.driver.model_dump(exclude={"key"}) | _driver(settings, engine),
            "vehicle": {"speed_kmh": settings.vehicle.speed_kmh, "name": settings.vehicle.name},
        },
    )


def _driver(settings: Settings, engine: EngineConfig) -> dict[str, str]:
    """The name as it is published."""
    return {} if settings.driver.name in (None, AUTO) else {"name": engine.driver}
