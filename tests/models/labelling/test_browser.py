"""The page in a real browser: keys are labels, and nothing is lost when the page or the server dies."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.models.labelling.samples import eye, packed
from tools.rigs.browser import Browser, find_browser
from tools.rigs.waiting import eventually
from wakeful.device.view.access import Address
from wakeful.models.dataset.items import Picture
from wakeful.models.dataset.opening import open_set
from wakeful.models.labelling.desk import Desk
from wakeful.models.labelling.scheme import LIDS, parse_scheme
from wakeful.models.labelling.server import LabelServer
from wakeful.models.labelling.session import desk_of

pytestmark = pytest.mark.skipif(find_browser() is None, reason="there is no Chromium: apt install chromium")

COUNT = 8
SAVED = "typeof pending !== 'undefined' && !pending.length"
"""A page that notices that the server was started again loads itself."""
READY = "queue.length && $('picture').naturalWidth > 0"


def eyes(count: int) -> list[Picture]:
    """Open and closed eyes in turn, each with grain of its own."""
    kinds = [eye(1.0), eye(0.0)]
    rng = np.random.default_rng(4)
    grain = rng.normal(0, 4, (count, *kinds[0].shape))
    return [np.clip(kinds[i % 2] + grain[i], 0, 255).astype(np.uint8) for i in range(count)]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    pictures = open_set(packed(tmp_path / "eyes.npz", eyes(COUNT)))
    with desk_of(pictures, parse_scheme(LIDS), tmp_path / "labels.csv") as opened:
        yield opened


def label_shown(browser: Browser, *, shift: bool = False) -> tuple[int, str]:
    """Labels the picture that is shown as what it is; gives its row and the key."""
    browser.wait("queue.length")
    row = int(browser.run("queue[0].row"))
    key = "c" if row % 2 else "o"
    browser.press(key, shift=shift)
    return row, key


def test_keys_label_take_back_put_off_and_look_again(desk: Desk) -> None:
    server = LabelServer(Address("127.0.0.1", 0), desk)
    with Browser(dark=False) as browser:
        browser.open(server.url)
        browser.wait(READY)
        assert browser.run("$('guess').textContent") == ""
        browser.press(" ")
        browser.wait("$('guess').textContent.startsWith('the network: ')")
        first, _ = label_shown(browser, shift=True)
        browser.press("Backspace")
        assert browser.run("queue[0].row") == first
        browser.press("ArrowRight")
        pressed = dict(label_shown(browser, shift=i == 0) for i in range(COUNT))
        assert len(pressed) == COUNT
        browser.wait("$('says').textContent.startsWith('All pictures have a label') && !pending.length")
        assert eventually(lambda: len(desk.journal.looks()) == COUNT)
        looks = desk.journal.looks()
        assert {row: one[0].label for row, one in looks.items()} == pressed
        assert sum(not one[0].sure for one in looks.values()) == 1
        browser.press("Enter")
        browser.wait(f"look === 2 && queue.length === {COUNT}")
        second = dict(label_shown(browser) for _ in range(COUNT))
        browser.wait(f"$('agree').textContent === '{COUNT} of {COUNT} looked at twice agree'")
        assert second == pressed and list(second) != list(pressed)
        assert browser.complaints == []
    server.close()


def test_a_phone_shows_all_of_it_in_its_width(desk: Desk) -> None:
    server = LabelServer(Address("127.0.0.1", 0), desk)
    with Browser(390, 844, phone=True) as phone:
        phone.open(server.url)
        phone.wait(READY)
        assert phone.run("document.documentElement.scrollWidth") <= 390
        phone.run("document.querySelector('#keys button').click()")
        assert eventually(lambda: len(desk.journal.looks()) == 1)
    server.close()


class Child:
    """``wakeful data label`` as a process of its own, on the same port each time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = 0
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "wakeful", "data", "label", "eyes.npz", "--view", f"127.0.0.1:{self.port}"]
        self.process = subprocess.Popen(command, cwd=self.folder, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().split()[0]
        self.port = int(self.url.rstrip("/").rpartition(":")[2])

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.mark.slow
def test_200_eyes_are_labelled_at_two_a_second_and_none_is_lost(tmp_path: Path) -> None:
    packed(tmp_path / "eyes.npz", eyes(200))
    child = Child(tmp_path)
    pressed: dict[int, str] = {}
    took_s = 0.0

    def label(browser: Browser, count: int) -> None:
        nonlocal took_s
        begun_s = time.monotonic()
        for _ in range(count):
            row, key = label_shown(browser)
            assert row not in pressed
            pressed[row] = key
        took_s += time.monotonic() - begun_s

    with Browser() as browser:
        browser.open(child.url)
        browser.wait(READY)
        label(browser, 80)
        child.kill()
        label(browser, 8)  # without a server: the page keeps them
        browser.wait("$('saved').textContent.includes('not saved')")
        child.start()
        browser.wait(SAVED)
        label(browser, 32)
        browser.wait(SAVED)
        browser.kill()
    with Browser() as browser:
        browser.open(child.url)
        browser.wait(READY)
        label(browser, 80)
        browser.wait(SAVED)
    os.kill(child.process.pid, signal.SIGTERM)
    assert child.process.wait(20) == 0
    rows = list(csv.DictReader((tmp_path / "labels.csv").open()))
    assert {int(row["face"]): row["label"] for row in rows} == pressed and len(pressed) == 200
    print(f"{200 / took_s:.1f} labels a second")
    assert 200 / took_s >= 2.0, f"{200 / took_s:.1f} a second"
