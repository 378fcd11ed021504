"""The table ``[mqtt]`` of the configuration."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from wakeful.device.alerts.mqtt.access import parse_broker
from wakeful.device.config.section import Section


def _broker(text: str) -> str:
    parse_broker(text)
    return text


class MqttSettings(Section):
    """States, alerts and health by MQTT, and commands back in."""

    broker: Annotated[str, AfterValidator(_broker)] | None = None
    """The broker as HOST, HOST:PORT or mqtts://HOST, which means TLS; unset: no MQTT."""
    prefix: str = Field(default="wakeful", pattern=r"^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$", max_length=100)
    """First part of all topics, as in wakeful/<device>/state."""
    credentials: str | None = Field(default=None, min_length=1)
    """TOML file with username and password, readable by its owner only; unset: none are sent."""
    ca: str | None = Field(default=None, min_length=1)
    """PEM file of the trusted certificate authorities; unset: those of the system."""
    certificate: str | None = Field(default=None, min_length=1)
    """PEM file of the client certificate for the broker; unset: none."""
    key: str | None = Field(default=None, min_length=1)
    """PEM file of the certificate's key, readable by its owner only; unset: the key is in the certificate's file."""
    version: Literal["5", "3.1.1"] = "5"
    """Version of the protocol; only MQTT 5 reports whether an alert has a subscriber."""
    rate_hz: float = Field(default=5.0, ge=0.1, le=50)
    """States per second."""
    discovery: bool = False
    """Announce this device to Home Assistant, so that it appears there automatically."""
    commands: bool = True
    """Accept commands on the topic cmd; the broker controls who may publish there."""
