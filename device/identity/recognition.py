"""``--driver auto``: whose face it is, from frames to a command for the engine, and what is learned of that person.

An output like others, the last of them: a face is looked at only after a frame's alerts are out, and in one frame at
most once. Files are read and written in threads that end by themselves.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from threading import Thread
from typing import TYPE_CHECKING

from wakeful.device.alerts.output import Output
from wakeful.device.driver_store import DriverStoreError, load_driver, save_driver
from wakeful.device.drivers import UNKNOWN, Calibration, DriverRecognized, SetDriver
from wakeful.device.identity.embedding import Embedder
from wakeful.device.identity.gallery import Answer, Gallery
from wakeful.device.identity.liveness import Liveness
from wakeful.device.identity.published import Publish, published
from wakeful.device.identity.schedule import Schedule
from wakeful.device.identity.store import Store, without_foreign
from wakeful.device.messages import Command, CommandReceived, DriverState, Event, Unreadable
from wakeful.device.perception.landmarks import NetworkOutputError
from wakeful.device.state.inputs import EngineInput
from wakeful.errors import ConfigError, WakefulError

if TYPE_CHECKING:
    from wakeful.device.perception.pipeline import Sighting
    from wakeful.sensors.frame import Frame

log = logging.getLogger("wakeful.driver")

LEAST_FACE_PX = 60.0
MOST_YAW_DEG, MOST_PITCH_DEG = 30.0, 20.0
"""A face that is smaller or turned further is not compared. Of the rendered driver, against one look from ahead, at
a threshold of 0.59: 0.71 at 30 degrees aside, 0.76 at 15 and 0.5 at 25 degrees up."""
COMPARABLE = (None, Unreadable.OCCLUDED)
"""Dark glasses hide the eyes and not the face (0.76)."""
NOBODY = Answer("", -1.0)
"""Where there is nobody to compare with."""


class Recognition(Output):
    """Recognizes the watched person.

    Args:
        send: takes the command for the engine.
        learned: returns what has been learned of the person with a name so far.
        publish: what the driver is called outside.
    """

    def __init__(
        self,
        store: Store,
        embedder: Embedder,
        send: Callable[[Command], None],
        learned: Callable[[], Calibration | None],
        publish: Publish,
    ) -> None:
        self._store = store
        self._embedder = embedder
        self._send = send
        self._publish = publish
        self._learned = learned
        self._schedule = Schedule()
        self._liveness = Liveness()
        self._kept = Kept(store, learned)
        self._seen: tuple[Frame, Sighting] | None = None
        self._state: object = None
        self._gallery = Gallery()
        self._read(store.state())
        self._reading: Thread | None = None
        self._answer: Answer | None = None
        self._faults = 0
        if not self._gallery.templates:
            log.warning("nobody is enrolled whom --driver auto could recognize: `wakeful identity enroll NAME`")

    def frame(self, frame: Frame, sighting: Sighting) -> None:
        self._seen = (frame, sighting)

    def engine_input(self, given: EngineInput) -> None:
        """Somebody else says who it is: that holds."""
        if isinstance(given, CommandReceived) and isinstance(given.command, SetDriver):
            self._schedule.hold()
            self._kept.begin()
            self._answer = None

    def event(self, event: Event) -> None:
        reason = event.data.get("reason")
        if event.kind == "watched" or reason == "driver_changed":
            self._schedule.somebody_else()
            self._kept.begin()
            self._answer = None
        elif reason == "driver_mismatch":
            log.warning("what was learned of the driver before does not fit (%s)", event.data.get("measure"))
            self._kept.misfits(str(event.data.get("measure")))
        elif event.kind == "closure":
            self._liveness.blinked()

    def state(self, state: DriverState) -> None:
        seen, self._seen = self._seen, None
        if seen is None or seen[1].landmarks is None:
            return
        self._watch_liveness(state)
        running = self._schedule.wants_look(state.t_ns)
        if not running or not is_comparable(seen[1]) or not self._is_gallery_current():
            return
        decision = self._schedule.looked(state.t_ns, self._look(*seen))
        if decision is None:
            return
        if decision.changed:
            self._answer = decision.answer
            self._liveness.begin(state.t_ns)
            self._recognized(decision.answer, None)
        self._kept.confirmed(decision.answer.name, self._gallery)

    def close(self) -> None:
        self._kept.close(self._gallery)

    def _look(self, frame: Frame, sighting: Sighting) -> Answer:
        assert sighting.landmarks is not None
        if not self._gallery.templates:
            return NOBODY
        try:
            return self._gallery.answer(self._embedder(frame.image, sighting.landmarks)) or NOBODY
        except NetworkOutputError as error:
            if not self._faults:
                log.warning("%s; the face is not compared", error)
            self._faults += 1
            return NOBODY

    def _recognized(self, answer: Answer, live: bool | None) -> None:
        known = self._gallery.calibrations.get(answer.name)
        try:
            name = published(answer.name or UNKNOWN, self._publish, self._store)
        except WakefulError as error:
            log.warning("%s; the driver is not published", error)
            name = ""
        similarity = answer.similarity if answer.similarity > NOBODY.similarity else None
        self._send(DriverRecognized(name, similarity, known, live))

    def _watch_liveness(self, state: DriverState) -> None:
        """Whether somebody who was recognized is a person or a picture, for as long as that is open."""
        if self._answer is None or not self._answer.name:
            return
        live = self._liveness.step(state.t_ns, state.yaw_deg)
        if live is not None:
            if not live:
                log.warning("the face that was recognized neither blinks nor turns: it may be a picture")
            self._recognized(self._answer, live)

    def _is_gallery_current(self) -> bool:
        """Whether the store is as it was read; where not, it is read again meanwhile."""
        if self._reading is not None:
            if self._reading.is_alive():
                return False
            self._reading = None
            return True
        state = self._store.state()
        if state == self._state:
            return True
        self._reading = Thread(target=self._read, args=(state,), name="read identities", daemon=True)
        self._reading.start()
        return False

    def _read(self, state: object) -> None:
        self._gallery = read_gallery(self._store, self._embedder)
        self._state = state


class Kept:
    """What is learned of a person who was recognized, saved once it is sure whose it is.

    Only where all of it was learned under one answer: what was learned while the face was somebody else's, or nobody's,
    is not this person's. Eyes that were learned in an earlier drive and fit are kept, and alert blinks, so that tired
    drives do not wear them down; eyes that do not fit are not saved.
    """

    def __init__(self, store: Store, learned: Callable[[], Calibration | None]) -> None:
        self._store = store
        self._learned = learned
        self.begin()

    def begin(self) -> None:
        """Another person, of whom nothing is learned yet."""
        self._name: str | None = None
        self._whole = True
        self._misfits: set[str] = set()

    def misfits(self, measure: str) -> None:
        """What was known of the person does not fit."""
        self._misfits.add(measure)

    def confirmed(self, name: str, gallery: Gallery) -> None:
        """The face was looked at, and is this person's; "" nobody's."""
        self._whole = self._whole and self._name in (None, name)
        self._name = name
        if (kept := self._to_keep(gallery)) is not None:
            # A slow disk must not block the loop that calls this.
            Thread(target=self._save, args=(name, kept), name="save driver", daemon=True).start()

    def close(self, gallery: Gallery) -> None:
        """The run is over."""
        if self._name and (kept := self._to_keep(gallery)) is not None:
            self._save(self._name, kept)

    def _to_keep(self, gallery: Gallery) -> Calibration | None:
        learned = self._learned() if self._name and self._whole and "eyes" not in self._misfits else None
        known = gallery.calibrations.get(self._name or "")
        if learned is None or known is None or known.reader != learned.reader:
            return learned
        kept = replace(known, blinks=known.blinks or learned.blinks)
        if learned.road_yaw_deg is not None:
            kept = replace(kept, road_yaw_deg=learned.road_yaw_deg, road_pitch_deg=learned.road_pitch_deg)
        return None if kept == known else kept

    def _save(self, name: str, kept: Calibration) -> None:
        if name not in self._store.names():
            return  # forgotten meanwhile
        try:
            save_driver(name, kept)
        except DriverStoreError as error:
            log.warning("%s", error)


def is_comparable(sighting: Sighting) -> bool:
    """Whether the face is large enough, and not turned too far, to be compared."""
    seen = sighting.observation
    if (
        sighting.landmarks is None
        or seen.yaw_deg is None
        or seen.pitch_deg is None
        or seen.unreadable not in COMPARABLE
    ):
        return False
    turned = abs(seen.yaw_deg) > MOST_YAW_DEG or abs(seen.pitch_deg) > MOST_PITCH_DEG
    return not turned and (seen.face_px or 0.0) >= LEAST_FACE_PX


def read_gallery(store: Store, embedder: Embedder) -> Gallery:
    """Everybody who is enrolled, with what was learned of them. What cannot be used is reported and left out."""
    try:
        templates, problems = store.load_all()
    except WakefulError as error:
        templates, problems = [], [str(error)]
    usable, foreign = without_foreign(templates, embedder.version)
    problems += [
        f"{name} was enrolled with another network: `wakeful identity enroll {name} --again`" for name in foreign
    ]
    calibrations = {}
    for one in usable:
        try:
            known = load_driver(one.name)
        except ConfigError as error:
            problems.append(str(error))
            continue
        if known is not None:
            calibrations[one.name] = known
    for problem in problems:
        log.warning("%s", problem)
    return Gallery(usable, embedder.threshold, calibrations)
