"""One connection to an MQTT broker, from CONNECT to its end, driven by the thread that owns it.

paho-mqtt implements the protocol; its own threads, queues and reconnecting are not used. Each connection is a new
client, so that nothing of a broken one is sent again behind our back: ``wakeful.device.alerts.outbox`` keeps what must
not be lost.
"""

from __future__ import annotations

import contextlib
import select
import time
from collections import deque
from typing import Any

from wakeful.device.alerts.mqtt.access import Access
from wakeful.device.alerts.waker import Waker
from wakeful.errors import WakefulError
from wakeful.frozen import dataclass

CONNECT_TIMEOUT_S = 3.0
CONNACK_TIMEOUT_S = 4.0
KEEPALIVE_S = 10
GOODBYE_S = 0.3
MAX_INBOX = 100
SOON_S = 3.0
"""A connection that ends within this time was hardly ended by the network."""
TURN_S = 1.0
"""The protocol's own timers want a look at least this often."""

# Reason codes of MQTT 5; those of 3.1.1 are put into the same by paho.
NO_MATCHING_SUBSCRIBERS = 0x10
UNSUPPORTED_VERSION = 0x84
BAD_CREDENTIALS = (0x86, 0x87)


@dataclass(frozen=True, slots=True)
class Message:
    """Something that came in. ``retained``: it lay with the broker since before we came."""

    topic: str
    payload: bytes
    retained: bool


class LinkError(WakefulError, ConnectionError):
    """A broker that cannot be reached, refuses us, or went away."""


class Link:
    """Connected once the constructor returns.

    Args:
        client_id: by which the broker knows us; another client of the same name takes our place.
        will: topic and payload that the broker publishes, retained, when we vanish without a word.
        version: ``5`` or ``3.1.1``.

    Attributes:
        inbox: what has come in, for the owner to take out.
        acked: message numbers whose arrival the broker has confirmed, and whether there was a subscriber.

    Raises:
        LinkError: the broker cannot be reached or refuses us.
    """

    def __init__(self, access: Access, client_id: str, will: tuple[str, bytes], version: str) -> None:
        from paho.mqtt.client import Client
        from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

        self._where = str(access.broker)
        self._name = client_id
        self._opened_s = time.monotonic()
        self._welcome: Any = None
        self.inbox: deque[Message] = deque(maxlen=MAX_INBOX)
        self.acked: deque[tuple[int, bool]] = deque()
        protocol = MQTTProtocolVersion.MQTTv5 if version == "5" else MQTTProtocolVersion.MQTTv311
        # Nothing of an earlier connection is taken up: a client of 3.1.1 and the first of MQTT 5 both start clean.
        self._client = Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=protocol)
        self._client.on_connect = self._connected
        self._client.on_publish = self._published
        self._client.on_message = self._arrived
        self._client.will_set(*will, qos=1, retain=True)
        self._client.connect_timeout = CONNECT_TIMEOUT_S
        if access.username is not None:
            self._client.username_pw_set(access.username, access.password)
        if access.tls is not None:
            self._client.tls_set_context(access.tls)
        self._open(access)

    def publish(self, topic: str, payload: bytes, *, qos: int = 0, retain: bool = False) -> int:
        """Queues a message; gives the number under which its arrival is confirmed (QoS 1)."""
        sent = self._client.publish(topic, payload, qos=qos, retain=retain)
        self._check(sent.rc)
        return int(sent.mid)

    def subscribe(self, topic: str, qos: int) -> None:
        self._check(self._client.subscribe(topic, qos)[0])

    @property
    def congested(self) -> bool:
        """The network has not yet taken all that was published."""
        return self._client.want_write()

    def wait(self, waker: Waker | None, timeout_s: float) -> None:
        """Until something comes in, ``waker`` wakes, or the time is over; does what the protocol wants done.

        Raises:
            LinkError: the connection is gone.
        """
        sock = self._client.socket()
        if sock is None:
            raise LinkError(self._lost())
        pending = getattr(sock, "pending", None)
        timeout_s = 0.0 if pending is not None and pending() else min(timeout_s, TURN_S)
        listening: list[Any] = [sock] if waker is None else [sock, waker]
        readable, writable, _ = select.select(listening, [sock] if self._client.want_write() else [], [], timeout_s)
        if waker is not None:
            waker.clear()
        if sock in readable or (pending is not None and pending()):
            self._check(self._client.loop_read())
        if sock in writable:
            self._check(self._client.loop_write())
        self._check(self._client.loop_misc())

    def close(self, politely: bool = False) -> None:
        """End it; ``politely`` says goodbye, so that the broker does not publish the will."""
        if politely:
            with contextlib.suppress(LinkError, OSError, ValueError):
                give_up_s = time.monotonic() + GOODBYE_S
                while self._client.want_write() and time.monotonic() < give_up_s:
                    self.wait(None, GOODBYE_S)
                self._client.disconnect()
        sock = self._client.socket()
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.close()

    def _open(self, access: Access) -> None:
        try:
            self._client.connect(access.broker.host, access.broker.port, KEEPALIVE_S)
            give_up_s = time.monotonic() + CONNACK_TIMEOUT_S
            while self._welcome is None:
                if time.monotonic() > give_up_s:
                    raise LinkError(f"{self._where} does not answer as an MQTT broker")
                self.wait(None, 0.2)
        except LinkError:
            self.close()
            raise
        except Exception as error:  # name resolution, sockets and TLS each have their own
            self.close()
            raise LinkError(_why_not(self._where, error)) from error
        if self._welcome.is_failure:
            self.close()
            raise LinkError(self._refused())

    def _refused(self) -> str:
        if self._welcome.value in BAD_CREDENTIALS:
            return f"{self._where} refuses this user name and password; see [mqtt] credentials"
        if self._welcome.value == UNSUPPORTED_VERSION:
            return f"{self._where} does not support MQTT 5; set [mqtt] version to 3.1.1"
        return f"{self._where} refuses the connection: {self._welcome}"

    def _lost(self) -> str:
        lost = "the connection is lost"
        if time.monotonic() - self._opened_s < SOON_S:
            lost += (
                f" at once; if it goes on, another client is called {self._name} too: give this one another `device`"
            )
        return f"{self._where}: {lost}"

    def _check(self, code: int) -> None:
        if code != 0:
            raise LinkError(self._refused() if self._welcome is not None and self._welcome.is_failure else self._lost())

    def _connected(self, client: Any, data: Any, flags: Any, reason: Any, properties: Any) -> None:
        self._welcome = reason

    def _published(self, client: Any, data: Any, mid: int, reason: Any, properties: Any) -> None:
        self.acked.append((mid, getattr(reason, "value", 0) != NO_MATCHING_SUBSCRIBERS))

    def _arrived(self, client: Any, data: Any, message: Any) -> None:
        self.inbox.append(Message(str(message.topic), bytes(message.payload), bool(message.retain)))


def _why_not(where: str, error: Exception) -> str:
    reason = " ".join((getattr(error, "strerror", None) or str(error) or type(error).__name__).split())
    if type(error).__name__ == "SSLCertVerificationError":
        return f"{where} presents a certificate that is not trusted: {reason}; see [mqtt] ca"
    return f"{where} cannot be reached: {reason}"
