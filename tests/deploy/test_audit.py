"""Known vulnerabilities fail; what cannot be looked up is said, and is never taken for clean."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tools.rigs.http_server import serving
from wakeful.deploy import audit

REPORT = {
    "dependencies": [
        {"name": "wakeful", "skip_reason": "not on PyPI"},
        {"name": "rich", "version": "15.0", "vulns": []},
        {"name": "pip", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"]}]},
        {"name": "old", "version": "2", "vulns": [{"id": "PYSEC-2", "fix_versions": []}]},
    ]
}


@pytest.fixture(params=[{"vulnerabilities": []}, {"info": {}}, None])
def index(request: pytest.FixtureRequest) -> Iterator[tuple[str, bool]]:
    """A package index that tells advisories, one that knows none, and one that has no such page."""
    answer = (404 if request.param is None else 200, json.dumps(request.param).encode())
    with serving(lambda path: answer) as address:
        yield f"{address}/pip", "vulnerabilities" in (request.param or {})


def test_only_an_index_that_tells_advisories_is_asked(index: tuple[str, bool]) -> None:
    address, tells = index
    assert (audit.unreachable(address) is None) == tells


def test_a_machine_without_a_network_skips_it_and_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(audit, "unreachable", lambda: "no network")
    assert audit.main() == 0
    assert capsys.readouterr().out == "audit skipped: no network\n"


def test_vulnerable_packages_are_named_and_fail(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(audit, "unreachable", lambda: None)
    monkeypatch.setattr(audit, "audit", lambda folder: REPORT)
    assert audit.main() == 1
    assert capsys.readouterr().out.splitlines() == [
        "pip 1.0: PYSEC-1, fixed in 1.1",
        "old 2: PYSEC-2, fixed in no release",
        "3 packages audited, 2 known vulnerabilities",
    ]


def test_a_clean_environment_says_how_much_was_looked_up() -> None:
    findings = audit.understood({"dependencies": [REPORT["dependencies"][1], {"name": "x", "skip_reason": "gone"}]})
    assert audit.in_words(findings) == "1 packages audited, 0 known vulnerabilities; not looked up: x"


def test_nothing_looked_up_is_not_clean() -> None:
    assert "skipped" in audit.in_words(audit.understood({"dependencies": [{"name": "x", "skip_reason": "gone"}]}))


@pytest.mark.parametrize("report", [{}, {"dependencies": [{}]}])
def test_a_report_that_is_none_is_said(
    report: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(audit, "unreachable", lambda: None)
    monkeypatch.setattr(audit, "audit", lambda folder: report)
    assert audit.main() == 0
    assert "could not be run" in capsys.readouterr().out
