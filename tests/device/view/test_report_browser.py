"""The report's page in a real browser: opens quickly, zooms, and reads values under the pointer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("mcap", reason="logs need mcap: pip install 'wakeful[record]'")

from tests.device.view.test_drive import an_eventful_drive
from tools.rigs.browser import Browser, find_browser
from tools.rigs.log_samples import observations
from tools.rigs.report_logs import a_tiring_driver, write_log
from wakeful.device.cli import status

pytestmark = pytest.mark.skipif(find_browser() is None, reason="there is no Chromium: apt install chromium")

POINTER = """(() => {{
  const canvas = timelines[0].main;
  const box = canvas.getBoundingClientRect();
  const at = {{ clientX: box.left + {share} * box.width, clientY: box.top + 50 }};
  canvas.dispatchEvent(new PointerEvent("{kind}", {{ pointerId: 1, pointerType: "mouse", ...at }}));
}})()"""
READY = "document.documentElement.dataset.ready === 'yes'"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    first = write_log(folder / "a.mcap", an_eventful_drive(), {9.0: "tunnel"})
    second = write_log(folder / "b.mcap", observations(20.0))
    assert status(["report", str(first), str(second), "-o", str(folder / "report.html")]) == 0
    return folder / "report.html"


@pytest.fixture(scope="module")
def browser(page: Path) -> Iterator[Browser]:
    with Browser() as opened:
        opened.open(page.as_uri())
        opened.wait(READY)
        yield opened
        assert opened.complaints == []


def view(browser: Browser, number: int = 0) -> list[float]:
    shown: list[float] = browser.run(f"timelines[{number}].view")
    return shown


def test_what_was_recorded_is_read_under_the_pointer(browser: Browser) -> None:
    assert browser.run("valueAt(timelines[0].drive, 'eye_open_left', 5)") == pytest.approx(1.0, abs=0.1)
    assert browser.run("valueAt(timelines[0].drive, 'eye_open_left', 14)") < 0.2
    assert browser.run("valueAt(timelines[0].drive, 'eye_open_left', 20.5)") is None
    assert browser.run("valueAt(timelines[0].drive, 'speed_kmh', 5)") == 60
    assert browser.run("timelines[0].alertsAt(14)").startswith("microsleep, warning, ")
    assert browser.run("spanAt(timelines[0].drive.spans.health, 20.5)[2]") == "camera_lost"


def test_a_time_in_the_words_leads_to_its_place_and_both_lines_move_together(browser: Browser) -> None:
    browser.run("timelines[0].act('all')")
    assert view(browser) == [0, pytest.approx(24.0, abs=0.1)]
    browser.run("timelines[0].show(10, 14)")
    assert view(browser) == [10, 14] and view(browser, 1) == [10, 14]
    browser.run("document.getElementById('together').click()")
    browser.run("timelines[0].act('all'); document.querySelector('[data-drive=\"0\"][data-t]').click()")
    shown = view(browser)
    assert shown[0] <= 13.0 <= shown[1]
    assert view(browser, 1) == [10, 14]
    browser.run("document.getElementById('together').click()")


def test_dragging_over_a_part_shows_it_closer_and_the_button_shows_all(browser: Browser) -> None:
    browser.run("timelines[0].act('all'); timelines[0].main.setPointerCapture = () => {}")
    for kind, share in (("pointerdown", 0.25), ("pointermove", 0.5), ("pointerup", 0.5)):
        browser.run(POINTER.format(kind=kind, share=share))
    assert view(browser) == [pytest.approx(6.0, abs=0.2), pytest.approx(12.0, abs=0.2)]
    browser.run("document.querySelector('#timeline-0 [data-do=all]').click()")
    assert view(browser) == [0, pytest.approx(24.0, abs=0.1)]


def test_something_is_drawn(browser: Browser) -> None:
    colours = browser.run(
        "(() => { const c = timelines[0].back; const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
        "const seen = new Set(); for (let i = 0; i < d.length; i += 4) seen.add(d[i] << 16 | d[i+1] << 8 | d[i+2]);"
        "return seen.size; })()"
    )
    assert colours > 30


def test_a_phone_shows_it_in_its_width(page: Path) -> None:
    with Browser(390, 844, phone=True, dark=False) as phone:
        phone.open(page.as_uri())
        phone.wait(READY)
        assert phone.run("document.documentElement.scrollWidth") <= 390
        assert phone.complaints == []


@pytest.mark.slow  # an hour of driving is judged frame by frame first, which takes a minute
def test_the_report_of_an_hour_opens_within_three_seconds_and_15_megabytes(tmp_path: Path) -> None:
    log, page = tmp_path / "hour.mcap", tmp_path / "hour.html"
    write_log(log, a_tiring_driver(3600.0))
    assert status(["report", str(log), "-o", str(page)]) == 0
    assert page.stat().st_size < 15_000_000
    with Browser() as browser:
        begin_s = time.monotonic()
        browser.open(page.as_uri())
        browser.wait(READY)
        assert time.monotonic() - begin_s < 3.0
        browser.run("timelines[0].show(1800, 1830)")
        assert browser.complaints == []


def test_on_paper_the_time_line_is_drawn_for_its_width_in_light_colours_and_kept_whole(page: Path) -> None:
    corner = "[...timelines[0].back.getContext('2d').getImageData(1, 1, 1, 1).data].slice(0, 3)"
    with Browser(1280, 800, dark=True) as paper:
        paper.open(page.as_uri())
        paper.wait(READY)
        paper.wait("timelines[0].width > 0")
        screen_width, dark = paper.run("timelines[0].width"), paper.run(corner)
        paper.run(
            "window.said = []; const drawn = CanvasRenderingContext2D.prototype; const text = drawn.fillText;"
            "drawn.fillText = function (...of) { said.push(of[0]); text.apply(this, of) };"
            "dispatchEvent(new Event('beforeprint'))"
        )
        assert paper.run("timelines[0].width") == 640 != screen_width
        assert paper.run("timelines[0].main.width") >= 3 * 640, "sharp enough for a printer"
        assert paper.run(corner) == [255, 255, 255] != dark
        written = paper.run("said")
        assert {"time, min:s", "1.15", "+45°", "−45°"} <= set(written)
        paper.run("dispatchEvent(new Event('afterprint'))")
        assert paper.run("timelines[0].width") == screen_width
        assert paper.run(corner) == dark
        paper.show_as("print")
        assert paper.run("getComputedStyle(document.querySelector('.timeline')).breakInside") == "avoid"
        assert paper.complaints == []
