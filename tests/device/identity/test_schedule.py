"""When a face is looked at, and what is made of the looks."""

from __future__ import annotations

from collections.abc import Callable

from tests.device.identity.people import direction, gallery, template
from wakeful.device.identity.gallery import Answer
from wakeful.device.identity.schedule import Decision, Schedule

ANNA, BERT, NOBODY = Answer("anna", 0.8), Answer("bert", 0.8), Answer("", 0.1)


class Watch:
    """Plays seconds of a face, and remembers looks and decisions."""

    def __init__(self) -> None:
        self.schedule = Schedule()
        self.t_s = 0.0
        self.looks: list[float] = []
        self.decided: list[tuple[float, Decision]] = []

    def play(self, seconds: float, who: Callable[[float], Answer] | Answer | None, fps: float = 10.0) -> Watch:
        for _ in range(round(seconds * fps)):
            t_ns = round(self.t_s * 1e9)
            if who is not None and self.schedule.wants_look(t_ns):
                self.looks.append(self.t_s)
                decision = self.schedule.looked(t_ns, who(self.t_s) if callable(who) else who)
                if decision is not None:
                    self.decided.append((self.t_s, decision))
            self.t_s += 1.0 / fps
        return self

    @property
    def changes(self) -> list[tuple[float, str]]:
        return [(round(t_s, 1), one.answer.name) for t_s, one in self.decided if one.changed]


def test_three_looks_in_a_row_are_an_answer() -> None:
    watch = Watch().play(5.0, ANNA)
    assert watch.changes == [(0.4, "anna")]
    assert len(watch.looks) == 3


def test_then_nobody_looks_for_a_minute() -> None:
    watch = Watch().play(130.0, ANNA)
    assert watch.changes == [(0.4, "anna")]
    assert len(watch.looks) == 9
    assert watch.looks[3] - watch.looks[2] > 59.0


def test_two_looks_that_agree_are_none() -> None:
    pattern = (ANNA, ANNA, BERT)
    watch = Watch()
    watch.play(1.9, lambda t_s: pattern[len(watch.looks) % 3])
    assert watch.decided == []


def test_looks_that_are_far_apart_do_not_count_together() -> None:
    schedule = Schedule()
    for tenth in range(33):
        schedule.wants_look(tenth * 10**8)
        if tenth % 16 == 0:  # turned away in between
            assert schedule.looked(tenth * 10**8, ANNA) is None


def test_a_stranger_is_one_after_a_whole_round() -> None:
    watch = Watch().play(10.0, NOBODY)
    assert watch.changes == [(4.0, "")]


def test_the_face_that_is_seen_badly_at_first_is_found_in_the_same_round() -> None:
    watch = Watch().play(10.0, lambda t_s: NOBODY if t_s < 2.5 else ANNA)
    assert [name for _, name in watch.changes] == ["anna"]
    assert watch.changes[0][0] < 4.0


def test_somebody_who_comes_back_is_looked_at_again() -> None:
    watch = Watch().play(5.0, ANNA).play(1.5, None).play(5.0, BERT)
    assert [name for _, name in watch.changes] == ["anna", "bert"]
    assert watch.changes[1][0] < 6.5 + 2.0


def test_one_odd_round_changes_no_name() -> None:
    watch = Watch()
    watch.play(130.0, lambda t_s: BERT if 59.0 < t_s < 61.0 and len(watch.looks) < 6 else ANNA)
    assert watch.changes == [(0.4, "anna")]


def test_a_swap_that_is_suspected_begins_anew() -> None:
    watch = Watch().play(5.0, ANNA)
    watch.schedule.somebody_else()
    watch.play(2.0, BERT)
    assert [name for _, name in watch.changes] == ["anna", "bert"]
    assert watch.changes[1][0] < 5.6


def test_who_was_named_by_hand_stays_until_the_seat_is_empty() -> None:
    watch = Watch()
    watch.schedule.hold()
    watch.play(130.0, ANNA)
    assert watch.looks == []
    watch.play(2.0, None).play(2.0, ANNA)
    assert [name for _, name in watch.changes] == ["anna"]


def test_times_that_jump_back_begin_a_new_round() -> None:
    watch = Watch().play(70.0, ANNA)
    watch.t_s = 0.0
    watch.play(2.0, BERT)
    assert [name for _, name in watch.changes] == ["anna", "bert"]


def test_the_nearest_is_taken_if_it_is_near_enough() -> None:
    everybody = gallery(template("anna", 1), template("bert", 2))
    assert everybody.answer(direction(2, look=7)) == Answer("bert", everybody.answer(direction(2, look=7)).similarity)  # type: ignore[union-attr]
    stranger = everybody.answer(direction(3, look=7))
    assert stranger is not None
    assert stranger.name == ""
    assert gallery().answer(direction(1)) is None
    alone = everybody.without("bert").answer(direction(2))
    assert alone is not None
    assert alone.name == ""
