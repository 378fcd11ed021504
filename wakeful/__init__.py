"""wakeful watches one face with one camera and reports when that person is drowsy, asleep or inattentive.

    import wakeful

    with wakeful.watch("drive.mp4", profile="vehicle", speed_kmh=60.0) as driver:
        for moment in driver:
            for alert in moment.alerts:
                print(f"{moment.t_s:.1f} s: {alert.code} {alert.phase}")

The public names are those in ``__all__``; ``docs/api.md`` explains them and says how they may change. All but the
errors are imported when they are first used, so that ``import wakeful`` needs neither numpy nor OpenCV.

Every error that a user can cause is a ``WakefulError``. Its message is one line that says what is wrong and how to fix
it, and its ``exit_status`` is the one the command ends with. Each has a builtin twin, so that programs can catch the
builtin they know.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wakeful.api import Watch, look, replay, watch
    from wakeful.client import Service, ServiceError, connect
    from wakeful.device.alerts.output import Output
    from wakeful.device.messages import (
        Acknowledge,
        Alert,
        DriverState,
        Event,
        Gear,
        Health,
        Ignition,
        Level,
        Marker,
        Observation,
        Pause,
        Phase,
        SetDriver,
        Unreadable,
        VehicleSpeed,
    )
    from wakeful.device.moment import Moment
    from wakeful.device.perception.one_image import Look
    from wakeful.sensors.frame import Frame

__version__ = "0.2.0"

__all__ = [
    "Acknowledge",
    "Alert",
    "ConfigError",
    "DriverState",
    "Event",
    "Frame",
    "Gear",
    "Health",
    "Ignition",
    "Level",
    "Look",
    "Marker",
    "ModelError",
    "Moment",
    "Observation",
    "Output",
    "Pause",
    "Phase",
    "Service",
    "ServiceError",
    "SetDriver",
    "SourceError",
    "Unreadable",
    "VehicleSpeed",
    "WakefulError",
    "Watch",
    "__version__",
    "connect",
    "look",
    "replay",
    "watch",
]

_LAZY = {
    **dict.fromkeys(("Watch", "look", "replay", "watch"), "wakeful.api"),
    **dict.fromkeys(("Service", "ServiceError", "connect"), "wakeful.client"),
    "Frame": "wakeful.sensors.frame",
    "Look": "wakeful.device.perception.one_image",
    "Moment": "wakeful.device.moment",
    "Output": "wakeful.device.alerts.output",
}
_MESSAGES = "wakeful.device.messages"


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'wakeful' has no attribute {name!r}")
    value = getattr(import_module(_LAZY.get(name, _MESSAGES)), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class WakefulError(Exception):
    """Root of all errors raised on purpose."""

    exit_status = 1

    # An OSError would format itself from errno and strerror; these carry a sentence.
    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class ConfigError(WakefulError, ValueError):
    """A setting, a profile or a command line that cannot be used."""

    exit_status = 2


class SourceError(WakefulError, OSError):
    """A camera, file or folder that cannot be opened or gives no images."""

    exit_status = 3


class ModelError(WakefulError, RuntimeError):
    """A network that is missing, has the wrong hash, or does not load."""

    exit_status = 4
