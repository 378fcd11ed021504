"""The safety rule of all outputs: a monitor without a new state for two seconds is reported as ``stale``.

Outputs repeat the newest state from their own threads. Without this rule a monitor whose loop hangs would look alive
to its receivers for ever. Every output that repeats or shows a state applies it.
"""

from __future__ import annotations

from wakeful.device.messages import DriverState, Health, Level

STALE_AFTER_S = 2.0


class NewestState:
    """The monitor's newest state and whether it is still valid. Times are seconds of any one monotonic clock.

    Safe without a lock: one thread updates it, others read it.
    """

    def __init__(self) -> None:
        self._newest: tuple[DriverState | None, float] = (None, float("inf"))

    def start(self, now_s: float) -> None:
        """The monitor has started: its first state is due within two seconds as well."""
        self._newest = (None, now_s)

    def update(self, state: DriverState, now_s: float) -> None:
        """Store the newest state."""
        self._newest = (state, now_s)

    @property
    def last(self) -> DriverState | None:
        """The last state, however old it is; None before the first."""
        return self._newest[0]

    def stale_in_s(self, now_s: float) -> float:
        """Seconds until the monitor is stale without another state; negative if it is, infinite before ``start``."""
        return self._newest[1] + STALE_AFTER_S - now_s

    def is_stale(self, now_s: float) -> bool:
        return self.stale_in_s(now_s) < 0.0

    def at(self, now_s: float) -> DriverState | None:
        """The state to publish: the last one, or a ``stale`` one that keeps only its alert; None before the first."""
        state = self.last
        if state is None or not self.is_stale(now_s):
            return state
        return DriverState(state.t_ns, state.seq, Health.STALE, level=state.level, code=state.code)


class NewestLevel(NewestState):
    """The newest state for lamps and tones, which show its level in a pattern over time.

    Attributes:
        level: of the newest state, however old that is.
    """

    def __init__(self) -> None:
        super().__init__()
        self._code = ""
        self.level = Level.NONE

    def begins(self, state: DriverState, now_s: float) -> bool:
        """Stores the newest state; whether a pattern begins with it: another alert, or any after a stale one."""
        shown, was_stale = (self.level, self._code), self.is_stale(now_s)
        self.update(state, now_s)
        self.level, self._code = state.level, state.code
        return was_stale or (state.level, state.code) != shown
