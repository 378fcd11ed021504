"""``wakeful identity test``: whose face a source shows, look by look, without an engine."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

from wakeful.device.assembly import perception_for
from wakeful.device.config.settings import Settings
from wakeful.device.doctor.placement import frames
from wakeful.device.drivers import UNKNOWN
from wakeful.device.identity.embedding import Embedder
from wakeful.device.identity.enroll import opened
from wakeful.device.identity.recognition import is_comparable, read_gallery
from wakeful.device.identity.schedule import LOOK_NS, Schedule
from wakeful.device.identity.store import Store
from wakeful.errors import ConfigError


def run_trial(
    settings: Settings, store: Store, embedder: Embedder, duration_s: float, say: Callable[[str], None]
) -> None:
    """Compares a look every fifth of a second, and says when it would be sure.

    Raises:
        ConfigError: nobody is enrolled, or no face could be compared.
        SourceError: the source cannot be opened, or broke.
    """
    gallery = read_gallery(store, embedder)
    if not gallery.templates:
        raise ConfigError("nobody is enrolled who could be recognized: `wakeful identity enroll NAME`")
    schedule, origin_ns, looked_ns = Schedule(), None, None
    with closing(perception_for(settings)) as perception, closing(opened(settings)) as source:
        for frame in frames(source, duration_s):
            origin_ns = frame.t_ns if origin_ns is None else origin_ns
            sighting = perception.look(frame)
            if not is_comparable(sighting) or (looked_ns is not None and frame.t_ns - looked_ns < LOOK_NS):
                continue
            looked_ns = frame.t_ns
            assert sighting.landmarks is not None
            answer = gallery.answer(embedder(frame.image, sighting.landmarks))
            assert answer is not None
            t_s = (frame.t_ns - origin_ns) / 1e9
            say(f"{t_s:6.2f} s  {answer.name or UNKNOWN}  {answer.similarity:.3f}  (from {gallery.threshold:.3f} on)")
            schedule.wants_look(frame.t_ns)
            decision = schedule.looked(frame.t_ns, answer)
            if decision is not None and decision.changed:
                say(f"{t_s:6.2f} s  sure: {decision.answer.name or UNKNOWN}")
    if looked_ns is None:
        raise ConfigError("no face could be compared: nobody was there, too small, too dark or turned away")
