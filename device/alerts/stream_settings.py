"""The table ``[stream]`` of the configuration."""

from __future__ import annotations

from pydantic import Field

from wakeful.device.config.section import Section


class StreamSettings(Section):
    """A local stream of JSON lines for other programs on this machine."""

    path: str | None = Field(default=None, min_length=1)
    """Path of the Unix socket, as in /run/wakeful/stream; unset: no stream."""
    rate_hz: float = Field(default=10.0, ge=0.1, le=100)
    """States per second."""
    landmarks: bool = False
    """Send the points of the face too, at the rate of the states; a face's shape can identify a person."""
    group: bool = False
    """Allow the socket's group to connect, not only its owner."""
