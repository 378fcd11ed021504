"""The inspection of FER+, whose copies were counted by other means before."""

from __future__ import annotations

from pathlib import Path

import pytest

from wakeful.models.dataset.inspection import inspect
from wakeful.models.dataset.opening import open_set

FERPLUS = Path(__file__).resolve().parents[4] / "shared" / "data" / "ferplus.npz"


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.skipif(not FERPLUS.is_file(), reason="the FER+ faces are not on this machine")
def test_the_copies_and_contradictions_of_ferplus_are_found() -> None:
    seen = inspect(open_set(FERPLUS))
    train, test = (seen.splits.index(name) for name in ("train", "test"))
    assert len(seen.copied_into(seen.exact, test, train)) == 288
    assert sum(one.column == "fer2013" and one.exact for one in seen.conflicts) == 55
