"""Addresses and files of secrets: what opens a broker, what is refused, and that nothing secret is repeated."""

from __future__ import annotations

from pathlib import Path

import pytest

from wakeful import ConfigError
from wakeful.device.alerts.mqtt.access import Broker, parse_broker, read_access


@pytest.mark.parametrize(
    ("address", "meant"),
    [
        ("broker.lan", Broker("broker.lan", 1883, False)),
        ("10.0.0.2:1884", Broker("10.0.0.2", 1884, False)),
        ("mqtt://localhost", Broker("localhost", 1883, False)),
        ("mqtts://broker.example", Broker("broker.example", 8883, True)),
        ("mqtts://[fe80::1]:9000", Broker("fe80::1", 9000, True)),
    ],
)
def test_an_address_means_a_host_a_port_and_perhaps_tls(address: str, meant: Broker) -> None:
    assert parse_broker(address) == meant


@pytest.mark.parametrize("address", ["", "http://x", "a b", "host:", "host:0", "host:99999", "mqtt://", "host/topic"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ConfigError, match="should"):
        parse_broker(address)


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(ConfigError, match="credentials") as refused:
        parse_broker("mqtt://me:sesame@broker.lan")
    assert "sesame" not in str(refused.value)


def secret(folder: Path, text: str, mode: int = 0o600) -> str:
    file = folder / "secret.toml"
    file.write_text(text)
    file.chmod(mode)
    return str(file)


GOOD = 'username = "cab-7"\npassword = "open sesame"\n'


def test_credentials_come_from_a_file_and_are_never_shown(tmp_path: Path) -> None:
    access = read_access("broker.lan", secret(tmp_path, GOOD))
    assert (access.username, access.password) == ("cab-7", "open sesame")
    assert "sesame" not in repr(access)


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o660, 0o777])
def test_a_file_that_others_can_read_or_change_is_refused_with_its_mend(tmp_path: Path, mode: int) -> None:
    with pytest.raises(ConfigError, match="chmod 600"):
        read_access("broker.lan", secret(tmp_path, GOOD, mode))


@pytest.mark.parametrize(
    "text", ["sesame", 'password = "sesame"', 'username = 1\npassword = "sesame"', GOOD + 'host = "x"', "\xff"]
)
def test_a_file_that_makes_no_sense_is_refused_without_repeating_it(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match=r"username and password|two lines") as refused:
        read_access("broker.lan", secret(tmp_path, text))
    assert "sesame" not in str(refused.value)


def test_a_file_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_access("broker.lan", str(tmp_path / "nowhere.toml"))


def test_certificates_without_tls_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"mqtts://broker\.lan"):
        read_access("broker.lan", ca=str(tmp_path / "ca.pem"))
    with pytest.raises(ConfigError, match="certificate"):
        read_access("mqtts://broker.lan", key=str(tmp_path / "key.pem"))
    with pytest.raises(ConfigError, match="PEM"):
        read_access("mqtts://broker.lan", ca=secret(tmp_path, "nothing"))
