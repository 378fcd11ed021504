"""Files of variants are named in one place."""

from __future__ import annotations

from pathlib import Path

import pytest

from wakeful.models import registry, variants
from wakeful.models.variants import SHIPPED_SOCS, SocUnknown, VariantUnknown


def test_a_chip_is_known_by_the_number_and_the_name_of_its_maker() -> None:
    soc = variants.soc("QCS6490")
    assert (soc.model, soc.arch, soc.soc_type) == (93, 68, "QCS6490")
    assert set(SHIPPED_SOCS) <= set(variants.SOCS)


def test_an_unknown_chip_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(SocUnknown, match="qcs6490"):
        variants.soc("sm9999")


def test_the_expression_network_has_files_for_processors_and_npus() -> None:
    assert variants.file("expression", "float", "onnx") == registry.path("expression_float")
    assert variants.file("expression", "int8", "onnx") == registry.path("expression_int8")
    assert variants.file("expression", "int8", "litert") == registry.path("expression")
    assert variants.file("expression", "a16w8", "onnx") == registry.path("expression_a16w8")


def test_a_precision_that_is_not_made_is_refused() -> None:
    with pytest.raises(VariantUnknown, match="face_landmark a16w8"):
        variants.entry("face_landmark", "int8", "onnx")


def test_contexts_of_a_board_lie_beside_its_networks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WAKEFUL_MODELS", str(tmp_path))
    context = variants.cached_context("iris_landmark", "sm8650")
    assert context == tmp_path / "contexts" / "iris_landmark.a16w8.sm8650.onnx"
    assert variants.data_of(context).name == "iris_landmark.a16w8.sm8650.bin"
