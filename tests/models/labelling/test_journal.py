"""No label is lost or counted twice, whatever ends the process or fills the disk; and what they come to."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.models.dataset.samples import pictures
from wakeful.models.dataset.items import PictureSet
from wakeful.models.dataset.opening import open_set
from wakeful.models.labelling.journal import Journal, JournalError, Look
from wakeful.models.labelling.scheme import LIDS, parse_scheme
from wakeful.models.labelling.verdicts import Verdict, agreement, table, verdict_of

SCHEME = parse_scheme(LIDS)
Open = Callable[[], Journal]


@pytest.fixture
def shown(tmp_path: Path) -> PictureSet:
    np.savez(tmp_path / "f.npz", images=pictures(6), name=np.array([f"p{i}" for i in range(6)]))
    return open_set(tmp_path / "f.npz")


@pytest.fixture
def opened(tmp_path: Path, shown: PictureSet) -> Open:
    return lambda: Journal(tmp_path / "l.journal", shown, SCHEME)


def look(row: int, label: str, id_: str, sure: bool = True) -> Look:
    return Look(id_, row, label, sure)


def test_labels_and_what_was_taken_back_are_there_again(opened: Open, tmp_path: Path) -> None:
    first = opened()
    first.add(look(0, "o", "a-1"), 1)
    first.add(look(1, "c", "a-2", sure=False), 1)
    first.add(look(1, "c", "a-2", sure=False), 1)  # sent twice
    first.undo("a-3", "a-1")
    first.add(look(0, "l", "a-4"), 1)
    first.close()
    assert (tmp_path / "l.journal").stat().st_mode & 0o777 == 0o600
    again = opened()
    assert again.looks() == {0: [look(0, "l", "a-4")], 1: [look(1, "c", "a-2", sure=False)]}
    again.undo("a-3", "a-4")  # that number was used
    assert again.looks()[0] == [look(0, "l", "a-4")]
    again.close()


def test_a_line_that_was_cut_off_is_gone_and_the_next_is_whole(opened: Open, tmp_path: Path) -> None:
    first = opened()
    first.add(look(0, "o", "a-1"), 1)
    first.add(look(1, "o", "a-2"), 1)
    first.close()
    file = tmp_path / "l.journal"
    for cut in range(1, len(file.read_bytes().splitlines()[-1]) + 1):
        copy = tmp_path / "cut.journal"
        copy.write_bytes(file.read_bytes()[:-cut])
        cut_off = Journal(copy, open_set(tmp_path / "f.npz"), SCHEME)
        assert list(cut_off.looks()) == [0]
        cut_off.add(look(2, "o", "b-1"), 1)
        cut_off.close()
        again = Journal(copy, open_set(tmp_path / "f.npz"), SCHEME)
        assert list(again.looks()) == [0, 2]
        again.close()


def test_a_full_disk_leaves_the_file_as_it_was(opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = opened()
    first.add(look(0, "o", "a-1"), 1)
    before = (tmp_path / "l.journal").read_bytes()
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, data[:9]))
    with pytest.raises(OSError, match="No space"):
        first.add(look(1, "o", "a-2"), 1)
    monkeypatch.undo()
    assert (tmp_path / "l.journal").read_bytes() == before and list(first.looks()) == [0]
    first.add(look(1, "o", "a-2"), 1)
    assert list(first.looks()) == [0, 1]
    first.close()


def test_one_at_a_time_and_only_of_its_own_set(opened: Open, shown: PictureSet, tmp_path: Path) -> None:
    first = opened()
    with pytest.raises(JournalError, match="in use"):
        opened()
    first.close()
    with pytest.raises(JournalError, match="use --keys o=open,l=lowered"):
        Journal(tmp_path / "l.journal", shown, parse_scheme("a=awake,b=asleep"))
    np.savez(tmp_path / "g.npz", images=pictures(6), name=np.array([f"q{i}" for i in range(6)]))
    with pytest.raises(JournalError, match=r"labels of 'f.npz', which has other pictures"):
        Journal(tmp_path / "l.journal", open_set(tmp_path / "g.npz"), SCHEME)
    (tmp_path / "l.journal").write_text("face,name\n")
    with pytest.raises(JournalError, match="not a journal of labels"):
        opened()


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ([("o", True)], Verdict("o", True, 1)),
        ([("o", False)], Verdict("o", False, 1)),
        ([("o", False), ("o", True)], Verdict("o", True, 2)),
        ([("o", False), ("o", False)], Verdict("o", False, 2)),
        ([("o", True), ("c", True)], Verdict("u", False, 2)),
    ],
)
def test_looks_come_to_a_label(given: list[tuple[str, bool]], wanted: Verdict) -> None:
    looks = [look(0, label, f"{i}", sure) for i, (label, sure) in enumerate(given)]
    assert verdict_of(looks, SCHEME) == wanted


def test_agreement_is_beyond_chance() -> None:
    first, second = "ooooccccll", "ooocccccls"
    looks = {i: [look(i, a, f"{i}a"), look(i, b, f"{i}b")] for i, (a, b) in enumerate(zip(first, second, strict=True))}
    looks[99] = [look(99, "o", "x")]
    found = agreement(looks)
    # Observed 8 of 10; by chance 4 x 3 + 4 x 5 + 2 x 1 of 100.
    assert (found.twice, found.same) == (10, 8)
    assert found.kappa == pytest.approx((0.8 - 0.34) / 0.66)
    assert found.apart == (("c", "o", 1), ("l", "s", 1))
    assert agreement({}).kappa is None


def test_the_table_is_that_of_the_labels_by_eye(shown: PictureSet) -> None:
    looks = {4: [look(4, "c", "1")], 1: [look(1, "l", "2", sure=False), look(1, "l", "3", sure=False)]}
    assert table(shown, looks, SCHEME) == "face,name,label,sure,looks\n1,p1,l,0,2\n4,p4,c,1,1\n"
