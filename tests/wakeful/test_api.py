"""The library as a program uses it: one monitor or two, live or from a log, and a single image."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, assert_type

import cv2
import numpy as np
import pytest

import wakeful
from tools.rigs.scripts import eyes_shut
from wakeful.sensors.driver_face import DriverPose, render

NAP = eyes_shut(6.0, (2.5, 4.0))
AWAY = """
duration_s = 4.5
keyframes = [
    { t = 2.0, yaw_deg = 0 },
    { t = 2.3, yaw_deg = 40 },
    { t = 4.5, yaw_deg = 40 },
]
"""
FAST: dict[str, Any] = {"pace": "fast", "landmarks": "mesh+iris", "settings": {"source.fps": 15.0}}
"""Half of a camera's rate is enough for closures and glances, and takes half the time."""


def scenario(folder: Path, text: str) -> str:
    file = folder / f"{abs(hash(text))}.toml"
    file.write_text(text)
    return f"synthetic:{file}"


def gist(moments: list[wakeful.Moment]) -> list[object]:
    """What moments say, without the wall clock and the pixels."""
    return [(one.t_s, one.state, one.alerts, one.events, one.observation) for one in moments]


def raised(moments: list[wakeful.Moment]) -> dict[str, float]:
    return {alert.code: one.t_s for one in moments for alert in one.alerts if alert.phase is wakeful.Phase.RAISED}


@pytest.fixture(scope="module")
def nap(tmp_path_factory: pytest.TempPathFactory) -> list[wakeful.Moment]:
    source = scenario(tmp_path_factory.mktemp("nap"), NAP)
    with wakeful.watch(source, profile="vehicle", speed_kmh=60.0, **FAST) as driver:
        return list(driver)


def run_python(code: str, **environment: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_wakeful_imports_no_large_package() -> None:
    run_python(
        "import sys, wakeful; heavy = {'numpy', 'cv2', 'pydantic', 'typer', 'rich', 'asyncio'} & set(sys.modules); "
        "assert not heavy, heavy; assert wakeful.Alert and wakeful.connect and wakeful.Moment; "
        "assert 'numpy' not in sys.modules"
    )


def test_every_public_name_is_there_and_listed() -> None:
    assert all(getattr(wakeful, name) is not None for name in wakeful.__all__)
    assert set(wakeful.__all__) <= set(dir(wakeful))
    with pytest.raises(AttributeError, match="'wakeful' has no attribute 'wach'"):
        _ = wakeful.wach


def test_a_nap_raises_its_alert_in_the_moment_it_is_due(nap: list[wakeful.Moment]) -> None:
    assert raised(nap)["microsleep"] == pytest.approx(3.5, abs=0.3)
    assert [one.frame.seq for one in nap if one.frame] == list(range(90))
    assert nap[0].frame is not None and nap[0].frame.image.shape == (480, 640, 3)
    assert nap[-1].observation is not None and nap[-1].observation.face
    assert nap[50].state.eyes_closed and nap[50].state.speed_kmh == 60.0


def test_moments_carry_the_wall_clock_in_utc(nap: list[wakeful.Moment]) -> None:
    assert nap[0].time.tzinfo is UTC
    assert nap[-1].time - nap[0].time == pytest.approx(timedelta(seconds=nap[-1].t_s), abs=timedelta(milliseconds=1))
    assert abs(datetime.now(UTC) - nap[0].time) < timedelta(minutes=10)


def test_events_say_when_in_seconds_since_the_first_frame(nap: list[wakeful.Moment]) -> None:
    (closure,) = [event for one in nap for event in one.events if event.kind == "closure"]
    assert closure.data["start"] == pytest.approx(2.5, abs=0.2)
    assert closure.data["end"] == pytest.approx(4.05, abs=0.2)


def test_a_moment_has_the_points_of_its_face_in_pixels_of_its_frame(nap: list[wakeful.Moment]) -> None:
    first, face = nap[0], nap[0].landmarks
    assert face is not None and first.frame is not None and first.observation is not None
    assert (face.height, face.width) == first.frame.image.shape[:2]
    assert face.points.shape == (468, 3) and face.points.dtype == np.float32
    width_px, height_px = (face.points[:, :2].max(axis=0) - face.points[:, :2].min(axis=0)).tolist()
    assert max(width_px, height_px) == pytest.approx(first.observation.face_px, rel=0.3)
    assert face.left_eye.iris[0, 0] > face.right_eye.iris[0, 0]
    opened, shut = (np.ptp(nap[at].landmarks.left_eye.contour[:, 1]) for at in (20, 50))  # type: ignore[union-attr]
    assert shut < 0.7 * opened


def test_a_moment_without_a_face_has_no_points(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "wall.png"), np.full((120, 160, 3), 90, np.uint8))
    with wakeful.watch(tmp_path / "wall.png", duration_s=0.1, **FAST) as driver:
        moment = next(driver)
    assert moment.frame is not None and moment.landmarks is None


