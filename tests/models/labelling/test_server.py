"""The page's server: what it gives, what it refuses, and the order in which it asks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.models.labelling.samples import eye, packed
from wakeful.device.cli import status
from wakeful.device.view.access import PAGE_TOKEN_HEADER, Address
from wakeful.errors import ConfigError
from wakeful.models.dataset.opening import open_set
from wakeful.models.labelling.desk import Desk
from wakeful.models.labelling.journal import Journal, Look
from wakeful.models.labelling.scheme import LIDS, parse_scheme
from wakeful.models.labelling.server import LabelServer
from wakeful.models.labelling.session import desk_of
from wakeful.sensors.driver_face import DriverPose, render

OPENINGS = (1.0, 0.0, 0.45, 0.9, 0.1)


class Asked:
    """A desk behind its server."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.server = desk, LabelServer(Address("127.0.0.1", 0), desk)
        self.port = int(self.server.url.rstrip("/").rpartition(":")[2])

    def ask(self, path: str, body: object = None, **headers: str) -> tuple[int, bytes]:
        """Status and content of an answer; with a body, as the page itself sends it."""
        own = {} if body is None else {PAGE_TOKEN_HEADER: self.desk.access.page}
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        content = None if body is None else json.dumps(body)
        connection.request("GET" if body is None else "POST", path, content, {**own, **headers})
        answer = connection.getresponse()
        found = answer.status, answer.read()
        connection.close()
        return found

    def next(self, look: int = 1) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.ask(f"/next?look={look}&count=20")[1])
        return found


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[Asked]:
    pictures = open_set(packed(tmp_path / "eyes.npz", [eye(one) for one in OPENINGS]))
    with desk_of(pictures, parse_scheme(LIDS), tmp_path / "labels.csv", "ann") as desk:
        made = Asked(desk)
        yield made
        made.server.close()


def test_the_least_certain_come_first_and_the_labelled_ones_no_more(asked: Asked) -> None:
    for row in range(len(OPENINGS)):
        asked.desk.guesser(row)
    rows = [one["row"] for one in asked.next()["pictures"]]
    certain = [asked.desk.guesser(row).certainty for row in rows]
    assert sorted(rows) == [0, 1, 2, 3, 4] and certain == sorted(certain) and certain[-1] <= 1.0
    assert asked.ask("/label", {"id": "a-1", "row": rows[0], "label": "c", "sure": True}) == (204, b"")
    found = asked.next()
    assert [one["row"] for one in found["pictures"]] == rows[1:] and (found["left"], found["done"]) == (4, 1)
    assert [one["row"] for one in asked.next(look=2)["pictures"]] == [rows[0]]
    assert asked.ask("/undo", {"id": "a-2", "of": "a-1"}) == (204, b"")
    assert asked.next()["left"] == 5


def test_the_guess_tells_open_from_closed_and_says_so_only_when_asked(asked: Asked) -> None:
    open_, closed = (json.loads(asked.ask(f"/guess/{row}")[1]) for row in (0, 1))
    assert open_["o"] > 0.5 > open_["c"] and closed["c"] > closed["o"]
    assert not any("guess" in one or "c" in one for one in asked.next()["pictures"])


