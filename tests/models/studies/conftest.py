"""Stores in S3, as fleets are tested with them, and trainings on one thread, as they are done."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.device.fleet.conftest import bucket

__all__ = ["bucket", "one_thread"]


@pytest.fixture(autouse=True, scope="package")
def one_thread() -> Iterator[None]:
    """More threads than one sum in another order, and wait for each other on a busy machine."""
    torch = pytest.importorskip("torch", reason="needs the extra [train]")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
