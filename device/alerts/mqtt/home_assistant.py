"""Describes the monitor to Home Assistant, so that it appears there by itself: MQTT device discovery.

One retained message describes the device and all its entities (Home Assistant 2024.12 and newer, "device discovery
payload" in its MQTT documentation). It is sent with each connection, and again when Home Assistant says that it is up.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from wakeful.device.alerts.commands import ACTIVE
from wakeful.device.alerts.report import Report, Reporter
from wakeful.device.messages import MAX_PAUSE_S, Health, Level, Phase
from wakeful.version import __version__

if TYPE_CHECKING:
    from wakeful.device.alerts.mqtt.topics import Topics

UNKNOWN = "unknown"
"""How Home Assistant itself writes the state of an entity of which nothing is known."""
STATUS_TOPIC = "homeassistant/status"


def discovery(topics: Topics, reporter: Reporter, commands: bool = True) -> tuple[str, Report]:
    """Topic and payload of the message that describes the device; without what commands it, if it takes none."""
    node = "wakeful_" + re.sub(r"[^A-Za-z0-9_-]", "_", reporter.device)
    described = _entities(topics, reporter) | (_controls(topics) if commands else {})
    entities = {name: {**entity, "unique_id": f"{node}_{name}"} for name, entity in described.items()}
    payload: Report = {
        "device": {"identifiers": [node], "name": f"wakeful {reporter.device}", "sw_version": __version__},
        "origin": {"name": "wakeful", "sw_version": __version__},
        "availability_topic": topics.availability,
        "state_topic": topics.state,
        "components": entities,
    }
    return f"homeassistant/device/{node}/config", payload


def _entities(topics: Topics, reporter: Reporter) -> dict[str, Report]:
    classes = reporter.expression_classes
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
        "distance": _number("Distance", "distance_m", "m") | {"device_class": "distance"},
        "off_road": _number("Off road", "off_road_s", "s") | {"device_class": "duration"},
        "perclos": _number("PERCLOS", "perclos_60s", "%"),
        "sleepiness": _number("Sleepiness", "sleepiness", "%"),
        "sleepiness_coverage": _number("Sleepiness coverage", "sleepiness_coverage", "%")
        | {"entity_category": "diagnostic"},
        # A choice of nothing is no entity to Home Assistant.
        **({"expression": _choice("Expression", "expression", [*classes, UNKNOWN])} if classes else {}),
    }


def _controls(topics: Topics) -> dict[str, Report]:
    """What commands the monitor."""
    return {
        "acknowledge": _button(topics, "Acknowledge", {"command": "acknowledge", "seq": ACTIVE}),
        "marker": _button(topics, "Mark this moment", {"command": "marker", "text": "Home Assistant"}),
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
    }


def _choice(name: str, field: str, options: list[str]) -> Report:
    """One of a few words, or unknown. A word beside the options leaves the last one in Home Assistant."""
    template = f"{{{{ value_json.{field} if value_json.{field} is not none else '{UNKNOWN}' }}}}"
    return {
        "platform": "sensor",
        "name": name,
        "device_class": "enum",
        "options": options,
        "value_template": template,
    }


def _number(name: str, field: str, unit: str) -> Report:
    """A measurement; Home Assistant takes the word None for unknown."""
    value = f"(value_json.{field} * 100) | round(0)" if unit == "%" else f"value_json.{field} | round(1)"
    return {
        "platform": "sensor",
        "name": name,
        "unit_of_measurement": unit,
        "state_class": "measurement",
        "value_template": f"{{{{ none if value_json.{field} is none else {value} }}}}",
    }


def _button(topics: Topics, name: str, command: Report) -> Report:
    return {"platform": "button", "name": name, "command_topic": topics.command, "payload_press": json.dumps(command)}


def _yes_no(name: str, field: str) -> Report:
    """Home Assistant takes the word None for unknown."""
    template = f"{{{{ 'None' if value_json.{field} is none else 'ON' if value_json.{field} else 'OFF' }}}}"
    return {"platform": "binary_sensor", "name": name, "value_template": template}


def _json(key: str, field: str = "", end: bool = False) -> str:
    """A part of a template that makes a JSON object of text fields, beginning with ``event_type``."""
    begin = "{" if key == "event_type" else ""
    return f'{begin}"{key}": "{{{{ value_json.{field or key} }}}}"' + ("}" if end else ", ")
