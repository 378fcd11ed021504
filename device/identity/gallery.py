"""Whose face it is, of those who are enrolled: the nearest one, if it is near enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace

import numpy as np

from wakeful.device.drivers import Calibration
from wakeful.device.identity.embedding import Embedding
from wakeful.device.identity.template_file import Template
from wakeful.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """Attributes:
    name: "" where the face is nobody's who is enrolled.
    similarity: to that person, or to the nearest one.
    """

    name: str
    similarity: float


@dataclass(frozen=True, slots=True)
class Gallery:
    """Everybody a face is compared with.

    Attributes:
        threshold: similarity from which on two faces are one person's.
        calibrations: what was learned of them, by name.
    """

    templates: Sequence[Template] = ()
    threshold: float = 1.0
    calibrations: Mapping[str, Calibration] = field(default_factory=dict)

    def without(self, name: str) -> Gallery:
        """The same with one person left out."""
        return replace(self, templates=[one for one in self.templates if one.name != name])

    def answer(self, embedding: Embedding) -> Answer | None:
        """Whose face this is; None where nobody is enrolled."""
        if not self.templates:
            return None
        best = max(self.templates, key=lambda one: similarity(one, embedding))
        found = similarity(best, embedding)
        return Answer(best.name if found >= self.threshold else "", found)


def similarity(template: Template, embedding: Embedding) -> float:
    """Of a face to a person, -1 to 1: the mean over the better half of their looks.

    A person is enrolled from ahead and from aside, with glasses and without, and one look cannot be like all of them.
    The single best would let a stranger in more easily the more looks there are.
    """
    each = np.sort(template.looks @ embedding)
    return float(each[len(each) // 2 :].mean())