def test_faces_are_equal_where_all_their_points_are(nap: list[wakeful.Moment]) -> None:
    one, other = nap[0].landmarks, nap[1].landmarks
    assert one is not None and one == replace(one, points=one.points.copy()) and one != other
    assert one != replace(one, width=1) and one != replace(one, left_eye=one.right_eye) and one != "a face"


def test_a_callback_gets_each_alert_before_its_moment_in_the_thread_that_iterates(tmp_path: Path) -> None:
    order: list[object] = []
    with wakeful.watch(scenario(tmp_path, NAP), duration_s=4.0, **FAST) as driver:

        @driver.on_alert
        def note(alert: wakeful.Alert) -> None:
            order.append((alert.code, threading.current_thread()))

        for moment in driver:
            assert_type(moment.state.closure_s, float | None)  # checked by mypy: the public names have types
            order.extend(alert.code for alert in moment.alerts)
    assert order[:2] == [("microsleep", threading.current_thread()), "microsleep"]


def test_an_error_in_a_callback_is_the_callers(tmp_path: Path) -> None:
    def fail(alert: wakeful.Alert) -> None:
        raise RuntimeError("the robot fell over")

    with wakeful.watch(scenario(tmp_path, NAP), **FAST) as driver:
        driver.on_alert(fail)
        with pytest.raises(RuntimeError, match="fell over"):
            driver.run()


def test_commands_are_handled_with_the_next_frame(tmp_path: Path) -> None:
    with wakeful.watch(scenario(tmp_path, NAP), **FAST) as driver:
        next(driver)
        driver.send(wakeful.VehicleSpeed(33.0))
        driver.marker("rain")
        driver.pause(60.0)
        moment = next(driver)
        assert moment.state.speed_kmh == 33.0
        assert moment.state.health is wakeful.Health.PAUSED
        assert [event.data["text"] for event in moment.events if event.kind == "marker"] == ["rain"]
        driver.stop()
        assert list(driver) == []


@pytest.mark.parametrize("seconds", [-1.0, 3601.0, float("nan")])
def test_a_pause_has_bounds(seconds: float, tmp_path: Path) -> None:
    with wakeful.watch(scenario(tmp_path, NAP), **FAST) as driver, pytest.raises(wakeful.WakefulError, match="3600"):
        driver.pause(seconds)


def test_two_monitors_at_once_give_what_each_gives_alone(nap: list[wakeful.Moment], tmp_path: Path) -> None:
    found: dict[str, list[wakeful.Moment]] = {}

    def see(name: str, source: str, **options: Any) -> None:
        with wakeful.watch(source, **options, **FAST) as driver:
            found[name] = list(driver)

    away = scenario(tmp_path, AWAY)
    see("alone", away, profile="robot")
    both = [
        threading.Thread(target=see, args=("nap", scenario(tmp_path, NAP)), kwargs={"speed_kmh": 60.0}),
        threading.Thread(target=see, args=("away", away), kwargs={"profile": "robot"}),
    ]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join(120.0)
    assert (found["away"][-1].state.looking, found["nap"][-1].state.looking) == (True, None)
    assert gist(found["away"]) == gist(found["alone"])
    assert gist(found["nap"]) == gist(nap)


