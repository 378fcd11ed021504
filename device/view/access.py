"""Who may see the live page, and who may press its buttons.

A driver's face and state are personal data, and the buttons reach into the monitor. So the page is served on loopback
unless a token is set, and every request is checked against what a hostile web page in a browser on the same machine
could send: a name that was rebound to us (``Host``), a form or picture from elsewhere (``Origin``, ``Sec-Fetch-Site``),
a press of a button without the page's own token.
"""

from __future__ import annotations

import hmac
import ipaddress
import secrets
import socket
from collections.abc import Mapping
from dataclasses import field
from http.cookies import CookieError, SimpleCookie

from wakeful.errors import ConfigError
from wakeful.frozen import dataclass

DEFAULT_ADDRESS = "127.0.0.1:8321"
MIN_TOKEN_LENGTH = 12
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
COOKIE = "wakeful_view"
PAGE_TOKEN_HEADER = "X-Wakeful-Page"  # noqa: S105 - a header's name


@dataclass(frozen=True, slots=True)
class Address:
    """Where the page is served."""

    host: str
    port: int

    @property
    def loopback(self) -> bool:
        """Whether only this machine reaches it."""
        return self.host == "localhost" or ipaddress.ip_address(self.host).is_loopback

    @property
    def family(self) -> socket.AddressFamily:
        return socket.AF_INET6 if ":" in self.host else socket.AF_INET

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(text: str, token: str | None) -> Address:
    """``HOST:PORT``, ``HOST``, ``:PORT`` or ``[IPV6]:PORT`` where the host is ``localhost`` or a numeric address.

    Raises:
        ConfigError: it is none of these, or reaches beyond this machine and ``token`` is no good one.
    """
    default_host, _, default_port = DEFAULT_ADDRESS.rpartition(":")
    host, port = _split(text)
    address = Address(_known_host(host or default_host, text), _known_port(port or default_port, text))
    if token is None and not address.loopback:
        raise ConfigError(
            f"the live page on {address} can be seen from the network: give a token with --view-token, "
            f"or serve it on {DEFAULT_ADDRESS}"
        )
    if token is not None and (len(token) < MIN_TOKEN_LENGTH or not token.isascii() or not token.isprintable()):
        raise ConfigError(f"the token of the live page should be {MIN_TOKEN_LENGTH} or more printable ASCII characters")
    return address


def _split(text: str) -> tuple[str, str]:
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        return host, rest.removeprefix(":")
    if text.count(":") > 1:
        return text, ""
    host, _, port = text.partition(":")
    return host, port


def _known_host(host: str, text: str) -> str:
    try:
        return host if host == "localhost" else str(ipaddress.ip_address(host))
    except ValueError:
        raise ConfigError(
            f"the live page cannot be served on {text!r}: give HOST:PORT with a numeric address of this machine, "
            f"as in {DEFAULT_ADDRESS}"
        ) from None


def _known_port(port: str, text: str) -> int:
    if not port.isascii() or not port.isdigit() or not 0 <= int(port) <= 65535:
        raise ConfigError(f"the live page cannot be served on {text!r}: a port is a number from 0 to 65535")
    return int(port)


@dataclass(frozen=True)
class Access:
    """The secrets of one run and the checks of its requests; headers are looked up by their usual names.

    Attributes:
        token: what a person must know, None on loopback without one.
        page: is in the page and must come back with each press of a button; new with each start.
        session: is in a cookie once the token was given; new with each start.
    """

    token: str | None = field(default=None, repr=False)
    page: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    session: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)

    def knows(self, headers: Mapping[str, str]) -> bool:
        """Whether the sender has shown the token: by the cookie, or as ``Authorization: Bearer``."""
        if self.token is None:
            return True
        bearer = headers.get("Authorization", "")
        if bearer.startswith("Bearer "):
            return self.accepts(bearer.removeprefix("Bearer "))
        return same(_cookie(headers.get("Cookie", "")), self.session)

    def accepts(self, token: str) -> bool:
        """Whether this is the token, compared in a time that tells nothing."""
        return self.token is not None and same(token, self.token)

    def pressed_on_page(self, headers: Mapping[str, str]) -> bool:
        """Whether a press comes from our page, not from another one in the same browser."""
        return same(headers.get(PAGE_TOKEN_HEADER, ""), self.page)


def same(given: str, known: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), known.encode())


def host_is_ours(headers: Mapping[str, str], local_ip: str, names: tuple[str, ...] = ()) -> bool:
    """Whether ``Host`` is loopback, the address the connection came in at, or one of this machine's ``names``.

    Another name means that a foreign page had its own name rebound to our address to be let in.
    """
    host, _ = _split(headers.get("Host", "").lower())
    return host in (*LOOPBACK_NAMES, local_ip.removeprefix("::ffff:"), *names)


def from_own_page(headers: Mapping[str, str]) -> bool:
    """Whether a browser says that the request comes from our own page; programs that say nothing are none."""
    origin, host = headers.get("Origin"), headers.get("Host", "")
    if origin is not None and origin.lower() != f"http://{host.lower()}":
        return False
    return headers.get("Sec-Fetch-Site", "same-origin") in ("same-origin", "none")


def own_names() -> tuple[str, ...]:
    """Names under which this machine is reached in its own network: the host name, with ``.local`` too."""
    name = socket.gethostname().lower()
    return (name, f"{name.partition('.')[0]}.local") if name else ()


def _cookie(header: str) -> str:
    try:
        found = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""
