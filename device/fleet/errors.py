"""What can go wrong with a run over many drives, beside its logs."""

from __future__ import annotations

from wakeful.errors import WakefulError


class StoreError(WakefulError, OSError):
    """A store that cannot be read or written."""


class StoreAway(StoreError):
    """A store that does not answer now: it may do so in a while."""


class NotInStore(StoreError):
    """The store is there, what was asked for is not."""


class FleetError(WakefulError, RuntimeError):
    """A run that cannot be started, continued or shown."""


class OtherCode(FleetError):
    """A shard that was planned by other code than would judge it."""
