"""A camera that works, and one that is lost in every way known: noticed, told, and opened again.

No camera hardware takes part: a scripted one stands where OpenCV's V4L2 capture would.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from itertools import islice, pairwise
from pathlib import Path

import cv2
import pytest

from tools.rigs.scripted_camera import ScriptedCamera
from tools.rigs.waiting import within
from wakeful import SourceError
from wakeful.sensors.live import MAX_HANGING_THREADS, Patience
from wakeful.sensors.request import CaptureRequest
from wakeful.sensors.source import EndOfSource, SourceNotFound, StaleFrame
from wakeful.sensors.v4l2 import V4l2Camera

QUICK = Patience(lost_after_s=0.3, first_retry_s=0.08, longest_retry_s=0.3, first_frame_s=0.3)


@pytest.fixture
def device(tmp_path: Path) -> ScriptedCamera:
    return ScriptedCamera(tmp_path / "video0")


@pytest.fixture
def camera(device: ScriptedCamera) -> Iterator[V4l2Camera]:
    source = V4l2Camera(device.device, CaptureRequest(), backend=device.open, patience=QUICK)
    yield source
    device.driver_returns.set()
    source.close()


def wait_until(condition: Callable[[], bool], timeout_s: float = 10.0) -> float:
    """Seconds until the condition held."""
    start = time.monotonic()
    while not condition():
        assert time.monotonic() - start < timeout_s, "it never came true"
        time.sleep(0.005)
    return time.monotonic() - start


def capture_threads(device: ScriptedCamera) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == f"capture {device.device}"]


def works_again(camera: V4l2Camera) -> bool:
    try:
        camera.read_latest(0.02)
    except StaleFrame:
        return False
    return camera.lost is None


def test_frames_are_numbered_and_stamped_at_the_grab(camera: V4l2Camera) -> None:
    started_ns = time.monotonic_ns()
    frames = [camera.read_latest(1.0) for _ in range(5)]
    assert [b.seq > a.seq for a, b in pairwise(frames)] == [True] * 4
    assert [b.t_ns > a.t_ns for a, b in pairwise(frames)] == [True] * 4
    assert started_ns - 1e9 < frames[0].t_ns <= frames[-1].t_ns <= time.monotonic_ns()
    assert frames[0].image.shape == (48, 64, 3)
    assert camera.lost is None


def test_a_slow_reader_gets_the_newest_frame_and_the_others_are_counted(camera: V4l2Camera) -> None:
    first = camera.read_latest(1.0)
    time.sleep(0.2)
    newest = camera.read_latest(1.0)
    assert within(0.1, lambda: (time.monotonic_ns() - camera.read_latest(1.0).t_ns) / 1e9)
    assert newest.seq > first.seq + 3
    assert camera.dropped >= newest.seq - first.seq - 1


def test_what_was_asked_is_set_read_back_and_told_where_it_was_not_granted(device: ScriptedCamera) -> None:
    request = CaptureRequest(width=1280, height=80, fps=60, pixel_format="MJPG")
    camera = V4l2Camera(device.device, request, backend=device.open, patience=QUICK)
    camera.close()
    assert (camera.info.width, camera.info.height, camera.info.fps, camera.info.pixel_format) == (96, 80, 30.0, "MJPG")
    assert camera.info.requested == "1280x80 -> 96x80, 60 fps -> 30 fps"
    assert [prop for prop, _ in device.asked] == [
        cv2.CAP_PROP_FOURCC,
        cv2.CAP_PROP_FRAME_WIDTH,
        cv2.CAP_PROP_FRAME_HEIGHT,
        cv2.CAP_PROP_FPS,
        cv2.CAP_PROP_BUFFERSIZE,
    ]


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        ("frozen", "frozen"),
        ("black", "black"),
        ("garbled", "unreadable"),
        ("odd", "unreadable"),
        ("failing", "hanging"),
        ("hangs", "hanging"),
    ],
)
def test_a_camera_that_goes_bad_is_noticed_gives_nothing_and_recovers(
    camera: V4l2Camera, device: ScriptedCamera, mode: str, reason: str
) -> None:
    last = camera.read_latest(1.0)
    time.sleep(0.05)  # a good frame lies in the slot, and grows old there
    device.mode = mode
    wait_until(lambda: camera.lost == reason)

    def refused_s() -> float:
        before = time.monotonic()
        with pytest.raises(StaleFrame, match=reason):
            camera.read_latest(0.1)
        return time.monotonic() - before

    assert within(0.3, refused_s)
    device.mode = "works"
    device.driver_returns.set()
    wait_until(lambda: works_again(camera))
    assert camera.read_latest(1.0).seq > last.seq


def test_an_unplugged_camera_is_let_go_and_found_again_under_another_number(tmp_path: Path) -> None:
    device = ScriptedCamera(tmp_path / "video0")
    by_id = tmp_path / "usb-Maker_Camera_1234-video-index0"
    by_id.symlink_to("video0")
    camera = V4l2Camera(by_id, CaptureRequest(), backend=device.open, patience=QUICK)
    last = camera.read_latest(1.0)
    device.unplug()
    wait_until(lambda: camera.lost == "unplugged")
    by_id.unlink()
    device.device = tmp_path / "video2"
    device.plug_in()
    by_id.symlink_to("video2")
    wait_until(lambda: works_again(camera))
    assert [Path(path).name for _, path in device.opened] == ["video0", "video2"]
    assert camera.read_latest(1.0).seq > last.seq
    camera.close()


def test_an_unplugged_camera_is_let_go_before_it_counts_as_lost(device: ScriptedCamera) -> None:
    patience = Patience(lost_after_s=5.0)
    camera = V4l2Camera(device.device, CaptureRequest(), backend=device.open, patience=patience)
    camera.read_latest(1.0)
    device.unplug()
    wait_until(lambda: device.released == 1, timeout_s=4.0)
    assert camera.lost is None
    camera.close()


def test_a_camera_that_shows_the_same_picture_after_each_reopening_stays_lost(device: ScriptedCamera) -> None:
    device.mode = "frozen"
    camera = V4l2Camera(device.device, CaptureRequest(), backend=device.open, patience=QUICK)
    camera.read_latest(1.0)
    wait_until(lambda: camera.lost == "frozen")
    while len(device.opened) < 3:
        assert camera.lost == "frozen"
        time.sleep(0.002)
    camera.close()


def test_the_size_may_change_between_frames(camera: V4l2Camera, device: ScriptedCamera) -> None:
    camera.read_latest(1.0)
    device.width, device.height = 96, 80
    wait_until(lambda: camera.read_latest(1.0).image.shape == (80, 96, 3))
    assert (camera.info.width, camera.info.height) == (96, 80)


def test_a_driver_that_never_returns_is_left_behind_but_not_without_limit(device: ScriptedCamera) -> None:
    impatient = Patience(lost_after_s=0.1, first_retry_s=0.02, longest_retry_s=0.05, first_frame_s=0.05)
    camera = V4l2Camera(device.device, CaptureRequest(), backend=device.open, patience=impatient)
    camera.read_latest(1.0)
    device.mode = "hangs"
    wait_until(lambda: camera.lost == "hanging")
    wait_until(lambda: len(capture_threads(device)) == MAX_HANGING_THREADS + 1)
    time.sleep(0.3)  # for several more openings, if it went on
    assert len(capture_threads(device)) == MAX_HANGING_THREADS + 1
    device.mode = "works"
    device.driver_returns.set()
    wait_until(lambda: works_again(camera) and len(capture_threads(device)) == 1)
    camera.close()


def test_with_the_shipped_patience_a_loss_is_noticed_within_two_seconds(tmp_path: Path) -> None:
    devices = {mode: ScriptedCamera(tmp_path / mode) for mode in ("unplugged", "frozen", "black", "hangs")}
    cameras = {
        mode: V4l2Camera(device.device, CaptureRequest(), backend=device.open) for mode, device in devices.items()
    }
    for camera in cameras.values():
        camera.read_latest(1.0)
    begun_s = time.monotonic()
    devices["unplugged"].unplug()
    for mode in ("frozen", "black", "hangs"):
        devices[mode].mode = mode
    noticed_s: dict[str, float] = {}
    while len(noticed_s) < len(cameras):
        now_s = time.monotonic() - begun_s
        assert now_s < 3.0, f"only these were noticed: {noticed_s}"
        noticed_s |= {mode: now_s for mode, one in cameras.items() if mode not in noticed_s and one.lost is not None}
        time.sleep(0.005)
    for mode, camera in cameras.items():
        devices[mode].driver_returns.set()
        camera.close()
    assert all(1.0 < one < 2.0 for one in noticed_s.values()), noticed_s


def test_pauses_between_reopenings_double_up_to_three_seconds() -> None:
    assert list(islice(Patience().pauses_s(), 7)) == [0.5, 1.0, 2.0, 3.0, 3.0, 3.0, 3.0]


def test_reopening_an_unplugged_camera_backs_off(camera: V4l2Camera, device: ScriptedCamera) -> None:
    camera.read_latest(1.0)
    device.busy = True
    device.mode = "failing"
    wait_until(lambda: len(device.opened) >= 5, timeout_s=20.0)
    retries = [at for at, _ in device.opened[1:]]
    # A busy machine makes the pauses longer, and nothing makes them shorter.
    for (before, after), least_s in zip(pairwise(retries), islice(QUICK.pauses_s(), 1, None), strict=False):
        assert after - before >= least_s


def test_a_camera_that_is_plugged_in_again_is_opened_at_once_however_long_the_pause(device: ScriptedCamera) -> None:
    slow = Patience(lost_after_s=0.2, first_retry_s=30.0, longest_retry_s=30.0)
    camera = V4l2Camera(device.device, CaptureRequest(), backend=device.open, patience=slow)
    camera.read_latest(1.0)
    device.unplug()
    wait_until(lambda: camera.lost == "unplugged")
    time.sleep(0.1)  # the pause has begun
    device.plug_in()
    assert wait_until(lambda: works_again(camera), timeout_s=20.0) < 15.0
    camera.close()


def test_the_loss_is_told_from_the_clock_even_if_no_thread_runs(device: ScriptedCamera) -> None:
    now_ns = [0]
    camera = V4l2Camera(device.device, CaptureRequest(), backend=device.open, clock_ns=lambda: now_ns[0])
    wait_until(lambda: camera.read_latest(1.0).seq > 0)
    device.mode = "hangs"
    time.sleep(0.05)
    now_ns[0] = 1_100_000_000
    assert camera.lost is None
    now_ns[0] = 1_300_000_000
    assert camera.lost == "hanging"
    device.driver_returns.set()
    camera.close()


def test_closing_ends_all_threads_and_releases_the_device(device: ScriptedCamera) -> None:
    before = threading.active_count()
    camera = V4l2Camera(device.device, CaptureRequest(), backend=device.open, patience=QUICK)
    camera.read_latest(1.0)
    camera.close()
    camera.close()
    assert threading.active_count() == before
    assert device.released == 1
    with pytest.raises(EndOfSource, match="closed"):
        for _ in range(2):
            camera.read_latest(0.1)


def test_a_camera_that_is_not_there_says_how_to_find_one(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFound, match=r"no camera at .*video9: list the cameras with `wakeful devices`"):
        V4l2Camera(tmp_path / "video9", CaptureRequest())


def test_a_busy_camera_says_how_to_find_who_uses_it(device: ScriptedCamera) -> None:
    device.busy = True
    with pytest.raises(SourceError, match=r"another program uses it .find it with `fuser -v"):
        V4l2Camera(device.device, CaptureRequest(), backend=device.open)
    assert device.released == 1


def test_opencv_itself_refuses_a_device_that_is_no_camera(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SourceError, match="/dev/null opens but gives no video"):
        V4l2Camera(Path("/dev/null"), CaptureRequest())
    assert capfd.readouterr().err == ""


def test_missing_permission_names_the_group(device: ScriptedCamera, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("wakeful.sensors.v4l2_device.os.open", forbidden)
    with pytest.raises(SourceError, match="usermod -aG video"):
        V4l2Camera(device.device, CaptureRequest(), backend=device.open)
