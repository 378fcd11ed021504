"""The description for Home Assistant: what its documentation demands, and templates that name real fields."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from jinja2 import Template
from jsonschema import Draft202012Validator

from tests.device.alerts.samples import AWAKE
from wakeful.device.alerts.commands import decode_command
from wakeful.device.alerts.mqtt.home_assistant import discovery
from wakeful.device.alerts.mqtt.topics import Topics
from wakeful.device.alerts.report import Reporter, json_bytes, schema
from wakeful.device.messages import Acknowledge, DriverState, Health, Marker

REPORTER = Reporter("cab-7", ("neutral", "happiness"))
TOPIC, PAYLOAD = discovery(Topics("wakeful/cab-7"), REPORTER)
COMPONENTS: Any = PAYLOAD["components"]
KIND_BY_TOPIC = {
    "wakeful/cab-7/state": "state",
    "wakeful/cab-7/alert": "alert",
    "wakeful/cab-7/health": "health_report",
}


def test_the_device_its_origin_and_every_entity_are_named() -> None:
    assert TOPIC == "homeassistant/device/wakeful_cab-7/config"
    assert PAYLOAD["origin"]
    assert PAYLOAD["device"]
    assert PAYLOAD["availability_topic"] == "wakeful/cab-7/availability"
    unique = [one["unique_id"] for one in COMPONENTS.values()]
    assert len(set(unique)) == len(unique)
    assert all(one["platform"] and one["name"] for one in COMPONENTS.values())


def test_every_template_reads_fields_that_its_topic_really_carries() -> None:
    known: Any = schema()["$defs"]
    for name, entity in COMPONENTS.items():
        if entity["platform"] == "button":
            continue
        kind = KIND_BY_TOPIC[entity.get("state_topic", PAYLOAD["state_topic"])]
        fields = set(re.findall(r"value_json\.(\w+)", entity["value_template"]))
        assert fields, name
        assert fields <= set(known[kind]["properties"]), name


def test_choices_offer_every_word_that_can_come() -> None:
    known: Any = schema()["$defs"]
    assert COMPONENTS["health"]["options"] == known["health"]["enum"]
    assert COMPONENTS["level"]["options"] == known["level"]["enum"]
    assert COMPONENTS["alert"]["event_types"] == known["alert"]["properties"]["phase"]["enum"]


def rendered(name: str, state: DriverState) -> str:
    """What Home Assistant makes of a state by the entity's template, which is one of Jinja."""
    report = json.loads(json_bytes(REPORTER.state(state)))
    return str(Template(COMPONENTS[name]["value_template"]).render(value_json=report))


def test_values_are_what_the_state_says_and_the_unknown_is_unknown() -> None:
    known = replace(AWAKE, off_road_s=2.44, distance_m=0.81, looking=True, awake=True, sleepiness=0.624)
    names = ("expression", "off_road", "distance", "perclos", "looking", "sleepiness", "sleepiness_coverage")
    assert {name: rendered(name, known) for name in names} == {
        "expression": "neutral",
        "off_road": "2.4",
        "distance": "0.8",
        "perclos": "4.0",
        "looking": "ON",
        "sleepiness": "62.0",
        "sleepiness_coverage": "0.0",
    }
    unknown = DriverState(0, 0, Health.CAMERA_LOST)
    # The words that Home Assistant takes for unknown: None of a number and of yes or no, an option of a choice.
    for name in ("off_road", "distance", "perclos", "sleepiness", "looking", "awake", "eyes_closed"):
        assert rendered(name, unknown) == "None", name
    assert rendered("expression", unknown) == "unknown"
    assert set(COMPONENTS["expression"]["options"]) == {"neutral", "happiness", "unknown"}


def test_buttons_press_commands_that_the_monitor_takes() -> None:
    buttons = {name: one for name, one in COMPONENTS.items() if one["platform"] == "button"}
    assert {name: decode_command(one["payload_press"].encode()) for name, one in buttons.items()} == {
        "acknowledge": Acknowledge(None),
        "marker": Marker("Home Assistant"),
    }
    assert {one["command_topic"] for one in buttons.values()} == {"wakeful/cab-7/cmd"}


def test_a_monitor_that_takes_no_commands_offers_none() -> None:
    _, payload = discovery(Topics("wakeful/cab-7"), REPORTER, commands=False)
    assert "command_topic" not in json.dumps(payload)


def test_without_expressions_there_is_no_choice_of_none() -> None:
    components: Any = discovery(Topics("wakeful/cab-7"), Reporter("cab-7"))[1]["components"]
    assert "expression" not in components


TEXT = {"type": "string", "minLength": 1}
NAMED = {"platform": TEXT, "name": TEXT, "unique_id": TEXT}
READ = NAMED | {"state_topic": TEXT, "value_template": TEXT, "entity_category": {"enum": ["config", "diagnostic"]}}
PRESSED = {"command_topic": TEXT}
PLATFORMS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "sensor": (
        READ
        | {
            "device_class": {"enum": ["enum", "distance", "duration"]},
            "unit_of_measurement": TEXT,
            "state_class": {"enum": ["measurement"]},
            "options": {"type": "array", "items": TEXT, "minItems": 1, "uniqueItems": True},
        },
        ["value_template"],
    ),
    "binary_sensor": (READ | {"device_class": {"enum": ["occupancy"]}}, ["value_template"]),
    "event": (
        READ | {"event_types": {"type": "array", "items": TEXT, "minItems": 1}},
        ["state_topic", "event_types"],
    ),
    "switch": (
        READ | PRESSED | dict.fromkeys(("payload_on", "payload_off", "state_on", "state_off"), TEXT),
        ["command_topic"],
    ),
    "button": (NAMED | PRESSED | {"payload_press": TEXT}, ["command_topic"]),
}
"""Options of each platform that are used, as Home Assistant's documentation of MQTT lists them, and the required."""


def test_every_entity_has_the_options_of_its_platform_and_no_other() -> None:
    for name, entity in COMPONENTS.items():
        options, required = PLATFORMS[entity["platform"]]
        assert not (entity.get("device_class") == "enum" and {"unit_of_measurement", "state_class"} & set(entity)), name
        Draft202012Validator(
            {
                "type": "object",
                "properties": options,
                "required": ["platform", "unique_id", *required],
                "additionalProperties": False,
            }
        ).validate(entity)
    assert {one["platform"] for one in COMPONENTS.values()} == set(PLATFORMS)
