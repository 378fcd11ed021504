"""What a network and other programs do to a running monitor, one fault of each source of the table.

``python -m tools.faults.sources`` has all of them, and measures.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.faults.source_servers import lacking
from tools.faults.sources import Trial, trial
from tools.rigs.waiting import within

LASTS_S = 2.0


@pytest.mark.parametrize(("source", "fault"), [("http", "backlog"), ("rtsp", "password"), ("gst", "gone")])
def test_a_source_is_lost_and_found_again_and_nothing_old_is_judged(source: str, fault: str, tmp_path: Path) -> None:
    if reason := lacking(source):
        pytest.skip(reason)
    with trial(source, tmp_path) as running:
        row = running.suffer(fault, LASTS_S)
        assert row is not None and row["well"] and row["kept"], row
        assert "camera_lost" in row["health"], row
        # What was dammed up is as old as the fault was long. Other work on the machine may disguise it, but not always.
        assert row["oldest_s"] < LASTS_S / 2 or within(LASTS_S / 2, lambda: oldest_s(running, fault), 3), row
        assert running.rig.failure is None


def oldest_s(running: Trial, fault: str) -> float:
    row = running.suffer(fault, LASTS_S)
    assert row is not None
    return float(row["oldest_s"])