def test_second_looks_make_an_agreement_and_a_table(asked: Asked, tmp_path: Path) -> None:
    for number, (row, label) in enumerate([(0, "o"), (1, "c"), (0, "o"), (1, "u")]):
        assert asked.ask("/label", {"id": f"a-{number}", "row": row, "label": label, "sure": number > 1})[0] == 204
    found = asked.next(look=3)
    assert (found["twice"], found["same"], found["left"]) == (2, 1, 2)
    asked.desk.write()
    written = (tmp_path / "labels.csv").read_text()
    assert written == "face,name,label,sure,looks\n0,eye0,o,1,2\n1,eye1,u,0,2\n"
    assert (tmp_path / "labels.csv").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/picture/5", None, 404),
        ("/picture/-1", None, 404),
        ("/picture/0x1", None, 404),
        ("/eyes/0", None, 404),
        ("/next?look=0", None, 400),
        ("/next?look=1&count=99999999999", None, 400),
        ("/other", None, 404),
        ("/label", {"id": "a", "row": 9, "label": "o"}, 400),
        ("/label", {"id": "a", "row": True, "label": "o"}, 400),
        ("/label", {"id": "a", "row": 0, "label": "x"}, 400),
        ("/label", {"id": "a", "row": 0, "label": ["o"]}, 400),
        ("/label", {"id": 7, "row": 0, "label": "o"}, 400),
        ("/label", [1], 400),
        ("/guess", {"id": "a"}, 404),
    ],
)
def test_what_the_page_does_not_send_is_refused(path: str, body: object, status: int, asked: Asked) -> None:
    assert asked.ask(path, body)[0] == status
    assert asked.desk.journal.looks() == {}


def test_other_pages_of_the_same_browser_see_and_press_nothing(asked: Asked) -> None:
    label = {"id": "a", "row": 0, "label": "o", "sure": True}
    assert asked.ask("/label", label, **{PAGE_TOKEN_HEADER: "guessed"})[0] == 403
    assert asked.ask("/picture/0", Origin="http://evil.example")[0] == 403
    assert asked.ask("/picture/0", Host="evil.example")[0] == 421
    assert asked.desk.journal.looks() == {}


def test_only_this_machine_can_be_served(asked: Asked) -> None:
    with pytest.raises(ConfigError, match="use ssh -L 8322"):
        LabelServer(Address("0.0.0.0", 8322), asked.desk)


def test_a_label_that_the_disk_does_not_take_is_answered_so(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(asked.desk.journal, "add", full)
    assert asked.ask("/label", {"id": "a", "row": 0, "label": "o"}) == (
        507,
        b"not saved: No space left on device; make room, it is sent again\n",
    )


def test_both_eyes_of_a_face_are_shown_level(tmp_path: Path) -> None:
    face = np.asarray(render(DriverPose(roll_deg=15.0)), np.uint8)
    np.savez(tmp_path / "f.npz", images=np.stack([face, np.zeros_like(face)]))
    with desk_of(open_set(tmp_path / "f.npz"), parse_scheme(LIDS), tmp_path / "l.csv") as desk:
        strip = desk.guesser.strip(0)
        assert strip is not None and strip.shape == (132, 440)
        # Level: what is dark, irises and lashes, lies at one height in both halves.
        rows = np.arange(132)
        heights = [
            (rows * dark).sum() / dark.sum()
            for half in (strip[:, :220], strip[:, 220:])
            if (dark := (half < 60).sum(1)).any()
        ]
        assert abs(heights[0] - heights[1]) < 12
        assert desk.next(1, 9)["pictures"][0]["eyes"] is True
        assert desk.strip(1) is None


@pytest.mark.parametrize("keys", ["o", "o=open", "o=open,o=other", "O=open,c=closed", "oo=open,c=closed"])
def test_keys_that_cannot_be_pressed_are_refused(keys: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    packed(tmp_path / "eyes.npz", [eye(1.0)])
    assert status(["data", "label", str(tmp_path / "eyes.npz"), "--keys", keys]) == 2
    assert "--keys" in capsys.readouterr().err


def test_the_table_alone_is_written_from_the_journal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pictures = open_set(packed(tmp_path / "eyes.npz", [eye(one) for one in OPENINGS]))
    journal = Journal(tmp_path / "labels.csv.journal", pictures, parse_scheme(LIDS))
    journal.add(Look("a-1", 2, "s", False), 1)
    journal.close()
    options = ["--out", str(tmp_path / "labels.csv"), "--table-only"]
    assert status(["data", "label", str(tmp_path / "eyes.npz"), *options]) == 0
    assert (tmp_path / "labels.csv").read_text().splitlines()[1:] == ["2,eye2,s,0,1"]
    assert "1 of 5 pictures labelled" in capsys.readouterr().out
