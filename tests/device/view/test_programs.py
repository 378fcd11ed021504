"""What programs get from the live page's server: health, the newest state, figures that Prometheus' parser reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from http.client import HTTPConnection
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from prometheus_client.parser import text_string_to_metric_families

from tests.device.alerts.samples import AWAKE, MICROSLEEP, alert
from tools.rigs.waiting import Clock
from wakeful.device.alerts.loop_stats import LoopStats
from wakeful.device.alerts.report import schema
from wakeful.device.alerts.run import Run
from wakeful.device.messages import DriverState, Health, Phase
from wakeful.device.view.live import LivePage
from wakeful.device.view.programs import MAX_AGE_S

TOKEN = "correct-horse-battery"
STATS = LoopStats(29.97, 12.3, 4, 'a "reader"\\', "litert")
Figures = dict[tuple[str, frozenset[tuple[str, str]]], float]


class Site:
    """A live page on a clock that stands still, asked as a program does."""

    def __init__(self, token: str | None = None) -> None:
        self.clock = Clock()
        classes = ("neutral", "happiness")
        self.page = LivePage("127.0.0.1:0", token, "a test", lambda: STATS, classes, clock_s=self.clock)
        self.page.begin(Run("5f0c91aa", codes=("microsleep",)))
        self.page.start(0)

    def ask(self, path: str, **headers: str) -> tuple[int, str, str]:
        """Status, content type and body."""
        connection = HTTPConnection("127.0.0.1", int(self.page.url.rstrip("/").rpartition(":")[2]), timeout=10)
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, answer.headers["Content-Type"], text

    def health(self) -> tuple[int, dict[str, Any]]:
        status, _, text = self.ask("/healthz")
        return status, json.loads(text)

    def figures(self) -> Figures:
        """Every sample of ``/metrics`` by its name and labels."""
        status, kind, text = self.ask("/metrics")
        assert (status, kind) == (200, "text/plain; version=0.0.4; charset=utf-8")
        found: Figures = {}
        for family in text_string_to_metric_families(text):
            assert family.documentation and family.type in ("gauge", "counter"), family
            for sample in family.samples:
                key = (sample.name.removeprefix("wakeful_"), frozenset(sample.labels.items()))
                assert sample.name.startswith("wakeful_") and key not in found
                found[key] = sample.value
        return found


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.page.close()


def labelled(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return name, frozenset(labels.items())


def test_a_monitor_is_healthy_while_frames_are_analysed_and_says_why_it_is_not(site: Site) -> None:
    assert site.health() == (503, {"ok": False, "trouble": "starting"})
    site.page.state(AWAKE)
    assert site.health() == (200, {"ok": True, "trouble": ""})
    site.page.state(replace(AWAKE, health=Health.CAMERA_LOST))
    assert site.health() == (503, {"ok": False, "trouble": "camera_lost"})
    site.page.state(AWAKE)
    site.clock.now_s += MAX_AGE_S + 0.1
    assert site.health() == (503, {"ok": False, "trouble": "its loop has not completed a turn for 3 s"})


def test_the_state_and_active_alerts_are_worded_as_everywhere_else(site: Site) -> None:
    assert json.loads(site.ask("/state")[2]) == {"state": None, "alerts": []}
    site.page.state(replace(MICROSLEEP, gaze_pitch_deg=float("nan"), expression=None))
    site.page.alert(alert(seq=1))
    site.page.alert(alert(seq=2))
    site.page.alert(alert(seq=1, t_s=9.0, phase=Phase.CLEARED))
    site.page.alert(alert(seq=2, t_s=9.5, phase=Phase.ACKNOWLEDGED))
    status, kind, text = site.ask("/state")
    said = json.loads(text)
    assert (status, kind) == (200, "application/json")
    for report in (said["state"], *said["alerts"]):
        Draft202012Validator(schema()).validate(report)
    assert said["state"]["code"] == "microsleep"
    assert (said["state"]["expression"], said["state"]["gaze_pitch_deg"]) == (None, None)
    (active,) = said["alerts"]
    assert (active["id"], active["phase"]) == ("5f0c91aa-2", "acknowledged")
    site.clock.now_s += 2.1
    assert json.loads(site.ask("/state")[2])["state"]["health"] == "stale"


def test_figures_say_what_is_known(site: Site) -> None:
    site.page.state(AWAKE)
    site.page.state(replace(MICROSLEEP, off_road_s=0.4, notes=("disk_full",)))
    site.page.alert(alert())
    site.page.alert(alert(phase=Phase.ESCALATED))
    site.page.alert(alert(phase=Phase.CLEARED))
    figures = site.figures()
    expected = {
        labelled("healthy"): 1.0,
        labelled("frames_total"): 2.0,
        labelled("frames_dropped_total"): 4.0,
        labelled("frames_per_second"): 29.97,
        labelled("alerts_total", code="microsleep", level="warning"): 2.0,
        labelled("alert_level"): 2.0,
        labelled("health", health="ok"): 1.0,
        labelled("health", health="stale"): 0.0,
        labelled("note", note="disk_full"): 1.0,
        labelled("face"): 1.0,
        labelled("eyes_closed"): 1.0,
        labelled("closure_seconds"): 1.2,
        labelled("off_road_seconds"): 0.4,
        labelled("perclos_ratio", window="60s"): 0.0412,
        labelled("calibration_ratio"): 1.0,
        labelled("expression_ratio", expression="neutral"): 0.9,
    }
    assert {key: figures.get(key) for key in expected} == expected
    assert sum(value for (name, _), value in figures.items() if name == "health") == 1.0
    (about,) = [dict(labels) for name, labels in figures if name == "info"]
    assert (about["landmarks"], about["runtime"]) == (STATS.landmarks, "litert")


@pytest.mark.parametrize(
    "state",
    [
        DriverState(0, 1, Health.OK, face=True),
        replace(AWAKE, health=Health.CAMERA_LOST, face=False, eyes_closed=None),
    ],
    ids=["a face without eyes", "no camera"],
)
def test_what_is_unknown_is_no_figure(state: DriverState, site: Site) -> None:
    site.page.state(state)
    names = {name for name, _ in site.figures()}
    assert not names & {"eyes_closed", "looking", "awake", "off_road_seconds", "distance_metres", "kss_estimate"}
    assert ("face" in names) == state.health.has_frame
    assert {"alert_level", "health", "healthy"} <= names


def test_before_the_first_frame_there_are_figures_of_the_monitor_alone(site: Site) -> None:
    figures = site.figures()
    assert figures[labelled("healthy")] == 0.0
    assert "health" not in {name for name, _ in figures}


def test_with_a_token_only_the_health_is_open_and_no_answer_holds_a_secret() -> None:
    site = Site(TOKEN)
    try:
        site.page.state(AWAKE)
        page = site.ask("/")[2].split('name="page" content="')[1].split('"')[0]
        assert site.health() == (200, {"ok": True, "trouble": ""})
        for path in ("/state", "/metrics"):
            assert site.ask(path)[0] == 401
            status, _, text = site.ask(path, Authorization=f"Bearer {TOKEN}")
            assert status == 200 and TOKEN not in text and page not in text
    finally:
        site.page.close()


@pytest.mark.parametrize("path", ["/healthz", "/state", "/metrics"])
def test_a_foreign_page_in_a_browser_gets_no_answer(path: str, site: Site) -> None:
    assert site.ask(path, Origin="http://evil.example")[0] == 403
    assert site.ask(path, **{"Sec-Fetch-Site": "cross-site"})[0] == 403
    assert site.ask(path, Host="evil.example")[0] == 421
