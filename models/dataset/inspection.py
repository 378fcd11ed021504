"""Looks at a whole data set before anybody trains on it, and says in a few findings whether that would be wise."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from wakeful.frozen import dataclass
from wakeful.models.dataset.copies import Copies, exact_copies, near_copies
from wakeful.models.dataset.cues import Cue, cues
from wakeful.models.dataset.faces import without_face
from wakeful.models.dataset.items import PictureSet
from wakeful.models.dataset.measure import Measured, measure
from wakeful.models.dataset.outliers import Outlier, outliers
from wakeful.models.dataset.words import SOURCE_COLUMNS, SPLITS, plain

MOST_COMPARED = 100_000
"""Near copies are searched among so many pictures, which takes a few minutes on one core."""
MOST_OUTLIERS = 200

Texts = NDArray[np.str_]
Array = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Copies of one picture that were labelled differently.

    Attributes:
        members: which pictures.
        labels: of each.
        exact: the pixels are the same.
    """

    column: str
    members: tuple[int, ...]
    labels: tuple[str, ...]
    exact: bool


@dataclass(frozen=True)
class Inspection:
    """All that was found.

    Attributes:
        splits: names of the splits, in the order train, valid, test, others; [""] where there are none.
        split: index into ``splits`` of each picture.
        labels: texts of each column, "" unknown.
        near: None where there were too many pictures to compare all.
        faceless: pictures without a face, in a set of faces.
        conflicts: groups of copies with several labels, by column; a group is exact or near, never listed twice.
        cues: of the most important column that is not of the source.
    """

    pictures: PictureSet
    measured: Measured
    splits: tuple[str, ...]
    split: Array
    labels: dict[str, Texts]
    exact: Copies
    near: Copies | None
    conflicts: tuple[Conflict, ...]
    outliers: tuple[Outlier, ...]
    faceless: Array
    cues: tuple[Cue, ...]

    @property
    def unreadable(self) -> Array:
        return np.flatnonzero(~self.measured.readable)

    def copied_into(self, copies: Copies, of: int, other: int) -> Array:
        """Pictures of a split that have a copy in another one."""
        return np.flatnonzero((self.split == of) & copies.seen_in[:, other])

    def people_in(self) -> dict[str, set[str]]:
        """Splits in which each person is."""
        found: dict[str, set[str]] = {}
        for item in self.pictures.items:
            if item.person:
                found.setdefault(item.person, set()).add(item.split)
        return found


@dataclass(frozen=True, slots=True)
class Progress:
    """Receives how far reading and comparing are, as shares."""

    reading: Callable[[float], None] = lambda share: None
    comparing: Callable[[float], None] = lambda share: None


def inspect(pictures: PictureSet, progress: Progress | None = None, *, near: bool = True) -> Inspection:
    """Reads all pictures and compares each with all others.

    Args:
        near: search near copies too, not only exact ones.
    """
    progress = progress or Progress()
    count = len(pictures.items)
    measured = measure(pictures, lambda done: progress.reading(done / count))
    named = [item.split for item in pictures.items]
    splits = tuple(sorted(set(named), key=lambda one: (SPLITS.index(one) if one in SPLITS else len(SPLITS), one)))
    split = np.array([splits.index(one) for one in named], np.intp)
    labels = {
        column: np.array([item.labels[i] for item in pictures.items]) for i, column in enumerate(pictures.columns)
    }
    usable = measured.readable
    exact = exact_copies(measured.digest, split, len(splits), usable)
    compared = near and usable.sum() <= MOST_COMPARED
    alike = near_copies(measured.small, split, exact, usable, progress.comparing) if compared else None
    return Inspection(
        pictures,
        measured,
        splits,
        split,
        labels,
        exact,
        alike,
        tuple(_conflicts(labels, exact, alike)),
        tuple(outliers(measured, MOST_OUTLIERS)),
        without_face(measured.small, usable),
        tuple(_cues(pictures, measured, labels)),
    )


def _cues(pictures: PictureSet, measured: Measured, labels: dict[str, Texts]) -> list[Cue]:
    """Of the first column that is not of the source itself, which everything may tell."""
    said = {column: texts for column, texts in labels.items() if plain(column) in SOURCE_COLUMNS}
    asked = next((texts for column, texts in labels.items() if column not in said), None)
    return [] if asked is None else cues(measured, asked, [item.name for item in pictures.items], said)


def _conflicts(labels: dict[str, Texts], exact: Copies, near: Copies | None) -> list[Conflict]:
    found = []
    for column, texts in labels.items():
        for copies, same in ((exact, True), (near, False)):
            for members in copies.groups() if copies else []:
                # A group of exact copies is listed as that.
                if not same and len(np.unique(exact.group[members])) == 1:
                    continue
                known = [str(texts[i]) for i in members]
                if len({one for one in known if one}) > 1:
                    found.append(Conflict(column, tuple(members.tolist()), tuple(known), same))
    return found