def test_a_monitor_changes_nothing_of_the_process(tmp_path: Path) -> None:
    run_python(
        f"""
import logging, os, signal, sys
import cv2, numpy  # OpenCV reads variables of its own when it is loaded

def process():
    handlers = [signal.getsignal(number) for number in sorted(signal.valid_signals())]
    return handlers, sys.getswitchinterval(), list(logging.root.handlers), os.getcwd(), os.umask(0o22), sys.excepthook

import wakeful
before = process()
with wakeful.watch({scenario(tmp_path, NAP)!r}, pace="fast", landmarks="mesh+iris", duration_s=0.3) as driver:
    for moment in driver:
        assert process() == before
assert process() == before
"""
    )


def test_outputs_of_the_caller_get_everything_and_are_closed(tmp_path: Path) -> None:
    class Kept(wakeful.Output):
        def __init__(self) -> None:
            self.calls: list[str] = []

        def start(self, origin_ns: int) -> None:
            self.calls.append("start")

        def state(self, state: wakeful.DriverState) -> None:
            self.calls.append("state")

        def close(self) -> None:
            self.calls.append("close")

    kept, events = Kept(), tmp_path / "events.jsonl"
    settings = {"outputs.events": str(events), "source.fps": 15.0}
    with wakeful.watch(
        scenario(tmp_path, NAP), pace="fast", landmarks="mesh+iris", duration_s=0.2, settings=settings, outputs=[kept]
    ) as driver:
        driver.run()
    assert kept.calls == ["start", *["state"] * 4, "close"]
    assert "calibrating" in events.read_text()


def test_a_recorded_drive_gives_the_same_moments_without_the_frames(nap: list[wakeful.Moment], tmp_path: Path) -> None:
    pytest.importorskip("mcap", reason="logs need the extra [record]")
    settings = {"record.folder": str(tmp_path / "log"), "source.fps": 15.0}
    with wakeful.watch(
        scenario(tmp_path, NAP), pace="fast", landmarks="mesh+iris", speed_kmh=60.0, settings=settings
    ) as driver:
        seen = []
        for moment in driver:
            seen.append(moment)
            if len(seen) == 10:
                driver.marker("here")
            if len(seen) == 20:
                driver.send(wakeful.VehicleSpeed(70.0))
    again = list(wakeful.replay(tmp_path / "log"))
    assert raised(again) == raised(seen) == raised(nap)
    assert gist(again) == gist(seen)
    assert {one.frame for one in again} == {None} and {one.landmarks for one in again} == {None}
    assert abs(again[0].time - seen[0].time) < timedelta(seconds=1)
    # A robot does not wake anybody.
    assert raised(list(wakeful.replay(tmp_path / "log", profile="robot"))) == {}


def test_a_recorded_drive_has_its_points_where_they_were_asked_for(tmp_path: Path) -> None:
    pytest.importorskip("mcap", reason="logs need the extra [record]")
    settings = {"record.folder": str(tmp_path / "log"), "record.landmarks": True, "source.fps": 15.0}
    with wakeful.watch("synthetic:attentive", pace="fast", duration_s=0.4, settings=settings) as driver:
        seen = [moment.landmarks for moment in driver]
    again = [moment.landmarks for moment in wakeful.replay(tmp_path / "log")]
    assert len(again) == len(seen) > 4
    for live, replayed in zip(seen, again, strict=True):
        assert live is not None and replayed is not None and replayed.width == live.width == 640
        assert np.abs(live.points - replayed.points).max() <= 1 / 16
        assert np.abs(live.left_eye.contour - replayed.left_eye.contour).max() <= 1 / 16


