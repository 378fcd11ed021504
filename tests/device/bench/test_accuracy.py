"""Accuracy beside speed: what a network answers on known faces."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.models.manifest_samples import PARITY, TOP_1, VARIANT
from wakeful.device.bench.accuracy import accuracy_of, find
from wakeful.models import manifest
from wakeful.models.manifest import Manifest


def test_a_variant_shows_its_parity_and_its_task_with_their_bars() -> None:
    for sha256 in (VARIANT.sha256, VARIANT.wrapper_sha256):
        told = find(sha256, [VARIANT])
        assert told.ranked
        assert told.parity == "1 steps (bar 2)"
        assert told.task == "top-1 80.9 % (loss 0.2 points, bar 0.5)"
        assert told.source == "FER+ test, 512 inputs, on simulated Hexagon"


def test_a_variant_that_misses_a_bar_is_not_ranked() -> None:
    far = replace(VARIANT, parity=replace(PARITY, worst=3.0))
    assert not find(VARIANT.sha256, [far]).ranked
    worse = replace(VARIANT, task=(replace(TOP_1, loss=0.006),))
    assert not find(VARIANT.sha256, [worse]).ranked


def test_the_network_that_variants_were_made_from_is_the_reference() -> None:
    told = find(VARIANT.source_sha256, [VARIANT])
    assert told.ranked
    assert (told.parity, told.task) == ("the reference", "top-1 81.1 %")


def test_what_nobody_measured_is_unknown_with_its_reason_and_takes_part() -> None:
    for told in (
        find("d" * 64, [VARIANT]),
        find(None, [VARIANT]),
        find(VARIANT.sha256, [replace(VARIANT, parity=None, task=())]),
    ):
        assert told.parity is None and told.task is None
        assert told.absent
        assert told.ranked


def test_the_manifest_that_came_with_wakeful_is_read(tmp_path: Path) -> None:
    file = tmp_path / "manifest.json"
    assert "no manifest" in str(accuracy_of(VARIANT.sha256, file).absent)
    manifest.save(Manifest((VARIANT,)), file)
    assert accuracy_of(VARIANT.sha256, file).parity == "1 steps (bar 2)"
    file.write_text("{", encoding="utf-8")
    manifest.load.cache_clear()
    told = accuracy_of(VARIANT.sha256, file)
    assert told.parity is None
    assert "not a manifest of conversions" in str(told.absent)
