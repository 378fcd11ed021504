"""Rules applied to signals."""

from __future__ import annotations

from dataclasses import replace

from wakeful.device.messages import Alert
from wakeful.device.state.profile import LatchSection, Rule
from wakeful.device.state.rules import RuleBook

SECOND_NS = 1_000_000_000
HINT = Rule("drowsy", "advisory", {"perclos_60s": 0.08}, "test", clear_below={"perclos_60s": 0.06}, from_kmh=50.0)
WARN = Rule("drowsy", "warning", {"perclos_60s": 0.15}, "test", clear_below={"perclos_60s": 0.10}, from_kmh=50.0)
HELD = Rule("distress", "advisory", {"distress_s": 1.0}, "test", clear_below={"distress_s": 0.5}, dwell_s=2.0)


def told(*values: float | None, rules: tuple[Rule, ...] = (HINT, WARN), kmh: float | None = None) -> list[str]:
    """One value a second for the first rule's signal."""
    book, [name] = RuleBook(rules, LatchSection()), rules[0].when
    found: list[Alert] = []
    for second, value in enumerate(values):
        found += book.step(second * SECOND_NS, {name: value}, kmh)
    return [f"{alert.level.label} {alert.phase.value}" for alert in found]


def test_an_alert_is_raised_at_the_level_it_deserves() -> None:
    assert told(0.2, 0.2) == ["warning raised"]


def test_it_climbs_its_ladder_and_does_not_come_down_but_by_clearing() -> None:
    assert told(0.09, 0.16, 0.12, 0.16, 0.09) == ["advisory raised", "warning escalated", "warning cleared"]


def test_between_raising_and_clearing_nothing_is_told() -> None:
    assert told(*[0.09, 0.07] * 10) == ["advisory raised"]


def test_a_figure_that_wavers_on_its_way_down_is_no_new_cause() -> None:
    assert told(0.16, 0.09, 0.079, 0.08, 0.07, 0.09) == ["warning raised", "warning cleared"]
    assert told(0.16, 0.09, 0.05, 0.08) == ["warning raised", "warning cleared", "advisory raised"]


def test_the_unknown_neither_raises_nor_clears() -> None:
    assert told(None, 0.2, None, None, 0.2) == ["warning raised"]


def test_a_cause_that_lasts_is_told_again_after_a_minute() -> None:
    assert told(*[0.2] * 122) == ["warning raised", "warning escalated", "warning escalated"]


def test_the_gate_is_open_from_its_speed_on_and_for_unknown_speed() -> None:
    assert told(0.2, kmh=49.0) == []
    assert told(0.2, kmh=50.0) == told(0.2) == ["warning raised"]


def test_a_dwell_is_time_seen_and_frames_far_apart_do_not_make_it() -> None:
    book = RuleBook((HELD,), LatchSection())
    times_ns = [n * SECOND_NS // 4 for n in range(12)]
    raised = [t_ns for t_ns in times_ns for _ in book.step(t_ns, {"distress_s": 2.0}, None)]
    assert raised == [2 * SECOND_NS]
    assert told(*[2.0] * 20, rules=(HELD,)) == []


def test_evidence_is_what_the_rule_names() -> None:
    [alert] = RuleBook((WARN,), LatchSection()).step(0, {"perclos_60s": 0.2004, "closure_s": 1.0}, None)
    assert alert.evidence == {"perclos_60s": 0.2}


def adopted(after: tuple[Rule, ...], *values: float) -> list[str]:
    """Two seconds at 0.2 by HINT and WARN, then one value a second by the rules ``after``."""
    book = RuleBook((HINT, WARN), LatchSection())
    found = [alert for second in range(2) for alert in book.step(second * SECOND_NS, {"perclos_60s": 0.2}, None)]
    found += book.adopt(2 * SECOND_NS, after, LatchSection())
    for second, value in enumerate(values, start=3):
        found += book.step(second * SECOND_NS, {"perclos_60s": value}, None)
    return [f"{alert.level.label} {alert.phase.value}" for alert in found]


def test_an_alert_that_stands_is_not_raised_again_by_other_rules() -> None:
    stricter = replace(WARN, when={"perclos_60s": 0.12}, clear_below={"perclos_60s": 0.02})
    assert adopted((HINT, stricter), 0.2, 0.2, 0.05) == ["warning raised"]
    assert adopted((HINT, stricter), 0.2, 0.01) == ["warning raised", "warning cleared"]


def test_an_alert_that_no_rule_raises_any_longer_is_cleared_at_once() -> None:
    assert adopted((HELD,)) == ["warning raised", "warning cleared"]


def test_an_alert_whose_level_is_gone_ends_as_it_began() -> None:
    assert adopted((HINT,), 0.12, 0.09) == ["warning raised", "warning cleared"]


def test_a_call_takes_effect_though_nobody_looks_at_what_it_returns() -> None:
    book = RuleBook((WARN,), LatchSection())
    book.step(0, {"perclos_60s": 0.2}, None)
    assert book.worst() is not None
    book.acknowledge(SECOND_NS, 1)
    assert book.acknowledge(SECOND_NS, 1) == ()
    book.adopt(SECOND_NS, (HELD,), LatchSection())
    assert book.worst() is None


def test_an_alert_with_two_causes_of_one_level_lasts_until_both_are_over() -> None:
    blinks = Rule("drowsy", "advisory", {"long_blink_share": 0.2}, "test", clear_below={"long_blink_share": 0.1})
    book = RuleBook((HINT, blinks), LatchSection())
    found: list[Alert] = []
    for second, (perclos, share) in enumerate([(0.0, 0.3), (0.09, 0.3), (0.09, 0.0), (0.09, 0.0), (0.0, 0.0)]):
        found += book.step(second * SECOND_NS, {"perclos_60s": perclos, "long_blink_share": share}, None)
    assert [(alert.t_ns // SECOND_NS, alert.phase.value) for alert in found] == [(0, "raised"), (4, "cleared")]
