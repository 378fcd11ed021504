"""The manifest of conversions is read as it was written, and a broken one is refused in one line."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.models.manifest_samples import PARITY, TOP_1, VARIANT
from wakeful.models.manifest import Manifest, ManifestUnreadable, load, save


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    written = Manifest((VARIANT, replace(VARIANT, soc="", runtime="onnx", parity=None, task=())), ("a note",))
    save(written, tmp_path / "manifest.json")
    assert load(tmp_path / "manifest.json") == written


def test_a_variant_is_found_by_network_precision_runtime_and_chip() -> None:
    manifest = Manifest((VARIANT,))
    assert manifest.find("expression", "int8", "qnn", "sm8650") is VARIANT
    assert manifest.find("expression", "int8", "qnn", "qcs6490") is None


def test_one_figure_beyond_its_bar_fails_the_variant() -> None:
    assert VARIANT.passed
    assert not replace(VARIANT, parity=replace(PARITY, worst=3.0)).passed
    assert not replace(VARIANT, task=(replace(TOP_1, loss=0.01),)).passed


def test_a_variant_that_nobody_measured_has_not_passed() -> None:
    assert not replace(VARIANT, parity=None, task=()).passed


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not a manifest"),
        ("[]", "is not a manifest"),
        (json.dumps({"schema": 99, "variants": [], "notes": []}), "schema 99"),
        (json.dumps({"schema": 1, "variants": [{"network": "expression"}], "notes": []}), "is not a manifest"),
    ],
)
def test_a_manifest_that_cannot_be_read_is_refused(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "manifest.json"
    file.write_text(text)
    with pytest.raises(ManifestUnreadable, match=said):
        load(file)


def test_a_manifest_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestUnreadable, match="make convert"):
        load(tmp_path / "manifest.json")
