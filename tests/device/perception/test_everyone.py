"""Everybody in view: rendered people who pass each other keep their numbers, and the watched one is read as without."""

from __future__ import annotations

import contextlib
import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tools.rigs.networks import kept
from wakeful.device.perception.everyone import Everyone
from wakeful.device.perception.pipeline import EXPRESSION_EVERY, Perception
from wakeful.device.state.people import FoundPerson
from wakeful.sensors.camera import open_source
from wakeful.sensors.driver_face import HEIGHT_PX, WIDTH_PX, DriverPose
from wakeful.sensors.driver_group import Stand, render_group
from wakeful.sensors.frame import Frame
from wakeful.sensors.source import EndOfSource

FPS = 15
FACE_CM = 13.0
ROW = (Stand(-50, -7, 130), Stand(-20, 4, 140), Stand(14, -9, 130), Stand(47, 3, 150))


def lanes(t_s: float) -> list[Stand]:
    """Four people who walk back and forth, each behind the one before: those hide them. Up to 60 cm/s."""
    people = []
    for lane, (y_cm, z_cm) in enumerate(((-7, 130), (4, 150), (-9, 175), (3, 205))):
        turn = math.tau * t_s / 8.0 + (0, 2, 1, 3)[lane] * math.pi / 2
        people.append(Stand(0.36 * z_cm * math.cos(turn), y_cm, z_cm, DriverPose(yaw_deg=-15 * math.sin(turn))))
    return people


def circle(t_s: float) -> list[Stand]:
    """Four people who walk in a circle, 1.3 to 2 m away."""
    turns = [math.tau * t_s / 8.0 + person * math.pi / 2 for person in range(4)]
    return [
        Stand(55 * math.cos(turn), 3 * person - 5, 165 + 35 * math.sin(turn), DriverPose(yaw_deg=-15 * math.sin(turn)))
        for person, turn in enumerate(turns)
    ]


def pictures(walk: Callable[[float], list[Stand]], seconds: float) -> Iterator[tuple[Frame, list[Stand]]]:
    for seq in range(round(seconds * FPS)):
        people = walk(seq / FPS)
        yield Frame(render_group(people, seq), round(seq * 1e9 / FPS), seq), people


def who(found: FoundPerson, people: list[Stand]) -> int:
    """The person whose place and size a found face has."""
    left, top, right, bottom = found.box
    x, y, width = (left + right) / 2 * WIDTH_PX, (top + bottom) / 2 * HEIGHT_PX, (right - left) * WIDTH_PX

    def unlike(person: int) -> float:
        away = math.dist((x, y), people[person].centre_px) / width
        return away + abs(math.log(people[person].px_per_cm * FACE_CM / width))

    return min(range(len(people)), key=unlike)


def numbers(walk: Callable[[float], list[Stand]], seconds: float) -> tuple[dict[int, dict[int, int]], float]:
    """How often each number was whose, and the mean of faces found in a frame."""
    perception = Perception(load=kept)
    everyone = Everyone(perception, 4)
    whose: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    faces = frames = 0
    for frame, people in pictures(walk, seconds):
        frames += 1
        for found in everyone.look(frame, perception.look(frame)):
            whose[found.number][who(found, people)] += 1
            faces += 1
    return whose, faces / frames


def assert_kept_apart(walk: Callable[[float], list[Stand]], seconds: float) -> None:
    whose, faces = numbers(walk, seconds)
    assert sorted(whose) == [1, 2, 3, 4], dict(whose)
    assert sorted(next(iter(people)) for people in whose.values()) == [0, 1, 2, 3]
    assert all(len(people) == 1 for people in whose.values()), {n: dict(people) for n, people in whose.items()}
    assert faces > 3.2  # the rest is hidden


def test_four_people_who_pass_each_other_keep_their_numbers() -> None:
    assert_kept_apart(lanes, 5.0)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("walk", [lanes, circle])
def test_they_keep_them_for_a_minute(walk: Callable[[float], list[Stand]]) -> None:
    assert_kept_apart(walk, 60.0)


