"""The live page in a real browser: a headless Chromium, steered over its own pipe."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from http.client import HTTPResponse

import pytest

from tests.device.alerts.samples import AWAKE, MICROSLEEP, SECOND_NS, alert
from tests.device.view.test_server import TOKEN, Page
from tools.rigs.browser import Browser, find_browser
from tools.rigs.waiting import eventually, usual_longest
from wakeful.device.alerts.sound.tones import PITCH_HZ
from wakeful.device.messages import Acknowledge, Event, Level, Marker, Phase
from wakeful.device.perception.pipeline import Perception, Sighting
from wakeful.device.view import server
from wakeful.sensors.driver_face import DriverPose, render
from wakeful.sensors.frame import Frame

pytestmark = pytest.mark.skipif(find_browser() is None, reason="there is no Chromium: apt install chromium")

SEEN_AT = "new MutationObserver(() => { window.seenAt ||= Date.now(); }).observe($('banner'), { attributes: true })"
"""Notes when the banner changed, by the clock that this process has too."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with Browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def sighting() -> Sighting:
    return Perception("mesh+iris").look(Frame(render(DriverPose()), 0, 0))


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    browser.complaints.clear()
    made = Page()
    made.output.state(AWAKE)
    browser.open(made.output.url)
    browser.wait("heardMs > 0")
    yield made
    browser.open("about:blank")
    made.output.close()


def test_the_picture_and_the_gauges_are_shown(browser: Browser, page: Page, sighting: Sighting) -> None:
    assert eventually(lambda: page.output.pictures.watchers == 1)
    page.output.frame(Frame(render(DriverPose()), 0, 0), sighting)
    page.output.state(replace(MICROSLEEP, notes=("disk_full",), sleepiness=0.62, sleepiness_coverage=0.4))
    browser.wait("$('picture').naturalWidth === 640 && newest && newest.level === 'warning'")
    names = ["says", "left-n", "closure-n", "sleepiness-n", "more", "speed"]
    shown = f"Object.fromEntries({names}.map((name) => [name, $(name).textContent]))"
    wanted = {
        "says": "microsleep",
        "left-n": "0.95",
        "closure-n": "1.2 s",
        "sleepiness-n": "62 %",
        "more": "warning · disk full · eyes closed 1.2 s",
        "speed": "60 km/h",
    }
    # A page that the machine has kept from its messages for seconds says so, until the next one comes.
    assert eventually(lambda: browser.run(shown) == wanted), browser.run(shown)
    browser.wait("$('left').getBoundingClientRect().width > 50")
    assert browser.complaints == []


def test_an_alert_stands_in_the_page_within_200_ms(browser: Browser, page: Page) -> None:
    browser.run(SEEN_AT)
    delays_ms = []
    for seq in range(1, 8):
        browser.run("window.seenAt = 0")
        sent_ms = time.time() * 1000
        page.output.alert(alert(seq))
        page.output.state(MICROSLEEP)
        browser.wait("window.seenAt")
        delays_ms.append(browser.run("window.seenAt") - sent_ms)
        browser.wait("$('banner').dataset.level === 'warning'")
        page.output.alert(alert(seq, phase=Phase.CLEARED))
        page.output.state(AWAKE)
        browser.wait("$('banner').dataset.level === 'none'")
    assert usual_longest(delays_ms) < 200.0, delays_ms
    assert max(delays_ms) < 2000.0, delays_ms


def test_a_press_of_a_button_reaches_the_monitor(browser: Browser, page: Page) -> None:
    browser.run("$('text').value = 'tunnel'; document.querySelector('#mark button').click()")
    assert eventually(lambda: len(page.commands) == 1)
    assert isinstance(page.commands[0], Marker) and page.commands[0].text == "tunnel"
    page.output.event(Event(5 * SECOND_NS, "marker", {"text": "tunnel", "pressed_ns": 5 * SECOND_NS}))
    browser.wait("$('recent').textContent.includes('tunnel')")
    page.output.alert(alert(7))
    browser.wait("document.querySelector('#standing button')")
    browser.run("document.querySelector('#standing button').click()")
    assert eventually(lambda: page.commands[1:] == [Acknowledge(7)])
    assert browser.complaints == []


