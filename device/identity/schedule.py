"""When a face is looked at, and when it is clear whose it is. Pure: time is what the frames carry.

A round of looks begins when a face appears, when somebody else may have sat down, and once a minute. A name needs some
looks in a row that agree; ``unknown`` needs a whole round without. An answer that stood before is only changed by two
rounds that agree on the new one. Between rounds nothing is done.
"""

from __future__ import annotations

from collections import deque

from wakeful.device.identity.gallery import Answer
from wakeful.frozen import dataclass

AGREE, WITHIN_NS = 3, 3_000_000_000
"""So many looks in a row agree, within this time."""
LOOK_NS = 200_000_000
"""Looks that follow each other sooner are nearly the same picture."""
ROUND_NS, ROUND_LOOKS = 4_000_000_000, 8
"""A round without a name in so many looks, over this time, ends: the face is nobody's who is enrolled. Both are needed:
a face that turns away after two looks has not been looked at."""
EVERY_NS = 60_000_000_000
GONE_NS = 1_000_000_000
"""A face that was away for this long has appeared again; the tracker holds on to one for as long."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Attributes:
    answer: of the last look that counted; its name is "" for a stranger.
    changed: it is another than the one that stood.
    """

    answer: Answer
    changed: bool


class Schedule:
    """Plans looks and draws conclusions.

    Attributes:
        name: who it is; "" a stranger, None while that is open.
    """

    def __init__(self) -> None:
        self.name: str | None = None
        self._due_ns: int | None = None
        self._face_ns: int | None = None
        self._look_ns: int | None = None
        self._held = False
        self._running = True
        self._candidate: str | None = None
        self._started_ns: int | None = None
        self._begin()

    def somebody_else(self) -> None:
        """Another person may sit there: nothing that was known holds."""
        self.name = self._candidate = None
        self._held = False
        self._running = True
        self._begin()

    def hold(self) -> None:
        """Somebody has said who it is: that holds for as long as the face is there."""
        self.somebody_else()
        self._held, self._running = True, False

    def wants_look(self, t_ns: int) -> bool:
        """A face is there at this time: whether to look whose it is."""
        if self._face_ns is not None and not 0 <= t_ns - self._face_ns < GONE_NS:
            self._held = False
            self._running = True
            self._begin()
        self._face_ns = t_ns
        if self._held:
            return False
        if not self._running and self._due_ns is not None and t_ns >= self._due_ns:
            self._running = True
            self._begin()
        return self._running and (self._look_ns is None or not 0 <= t_ns - self._look_ns < LOOK_NS)

    def looked(self, t_ns: int, answer: Answer) -> Decision | None:
        """Take in the answer to a look; gives what is decided by it."""
        self._look_ns = t_ns
        self._looks.append((t_ns, answer))
        self._count += 1
        if self._started_ns is None:
            self._started_ns = t_ns
        last = list(self._looks)[-AGREE:]
        agree = len(last) == AGREE and t_ns - last[0][0] <= WITHIN_NS
        if agree and answer.name and all(one.name == answer.name for _, one in last):
            return self._conclude(t_ns, answer)
        if self._count >= ROUND_LOOKS and t_ns - self._started_ns >= ROUND_NS:
            nearest = max((one for _, one in self._looks), key=lambda one: one.similarity)
            return self._conclude(t_ns, Answer("", nearest.similarity))
        return None

    def _conclude(self, t_ns: int, answer: Answer) -> Decision | None:
        self._begin()
        if self.name not in (None, answer.name) and self._candidate != answer.name:
            self._candidate = answer.name  # one more round
            return None
        changed = self.name != answer.name
        self.name, self._candidate = answer.name, None
        self._running, self._due_ns = False, t_ns + EVERY_NS
        return Decision(answer, changed)

    def _begin(self) -> None:
        self._looks: deque[tuple[int, Answer]] = deque(maxlen=ROUND_LOOKS)
        self._count = 0
        self._started_ns = None
