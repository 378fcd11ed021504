"""How to get into a broker: its address, TLS, and credentials from files that nobody else can read.

Passwords live in files only, never in the configuration, in an address, in a log or in a message.

    username = "cab-7"                     the file [mqtt] credentials names, mode 0600
    password = "..."
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

from wakeful.errors import ConfigError
from wakeful.frozen import dataclass

if TYPE_CHECKING:
    import ssl

PORT = 1883
TLS_PORT = 8883
MAX_FILE_BYTES = 64 * 1024
ADDRESS = re.compile(r"(?:(?P<scheme>mqtts?)://)?(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>\d{1,5}))?")


@dataclass(frozen=True, slots=True)
class Broker:
    """Where a broker listens."""

    host: str
    port: int
    tls: bool

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Access:
    """All that is needed to connect. The password is never shown."""

    broker: Broker
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: ssl.SSLContext | None = field(default=None, repr=False)


def parse_broker(address: str) -> Broker:
    """``broker.lan``, ``10.0.0.2:1883``, ``mqtts://broker.example:8883``; ``mqtts`` means TLS.

    Raises:
        ConfigError: it is none of these. The message does not repeat it: people write passwords into addresses.
    """
    if "@" in address:
        raise ConfigError(
            "an address holds no user name or password: put them into a file that [mqtt] credentials names"
        )
    found = ADDRESS.fullmatch(address)
    if found is None:
        raise ConfigError("should be HOST, HOST:PORT, mqtt://HOST[:PORT] or mqtts://HOST[:PORT]")
    tls = found["scheme"] == "mqtts"
    port = int(found["port"] or (TLS_PORT if tls else PORT))
    if not 0 < port < 65536:
        raise ConfigError("should have a port from 1 to 65535")
    return Broker(found["host"].strip("[]"), port, tls)


def read_access(
    broker: str,
    credentials: str | None = None,
    ca: str | None = None,
    certificate: str | None = None,
    key: str | None = None,
) -> Access:
    """Everything from its files.

    Args:
        broker: see ``parse_broker``.
        credentials: TOML file with ``username`` and ``password``.
        ca: PEM file of the trusted authorities; None: those of the system.
        certificate, key: PEM files by which this device proves who it is.

    Raises:
        ConfigError: a file is missing or invalid, or a secret one can be read by others.
    """
    where = parse_broker(broker)
    if not where.tls and (ca or certificate or key):
        raise ConfigError(f"[mqtt] ca, certificate and key need TLS: write the broker as mqtts://{where.host}")
    if key and not certificate:
        raise ConfigError("[mqtt] key belongs to a certificate: name that too")
    username, password = _credentials(Path(credentials).expanduser()) if credentials else (None, None)
    return Access(where, username, password, _tls(ca, certificate, key) if where.tls else None)


def require_private(file: Path) -> None:
    """Raises ``ConfigError`` unless ``file`` exists and only its owner (or root's group) can read it."""
    try:
        found = file.stat()
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}") from None
    others = 0o037 if found.st_gid == 0 else 0o077
    if found.st_mode & others:
        raise ConfigError(f"{file} can be read by others: chmod 600 {file}")


def _credentials(file: Path) -> tuple[str, str]:
    require_private(file)
    try:
        with file.open("rb") as opened:
            given = tomllib.loads(opened.read(MAX_FILE_BYTES).decode("utf-8"))
    except (OSError, ValueError):
        # What the reader complains about could be the password.
        raise ConfigError(f"{file} is not a readable TOML file: it should hold username and password") from None
    username, password = given.pop("username", None), given.pop("password", None)
    if given or not isinstance(username, str) or not isinstance(password, str):
        raise ConfigError(f'{file} should hold two lines: username = "..." and password = "..."')
    return username, password


def _tls(ca: str | None, certificate: str | None, key: str | None) -> ssl.SSLContext:
    import ssl  # most runs need no TLS, and it takes a hundredth of a start

    try:
        context = ssl.create_default_context(cafile=str(Path(ca).expanduser()) if ca else None)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"{ca} is not a PEM file of certificates: {_reason(error)}") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if certificate:
        secret = Path(key or certificate).expanduser()
        require_private(secret)
        try:
            # A key with a pass phrase would ask for it on the terminal, where nobody sits.
            context.load_cert_chain(Path(certificate).expanduser(), secret, password=lambda: "")
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(f"{certificate} and its key cannot be used: {_reason(error)}") from None
    return context


def _reason(error: OSError) -> str:
    return " ".join((error.strerror or str(error)).split())
