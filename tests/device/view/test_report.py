"""``wakeful report`` as a user calls it, and what its page is made of."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("mcap", reason="logs need mcap: pip install 'wakeful[record]'")

from tests.device.view.test_drive import an_eventful_drive
from tools.rigs.log_samples import CONFIG, log_bytes, observations
from tools.rigs.report_logs import LOG_CONFIG, write_log
from wakeful.device.cli import status

HOSTILE = '</script><script>alert(1)</script><img src=x onerror="alert(2)"> & "\u2028'


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("logs") / "drive.mcap"
    return write_log(file, an_eventful_drive(), {9.0: "tunnel", 10.0: HOSTILE}, video_fps=1.0)


@pytest.fixture(scope="module")
def html(log: Path) -> str:
    page = log.with_suffix(".html")
    assert status(["report", str(log), "-o", str(page)]) == 0
    return page.read_text(encoding="utf-8")


def test_the_page_needs_nothing_from_elsewhere(html: str) -> None:
    assert re.findall(r'(?:src|href)="(?!data:image/jpeg;base64,|#timeline-)[^"]*"', html) == []
    assert re.search(r"@import|url\(", html) is None
    assert "fetch(" not in html and "XMLHttpRequest" not in html


def test_its_policy_lets_only_its_own_script_and_style_work(html: str) -> None:
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', html)
    for tag, directive in (("style", "style-src"), ("script", "script-src")):
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; img-src data:")


def test_what_a_stranger_wrote_into_a_marker_stays_text(html: str) -> None:
    assert "alert(1)" in html
    assert "<script>alert" not in html and "<img src=x" not in html
    data = re.search(r'<script type="application/json" id="drive-0">(.*?)</script>', html, re.DOTALL)
    assert data is not None
    assert json.loads(data[1])["markers"][1]["text"] == HOSTILE


def test_it_says_in_words_what_happened_and_shows_the_pictures_of_it(html: str) -> None:
    text = re.sub(r"<script.*?</script>|<style.*?</style>|<[^>]+>", " ", html, flags=re.DOTALL)
    text = " ".join(text.split())
    assert "1 urgent alert: " in text and "longest closure: " in text.lower()
    assert "acknowledged after" in text and "tunnel" in text and "driver ada" in text and "profile vehicle" in text
    assert len(re.findall(r'<img alt="the driver at [\d:.]+"', html)) >= 8


def test_it_is_readable_by_its_owner_alone_even_over_an_older_one(log: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text("an older one")
    page.chmod(0o644)
    assert status(["report", str(log), "-o", str(page)]) == 0
    assert stat.S_IMODE(page.stat().st_mode) == 0o600


def test_what_is_no_file_keeps_its_rights(log: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o640)
    with ThreadPoolExecutor(1) as beside:
        read = beside.submit(pipe.read_bytes)
        assert status(["report", str(log), "-o", str(pipe)]) == 0
        assert read.result().endswith(b"</html>\n")
    assert stat.S_IMODE(pipe.stat().st_mode) == 0o640


def test_two_logs_stand_side_by_side(log: Path, tmp_path: Path) -> None:
    other = write_log(tmp_path / "calm.mcap", observations(10.0), config=replace(LOG_CONFIG, profile_name="robot"))
    page = tmp_path / "two.html"
    assert status(["report", str(log), str(other), "-o", str(page)]) == 0
    text = page.read_text(encoding="utf-8")
    assert text.count('class="card timeline"') == 2
    assert "A: drive.mcap" in text and "B: calm.mcap" in text and "B − A" in text


def test_an_empty_log_has_a_report_too(tmp_path: Path) -> None:
    log, page = tmp_path / "empty.mcap", tmp_path / "empty.html"
    log.write_bytes(log_bytes([], CONFIG))
    assert status(["report", str(log), "-o", str(page)]) == 0
    assert "No alert was raised" in page.read_text(encoding="utf-8")


def test_what_cannot_be_reported_is_one_line(log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    letter = tmp_path / "letter.mcap"
    letter.write_text("Dear Sir or Madam, " * 100)
    page = str(tmp_path / "report.html")
    for arguments, code in (
        ([str(letter), "-o", page], 3),
        ([str(tmp_path / "none.mcap"), "-o", page], 3),
        ([str(tmp_path), "-o", page], 3),
        ([str(log), str(log), str(log), "-o", page], 2),
        ([str(log), "-o", str(tmp_path / "no" / "report.html")], 2),
    ):
        assert status(["report", *arguments]) == code, arguments
        said = capsys.readouterr().err
        assert said.startswith("wakeful: ") and said.count("\n") == 1
