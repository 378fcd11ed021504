"""From frames to the engine: who is recognized, what is sent, and what is kept of whom."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from tests.device.identity.people import FPS, ColourEmbedder, frame_of, sighting_of, template
from tools.rigs.waiting import eventually
from wakeful.device.driver_store import load_driver, save_driver
from wakeful.device.drivers import BlinkBaseline, Calibration, DriverRecognized, SetDriver
from wakeful.device.identity.published import Publish, published
from wakeful.device.identity.recognition import Recognition
from wakeful.device.identity.store import Store
from wakeful.device.messages import CommandReceived, DriverState, Event, Health
from wakeful.device.perception.landmarks import NetworkOutputError

ANNA, BERT, STRANGER = 1, 2, 3
EYES = Calibration("wakeful", 0.3, 0.31, 2.0, -3.0)
LEARNED = Calibration("wakeful", 0.28, 0.29, 10.0, 0.0)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Anna and Bert are enrolled; Anna has driven before."""
    monkeypatch.setenv("WAKEFUL_DRIVERS", str(tmp_path / "drivers"))
    made = Store(tmp_path / "identities")
    made.save(template("anna", ANNA))
    made.save(template("bert", BERT))
    save_driver("anna", EYES)
    return made


@dataclass
class Drive:
    """A monitor's loop as recognition sees it."""

    store: Store
    publish: Publish = "name"
    embedder: ColourEmbedder = field(default_factory=ColourEmbedder)
    learned: Calibration | None = None
    sent: list[DriverRecognized] = field(default_factory=list)
    t_s: float = 0.0

    def __post_init__(self) -> None:
        send: Callable[..., None] = self.sent.append
        self.output = Recognition(self.store, self.embedder, send, lambda: self.learned, self.publish)

    def play(self, seconds: float, person: int | None, yaw_deg: float = 0.0) -> Drive:
        for _ in range(round(seconds * FPS)):
            frame = frame_of(person or 0, self.t_s)
            sighting = sighting_of(frame, yaw_deg)
            if person is None:
                sighting = replace(sighting, landmarks=None)
            self.output.frame(frame, sighting)
            self.output.state(DriverState(frame.t_ns, frame.seq, Health.OK, face=person is not None))
            self.t_s += 1.0 / FPS
        return self

    def names(self) -> list[str]:
        """The names that were sent, without what became of them as pictures or people."""
        return [one.name for one in self.sent if one.live is None]


def test_the_driver_s_data_come_with_the_name(store: Store) -> None:
    drive = Drive(store).play(2.0, ANNA)
    assert drive.sent == [DriverRecognized("anna", drive.sent[0].similarity, EYES)]
    assert drive.sent[0].similarity == pytest.approx(0.9, abs=0.1)


def test_two_people_in_turn_are_told_apart_and_strangers_are_unknown(store: Store) -> None:
    drive = Drive(store).play(3.0, ANNA).play(2.0, None).play(3.0, BERT).play(2.0, None).play(12.0, STRANGER)
    assert drive.names() == ["anna", "bert", "unknown"]
    assert [one.known for one in drive.sent] == [EYES, None, None]


def test_nothing_is_computed_between_rounds(store: Store) -> None:
    drive = Drive(store).play(55.0, ANNA)
    assert drive.embedder.calls == 3
    drive.play(10.0, ANNA)
    assert drive.embedder.calls == 6
    assert drive.names() == ["anna"]


def test_at_most_one_face_is_compared_in_a_frame(store: Store) -> None:
    drive = Drive(store)
    most = 0
    for _ in range(60):
        before = drive.embedder.calls
        drive.play(1 / FPS, STRANGER)
        most = max(most, drive.embedder.calls - before)
    assert most == 1


def test_a_face_turned_aside_is_waited_for(store: Store) -> None:
    drive = Drive(store).play(10.0, ANNA, yaw_deg=50.0)
    assert drive.embedder.calls == 0
    drive.play(2.0, ANNA)
    assert drive.names() == ["anna"]


@pytest.mark.parametrize(
    "event", [Event(0, "watched", {"person": 2}), Event(0, "calibration", {"reason": "driver_changed"})], ids=["w", "c"]
)
def test_somebody_else_is_looked_at_at_once(store: Store, event: Event) -> None:
    drive = Drive(store).play(5.0, ANNA)
    drive.output.event(event)
    drive.play(1.5, BERT)
    assert drive.names() == ["anna", "bert"]


def test_who_is_named_by_hand_stays(store: Store) -> None:
    drive = Drive(store).play(5.0, ANNA)
    drive.output.engine_input(CommandReceived(0, SetDriver("carl")))
    drive.play(70.0, ANNA)
    assert drive.names() == ["anna"]


def test_who_is_forgotten_is_not_recognized_from_the_next_round_on(store: Store) -> None:
    drive = Drive(store).play(5.0, ANNA)
    store.forget("anna")
    drive.play(56.0, ANNA)
    eventually(lambda: drive.output._reading is None or not drive.output._reading.is_alive())
    drive.play(20.0, ANNA)
    assert drive.names() == ["anna", "unknown"]


