"""The topics of one device on a broker."""

from __future__ import annotations

from wakeful.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Topics:
    """Where a device publishes and listens: ``base`` is ``wakeful/<device>``."""

    base: str

    @property
    def state(self) -> str:
        return f"{self.base}/state"

    @property
    def alert(self) -> str:
        return f"{self.base}/alert"

    @property
    def event(self) -> str:
        return f"{self.base}/event"

    @property
    def health(self) -> str:
        return f"{self.base}/health"

    @property
    def availability(self) -> str:
        return f"{self.base}/availability"

    @property
    def command(self) -> str:
        return f"{self.base}/cmd"
