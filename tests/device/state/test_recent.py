"""How often something happened lately."""

from __future__ import annotations

from wakeful.device.state.recent import RecentCount


def test_it_counts_within_its_window_only() -> None:
    recent = RecentCount(10.0)
    for second in (0, 4, 8):
        recent.add(second * 1_000_000_000)
    assert [recent.count(second * 1_000_000_000) for second in (8, 9, 10, 14, 18)] == [3, 3, 2, 1, 0]
