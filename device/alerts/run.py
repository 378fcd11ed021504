"""Which run of the monitor an alert belongs to, and when that run began."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

from wakeful.frozen import dataclass

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the monitor.

    Attributes:
        id: distinguishes the alert numbers of this run from those of another; a replay keeps that of its log.
        origin_ns: capture time of second 0, ns of the monotonic clock (of a file played fast: of the file).
        utc_ns: the same moment by the wall clock, ns since 1970.
        codes: what the rules can raise, in the order of the profile.
    """

    id: str
    origin_ns: int = 0
    utc_ns: int = 0
    codes: tuple[str, ...] = ()

    def time_at(self, t_ns: int) -> str:
        """A capture time by the wall clock, as ``utc_text`` writes it."""
        return utc_text(EPOCH + timedelta(microseconds=(self.utc_ns + t_ns - self.origin_ns) // 1000))


def new_run_id() -> str:
    """Eight random hex digits."""
    return secrets.token_hex(4)


def utc_text(moment: datetime) -> str:
    """``2026-03-01T12:00:00.250Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
