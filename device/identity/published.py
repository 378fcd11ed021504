"""What a driver is called in everything that leaves the monitor: by name, by a hash of it, or not at all."""

from __future__ import annotations

import hmac
from typing import Literal

from wakeful.device.drivers import AUTO, UNKNOWN
from wakeful.device.identity.store import Store

Publish = Literal["name", "hash", "none"]
HASH_DIGITS = 12


def published(name: str, how: Publish, store: Store) -> str:
    """The name as others get it; ``unknown`` for nobody's.

    The hash is keyed with a secret of this machine, since a list of names is quickly hashed: it tells two drivers
    apart and nothing else.

    Raises:
        StoreError: the secret cannot be written.
    """
    if how == "none":
        return ""
    if how == "name" or name in ("", AUTO, UNKNOWN):
        return name or UNKNOWN
    return hmac.new(store.salt(), name.encode(), "sha256").hexdigest()[:HASH_DIGITS]
