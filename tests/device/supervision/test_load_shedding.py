"""Under strain work is left out in a stated order, and comes back in the reverse order; drowsiness is judged on."""

from __future__ import annotations

import pytest

from tools.rigs.networks import kept
from wakeful.device.perception.pipeline import Perception
from wakeful.device.supervision.load_shedding import LoadControl, LoadLevel, LoadSample, LoadShedding
from wakeful.device.supervision.notes import Notes
from wakeful.sensors.driver_face import DriverPose, render
from wakeful.sensors.frame import Frame

FINE = LoadSample(lost_share=0.0, busy_share=0.3, over_limit_c=-20.0)
HOT = LoadSample(lost_share=0.0, busy_share=0.3, over_limit_c=1.0)
SLOW = LoadSample(lost_share=0.3, busy_share=0.99, over_limit_c=None)
FPS = 30
PERIOD_NS = 1_000_000_000 // FPS


def walk(ladder: LoadControl, strains: list[LoadSample], begin_s: float = 0.0) -> list[int]:
    """The step after each window of 5 s."""
    return [ladder.step(begin_s + 5.0 * n, strain) for n, strain in enumerate(strains)]


@pytest.mark.parametrize("strain", [HOT, SLOW])
def test_each_window_of_strain_is_a_step_down_to_the_last(strain: LoadSample) -> None:
    assert walk(LoadControl(LoadLevel.EYE), [FINE, strain, strain, strain, strain]) == [0, 1, 2, 3, 3]


def test_each_half_minute_of_calm_is_a_step_back() -> None:
    ladder = LoadControl(LoadLevel.EYE)
    walk(ladder, [HOT] * 3)
    steps = walk(ladder, [FINE] * 20, begin_s=15.0)
    assert steps == [3] * 6 + [2] * 6 + [1] * 6 + [0] * 2


def test_a_board_that_is_only_a_little_cooler_stays_where_it_is() -> None:
    ladder = LoadControl(LoadLevel.EYE)
    walk(ladder, [HOT])
    assert walk(ladder, [LoadSample(0.0, 0.3, over_limit_c=-2.0)] * 30, begin_s=5.0) == [1] * 30


def test_twice_the_frames_are_not_taken_up_where_there_is_no_room_for_them() -> None:
    ladder = LoadControl(LoadLevel.EYE)
    walk(ladder, [SLOW, SLOW])
    assert walk(ladder, [LoadSample(0.0, busy_share=0.5, over_limit_c=None)] * 20, begin_s=10.0) == [2] * 20
    assert walk(ladder, [LoadSample(0.0, busy_share=0.25, over_limit_c=None)] * 8, begin_s=110.0)[-1] == 1


def test_a_slow_camera_is_no_strain() -> None:
    assert not LoadSample(lost_share=0.0, busy_share=0.1, over_limit_c=None).slow
    assert not LoadSample(lost_share=0.5, busy_share=0.2, over_limit_c=None).slow


class Board:
    """A loop of 30 frames a second on a board whose temperature is set."""

    def __init__(self, perception: Perception) -> None:
        self.celsius = 50.0
        self.notes = Notes()
        self.perception = perception
        self.shedding = LoadShedding(perception, self.notes, 85.0, lambda limit_c: (self.celsius, limit_c))
        self._seq = 0

    def run(self, duration_s: float) -> int:
        """Frames that are judged."""
        judged = 0
        for _ in range(round(duration_s * FPS)):
            t_ns = self._seq * PERIOD_NS
            self._seq += 1
            if self.shedding.takes(t_ns):
                judged += 1
                self.shedding.worked(t_ns / 1e9, 0.005, 0)
        return judged


def test_a_hot_board_saves_in_the_stated_order_says_so_and_recovers() -> None:
    board = Board(Perception("mesh+iris", load=kept))
    assert board.run(6.0) == 180
    board.celsius = 91.0
    board.run(5.1)
    assert (board.perception.expression_every, board.perception.one_eye) == (6, False)
    told = board.notes.changes()[-1].text
    assert told == "the board is at 91 °C, its limit is 85 °C: the expression is read in every 6th frame"
    board.run(5.1)
    assert board.run(2.0) == pytest.approx(30, abs=1)
    board.run(5.1)
    assert board.perception.one_eye
    assert board.notes.codes == ("reduced",)
    board.celsius = 60.0
    board.run(125.0)
    assert board.shedding.level is LoadLevel.FULL
    assert (board.perception.expression_every, board.perception.one_eye) == (3, False)
    assert not board.notes.codes
    assert board.run(1.0) == 30


def test_a_reader_with_one_network_for_both_eyes_has_no_eye_to_leave_out(v2: str) -> None:
    board = Board(Perception("v2", load=kept))
    board.celsius = 91.0
    board.run(30.0)
    assert board.shedding.level is LoadLevel.FRAMES


def test_a_board_without_sensors_is_never_hot() -> None:
    board = Board(Perception("mesh+iris", load=kept))
    board.shedding = LoadShedding(board.perception, board.notes, 85.0, lambda limit_c: None)
    board.run(20.0)
    assert board.shedding.level is LoadLevel.FULL


@pytest.mark.parametrize("yaw_deg", [-15.0, 15.0])
def test_with_one_eye_the_eye_that_is_turned_to_the_camera_tells_open_from_closed(yaw_deg: float) -> None:
    perception = Perception("mesh+iris", load=kept)
    perception.one_eye = True
    aspects = []
    for seq, opening in enumerate((1.0, 1.0, 0.0, 0.0)):
        picture = render(DriverPose(eye_left=opening, eye_right=opening, yaw_deg=yaw_deg))
        seen = perception.observe(Frame(picture, seq * PERIOD_NS, seq))
        near, far = seen.eye_aspect_left, seen.eye_aspect_right
        if yaw_deg > 0.0:
            near, far = far, near
        assert far is None
        assert near is not None
        aspects.append(near)
    assert aspects[1] > 2.0 * aspects[3]