LOUDEST_HZ = """(() => {
  const bins = new Float32Array(ear.frequencyBinCount);
  ear.getFloatFrequencyData(bins);
  const loudest = bins.indexOf(Math.max(...bins));
  return bins[loudest] > -60 ? loudest * audio.sampleRate / ear.fftSize : 0;
})()"""


def test_after_one_touch_the_page_sounds_as_the_alert_does(browser: Browser, page: Page) -> None:
    page.output.state(MICROSLEEP)
    browser.wait("newest && newest.level === 'warning'")
    assert browser.run("audio === null")
    browser.touch("sound")
    browser.wait("audio && audio.state === 'running' && $('sound').textContent === 'Sound on'")
    browser.run("window.ear = audio.createAnalyser(); ear.fftSize = 8192; loudness.connect(ear); true")
    for level in (Level.WARNING, Level.URGENT, Level.EMERGENCY):
        page.output.state(replace(MICROSLEEP, level=level))
        browser.wait(f"Math.abs({LOUDEST_HZ} - {PITCH_HZ[level]}) < 20")
        assert browser.run("tone.loop")
    page.output.state(AWAKE)
    browser.wait("tone === null")
    browser.wait(f"{LOUDEST_HZ} === 0")
    page.output.state(replace(MICROSLEEP, level=Level.ADVISORY))
    browser.wait("tone !== null && !tone.loop")
    browser.touch("sound")
    browser.wait("audio.state === 'suspended' && $('sound').textContent === 'Sound off'")
    assert browser.complaints == []


def test_a_monitor_that_ends_leaves_no_tone_behind(browser: Browser, page: Page) -> None:
    page.output.state(MICROSLEEP)
    browser.touch("sound")
    browser.wait("tone !== null")
    page.output.close()
    browser.wait("$('health').textContent === 'not connected' && tone === null")


def test_text_from_outside_is_shown_as_text(browser: Browser, page: Page) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    page.output.event(Event(5 * SECOND_NS, "marker", {"text": hostile, "pressed_ns": 5 * SECOND_NS}))
    browser.wait("$('recent').textContent.includes('onerror')")
    assert browser.run("document.querySelectorAll('#recent img').length") == 0


def test_an_end_of_the_monitor_is_told(browser: Browser, page: Page) -> None:
    page.output.close()
    browser.wait("$('health').textContent === 'not connected'")
    assert "no answer" in browser.run("$('says').textContent")


def test_the_fifth_viewer_reads_why_it_sees_nothing(browser: Browser, page: Page) -> None:
    browser.open("about:blank")
    assert eventually(lambda: page.output.pictures.watchers == 0)
    full: list[HTTPResponse] = []
    while len(full) < server.MAX_VIEWERS:  # the place of the page that was left becomes free in a moment
        full += [one] if (one := page.watch("/events")).status == 200 else []
    browser.open(page.output.url)
    browser.wait("$('says').textContent.includes('4 viewers are watching')")
    for one in full:
        one.close()
    browser.wait("heardMs > 0")


def test_the_token_is_asked_for_and_opens_the_page(browser: Browser) -> None:
    guarded = Page(TOKEN)
    guarded.output.state(AWAKE)
    browser.open(guarded.output.url)
    enter = "$('token').value = {}; document.querySelector('#enter button').click()"
    browser.run(enter.format(json.dumps("not the right one")))
    browser.wait("$('answer').textContent.includes('not the token')")
    time.sleep(server.WRONG_TOKEN_PAUSE_S)
    browser.run(enter.format(json.dumps(TOKEN)))
    browser.wait("typeof heardMs !== 'undefined' && $('clock') && heardMs > 0")
    browser.open("about:blank")
    guarded.output.close()


def test_a_phone_shows_all_of_it_in_its_width_with_buttons_for_thumbs(page: Page) -> None:
    with Browser(390, 844, phone=True, dark=False) as phone:
        phone.open(page.output.url)
        page.output.alert(alert(3))
        phone.wait("document.querySelector('#standing button')")
        assert phone.run("document.documentElement.scrollWidth") <= 390
        heights = phone.run("[...document.querySelectorAll('button')].map((b) => b.getBoundingClientRect().height)")
        assert min(heights) >= 40
        assert phone.complaints == []
