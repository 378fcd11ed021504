"""What the documents promise: commands run, tables are complete, examples are true, links lead somewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from wakeful.device.alerts.serial.sentences import unframe

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
OUTPUT = (ROOT / "docs" / "output.md").read_text(encoding="utf-8")
DOCUMENTS = sorted(ROOT.glob("*.md")) + sorted(
    file
    for folder in ("docs", "device", "models", "conversion", "deploy", "sensors")
    for file in (ROOT / folder).rglob("*.md")
)
MARK = "<!-- run by tests/test_documents.py -->\n```sh\n"


def blocks() -> list[str]:
    """The code blocks that are marked as run by this test."""
    return [block.split("```", 1)[0] for block in README.split(MARK)[1:]]


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A search path on which ``wakeful`` is the one of this environment."""
    script = tmp_path / "bin" / "wakeful"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -m wakeful "$@"\n')
    script.chmod(0o755)
    return f"{script.parent}:{os.environ['PATH']}"


def test_some_commands_are_marked() -> None:
    assert sum(block.count("\n") for block in blocks()) >= 8


@pytest.mark.parametrize("block", blocks())
def test_the_commands_of_the_readme_run(block: str, path: str, tmp_path: Path) -> None:
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}
    shell = ["bash", "-exc", block]
    done = subprocess.run(
        shell, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    written = re.findall(r"\S+\.(?:jsonl|csv|json|html|png)\b", block)
    assert all((tmp_path / name).stat().st_size > 0 for name in written)


def test_each_of_the_four_users_has_a_section_that_begins_with_a_command() -> None:
    for section in ("In a vehicle", "On a robot", "Benchmark a device", "Log field tests"):
        text = re.split(rf"(?m)^## {section}.*\n", README)[1]
        assert text.startswith("\n    wakeful "), section


def test_the_table_of_wakeful_run_is_complete() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "wakeful", "run", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    options = set(re.findall(r"(?m)^  (?:-h, )?(--[a-z-]+)(?: / (--[a-z-]+))?", done.stdout))
    known = {name for pair in options for name in pair if name} - {"--help"}
    section = COMMANDS.split("## `wakeful run`")[1].split("\n## ")[0]
    assert set(re.findall(r"`(--[a-z-]+)`", section)) == known


def test_the_sentences_of_the_documents_have_the_right_checksum() -> None:
    sentences = re.findall(r"\$WK[A-Z],[^*\s`]*\*[0-9A-F]{2}", OUTPUT)
    assert len(sentences) >= 4
    for sentence in sentences:
        unframe(sentence.encode())


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    local = [target for target in re.findall(r"\]\(([^)#]+)", text) if "://" not in target]
    assert [target for target in local if not (document.parent / target).exists()] == []


def test_the_readme_fits_and_leads_on() -> None:
    assert README.count("\n") <= 130
    assert README.count("](docs/") >= 8
