"""TLS and passwords against a real broker."""

from __future__ import annotations

import base64
import hashlib
import logging
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.device.alerts.samples import AWAKE, alert, started
from tools.rigs.broker import Broker, need_mosquitto
from tools.rigs.waiting import eventually
from wakeful import ConfigError
from wakeful.device.alerts.mqtt.output import MqttOutput
from wakeful.device.alerts.mqtt.settings import MqttSettings


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[tuple[Broker, Path]]:
    """A broker that speaks TLS only, and the file of the authority that vouches for it."""
    need_mosquitto()
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed: it makes the broker's certificate")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-days", "2", "-keyout", str(key), "-out", str(certificate), "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"),
        ],
        check=True,
        capture_output=True,
    )
    broker = Broker(tmp_path, f"certfile {certificate}", f"keyfile {key}").start()
    yield broker, certificate
    broker.stop()


def test_tls_is_spoken_with_a_broker_that_can_be_believed_and_no_other(secured: tuple[Broker, Path]) -> None:
    broker, authority = secured
    with started(MqttOutput(MqttSettings(broker=f"mqtts://{broker.address}", ca=str(authority)), "cab-7")) as output:
        output.state(AWAKE)
        output.alert(alert())
        assert eventually(lambda: output.connections == 1 and output.problem is None)
    with started(MqttOutput(MqttSettings(broker=f"mqtts://{broker.address}"), "cab-7")) as stranger:
        assert eventually(lambda: stranger.problem is not None)
        assert "certificate that is not trusted" in str(stranger.problem)
        assert stranger.connections == 0
    with started(MqttOutput(MqttSettings(broker=broker.address), "cab-7")) as plain:
        assert eventually(lambda: plain.problem is not None)


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Broker]:
    """A broker that wants a user name and a password."""
    need_mosquitto()
    passwords = tmp_path / "passwords"
    # PBKDF2 of "open sesame", as mosquitto_passwd writes it.
    passwords.write_text(f"cab-7:{_hashed('open sesame')}\n")
    broker = Broker(tmp_path, "allow_anonymous false", f"password_file {passwords}").start()
    yield broker
    broker.stop()


def _hashed(password: str) -> str:
    salt = b"twelve bytes"
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, 101)
    return f"$7$101${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def credentials(folder: Path, password: str, mode: int = 0o600) -> str:
    file = folder / "credentials.toml"
    file.write_text(f'username = "cab-7"\npassword = "{password}"\n')
    file.chmod(mode)
    return str(file)


def test_the_right_password_opens_and_a_wrong_one_is_told_without_being_shown(
    guarded: Broker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with started(
        MqttOutput(MqttSettings(broker=guarded.address, credentials=credentials(tmp_path, "open sesame")), "cab-7")
    ) as output:
        output.state(AWAKE)
        time.sleep(0.3)
        assert output.problem is None
    with started(
        MqttOutput(MqttSettings(broker=guarded.address, credentials=credentials(tmp_path, "hocus pocus")), "cab-7")
    ) as output:
        assert eventually(lambda: output.problem is not None)
        assert "user name and password" in str(output.problem)
    assert "open sesame" not in caplog.text
    assert "hocus pocus" not in caplog.text


def test_a_file_of_secrets_that_others_can_read_is_refused_with_its_mend(tmp_path: Path) -> None:
    need_mosquitto()
    file = credentials(tmp_path, "open sesame", 0o644)
    with pytest.raises(ConfigError, match=f"chmod 600 {file}") as refused:
        MqttOutput(MqttSettings(broker="localhost", credentials=file), "cab-7")
    assert "sesame" not in str(refused.value)
