"""A record of one measurement."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from wakeful.device.bench.page import page
from wakeful.device.bench.record import Accuracy, Comparison, Record, Row, Subject, Value
from wakeful.device.bench.store import RecordError, as_csv, load, save
from wakeful.device.bench.table import ranked, show

QUICK_ONE = Subject("model", "nod", "litert", "int8", 1, "nod_int8.tflite", "ab" * 32, 1000)
EXACT_ONE = replace(QUICK_ONE, precision="float", file="nod.tflite", sha256="cd" * 32)


def row(subject: Subject, p50_ms: float, accuracy: Accuracy, scenario: str = "single-stream") -> Row:
    figures: dict[str, Value] = {"p50_ms": p50_ms, "p99_ms": 2 * p50_ms, "energy_mj": None, "macs": 5_000_000}
    quantiles = tuple(p50_ms * (0.5 + percent / 100) for percent in range(101))
    return Row(subject, scenario, figures, {"energy_mj": "no counter"}, (p50_ms,) * 8, quantiles, accuracy=accuracy)


def record(**changes: object) -> Record:
    rows = (
        row(QUICK_ONE, 1.0, Accuracy("5 steps (bar 2)", False, "top-1 60 %")),
        row(EXACT_ONE, 3.0, Accuracy("the reference", True, "top-1 80 %")),
        Row(QUICK_ONE, "cold", error="the <worker> ended with status 1"),
    )
    compared = Comparison(EXACT_ONE.name, QUICK_ONE.name, "single-stream", 0.33, 0.32, 0.34, 40, "faster")
    base = Record("wakeful bench model nod", "2026-01-01T00:00:00+00:00", False, False, None, {}, {}, {"cores": 2})
    return replace(base, rows=rows, comparisons=(compared,), ended=True, **changes)  # type: ignore[arg-type]


def test_a_record_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    saved = save(record(), tmp_path / "r.json")
    assert [path.name for path in saved] == ["r.json", "r.csv", "r.html"]
    assert load(saved[0]) == record()
    assert [oct(path.stat().st_mode & 0o777) for path in saved] == ["0o600"] * 3


def test_an_absent_figure_needs_a_reason() -> None:
    with pytest.raises(ValueError, match="energy_mj"):
        Row(QUICK_ONE, "single-stream", {"energy_mj": None})


def test_a_variant_that_fails_its_parity_bar_is_ranked_behind_all_others_however_fast() -> None:
    assert [one.subject.precision for one in ranked(record().rows[:2])] == ["float", "int8"]
    lines = list(csv.DictReader(io.StringIO(as_csv(record()))))
    assert [line["ranked"] for line in lines] == ["False", "True", "False"]


def test_the_table_says_what_it_must() -> None:
    out = io.StringIO()
    show(record(emulated=True, emulation="qemu", quick=True), Console(file=out, width=80))
    told = out.getvalue()
    for words in ("emulated", "quick", "not ranked", "no counter", "faster", "not measured", "the <worker> ended"):
        assert words in told
    tables = [line for line in told.split("compared")[0].splitlines() if ": parity" not in line]
    assert max(map(len, tables)) <= 80


def test_the_page_needs_nothing_from_elsewhere_and_escapes_what_it_shows() -> None:
    told = page(record(emulated=True, emulation="qemu"))
    assert "Emulated" in told
    assert "<svg" in told
    assert "the &lt;worker&gt; ended" in told
    for loading in ("<script", "<link", "src=", "url(", "@import", "http://", "https://"):
        assert loading not in told


def test_a_page_of_an_unfinished_record_says_so() -> None:
    assert "Not finished" in page(replace(record(), rows=(), comparisons=(), ended=False))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("\xff", "is not"),
        ("[]", "is not a record"),
        ('{"schema": "other"}', "is not a record"),
        ('{"schema": "wakeful-bench", "schema_version": 99}', "has schema version 99"),
        ('{"schema": "wakeful-bench", "schema_version": 1, "rows": 5}', "damaged record"),
    ],
)
def test_a_file_that_is_no_record_is_refused_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "x.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(RecordError, match=said) as told:
        load(file)
    assert "\n" not in str(told.value)


def test_a_missing_record_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="cannot be read"):
        load(tmp_path / "nothing.json")


def test_a_record_without_a_field_is_refused_and_names_it(tmp_path: Path) -> None:
    (path, *_) = save(record(), tmp_path / "r.json")
    table = json.loads(path.read_text(encoding="utf-8"))
    del table["rows"][0]["subject"]["network"]
    path.write_text(json.dumps(table), encoding="utf-8")
    with pytest.raises(RecordError, match=r"rows\.0\.subject\.network"):
        load(path)


@pytest.mark.parametrize("time", [0.0, -1.0, float("nan"), float("inf")])
def test_a_turn_without_a_time_is_refused(tmp_path: Path, time: float) -> None:
    (path, *_) = save(record(), tmp_path / "r.json")
    table = json.loads(path.read_text(encoding="utf-8"))
    table["rows"][0]["turns_ms"] = [1.0, time]
    path.write_text(json.dumps(table), encoding="utf-8")
    with pytest.raises(RecordError, match="damaged record"):
        load(path)
