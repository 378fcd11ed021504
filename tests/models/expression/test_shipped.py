"""The shipped weights are the ones the model card speaks of."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from tests.models.expression.samples import real_faces
from wakeful.models import registry
from wakeful.models.expression.data import load
from wakeful.models.expression.face import FER2013_CLASSES, FERPLUS_CLASSES
from wakeful.models.expression.metrics import figures, softmax
from wakeful.models.expression.network import ExpressionFile

INT8, FLOAT = (registry.path(name) for name in ("expression_int8", "expression_float"))


def test_int8_fits_its_budget() -> None:
    assert INT8.stat().st_size <= 900_000


@pytest.mark.parametrize("file", [INT8, FLOAT])
def test_registry_and_file_name_the_same_classes(file: Path) -> None:
    notes = onnxruntime.InferenceSession(str(file)).get_modelmeta().custom_metadata_map
    entry = registry.network(file.stem)
    assert entry.outputs[0].classes == FERPLUS_CLASSES == tuple(json.loads(notes["ferplus"]))
    assert entry.outputs[1].classes == FER2013_CLASSES == tuple(json.loads(notes["fer2013"]))


def test_int8_agrees_with_float_on_real_faces() -> None:
    images = load(real_faces()).of("valid").images[:300]
    answers = [ExpressionFile(file).logits(images)[0].argmax(axis=1) for file in (INT8, FLOAT)]
    assert (answers[0] == answers[1]).mean() >= 0.95


def test_the_shipped_network_reads_validation_faces_as_the_card_says() -> None:
    from wakeful.models.expression.data import paper_labels

    valid = load(real_faces()).of("valid")
    labels = paper_labels(valid.votes)
    clear = np.flatnonzero(labels >= 0)[:600]
    p = softmax(ExpressionFile(INT8).logits(valid.images[clear])[0])
    found = figures(p, labels[clear], FERPLUS_CLASSES)
    assert found.accuracy > 0.82
    assert found.calibration_error < 0.06