def test_what_cannot_be_watched_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(wakeful.SourceError, match="no such file, folder or camera"):
        wakeful.watch(tmp_path / "none.mp4")
    with pytest.raises(wakeful.ConfigError, match=r"arguments: unknown key serial\.ulr: did you mean url"):
        wakeful.watch("synthetic", settings={"serial.ulr": "loop://"})
    with pytest.raises(wakeful.ConfigError, match="lorry"):
        wakeful.watch("synthetic", profile="lorry")
    with pytest.raises(wakeful.WakefulError, match="there is no such log"):
        wakeful.replay(tmp_path / "none.mcap")


def test_a_missing_network_names_the_command_that_fetches_it(empty_cache: Path) -> None:
    with pytest.raises(wakeful.ModelError, match="`wakeful models pull`"):
        wakeful.watch("synthetic", landmarks="mesh+iris")
    with pytest.raises(wakeful.ModelError, match="`wakeful models pull`"):
        wakeful.look(render(DriverPose()), landmarks="mesh+iris")


@pytest.fixture(scope="module")
def portrait() -> np.ndarray:
    return render(DriverPose(yaw_deg=12.0))


def test_a_face_in_an_image_is_measured(landmarks: Any, portrait: np.ndarray, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "portrait.png"), portrait)
    found = wakeful.look(portrait, landmarks=landmarks)
    assert found.face and found.reader == landmarks
    assert found.landmarks is not None and found.landmarks.shape == (468, 3)
    assert found.box is not None and 0 < found.box[0] < found.box[2] < 640
    assert found.yaw_deg == pytest.approx(12.0, abs=6.0)
    assert found.eye_aspect_left is not None and 0.15 < found.eye_aspect_left < 0.5
    assert sum(found.expressions.values()) == pytest.approx(1.0, abs=1e-4)
    assert found.expression == max(found.expressions, key=lambda name: found.expressions[name])
    from_file = wakeful.look(tmp_path / "portrait.png", landmarks=landmarks)
    assert (from_file.box, from_file.eye_aspect_left) == (found.box, found.eye_aspect_left)


def test_both_eyes_are_outlined_in_an_image(portrait: np.ndarray) -> None:
    found = wakeful.look(portrait)
    assert found.landmarks is not None and found.left_eye is not None and found.right_eye is not None
    for eye, outer in ((found.left_eye, 263), (found.right_eye, 33)):
        assert (eye.contour.shape, eye.iris.shape) == ((16, 2), (5, 2))
        assert np.linalg.norm(eye.contour[0] - found.landmarks[outer, :2]) < 3.0
        assert (eye.contour.min(axis=0) < eye.iris[0]).all() and (eye.iris[0] < eye.contour.max(axis=0)).all()
    # The person's left eye is on the right side of the image.
    assert found.left_eye.iris[0, 0] > found.right_eye.iris[0, 0]


def test_an_image_without_a_face_is_no_error() -> None:
    found = wakeful.look(np.full((120, 160), 90, np.uint8), landmarks="mesh+iris")
    assert not found.face and found.box is None and found.expressions == {}
    assert found.landmarks is None and found.left_eye is None and found.right_eye is None


def test_what_is_no_image_is_said(tmp_path: Path) -> None:
    (tmp_path / "letter.png").write_text("Dear Madam")
    with pytest.raises(wakeful.SourceError, match=r"letter\.png is not an image"):
        wakeful.look(tmp_path / "letter.png")
    with pytest.raises(wakeful.SourceError, match=r"none\.png cannot be read"):
        wakeful.look(tmp_path / "none.png")
    with pytest.raises(wakeful.SourceError, match="not an image"):
        wakeful.look(np.zeros(5, np.uint8))


def test_the_summary_of_a_watch_is_plain_values(tmp_path: Path) -> None:
    with wakeful.watch(scenario(tmp_path, NAP), duration_s=0.2, **FAST) as driver:
        driver.run()
        figures = json.loads(json.dumps(driver.figures()))
    assert figures["frames"] == 4 and figures["landmarks"] == "mesh+iris"
    assert driver.source.fps == 15.0 and not driver.source.live
