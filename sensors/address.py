"""Addresses of network cameras: the login in them, and what may be shown of them.

Whatever is printed, logged, recorded or published goes through ``shown``; the login goes to the camera only.
"""

from __future__ import annotations

import re
from dataclasses import field
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from wakeful.errors import ConfigError
from wakeful.frozen import dataclass

HIDDEN = "..."

_LOGIN = re.compile(r"""(://)[^\s"'!]*@""")
_QUERY = re.compile(r"""(://[^\s"'?]*\?)[^\s"']+""")
_PROPERTY = re.compile(
    r"""(\b[\w-]*(?:pw|pwd|pass\w*|secret|token|user-id)\s*=\s*)("[^"]*"|'[^']*'|[^\s!]+)""", re.IGNORECASE
)


def shown(text: str) -> str:
    """``text`` without the logins and queries of the addresses in it, and without GStreamer properties that are secret.

    Queries are left out whole: cameras take names, passwords and tokens there under any key.
    """
    text = _QUERY.sub(rf"\1{HIDDEN}", _LOGIN.sub(r"\1", text))
    return _PROPERTY.sub(rf"\1{HIDDEN}", text)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a network camera is.

    Attributes:
        name: the address as it may be shown.
        host: its host and port, without login; ``hostname`` and ``port`` are the same apart, the port 0 if not given.
        target: path and query, as a request names them.
        user, password: empty if the camera has none.
    """

    name: str
    scheme: str
    host: str
    target: str
    hostname: str
    port: int
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @property
    def with_login(self) -> str:
        """The whole address with the login in it, for a library that takes it that way only."""
        login = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}@" if self.user else ""
        return f"{self.scheme}://{login}{self.host}{self.target}"


def parse_address(text: str, login: str | None = None) -> Address:
    """The parts of ``SCHEME://[USER:PASSWORD@]HOST[:PORT]/...``.

    Args:
        login: ``USER:PASSWORD``, used if the address has none.

    Raises:
        ConfigError: it has no host, or its port is not a number.
    """
    try:
        parts = urlsplit(text)
        found = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        found = False
    if not found or not text.isprintable() or " " in text:
        raise ConfigError(
            "should be the address of a camera, as in http://192.168.0.20:8080/video; special characters of a password "
            "in it are written as %XX, or it goes into [source] login as it is"
        )
    in_address, _, host = parts.netloc.rpartition("@")
    user, _, password = map(unquote, in_address.partition(":")) if in_address else (login or "").partition(":")
    target = urlunsplit(("", "", parts.path or "/", parts.query, ""))
    scheme, hostname, port = parts.scheme.lower(), parts.hostname or "", parts.port or 0
    return Address(shown(text), scheme, host, target, hostname, port, user, password)
