"""wakeful watches one face with one camera and reports when that person is drowsy, asleep or inattentive.

    import wakeful

    with wakeful.watch("drive.mp4", profile="vehicle", speed_kmh=60.0) as driver:
        for moment in driver:
            for alert in moment.alerts:
                print(f"{moment.t_s:.1f} s: {alert.code} {alert.phase}")

The public names are those in ``__all__``; ``docs/api.md`` explains them and says how they may change. All but the
errors are imported when they are first used, so that ``import wakeful`` needs neither numpy nor OpenCV.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from wakeful.errors import ConfigError, ModelError, SourceError, WakefulError
from wakeful.version import __version__

if TYPE_CHECKING:
    from wakeful.api import Watch, look, replay, watch
    from wakeful.client import Service, ServiceError, connect
    from wakeful.device.alerts.output import Output
    from wakeful.device.landmarks import EyeLandmarks, Landmarks
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
    from wakeful.device.people import Person
    from wakeful.device.perception.one_image import Look
    from wakeful.sensors.frame import Frame

__all__ = [
    "Acknowledge",
    "Alert",
    "ConfigError",
    "DriverState",
    "Event",
    "EyeLandmarks",
    "Frame",
    "Gear",
    "Health",
    "Ignition",
    "Landmarks",
    "Level",
    "Look",
    "Marker",
    "ModelError",
    "Moment",
    "Observation",
    "Output",
    "Pause",
    "Person",
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
    **dict.fromkeys(("EyeLandmarks", "Landmarks"), "wakeful.device.landmarks"),
    "Frame": "wakeful.sensors.frame",
    "Look": "wakeful.device.perception.one_image",
    "Moment": "wakeful.device.moment",
    "Output": "wakeful.device.alerts.output",
    "Person": "wakeful.device.people",
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
