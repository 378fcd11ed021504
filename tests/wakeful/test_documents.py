"""The examples of the API page run as they are printed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import wakeful

PAGE = Path(__file__).parents[2] / "docs" / "api.md"
BLOCK = re.compile(r"^```python( no-run)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXAMPLES = [(code, bool(mark)) for mark, code in BLOCK.findall(PAGE.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("code", [code for code, marked in EXAMPLES if not marked])
def test_an_example_runs(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(code, str(PAGE), "exec"), {"__name__": "__main__"})
    assert capfd.readouterr().err == ""


def test_every_example_compiles_and_uses_public_names_only() -> None:
    assert len(EXAMPLES) == 7
    for code, _ in EXAMPLES:
        compile(code, str(PAGE), "exec")
        assert set(re.findall(r"wakeful\.([A-Za-z]\w+)\(", code)) <= set(wakeful.__all__)
