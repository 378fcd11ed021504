"""The verdict on a data set: what is wrong with it, how much of it, what to do, and which files to look at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from enum import IntEnum
from itertools import permutations

import numpy as np

from wakeful.frozen import dataclass
from wakeful.models.dataset.copies import Copies
from wakeful.models.dataset.inspection import Array, Inspection

FEW = 100
"""Pictures of a class from which a network learns something of it, and a test share is known to about 10 %."""
UNEVEN = 10.0
"""Times as many pictures of the largest class as of the smallest one, at which the rare one gets lost in training."""
TINY_PX = 24
NAMED = 3


class Level(IntEnum):
    """How much a finding matters."""

    FINE = 0
    LOOK = 1
    BAD = 2


VERDICTS = {
    Level.FINE: "nothing speaks against training on it",
    Level.LOOK: "look at these before training on it",
    Level.BAD: "do not train or test on it as it is",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found.

    Attributes:
        code: stable name.
        text: what, how much, and what to do.
    """

    level: Level
    code: str
    count: int
    text: str


@dataclass(frozen=True, slots=True)
class LookAt:
    """A file to look at, and why; ``beside`` is the other one of a pair."""

    index: int
    why: str
    beside: int | None = None


def findings(seen: Inspection) -> list[Finding]:
    """All findings, the worst first."""
    found = [*_leaks(seen), *_conflicts(seen), *_people(seen), *_balance(seen), *_cues(seen), *_pictures(seen)]
    return sorted(found, key=lambda one: -one.level)


def verdict(found: list[Finding]) -> Level:
    """The worst level."""
    return max((one.level for one in found), default=Level.FINE)


def look_at(seen: Inspection) -> list[LookAt]:
    """Files to look at, what matters most first; each once for each reason."""
    listed = [LookAt(int(i), "cannot be decoded") for i in seen.unreadable]
    for conflict in seen.conflicts:
        named = "/".join(dict.fromkeys(one for one in conflict.labels if one))
        why = f"{'copy' if conflict.exact else 'near copy'} labelled {named} ({conflict.column})"
        for i, label in zip(conflict.members, conflict.labels, strict=True):
            other = next(
                k for k, said in zip(conflict.members, conflict.labels, strict=True) if said not in ("", label)
            )
            listed.append(LookAt(i, why, other))
    for copies, kind in ((seen.exact, "copy"), (seen.near, "near copy")):
        for members in copies.groups() if copies else []:
            if len(np.unique(seen.split[members])) > 1 and (copies is seen.exact or not _all_exact(seen, members)):
                listed += [LookAt(int(i), f"{kind} in another split", int(members[0])) for i in members[1:]]
    listed += [LookAt(int(i), "no face is seen") for i in seen.faceless]
    listed += [LookAt(one.index, one.why) for one in seen.outliers]
    return listed


def _all_exact(seen: Inspection, members: Array) -> bool:
    return len(np.unique(seen.exact.group[members])) == 1


def _leaks(seen: Inspection) -> Iterator[Finding]:
    near = seen.near if seen.near is not None else seen.exact
    for of, other in permutations(range(len(seen.splits)), 2):
        if of < other:  # counted once: of test, those that are in train
            continue
        exact, alike = (len(seen.copied_into(copies, of, other)) for copies in (seen.exact, near))
        if alike:
            of_all = int((seen.split == of).sum())
            more = f", {alike} a near or exact one" if alike > exact else ""
            yield Finding(
                Level.BAD,
                "copies_across_splits",
                alike,
                f"{exact} of {of_all} pictures of {seen.splits[of]} have an exact copy in {seen.splits[other]}{more}: "
                f"figures on {seen.splits[of]} are too good; `wakeful data curate` drops the copies from "
                f"{seen.splits[other]}",
            )
    for copies, kind in ((seen.exact, "exact"), (seen.near, "near or exact")):
        extra = _extra_inside(seen, copies) if copies is not None else 0
        if extra and (kind == "exact" or extra > _extra_inside(seen, seen.exact)):
            yield Finding(
                Level.LOOK,
                f"{kind.split()[0]}_copies",
                extra,
                f"{extra} pictures are {kind} copies of another one in the same split: they count twice in training",
            )
    if seen.near is None:
        yield Finding(Level.LOOK, "not_compared", len(seen.measured), "near copies were not searched")


def _extra_inside(seen: Inspection, copies: Copies) -> int:
    """Pictures that could go without losing one that is different."""
    pairs = np.stack([copies.group, seen.split], axis=1)[seen.measured.readable]
    return len(pairs) - len(np.unique(pairs, axis=0))


