"""What is left of names and folders without numbers and without the labels themselves: how a source names its files."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wakeful.models.dataset.words import plain, split_of

MOST_FOLDERS = 10
"""Of more folders no single one is a source; they count by how they are named, as files do."""

Texts = NDArray[np.str_]


def file_shapes(names: Sequence[str], labels: Sequence[str]) -> Texts:
    """How each file is named: ``A_A_0.jpg`` for Aaron_Guiel_0001.jpg; labels in names count as any word."""
    said = _pattern(labels)
    return np.array([_shape(name.rpartition("/")[2], said) for name in names])


def folders(names: Sequence[str], labels: Sequence[str]) -> Texts:
    """The folders above each file, without those that name its class or its split."""
    known = {plain(label) for label in labels}
    left = [
        "/".join(part for part in name.split("/")[:-1] if not (plain(part) in known or split_of(part)))
        for name in names
    ]
    numbered = [re.sub(r"[0-9]+", "0", one) for one in left]
    if len(set(numbered)) <= MOST_FOLDERS:
        return np.array(numbered)
    return np.array([_shape(one, None) for one in left])


def _pattern(labels: Sequence[str]) -> re.Pattern[str] | None:
    """Finds labels in names however their words are joined, long ones first: not_drowsy, notdrowsy, Not-Drowsy."""
    words = [re.findall(r"[A-Za-z]+", label) for label in labels]
    parts = ["[^A-Za-z0-9]*".join(one) for one in sorted(words, key=lambda one: -len("".join(one))) if one]
    return re.compile("|".join(parts), re.IGNORECASE) if parts else None


def _shape(name: str, said: re.Pattern[str] | None) -> str:
    # A row's number before the name makes it unique, and says nothing.
    name = re.sub(r"^[0-9]+:", "", name)
    stem, dot, suffix = name.rpartition(".")
    if not dot or not suffix.isalnum() or len(suffix) > 4:
        stem, dot, suffix = name, "", ""
    if said is not None:
        stem = said.sub("a", stem)
    stem = re.sub(r"[0-9]+", "0", stem)
    stem = re.sub(r"[a-z]+", "a", re.sub(r"[A-Z][A-Za-z]*", "A", stem))
    return stem + dot + suffix.lower()
