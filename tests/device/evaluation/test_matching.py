"""Which detection belongs to which mark."""

from __future__ import annotations

from wakeful.device.evaluation.matching import NEAR_S, Matched, Span, match, overlaps_any

LONG = Span(2.0, 7.0)
BLINK = Span(10.0, 10.2)


def test_what_overlaps_belongs_together() -> None:
    assert match([LONG, BLINK], [Span(2.1, 6.9), Span(10.1, 10.4)]) == Matched(((0, 0), (1, 1)), (), ())


def test_a_closure_found_in_two_parts_is_one_right_and_one_false() -> None:
    assert match([LONG], [Span(2.0, 3.0), Span(3.2, 7.0)]) == Matched(((0, 1),), (), (0,))


def test_one_detection_over_two_marks_finds_one_of_them() -> None:
    assert match([Span(1.0, 1.2), Span(1.4, 1.9)], [Span(1.0, 1.9)]) == Matched(((1, 0),), (0,), ())


def test_a_detection_beside_a_mark_belongs_to_it_while_it_is_near_its_centre() -> None:
    centre_s = BLINK.centre_s
    near, far = Span(centre_s + 0.14, centre_s + 0.3), Span(centre_s + 0.16, centre_s + 0.3)
    assert match([BLINK], [near], NEAR_S).pairs == ((0, 0),)
    assert match([BLINK], [far], NEAR_S) == Matched((), (0,), (0,))


def test_a_centre_is_a_mark_without_length() -> None:
    assert match([Span(5.0, 5.0)], [Span(4.9, 5.1)], NEAR_S).pairs == ((0, 0),)
    assert match([Span(5.0, 5.0)], [Span(5.1, 5.2)], NEAR_S).pairs == ((0, 0),)


def test_touching_is_not_overlapping() -> None:
    assert match([Span(1.0, 2.0)], [Span(2.0, 3.0)]).pairs == ()
    assert not overlaps_any(Span(2.0, 3.0), [Span(1.0, 2.0)])


def test_the_longest_overlap_wins_whatever_the_order() -> None:
    marks, found = [Span(0.0, 1.0), Span(1.1, 2.0)], [Span(0.9, 2.0), Span(0.0, 0.8)]
    assert match(marks, found).pairs == ((0, 1), (1, 0))
    assert match(marks[::-1], found[::-1]).pairs == ((0, 1), (1, 0))


def test_nothing_marked_and_nothing_found_is_nothing() -> None:
    assert match([], []) == Matched((), (), ())
    assert match([], [BLINK]).surplus == (0,)
    assert match([BLINK], []).missed == (0,)