def _conflicts(seen: Inspection) -> Iterator[Finding]:
    counted = Counter((one.column, one.exact) for one in seen.conflicts)
    for (column, exact), count in counted.items():
        kind = "exact" if exact else "near"
        yield Finding(
            Level.BAD if exact else Level.LOOK,
            f"conflicting_labels_{kind}",
            count,
            f"{count} groups of {kind} copies have conflicting labels ({column}): one of them is wrong",
        )


def _people(seen: Inspection) -> Iterator[Finding]:
    people = seen.people_in()
    shared = sorted(name for name, inside in people.items() if len(inside) > 1)
    if shared:
        named = ", ".join(shared[:NAMED])
        yield Finding(
            Level.BAD,
            "people_across_splits",
            len(shared),
            f"{len(shared)} of {len(people)} people are in several splits ({named}, ...): split by person",
        )


def _balance(seen: Inspection) -> Iterator[Finding]:
    for column, texts in seen.labels.items():
        counts = Counter(texts[seen.measured.readable].tolist())
        unknown = counts.pop("", 0)
        if unknown:
            yield Finding(Level.LOOK, "no_label", unknown, f"{unknown} pictures have no label ({column})")
        if len(counts) < 2:
            continue
        (most, largest), (least, smallest) = counts.most_common()[0], counts.most_common()[-1]
        if largest >= UNEVEN * smallest:
            text = f"{most} has {largest} pictures, {least} {smallest} ({column}): report figures for each class"
            yield Finding(Level.LOOK, "uneven_classes", smallest, text)
        few = [name for name, count in counts.items() if count < FEW]
        if few:
            named = ", ".join(f"{name} {counts[name]}" for name in few[:NAMED])
            text = f"{len(few)} classes have fewer than {FEW} pictures ({column}): {named}"
            yield Finding(Level.LOOK, "few_pictures", len(few), text)
        yield from _missing_classes(seen, column, set(counts))


def _missing_classes(seen: Inspection, column: str, classes: set[str]) -> Iterator[Finding]:
    for i, name in enumerate(seen.splits):
        missing = classes - set(seen.labels[column][seen.split == i].tolist())
        if missing and len(seen.splits) > 1:
            text = f"{name or 'no split'} has no pictures of {', '.join(sorted(missing)[:NAMED])} ({column})"
            yield Finding(Level.LOOK, "missing_class", len(missing), text)


def _cues(seen: Inspection) -> Iterator[Finding]:
    simple = [one for one in seen.cues if not one.of_source]
    if simple:
        best = simple[0]
        by = f"its {'higher' if best.higher else 'lower'} {best.figure}"
        if best.higher is None:
            by = "size, light, sharpness and margins together"
        text = (
            f"{len(simple)} classes can be recognised by simple figures, most of all class {best.label} by {by} "
            f"(AUC {best.auc:.2f}): a network may learn the source"
        )
        yield Finding(Level.LOOK, "simple_cue", len(simple), text)
    named = [one for one in seen.cues if one.of_source]
    if named:
        best = named[0]
        text = (
            f"{len(named)} classes can be predicted without any picture, most of all class {best.label} by its "
            f"{best.figure} (AUC {best.auc:.2f}): where each class has a source of its own a network learns the "
            "source, and a test on the same set does not notice; mix the sources in each class, or test on another set"
        )
        yield Finding(Level.LOOK, "source_cue", len(named), text)


def _pictures(seen: Inspection) -> Iterator[Finding]:
    if count := len(seen.unreadable):
        yield Finding(Level.LOOK, "unreadable", count, f"{count} pictures cannot be decoded: cut off or damaged")
    if unused := seen.pictures.unused:
        reasons = "; ".join(f"{count} {why}" for why, count in Counter(one.why for one in unused).most_common(NAMED))
        yield Finding(Level.LOOK, "unused", len(unused), f"{len(unused)} files or rows were not used: {reasons}")
    width, height = seen.measured.figures["width"], seen.measured.figures["height"]
    tiny = int((np.fmin(width, height) < TINY_PX).sum())
    if tiny:
        yield Finding(Level.LOOK, "tiny", tiny, f"{tiny} pictures are smaller than {TINY_PX} pixels")
    if count := len(seen.faceless):
        text = f"{count} pictures show no face to wakeful's own network: turned away, covered, cut askew, or none"
        yield Finding(Level.LOOK, "no_face", count, text)
    if seen.outliers:
        reasons = "; ".join(f"{n} {why}" for why, n in Counter(one.why for one in seen.outliers).most_common(NAMED))
        count = len(seen.outliers)
        yield Finding(Level.LOOK, "outliers", count, f"{count} pictures are far from the rest: {reasons}")
