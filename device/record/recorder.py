"""Records a drive: an output that hands everything to a thread of its own, which alone waits for the disk.

The monitor's side of each call puts one reference into a bounded queue. What does not fit, because the disk hangs, is
dropped, counted and reported as health; alerts have room of their own.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from wakeful.device.alerts.output import Output
from wakeful.device.alerts.run import Run
from wakeful.device.config.settings import RecordSettings
from wakeful.device.landmarks import Landmarks
from wakeful.device.messages import Alert, DriverState, Event
from wakeful.device.record.encode import Recorded
from wakeful.device.record.errors import RecordingError
from wakeful.device.record.folder import Folder, Limits
from wakeful.device.record.schema import LandmarkReading, LogConfig
from wakeful.device.record.session import Rotation, Session
from wakeful.device.record.video import Box, Shot, Video, face_finder
from wakeful.device.state.inputs import EngineInput
from wakeful.device.supervision.notes import Notes
from wakeful.device.supervision.workers import Liveness, Worker

if TYPE_CHECKING:
    from wakeful.device.perception.pipeline import Sighting
    from wakeful.sensors.frame import Frame

MAX_QUEUED = 20_000
"""Messages: three minutes at 30 frames a second."""
MAX_QUEUED_ALERTS = 1000
MAX_QUEUED_SHOTS = 15
NO_POINTS_FROM = 1000
"""With this many messages queued no points are: they are larger, and nothing is replayed from them."""
TURN_S = 0.1
CLOSE_TIMEOUT_S = 3.0

_log = logging.getLogger("wakeful.record")


class Recorder(Output):
    """Writes logs into a folder from ``start`` to ``close``.

    Args:
        options: the table ``[record]``; its folder is set.
        template: the head of the files; session and times are filled in by ``start``.
        notes: where problems of the disk are reported.

    Attributes:
        dropped: messages that were lost because too many waited for the disk.

    Raises:
        RecordingError: the folder cannot be used, or the extra is not installed.
        ModelError: faces are to be blurred and the network that finds them is missing.
    """

    def __init__(
        self, options: RecordSettings, template: LogConfig, notes: Notes | None = None, liveness: Liveness | None = None
    ) -> None:
        _need_packages()
        assert options.folder is not None
        self._notes = notes or Notes()
        self._template = template
        self._live = bool(template.about.get("live"))
        self._rotation = Rotation(options.rotate_mb * 1_000_000, options.rotate_s)
        self._shot_every_ns = round(1e9 / options.video_fps)
        self._landmarks = options.landmarks
        self._video: Video | None = None
        if options.video != "off":
            finder = face_finder() if options.blur_others else None
            self._video = Video(events_only=options.video == "events", find_faces=finder)
        self._folder = Folder(Path(options.folder).expanduser(), _limits(options))
        self._queue: deque[tuple[Recorded | Shot, int, int, int | None]] = deque()
        self._sequence = 0
        self._utc_ns = 0
        self._shots_waiting = 0
        self._next_shot_ns = 0
        self._ended = False
        self._session: Session | None = None
        self._closing = threading.Event()
        self._thread = Worker("record", self._run, liveness=liveness)
        self.dropped = 0

    @property
    def recording(self) -> bool:  # type: ignore[override]
        """Whether what comes now is kept: not while the disk is full, nor once the recording has ended."""
        may_write = self._session is None or self._session.file is not None
        return self._thread.started and not self._ended and may_write

    def begin(self, run: Run) -> None:
        self._template = replace(self._template, about={**self._template.about, "run": run.id})
        self._utc_ns = run.utc_ns

    def start(self, origin_ns: int) -> None:
        wall_ns = self._utc_ns or time.time_ns()
        session = self._folder.new_session(wall_ns)
        self._template = replace(self._template, session=session, part=0, origin_ns=origin_ns, wall_ns=wall_ns)
        self._thread.start()

    def engine_input(self, given: EngineInput) -> None:
        self._put(given, given.t_ns)

    def frame(self, frame: Frame, sighting: Sighting) -> None:
        face = Landmarks.of(sighting.landmarks, frame.image) if self._landmarks else None
        if face is not None and not self._ended and len(self._queue) < NO_POINTS_FROM:
            self._queue.append((LandmarkReading(frame.t_ns, frame.seq, face), frame.t_ns, self._sequence, None))
        if self._video is None or not self._is_due(frame.t_ns) or self._shots_waiting >= MAX_QUEUED_SHOTS:
            return
        self._shots_waiting += 1
        points = sighting.landmarks.points if sighting.landmarks else None
        watched: Box | None = None
        if points is not None:
            (x0, y0), (x1, y1) = points[:, :2].min(axis=0).tolist(), points[:, :2].max(axis=0).tolist()
            watched = (x0, y0, x1, y1)
        self._queue.append((Shot(frame.t_ns, frame.seq, frame.image, watched), frame.t_ns, 0, None))

    def alert(self, alert: Alert) -> None:
        self._put(alert, alert.t_ns, MAX_QUEUED_ALERTS)

    def event(self, event: Event) -> None:
        self._put(event, event.t_ns)

    def state(self, state: DriverState) -> None:
        # Only the frames of a live source are timed by the clock that measures how long it took.
        self._put(state, state.t_ns, ready_ns=time.monotonic_ns() if self._live else None)

    def close(self) -> None:
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join(CLOSE_TIMEOUT_S)
        if self._thread.is_alive():
            _log.warning("the disk is slow: the log is not ended; `wakeful log repair` will repair it")
        elif not self._thread.started:
            self._folder.close()

    def _put(self, message: Recorded, t_ns: int, more_room: int = 0, ready_ns: int | None = None) -> None:
        self._sequence += 1
        if self._ended:
            return
        if len(self._queue) >= MAX_QUEUED + more_room:
            self.dropped += 1
            self._notes.set("record_slow", "the disk does not keep up, the recording has gaps: use a faster one")
            return
        self._queue.append((message, t_ns, self._sequence, ready_ns))

    def _is_due(self, t_ns: int) -> bool:
        """Whether the next picture is due; after a jump of the clock it is at once."""
        late_ns = t_ns - self._next_shot_ns
        if -self._shot_every_ns <= late_ns < 0:
            return False
        on_time = 0 <= late_ns < self._shot_every_ns
        self._next_shot_ns = (self._next_shot_ns if on_time else t_ns) + self._shot_every_ns
        return True

    def _run(self) -> None:
        try:
            self._record(time.monotonic)
        except Exception as error:
            # The monitor must go on, and somebody has to know that its log does not.
            self._ended = True
            self._notes.set("record_failed", f"the recording ended: {type(error).__name__}: {error}")
            _log.debug("the recording ended", exc_info=error)
        finally:
            self._folder.close()

    def _record(self, clock_s: Callable[[], float]) -> None:
        session = self._session = Session(self._folder, self._template, self._rotation, self._notes, clock_s())
        last = False
        while not last:
            last = self._closing.wait(TURN_S)
            self._write_queued(session, clock_s)
            session.turn(clock_s())
        session.close()

    def _write_queued(self, session: Session, clock_s: Callable[[], float]) -> None:
        """Write what waits at this moment; a disk that cannot keep up still gets its turns."""
        for _ in range(len(self._queue)):
            message, t_ns, sequence, ready_ns = self._queue.popleft()
            if isinstance(message, Shot):
                self._shots_waiting -= 1
                self._write_pictures(session, message)
                session.turn(clock_s())
                continue
            session.write(message, t_ns, sequence, ready_ns)
            if self._video is not None:
                for picture in self._video.happened(message):
                    session.write(picture, picture.t_ns, sequence)
        if self.dropped and len(self._queue) < MAX_QUEUED // 2:
            self._notes.clear("record_slow")

    def _write_pictures(self, session: Session, shot: Shot) -> None:
        assert self._video is not None
        for picture in self._video.shot(shot):
            session.write(picture, picture.t_ns, 0)


def _limits(options: RecordSettings) -> Limits:
    return Limits(
        min_free_bytes=options.min_free_mb * 1_000_000,
        keep_bytes=None if options.keep_mb is None else options.keep_mb * 1_000_000,
        keep_s=None if options.keep_days is None else options.keep_days * 86_400.0,
    )


def _need_packages() -> None:
    from importlib.util import find_spec

    if find_spec("mcap") is None:
        raise RecordingError("recording needs mcap: pip install 'wakeful[record]'")