def test_a_hash_tells_drivers_apart_without_their_names(store: Store, tmp_path: Path) -> None:
    drive = Drive(store, "hash").play(3.0, ANNA).play(2.0, None).play(3.0, BERT).play(2.0, None).play(12.0, STRANGER)
    anna, bert, nobody = drive.names()
    assert nobody == "unknown"
    assert len({anna, bert}) == 2
    assert len(anna) == 12 and set(anna) <= set("0123456789abcdef")
    assert anna == published("anna", "hash", store)
    assert anna != published("anna", "hash", Store(tmp_path / "another machine"))
    assert drive.sent[0].known == EYES


def test_nothing_is_published_on_demand_and_the_data_come_all_the_same(store: Store) -> None:
    drive = Drive(store, "none").play(3.0, ANNA)
    assert (drive.sent[0].name, drive.sent[0].known) == ("", EYES)


def test_what_a_new_driver_taught_is_kept(store: Store) -> None:
    drive = Drive(store).play(50.0, BERT)
    drive.learned = LEARNED
    drive.play(20.0, BERT)
    assert eventually(lambda: load_driver("bert") == LEARNED)


def test_eyes_that_fit_are_kept_as_they_were_and_the_road_is_new(store: Store) -> None:
    drive = Drive(store).play(5.0, ANNA)
    drive.learned = LEARNED
    drive.output.close()
    assert load_driver("anna") == replace(EYES, road_yaw_deg=10.0, road_pitch_deg=0.0)


def test_alert_blinks_are_kept_with_the_eyes_and_later_ones_do_not_replace_them(store: Store) -> None:
    first, second = (replace(LEARNED, blinks=BlinkBaseline(length_s, 0.05, 0.8, 0.08)) for length_s in (0.2, 0.3))
    for learned in (first, second):
        drive = Drive(store).play(5.0, ANNA)
        drive.learned = replace(learned, road_yaw_deg=None, road_pitch_deg=None)
        drive.output.close()
        assert load_driver("anna") == replace(EYES, blinks=first.blinks)


def test_eyes_that_do_not_fit_are_not_kept(store: Store) -> None:
    drive = Drive(store).play(5.0, ANNA)
    drive.output.event(Event(0, "calibration", {"reason": "driver_mismatch", "measure": "eyes"}))
    drive.learned = replace(LEARNED, eye_aspect_left=0.15)
    drive.output.close()
    assert load_driver("anna") == EYES


def test_what_a_stranger_taught_is_nobody_s(store: Store) -> None:
    drive = Drive(store).play(12.0, STRANGER)
    drive.learned = LEARNED
    drive.play(2.0, None).play(5.0, BERT)
    drive.output.close()
    assert drive.names() == ["unknown", "bert"]
    assert load_driver("bert") is None


def test_what_is_learned_of_somebody_forgotten_is_not_written_again(store: Store) -> None:
    drive = Drive(store).play(5.0, ANNA)
    drive.learned = LEARNED
    store.forget("anna")
    drive.output.close()
    assert load_driver("anna") is None


def test_an_empty_store_costs_nothing_and_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    drive = Drive(Store(tmp_path / "empty")).play(10.0, ANNA)
    assert "nobody is enrolled" in caplog.text
    assert drive.sent == [DriverRecognized("unknown")]
    assert drive.embedder.calls == 0


def test_damaged_and_foreign_templates_are_left_out_and_said(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    store.file("anna").write_text("damaged")
    store.save(template("carl", 4, network="network 0"))
    drive = Drive(store)
    assert "anna.face" in caplog.text
    assert "carl was enrolled with another network" in caplog.text
    assert drive.play(3.0, BERT).names() == ["bert"]


def test_a_network_that_answers_nan_names_nobody(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    class Broken(ColourEmbedder):
        def __call__(self, image: object, face: object) -> np.ndarray:
            raise NetworkOutputError("identity answered NaN")

    with caplog.at_level(logging.WARNING):
        drive = Drive(store, embedder=Broken()).play(3.0, ANNA)
    assert drive.names() == []
    assert caplog.text.count("answered NaN") == 1


def test_a_face_that_neither_blinks_nor_turns_may_be_a_picture(store: Store) -> None:
    picture = Drive(store).play(70.0, ANNA)
    assert [one.live for one in picture.sent] == [None, False]
    person = Drive(store).play(5.0, ANNA)
    person.output.event(Event(0, "closure", {"start_ns": 0, "end_ns": 1}))
    person.play(70.0, ANNA)
    assert [one.live for one in person.sent] == [None, True]


def test_a_head_that_turns_is_no_picture(store: Store) -> None:
    drive = Drive(store).play(5.0, ANNA)
    frame = frame_of(ANNA, drive.t_s)
    drive.output.frame(frame, sighting_of(frame))
    drive.output.state(DriverState(frame.t_ns, frame.seq, Health.OK, face=True, yaw_deg=0.0))
    frame = frame_of(ANNA, drive.t_s + 0.1)
    drive.output.frame(frame, sighting_of(frame))
    drive.output.state(DriverState(frame.t_ns, frame.seq, Health.OK, face=True, yaw_deg=25.0))
    assert [one.live for one in drive.sent] == [None, True]
