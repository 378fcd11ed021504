"""The heartbeat, with time as an argument."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from tests.device.alerts.samples import AWAKE
from wakeful.device.alerts.serial.heartbeat import Heartbeat
from wakeful.device.alerts.serial.sentences import unframe
from wakeful.device.messages import DriverState, Health, Level


def simulate(heartbeat: Heartbeat, states: dict[int, DriverState], duration_s: float) -> list[tuple[float, str]]:
    """Times and healths of all statuses; ``states`` are given at their millisecond."""
    heartbeat.start(0.0)
    sent = []
    for millisecond in range(round(duration_s * 1000)):
        now_s = millisecond / 1000
        if millisecond in states:
            heartbeat.beat(states[millisecond], now_s)
        sentence = heartbeat.sentence_if_due(now_s, 0)
        if sentence:
            sent.append((now_s, unframe(sentence).fields[2]))
    return sent


def test_a_new_line_gets_a_sign_of_life_at_once() -> None:
    heartbeat = Heartbeat(115200)
    heartbeat.start(0.0)
    heartbeat.beat(AWAKE, 0.0)
    assert heartbeat.sentence_if_due(0.0, 0)
    assert not heartbeat.sentence_if_due(0.1, 0)
    heartbeat.at_once()
    assert heartbeat.sentence_if_due(0.1, 0)
    assert not heartbeat.sentence_if_due(0.2, 0)


def test_it_beats_every_half_second_while_states_come() -> None:
    sent = simulate(Heartbeat(115200), dict.fromkeys(range(0, 5000, 33), AWAKE), 5.0)
    assert [time_s for time_s, _ in sent] == pytest.approx([0.5 * n for n in range(10)], abs=0.002)


@pytest.mark.parametrize(
    "changed",
    [replace(AWAKE, health=Health.DEGRADED), replace(AWAKE, level=Level.URGENT), replace(AWAKE, code="sleep")],
)
def test_a_change_of_health_level_or_code_is_said_at_once(changed: DriverState) -> None:
    sent = simulate(Heartbeat(115200), {0: AWAKE, 120: changed}, 0.7)
    assert [time_s for time_s, _ in sent] == pytest.approx([0.0, 0.12, 0.62], abs=0.002)


def test_two_seconds_after_the_last_state_it_says_stale_and_goes_on() -> None:
    sent = simulate(Heartbeat(115200), {0: AWAKE, 1000: AWAKE}, 6.0)
    assert [health for time_s, health in sent if time_s < 2.9] == ["ok"] * 6
    assert {health for time_s, health in sent if time_s > 3.1} == {"stale"}
    assert max(after - before for (before, _), (after, _) in pairwise(sent)) < 0.7


def test_a_monitor_that_never_gives_a_state_is_stale_too() -> None:
    sent = simulate(Heartbeat(115200), {}, 4.0)
    assert sent[0] == (2.0, "stale")
    assert len(sent) == 4


def test_on_a_slow_line_changes_wait_so_that_alerts_need_not() -> None:
    states = {ms: replace(AWAKE, code=str(ms % 2)) for ms in range(3000)}
    gaps_s = [after - before for (before, _), (after, _) in pairwise(simulate(Heartbeat(4800), states, 3.0))]
    assert min(gaps_s) >= 2 * 82 * 10 / 4800
    assert max(gaps_s) < 0.7


def test_statuses_are_numbered_without_a_gap() -> None:
    heartbeat = Heartbeat(115200)
    heartbeat.beat(AWAKE, 0.0)
    sentences = [heartbeat.sentence_if_due(0.6 * n, 0) for n in range(5)]
    assert [unframe(sentence).fields[0] for sentence in sentences] == ["0", "1", "2", "3", "4"]
