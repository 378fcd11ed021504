"""Describes the monitor to Home Assistant, so that it appears there by itself: MQTT device discovery.

One retained message describes the device and all its entities (Home Assistant 2024.12 and newer, "device discovery
payload" in its MQTT documentation). It is sent with each connection, and again when Home Assistant says that it is up.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wakeful.device.alerts.report import Report, Reporter
from wakeful.device.messages import MAX_PAUSE_S, Health, Level, Phase
from wakeful.version import __version__

if TYPE_CHECKING:
    from wakeful.device.alerts.mqtt.topics import Topics

STATUS_TOPIC = "homeassistant/status"


def discovery(topics: Topics, reporter: Reporter) -> tuple[str, Report]:
    """Topic and payload of the message that describes the device."""
    node = "wakeful_" + re.sub(r"[^A-Za-z0-9_-]", "_", reporter.device)
    entities = {name: {**entity, "unique_id": f"{node}_{name}"} for name, entity in _entities(topics, reporter).items()}
    payload: Report = {
        "device": {"identifiers": [node], "name": f"wakeful {reporter.device}", "sw_version": __version__},
        "origin": {"name": "wakeful", "sw_version": __version__},
        "availability_topic": topics.availability,
        "state_topic": topics.state,
        "components": entities,
    }
    return f"homeassistant/device/{node}/config", payload


def _entities(topics: Topics, reporter: Reporter) -> dict[str, Report]:
    health: Report = {"state_topic": topics.health, "entity_category": "diagnostic"}
    return {
        "health": _choice("Health", "health", [one.value for one in Health]) | health,
        "level": _choice("Alert level", "level", [one.label for one in Level]),
        "alert": {
            "platform": "event",
            "name": "Alert",
            "state_topic": topics.alert,
            "event_types": [one.value for one in Phase],
            "value_template": _json("event_type", "phase") + _json("code") + _json("level", end=True),
        },
        "face": _yes_no("Face", "face") | {"device_class": "occupancy"},
        "eyes_closed": _yes_no("Eyes closed", "eyes_closed"),
        "looking": _yes_no("Looks here", "looking"),
        "awake": _yes_no("Awake", "awake"),
        "distance": {
            "platform": "sensor",
            "name": "Distance",
            "device_class": "distance",
            "unit_of_measurement": "m",
            "state_class": "measurement",
            "value_template": "{{ none if value_json.distance_m is none else value_json.distance_m | round(1) }}",
        },
        "pause": {
            "platform": "switch",
            "name": "Pause",
            "state_topic": topics.health,
            "value_template": "{{ 'ON' if value_json.health == 'paused' else 'OFF' }}",
            "command_topic": topics.command,
            "payload_on": f'{{"command": "pause", "seconds": {MAX_PAUSE_S:.0f}}}',
            "payload_off": '{"command": "pause", "seconds": 0}',
            "state_on": "ON",
            "state_off": "OFF",
        },
        "expression": _choice("Expression", "expression", list(reporter.expression_classes)),
        "perclos": {
            "platform": "sensor",
            "name": "PERCLOS",
            "unit_of_measurement": "%",
            "state_class": "measurement",
            "value_template": "{{ none if value_json.perclos_60s is none "
            "else (value_json.perclos_60s * 100) | round(0) }}",
        },
    }


def _choice(name: str, field: str, options: list[str]) -> Report:
    """One of a few words."""
    return {
        "platform": "sensor",
        "name": name,
        "device_class": "enum",
        "options": options,
        "value_template": f"{{{{ value_json.{field} }}}}",
    }


def _yes_no(name: str, field: str) -> Report:
    """Home Assistant takes the word None for unknown."""
    template = f"{{{{ 'None' if value_json.{field} is none else 'ON' if value_json.{field} else 'OFF' }}}}"
    return {"platform": "binary_sensor", "name": name, "value_template": template}


def _json(key: str, field: str = "", end: bool = False) -> str:
    """A part of a template that makes a JSON object of text fields, beginning with ``event_type``."""
    begin = "{" if key == "event_type" else ""
    return f'{begin}"{key}": "{{{{ value_json.{field or key} }}}}"' + ("}" if end else ", ")
