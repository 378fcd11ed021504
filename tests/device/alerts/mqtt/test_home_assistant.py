"""The description for Home Assistant: what its documentation demands, and templates that name real fields."""

from __future__ import annotations

import re
from typing import Any

from wakeful.device.alerts.mqtt.home_assistant import discovery
from wakeful.device.alerts.mqtt.topics import Topics
from wakeful.device.alerts.report import Reporter, schema

TOPIC, PAYLOAD = discovery(Topics("wakeful/cab-7"), Reporter("cab-7", ("neutral", "happiness")))
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
        kind = KIND_BY_TOPIC[entity.get("state_topic", PAYLOAD["state_topic"])]
        fields = set(re.findall(r"value_json\.(\w+)", entity["value_template"]))
        assert fields, name
        assert fields <= set(known[kind]["properties"]), name


def test_choices_offer_every_word_that_can_come() -> None:
    known: Any = schema()["$defs"]
    assert COMPONENTS["health"]["options"] == known["health"]["enum"]
    assert COMPONENTS["level"]["options"] == known["level"]["enum"]
    assert COMPONENTS["alert"]["event_types"] == known["alert"]["properties"]["phase"]["enum"]
