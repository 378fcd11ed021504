"""Which of several faces is watched, and how that decision is taken back."""

from __future__ import annotations

import numpy as np
import pytest

from wakeful.device.perception.face_detector import Detection
from wakeful.device.perception.person import WatchedPerson
from wakeful.device.perception.seat import Seat

WIDTH, HEIGHT = 640, 480
SECOND_NS = 1_000_000_000
FRAME_NS = 100_000_000
DRIVER, PASSENGER = (150, 240), (500, 240)


def face(x: float, y: float, size_px: float = 100.0) -> Detection:
    box = (x - size_px / 2, y - size_px / 2, x + size_px / 2, y + size_px / 2)
    return Detection(box, np.zeros((6, 2), dtype=np.float32), 0.9)


class Cabin:
    """Faces over time, and who of them is watched: a tracker whose landmarks follow every face it takes."""

    def __init__(self, seat: Seat | None = None) -> None:
        self.person = WatchedPerson(seat)
        self.t_ns = 0
        self.watched: Detection | None = None
        self.looks = 0

    def show(self, seconds: float, *faces: Detection) -> list[Detection | None]:
        """Who is watched in each of the frames."""
        return [self._frame(list(faces)) for _ in range(round(seconds * SECOND_NS / FRAME_NS))]

    def _frame(self, faces: list[Detection]) -> Detection | None:
        self.t_ns += FRAME_NS
        last, self.watched = self.watched, None
        if last is not None:
            near = [one for one in faces if np.hypot(*np.subtract(one.centre, last.centre)) < 0.5 * last.size_px]
            self.watched = near[0] if near else None
        if self.watched is None:
            found = self.person.candidates(self.t_ns, faces, WIDTH, HEIGHT)
            self.watched = found[0] if found else None
            if found:
                self.person.take(self.t_ns, found[0], faces, WIDTH, HEIGHT)
        elif self.person.is_due(self.t_ns):
            self.looks += 1
            rival = self.person.rival(self.t_ns, faces, WIDTH, HEIGHT)
            if rival is not None:
                self.watched = rival
                self.person.take(self.t_ns, rival, faces, WIDTH, HEIGHT)
        if self.watched is not None:
            self.person.seen(self.t_ns, self.watched.centre, self.watched.size_px, WIDTH, HEIGHT)
        return self.watched


class TestTheFirst:
    def test_of_two_equal_faces_the_more_central_one_is_watched(self) -> None:
        middle, edge = face(320, 240), face(60, 240)
        assert WatchedPerson().candidates(0, [edge, middle], WIDTH, HEIGHT)[0] is middle

    def test_a_much_larger_face_is_watched_even_off_the_middle(self) -> None:
        small, large = face(320, 240, 60), face(150, 240, 200)
        assert WatchedPerson().candidates(0, [small, large], WIDTH, HEIGHT)[0] is large

    def test_no_face_is_nobody(self) -> None:
        assert WatchedPerson().candidates(0, [], WIDTH, HEIGHT) == []

    def test_between_two_who_are_equally_prominent_it_is_not_sure_until_the_place_is_learned(self) -> None:
        cabin = Cabin()
        two = face(*DRIVER), face(WIDTH - DRIVER[0], 240)
        cabin.show(50.0, *two)
        assert cabin.person.unsure
        cabin.show(12.0, *two)
        assert not cabin.person.unsure

    def test_a_small_face_behind_the_driver_raises_no_doubt(self) -> None:
        cabin = Cabin()
        cabin.show(2.0, face(*DRIVER), face(400, 200, 50))
        assert not cabin.person.unsure


