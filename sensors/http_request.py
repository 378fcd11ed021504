"""One GET request to a network camera, with its login and through its redirects; every failure is a ``SourceError``.

``http.client`` and not ``urllib``: the socket must be at hand, so that another thread can end a wait, and no proxy of
the environment may see the login.
"""

from __future__ import annotations

import socket
import ssl
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import urljoin

from wakeful.errors import SourceError
from wakeful.sensors.address import Address, parse_address, shown
from wakeful.sensors.http_login import authorization
from wakeful.sensors.source import SourceNotFound

REDIRECTS = (301, 302, 303, 307, 308)
MAX_REQUESTS = 5

LOGIN = 'set [source] login = "USER:PASSWORD", or the environment variable WAKEFUL_SOURCE_LOGIN'


class Request:
    """The request and its connection.

    Args:
        timeout_s: for connecting, and for each wait for bytes.

    Attributes:
        socket: of the connection at present; other threads may shut it down.
    """

    def __init__(self, address: Address, timeout_s: float) -> None:
        self.socket: socket.socket | None = None
        self._address = address
        self._timeout_s = timeout_s
        self._connection: HTTPConnection | None = None
        self._answer: HTTPResponse | None = None

    def answer(self) -> HTTPResponse:
        """The answer, of status 200, whose content can be read now."""
        address, header = self._address, None
        for _ in range(MAX_REQUESTS):
            answer = self._sent(address, header)
            if answer.status == 200:
                return answer
            if answer.status == 401:
                header = self._login(address, answer, again=header is not None)
            elif answer.status in REDIRECTS:
                address, header = _redirected(address, answer.getheader("Location", "")), None
            else:
                raise SourceError(_refusal(address.name, answer.status))
        raise SourceError(f"{address.name} redirects without end: give the address of the stream itself")

    def close(self) -> None:
        if self._answer is not None:
            self._answer.close()
        if self._connection is not None:
            self._connection.close()

    def _sent(self, address: Address, header: str | None) -> HTTPResponse:
        self.close()
        kind = HTTPSConnection if address.scheme == "https" else HTTPConnection
        try:
            self._connection = kind(address.host, timeout=self._timeout_s)
            self._connection.connect()
            self.socket = self._connection.sock
            headers = {"Authorization": header} if header else {}
            self._connection.request("GET", address.target, headers=headers)
            self._answer = self._connection.getresponse()
        except (OSError, HTTPException) as error:
            raise unreachable(address, error) from None
        return self._answer

    def _login(self, address: Address, answer: HTTPResponse, *, again: bool) -> str:
        if again or not address.user:
            raise SourceError(login_refused(address))
        header = authorization(address, answer.headers.get_all("WWW-Authenticate") or [])
        if header is None:
            raise SourceError(
                f"{address.name} asks for a login in a way that is not known here: set it to Basic or Digest"
            )
        return header


def login_refused(address: Address) -> str:
    """What to say to a user whose login is missing or wrong."""
    if not address.user:
        return f"{address.name} asks for a user name and password: {LOGIN}"
    return f"{address.name} rejects the user name or the password: check it and {LOGIN}"


def unreachable(address: Address, error: OSError | HTTPException) -> SourceError:
    """Why no connection came about, with the fix."""
    name = address.name
    if isinstance(error, ssl.SSLCertVerificationError):
        return SourceError(
            f"{name} has a certificate that is not trusted ({error.verify_message}): name its authority's file in the "
            "environment variable SSL_CERT_FILE"
        )
    if isinstance(error, ConnectionResetError):
        return SourceNotFound(f"{name} closes the connection without an answer: start the camera's server again")
    if isinstance(error, ssl.SSLError | HTTPException):
        return SourceError(f"{name} does not answer as {address.scheme} does: check the port and http or https")
    if isinstance(error, socket.gaierror):
        return SourceNotFound(f"{name}: no host of that name is known: check it, or give its number as in 192.168.0.20")
    if isinstance(error, TimeoutError):
        return SourceNotFound(f"{name} does not answer: check that the camera is on and in this network")
    if isinstance(error, ConnectionRefusedError):
        return SourceNotFound(f"{name}: nothing answers at that port: start the camera's server, or check the port")
    return SourceNotFound(f"{name} cannot be reached ({error.strerror or type(error).__name__}): check the network")


def _refusal(name: str, status: int) -> str:
    if status in (403, 404, 410):
        return f"{name} refuses this path (HTTP {status}): check the part after the host"
    return f"{name} answers with HTTP {status}: look at the camera's own page, or start it again"


def _redirected(address: Address, location: str) -> Address:
    """Where a redirect leads. The login goes along to the same host only, and never from https to http."""
    try:
        there = parse_address(urljoin(f"{address.scheme}://{address.host}{address.target}", location))
    except ValueError:
        raise SourceError(f"{address.name} redirects to {shown(location)[:200]!r}, which is no address") from None
    if there.scheme not in ("http", "https"):
        raise SourceError(f"{address.name} redirects to {there.name}: give that address if it is the camera")
    if there.host == address.host and (there.scheme == "https" or address.scheme == "http"):
        return parse_address(f"{there.scheme}://{there.host}{there.target}", f"{address.user}:{address.password}")
    return there
