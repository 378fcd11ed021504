"""Everybody in view, judged: looks and expressions of each, and the watched person as the engine has it."""

from __future__ import annotations

from dataclasses import replace

from wakeful.device.config.layers import load_profile
from wakeful.device.messages import DriverState, Health, Observation
from wakeful.device.people import Person
from wakeful.device.state.people import FoundPerson, PeopleInView
from wakeful.device.state.profile import EngagementSection

FRAME_NS = 33_000_000
EXPRESSIONS = ("neutral", "happiness")
OPEN, CLOSED = (1.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0)
BOX = (0.4, 0.2, 0.6, 0.5)
LOOKING = Observation(
    0, 0, face=True, yaw_deg=0.0, pitch_deg=0.0, gaze_yaw_deg=1.0, gaze_pitch_deg=0.0, iris_px=7.5, focal_px=640.0,
    bearing_yaw_deg=0.0, bearing_pitch_deg=0.0, lid_states=OPEN, expression=(0.1, 0.9),
)  # fmt: skip
WATCHED = DriverState(
    0, 0, Health.OK, face=True, looking=False, distance_m=0.8, expression="neutral", expression_p=(0.7, 0.3)
)


def engagement() -> EngagementSection:
    section = load_profile("robot")[0].engagement
    assert section is not None
    return section


def people_after(seen: Observation, frames: int = 30, *, judged: bool = True) -> dict[int, Person]:
    """People by their ids after some frames: 1 is watched, 2 is seen like ``seen``."""
    people = PeopleInView(engagement() if judged else None, EXPRESSIONS)
    found: tuple[Person, ...] = ()
    for frame in range(frames):
        at = replace(seen, t_ns=frame * FRAME_NS, seq=frame)
        everybody = [FoundPerson(1, True, BOX, at), FoundPerson(2, False, BOX, at)]
        found = people.step(everybody, replace(WATCHED, t_ns=at.t_ns, seq=frame))
    return {one.id: one for one in found}


def test_somebody_beside_the_watched_person_looks_here_and_smiles() -> None:
    other = people_after(LOOKING)[2]
    assert (other.looking, other.expression, other.watched) == (True, "happiness", False)
    assert other.distance_m is not None and 0.9 < other.distance_m < 1.1


def test_closed_eyes_and_averted_ones_do_not_look_here() -> None:
    closed = replace(LOOKING, gaze_yaw_deg=None, gaze_pitch_deg=None, lid_states=CLOSED)
    assert people_after(closed)[2].looking is False
    assert people_after(replace(LOOKING, gaze_yaw_deg=35.0))[2].looking is False


def test_eyes_that_are_not_seen_are_unknown() -> None:
    hidden = replace(LOOKING, gaze_yaw_deg=None, gaze_pitch_deg=None, lid_states=None, iris_px=None)
    other = people_after(hidden)[2]
    assert (other.looking, other.distance_m) == (None, None)


def test_a_reader_without_states_of_the_lids_is_judged_by_its_gaze() -> None:
    assert people_after(replace(LOOKING, lid_states=None))[2].looking is True


def test_the_watched_person_is_as_the_engine_says() -> None:
    watched = people_after(LOOKING)[1]
    assert (watched.watched, watched.looking, watched.distance_m) == (True, False, 0.8)
    assert (watched.expression, watched.expression_p) == ("neutral", (0.7, 0.3))


def test_the_place_is_the_middle_and_the_size_of_the_face() -> None:
    other = people_after(LOOKING)[2]
    assert [round(share, 6) for share in (other.x, other.y, other.width, other.height)] == [0.5, 0.35, 0.2, 0.3]


def test_a_profile_that_judges_no_looks_leaves_them_unknown() -> None:
    other = people_after(LOOKING, judged=False)[2]
    assert (other.looking, other.expression) == (None, "happiness")


def test_who_was_away_for_long_is_judged_from_the_beginning() -> None:
    people = PeopleInView(engagement(), EXPRESSIONS)
    for t_ns in (0, 6_000_000_000):
        seen = replace(LOOKING, t_ns=t_ns, expression=(0.1, 0.9) if t_ns == 0 else None)
        (other,) = people.step([FoundPerson(2, False, BOX, seen)], replace(WATCHED, t_ns=t_ns))
    assert other.expression_p == ()
