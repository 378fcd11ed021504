"""Looks down, by lids that are lowered: how long they have lasted, over blinks and moments unseen."""

from __future__ import annotations

from wakeful.device.state.glance import BRIDGE_NS, MIN_LOOK_NS


class LoweredLook:
    """Follows the lids; the bounds are those of glances."""

    def __init__(self) -> None:
        self._start_ns: int | None = None
        self._lowered_ns = 0
        self._up_ns: int | None = None

    @property
    def running(self) -> bool:
        """Whether there is one."""
        return self._start_ns is not None

    def step(self, t_ns: int, lowered: bool | None, start_ns: int | None = None) -> float | None:
        """Take in one moment; gives the length of the running look, 0 without one, None where it is not seen.

        Args:
            lowered: None where the lids are not seen.
            start_ns: when they went down, if that is known.
        """
        if self._start_ns is not None and t_ns - max(self._lowered_ns, self._up_ns or 0) > BRIDGE_NS:
            self._start_ns = self._up_ns = None
        if lowered:
            if self._start_ns is None:
                self._start_ns = t_ns if start_ns is None else start_ns
            self._lowered_ns, self._up_ns = t_ns, None
        elif lowered is False and self._start_ns is not None:
            self._up_ns = t_ns if self._up_ns is None else self._up_ns
            if t_ns - self._up_ns >= MIN_LOOK_NS:
                self._start_ns = self._up_ns = None
        if lowered is None:
            return None
        return 0.0 if self._start_ns is None else (self._lowered_ns - self._start_ns) / 1e9
