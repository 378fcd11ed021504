"""The compose file: what it starts exists, it opens nothing beyond loopback, and no secret is in it."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from tests.deploy.test_service_files import ROOT
from wakeful.device.cli import status
from wakeful.device.config.layers import load_settings
from wakeful.device.view.access import MIN_TOKEN_LENGTH, own_names, parse_address

COMPOSE = ROOT / "deploy" / "compose.yaml"
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
SERVICE: dict[str, Any] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]["wakeful"]


def test_the_image_is_built_from_files_that_exist() -> None:
    build = SERVICE["build"]
    assert (COMPOSE.parent / build["context"]).resolve() == ROOT
    assert (ROOT / build["dockerfile"]).is_file()


def test_its_command_is_one_that_wakeful_takes_in_the_image(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, object] = {}

    def load(config: object, profile: object, overrides: dict[str, object]) -> None:
        seen.update(overrides, config=str(config))
        raise KeyboardInterrupt

    monkeypatch.setenv("WAKEFUL_VIEW_TOKEN", "correct-horse-battery")
    monkeypatch.setattr("wakeful.device.config.layers.load_settings", load)
    status(SERVICE["command"])
    assert seen["config"] == "/etc/wakeful/wakeful.toml"
    assert seen["view.address"] == "0.0.0.0:8321"


def test_what_is_mounted_is_where_the_image_and_the_configuration_look_for_it() -> None:
    targets = {volume.split(":")[1 if "}" not in volume else -2] for volume in SERVICE["volumes"]}
    assert targets == {"/etc/wakeful/wakeful.toml", "/var/lib/wakeful", "/var/log/wakeful"}
    assert all(target in DOCKERFILE for target in targets)
    (device,) = SERVICE["devices"]
    settings, _ = load_settings(ROOT / "deploy" / "wakeful.toml", None, {})
    assert device.rpartition(":")[2] == settings.source.source
    assert SERVICE["tmpfs"][0].startswith("/run/wakeful:uid=10001,") and "USER 10001" in DOCKERFILE
    assert "HEALTHCHECK" in DOCKERFILE and "healthcheck" not in SERVICE


def test_the_page_is_on_loopback_and_asks_for_a_token_that_is_not_in_the_file() -> None:
    (port,) = SERVICE["ports"]
    address, inside = port.rsplit(":", 1)
    assert parse_address(address, None).loopback
    assert SERVICE["command"][-1].endswith(f":{inside}")
    token = SERVICE["environment"]["WAKEFUL_VIEW_TOKEN"]
    assert re.fullmatch(rf"\$\{{WAKEFUL_VIEW_TOKEN:\?[^}}]*{MIN_TOKEN_LENGTH} characters[^}}]*\}}", token)


def test_other_containers_reach_it_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: SERVICE["hostname"])
    assert "wakeful" in own_names()


def test_it_has_no_rights_that_it_does_not_need() -> None:
    assert SERVICE["read_only"] is True and SERVICE["cap_drop"] == ["ALL"]
    assert SERVICE["security_opt"] == ["no-new-privileges:true"]
    assert not SERVICE.get("privileged") and "network_mode" not in SERVICE
