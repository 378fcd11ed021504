"""Runs the whole monitor on one clip and collects its reports, in seconds of the clip."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from wakeful.device.config.layers import load_profile
from wakeful.device.evaluation.annotations import ClipMarks
from wakeful.device.evaluation.matching import Span
from wakeful.device.messages import Event, Observation, Phase
from wakeful.device.perception.pipeline import Perception
from wakeful.device.state.engine import Engine, Step
from wakeful.device.state.engine_config import EngineConfig
from wakeful.frozen import dataclass
from wakeful.sensors.camera import open_source
from wakeful.sensors.source import EndOfSource

MAX_AGE_S = 1.0


@dataclass(frozen=True, slots=True)
class Reported:
    """One alert when it was raised."""

    t_s: float
    code: str
    level: str


@dataclass(frozen=True, slots=True)
class Played:
    """What the monitor reported for one clip.

    Attributes:
        frame_s: time of each frame since the first; one more at the end, when the last frame is over.
        face_share: share of the frames with a face.
        landmarks: the reader in use.
    """

    frame_s: tuple[float, ...]
    face_share: float
    landmarks: str
    closures: tuple[Span, ...]
    yawns: tuple[Span, ...]
    glances: tuple[Span, ...]
    alerts: tuple[Reported, ...]

    @property
    def duration_s(self) -> float:
        return self.frame_s[-1]


@dataclass(frozen=True, slots=True)
class ClipJob:
    """One clip and the settings to run it with."""

    folder: Path
    marks: ClipMarks
    landmarks: str
    profile: str
    speed_kmh: float


def play(job: ClipJob, each: Callable[[Observation, Step], None] | None = None) -> Played:
    """Play a clip to its end as ``wakeful run --pace fast`` does.

    Args:
        each: called with each frame's observation and what the engine made of it.

    Raises:
        AnnotationError: the marks do not fit the clip.
        SourceError: the clip cannot be played.
        ModelError: a network is missing or corrupt.
    """
    profile, _ = load_profile(job.profile)
    perception = Perception(job.landmarks)
    engine = Engine(EngineConfig(profile, perception.traits, job.speed_kmh))
    times_ns: list[int] = []
    faces = 0
    events: list[Event] = []
    alerts: list[tuple[int, str, str]] = []
    # An absolute path is always a file, whatever its name.
    with closing(open_source(str((job.folder / job.marks.name).resolve()), pace="fast")) as source:
        while True:
            try:
                frame = source.read_latest(MAX_AGE_S)
            except EndOfSource:
                break
            seen = perception.observe(frame)
            step = engine.step(seen)
            if each is not None:
                each(seen, step)
            times_ns += [frame.t_ns] * (frame.seq + 1 - len(times_ns))
            faces += seen.face
            events += step.events
            alerts += [
                (alert.t_ns, alert.code, alert.level.label) for alert in step.alerts if alert.phase is Phase.RAISED
            ]
        info = source.info
    job.marks.require_fit(len(times_ns), info.fps, info.width, info.height)
    origin_ns = times_ns[0]
    period_ns = (times_ns[-1] - origin_ns) // max(1, len(times_ns) - 1)
    return Played(
        frame_s=tuple((t_ns - origin_ns) / 1e9 for t_ns in (*times_ns, times_ns[-1] + period_ns)),
        face_share=faces / len(times_ns),
        landmarks=perception.reader,
        closures=_spans(events, "closure", origin_ns) + _lasting(step.state.closure_s, times_ns),
        yawns=_spans(events, "yawn", origin_ns),
        glances=_spans(events, "glance", origin_ns) + _lasting(step.state.off_road_s, times_ns),
        alerts=tuple(Reported((t_ns - origin_ns) / 1e9, code, level) for t_ns, code, level in alerts),
    )


def _spans(events: list[Event], kind: str, origin_ns: int) -> tuple[Span, ...]:
    return tuple(
        Span((int(event.data["start_ns"]) - origin_ns) / 1e9, (int(event.data["end_ns"]) - origin_ns) / 1e9)
        for event in events
        if event.kind == kind
    )


def _lasting(length_s: float | None, times_ns: list[int]) -> tuple[Span, ...]:
    """What lasts at the end of the clip, and was therefore not reported as ended."""
    end_s = (times_ns[-1] - times_ns[0]) / 1e9
    return (Span(end_s - length_s, end_s),) if length_s else ()