class TestWhoWasThereBefore:
    def test_nobody_takes_over_while_the_watched_face_is_lost_for_a_moment(self) -> None:
        cabin = Cabin()
        cabin.show(1.0, face(*DRIVER))
        assert all(one is None for one in cabin.show(0.5, face(*PASSENGER, 150)))

    def test_the_watched_face_is_taken_up_again_in_its_place(self) -> None:
        cabin = Cabin()
        cabin.show(1.0, face(*DRIVER))
        cabin.show(0.4)
        again = face(170, 250)
        assert all(one is again for one in cabin.show(0.2, face(400, 240, 150), again))

    def test_after_a_second_somebody_who_was_not_seen_before_may_be_watched(self) -> None:
        cabin = Cabin()
        cabin.show(1.0, face(*DRIVER))
        other = face(*PASSENGER)
        assert cabin.show(2.0, other)[-1] is other
        assert cabin.person.number == 2 and cabin.person.unsure

    def test_a_clock_that_jumps_back_does_not_keep_the_seat_taken(self) -> None:
        cabin = Cabin()
        cabin.t_ns = 100 * SECOND_NS
        cabin.show(1.0, face(*DRIVER))
        cabin.t_ns, cabin.watched = 0, None
        other = face(*PASSENGER)
        assert cabin.show(0.1, other)[0] is other

    @pytest.mark.parametrize(("watched_s", "waits_s"), [(1.0, 2.0), (10.0, 10.0), (300.0, 30.0)])
    def test_who_was_seen_beside_the_driver_waits_as_long_as_the_driver_was_watched(
        self, watched_s: float, waits_s: float
    ) -> None:
        cabin = Cabin()
        passenger = face(*PASSENGER)
        cabin.show(watched_s, face(*DRIVER, 130), passenger)
        assert all(one is None for one in cabin.show(waits_s - 1.2, passenger))
        assert cabin.show(2.0, passenger)[-1] is passenger

    @pytest.mark.parametrize("away_s", [0.5, 1.5, 5.0, 60.0])
    @pytest.mark.parametrize("passenger_px", [70, 100, 180])
    def test_the_driver_is_watched_again_within_half_a_second(self, away_s: float, passenger_px: float) -> None:
        cabin = Cabin()
        driver, passenger = face(*DRIVER), face(*PASSENGER, passenger_px)
        cabin.show(10.0, driver)
        cabin.show(away_s, passenger)
        assert cabin.show(1.0, passenger, driver)[4] is driver
        assert cabin.person.number == 1 and not cabin.person.unsure

    def test_a_guest_who_stays_for_minutes_has_the_claim(self) -> None:
        cabin = Cabin()
        driver, other = face(*DRIVER), face(*PASSENGER)
        cabin.show(20.0, driver)
        cabin.show(130.0, other)
        assert cabin.person.number == 2 and not cabin.person.unsure
        assert all(one is other for one in cabin.show(10.0, other, driver))

    def test_a_guest_who_moves_to_the_driver_s_place_is_the_driver(self) -> None:
        cabin = Cabin()
        cabin.show(20.0, face(*DRIVER))
        cabin.show(1.5)
        for x in range(260, 150, -10):
            cabin.show(0.2, face(x, 240))
        assert cabin.person.number == 1 and not cabin.person.unsure

    def test_a_passenger_is_the_same_one_the_second_time(self) -> None:
        cabin = Cabin()
        driver, passenger = face(*DRIVER), face(*PASSENGER)
        numbers = []
        for _ in range(2):
            for one in (driver, passenger):
                cabin.show(3.0, one)
                numbers.append(cabin.person.number)
        assert numbers == [1, 2, 1, 2]

    def test_a_face_that_moves_stays_the_same_person_while_it_is_followed(self) -> None:
        cabin = Cabin()
        for x in range(100, 540, 20):
            cabin.show(0.5, face(x, 240), face(100, 100, 90))
        assert cabin.watched is not None and cabin.watched.centre[0] == 520
        assert cabin.person.number == 1


class TestASeatThatIsSet:
    def test_nobody_outside_of_it_is_watched(self) -> None:
        cabin = Cabin(Seat.of("left"))
        assert all(one is None for one in cabin.show(70.0, face(*PASSENGER, 200)))
        driver = face(*DRIVER)
        assert all(one is driver for one in cabin.show(1.0, driver, face(*PASSENGER, 200)))
        assert not cabin.person.unsure

    def test_a_face_that_stays_outside_of_it_is_reported_once(self, caplog: pytest.LogCaptureFixture) -> None:
        cabin = Cabin(Seat.of("left"))
        cabin.show(9.0, face(*PASSENGER))
        assert not caplog.messages
        cabin.show(30.0, face(*PASSENGER))
        assert [message.count("[driver] side") for message in caplog.messages] == [1]

    def test_a_region_goes_before_a_side(self) -> None:
        assert Seat.of("left", (0.5, 0.0, 1.0, 1.0)).region == (0.5, 0.0, 1.0, 1.0)

    def test_who_is_followed_out_of_it_gives_way_to_somebody_in_it(self) -> None:
        cabin = Cabin(Seat.of(None, (0.0, 0.0, 0.5, 1.0)))
        for x in range(300, 420, 20):
            cabin.show(0.5, face(x, 240))
        assert cabin.watched is not None and cabin.person.unsure
        driver = face(*DRIVER)
        assert cabin.show(1.0, cabin.watched, driver)[-1] is driver


class TestLooksAtTheWholePicture:
    def test_one_in_five_seconds_while_somebody_is_alone(self) -> None:
        cabin = Cabin()
        cabin.show(60.0, face(*DRIVER))
        assert cabin.looks == pytest.approx(12, abs=1)

    def test_one_a_second_in_company(self) -> None:
        cabin = Cabin()
        cabin.show(60.0, face(*DRIVER, 150), face(*PASSENGER, 60))
        assert cabin.looks == pytest.approx(60, abs=1)


class TestBeforeARobot:
    def test_the_next_one_is_watched_after_a_second_though_seen_before(self) -> None:
        cabin = Cabin(Seat(kept=False))
        one, other = face(*DRIVER, 130), face(*PASSENGER)
        cabin.show(60.0, one, other)
        assert cabin.show(1.3, other)[-1] is other
        assert not cabin.person.unsure

    def test_the_first_one_has_a_claim_for_a_few_seconds_only(self) -> None:
        cabin = Cabin(Seat(kept=False))
        one, other = face(*DRIVER, 130), face(*PASSENGER)
        cabin.show(60.0, one, other)
        cabin.show(5.0, other)
        assert cabin.show(6.0, one, other)[-1] is one
        cabin.show(15.0, other)
        assert all(one is other for one in cabin.show(6.0, one, other))
