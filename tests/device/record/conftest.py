"""What several tests of recording need."""

from __future__ import annotations

import pytest

from wakeful.device.record import session


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits is written fifty times a second, and each time to the disk."""
    monkeypatch.setattr("wakeful.device.record.recorder.TURN_S", 0.02)
    monkeypatch.setattr(session, "FLUSH_EVERY_S", 0.0)
