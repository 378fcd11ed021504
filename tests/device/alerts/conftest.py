"""What the tests of several outputs share."""

from __future__ import annotations

import pytest


@pytest.fixture
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is away is tried again twenty times a second."""
    monkeypatch.setattr("wakeful.device.alerts.wire.FIRST_RETRY_S", 0.05)
    monkeypatch.setattr("wakeful.device.alerts.wire.LONGEST_RETRY_S", 0.05)