def test_the_watched_person_is_read_to_the_bit_as_without_the_others() -> None:
    alone, beside = Perception(load=kept), Perception(load=kept)
    everyone, seen = Everyone(beside, 4), 0
    for frame, _ in pictures(lanes, 1.0):
        watched = beside.look(frame)
        found = everyone.look(frame, watched)
        assert watched.observation == alone.observe(frame)
        mine = [watched.observation] if watched.observation.face else []
        assert [one.observation for one in found if one.watched] == mine
        seen += len(mine)
    assert seen > 10


def test_no_more_people_are_found_than_requested() -> None:
    perception = Perception(load=kept)
    everyone = Everyone(perception, 2)
    found = [everyone.look(frame, perception.look(frame)) for frame, _ in pictures(lambda t_s: list(ROW), 1.0)]
    assert {len(people) for people in found[1:]} == {2}
    assert len({one.number for people in found for one in people}) == 2


def test_people_two_metres_away_are_found_within_a_second() -> None:
    perception = Perception(load=kept)
    everyone = Everyone(perception, 4)
    far = [Stand(x_cm, y_cm, 220) for x_cm, y_cm in ((-70, -20), (-25, 10), (20, -15), (65, 15))]
    found: tuple[FoundPerson, ...] = ()
    for frame, _ in pictures(lambda t_s: far, 1.0):
        found = everyone.look(frame, perception.look(frame))
    assert [one.number for one in found] == [1, 2, 3, 4]
    assert {who(one, far) for one in found} == {0, 1, 2, 3}


@pytest.mark.parametrize(
    ("clip", "seconds", "expected"),
    [("passenger-takes-over.mp4", 8.0, {1, 2}), ("two-faces.gif", 3.0, {1, 2}), ("long-closure-dim.mp4", 2.0, {1})],
)
def test_real_people_keep_their_numbers_and_nothing_else_gets_one(
    clips: Path, clip: str, seconds: float, expected: set[int]
) -> None:
    """The driver of the first clip is away for 1.5 s; the last one shows one person."""
    perception = Perception(load=kept)
    everyone = Everyone(perception, 4)
    met: set[int] = set()
    with contextlib.closing(open_source(str(clips / clip), pace="fast")) as source, contextlib.suppress(EndOfSource):
        frame = source.read_latest(1.0)
        first_ns = frame.t_ns
        while frame.t_ns - first_ns < seconds * 1e9:
            met |= {one.number for one in everyone.look(frame, perception.look(frame))}
            frame = source.read_latest(1.0)
    assert met == expected


def test_who_was_away_for_longer_is_somebody_new() -> None:
    perception = Perception(load=kept)
    everyone = Everyone(perception, 4)
    met: set[int] = set()
    for frame, people in pictures(lambda t_s: list(ROW[:1] if 1.0 < t_s < 3.4 else ROW[:2]), 4.5):
        met |= {one.number for one in everyone.look(frame, perception.look(frame)) if who(one, people) == 1}
    assert len(met) == 2


@pytest.mark.parametrize(("expression_every", "most"), [(EXPRESSION_EVERY, 16), (2 * EXPRESSION_EVERY, 11)])
def test_others_are_read_less_often_than_frames_come_and_less_on_a_busy_board(expression_every: int, most: int) -> None:
    perception = Perception(load=kept)
    perception.expression_every = expression_every
    everyone = Everyone(perception, 4)
    image, read = render_group(ROW), set()
    for seq in range(30):
        frame = Frame(image, round(seq * 1e9 / 30), seq)
        everybody = everyone.look(frame, perception.look(frame))
        read |= {one.observation.seq for one in everybody if not one.watched}
    assert most - 4 <= len(read) <= most


def test_a_clock_that_jumps_back_begins_again() -> None:
    perception = Perception(load=kept)
    everyone = Everyone(perception, 4)
    for t_ns in (10**10, 10**9):
        frame = Frame(render_group(ROW), t_ns, 0)
        assert everyone.look(frame, perception.look(frame))
