"""What all looks at a picture come to, how far they agree, and the table of it."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence

from wakeful.frozen import dataclass
from wakeful.models.dataset.items import PictureSet
from wakeful.models.labelling.journal import Look
from wakeful.models.labelling.scheme import Scheme

HEAD = ("face", "name", "label", "sure", "looks")


@dataclass(frozen=True, slots=True)
class Verdict:
    """The label of one picture.

    Attributes:
        sure: all looks say the same, and at least one without doubt.
        looks: how many there were.
    """

    label: str
    sure: bool
    looks: int


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of pictures with two looks and more, how many were labelled alike by the first two.

    Attributes:
        kappa: Cohen's: 0 is what chance alone gives, 1 full agreement; None where there is but one label.
        apart: the pairs of labels that were exchanged, the most frequent first.
    """

    twice: int
    same: int
    kappa: float | None
    apart: tuple[tuple[str, str, int], ...]


def verdict_of(looks: Sequence[Look], scheme: Scheme) -> Verdict:
    """Looks that differ make a picture unclear; where the scheme has no such label, the last one counts, unsure."""
    labels = {look.label for look in looks}
    if len(labels) == 1:
        return Verdict(looks[-1].label, any(look.sure for look in looks), len(looks))
    return Verdict(scheme.unclear or looks[-1].label, False, len(looks))


def agreement(looks: dict[int, list[Look]]) -> Agreement:
    """How far first and second looks agree. The same person's, minutes later, are an upper bound."""
    pairs = [(one[0].label, one[1].label) for one in looks.values() if len(one) > 1]
    same = sum(a == b for a, b in pairs)
    first, second = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    chance = sum(count * second[label] for label, count in first.items()) / max(len(pairs), 1) ** 2
    kappa = None if not pairs or chance >= 1.0 else (same / len(pairs) - chance) / (1.0 - chance)
    apart = Counter(tuple(sorted((a, b))) for a, b in pairs if a != b)
    return Agreement(len(pairs), same, kappa, tuple((a, b, count) for (a, b), count in apart.most_common()))


def table(pictures: PictureSet, looks: dict[int, list[Look]], scheme: Scheme) -> str:
    """The labelled pictures as CSV, in the order of the set."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(HEAD)
    for row in sorted(looks):
        one = verdict_of(looks[row], scheme)
        rows.writerow((row, pictures.items[row].name, one.label, int(one.sure), one.looks))
    return text.getvalue()
