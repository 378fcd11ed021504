"""RTSP and GStreamer for real: a server on the loopback, a child process, and how old the images are."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing

import pytest

from tools.rigs.mjpeg_server import MjpegServer
from tools.rigs.rtsp_server import RtspServer, missing
from tools.rigs.stamped import age_s, stamped
from tools.rigs.waiting import eventually
from wakeful import ConfigError, SourceError
from wakeful.sensors import gstreamer
from wakeful.sensors.camera import open_source
from wakeful.sensors.opencv import cv2
from wakeful.sensors.source import Source, SourceNotFound, StaleFrame

LATENCY_S = 0.3
LOGIN = "me:se/c:r@t"


def needs_gstreamer() -> None:
    if shutil.which(gstreamer.PROGRAM) is None:
        pytest.skip(f"no GStreamer: {gstreamer.INSTALL}")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture(scope="module")
def rtsp() -> Iterator[RtspServer]:
    needs_gstreamer()
    if reason := missing():
        pytest.skip(reason)
    with closing(RtspServer(stamped, free_port(), LOGIN)) as server:
        yield server


def ages_s(source: Source, count: int = 30) -> list[float]:
    found: list[float] = []

    def look() -> bool:
        try:
            found.append(age_s(source.read_latest(0.1).image))
        except StaleFrame:
            return False
        return len(found) >= count

    assert eventually(look, 20.0), found
    return found


def usual_s(ages: list[float]) -> float:
    return sorted(ages)[len(ages) // 2]


def test_rtsp_is_opened_with_its_login_and_shows_the_present(rtsp: RtspServer) -> None:
    with closing(open_source(rtsp.address, login=LOGIN)) as source:
        assert (source.info.width, source.info.height, source.info.name) == (640, 480, rtsp.address)
        ages = ages_s(source)
    assert usual_s(ages) < LATENCY_S, ages
    # What the camera sent while OpenCV looked at the stream, about a second of it, is left out.
    assert usual_s(ages[:5]) < LATENCY_S and source.dropped > 10, ages


def test_rtsp_says_why_it_does_not_open(rtsp: RtspServer) -> None:
    with pytest.raises(SourceError, match=r"asks for a user name and password: set \[source\] login"):
        open_source(rtsp.address)
    with pytest.raises(SourceError, match="rejects the user name or the password") as caught:
        open_source(rtsp.address.replace("//", "//me:wrong-one@"))
    assert "wrong-one" not in str(caught.value)
    with pytest.raises(SourceNotFound, match="nothing answers at that port"):
        open_source(f"rtsp://127.0.0.1:{free_port()}/cam")
    with closing(MjpegServer(stamped)) as other, pytest.raises(SourceError, match="does not answer as rtsp does"):
        open_source(f"rtsp://127.0.0.1:{other.port}/cam")


def test_without_ffmpeg_in_opencv_gstreamer_takes_rtsp(rtsp: RtspServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2.videoio_registry, "hasBackend", lambda _: False)
    with closing(open_source(rtsp.address, login=LOGIN)) as source:
        assert "se/c" not in source.info.name and usual_s(ages_s(source)) < LATENCY_S


def test_a_pipeline_shows_the_present_and_its_child_ends_with_it() -> None:
    needs_gstreamer()
    with closing(MjpegServer(stamped)) as server:
        fetch = f"souphttpsrc location={server.address} is-live=true ! multipartdemux ! image/jpeg,framerate=30/1"
        with closing(open_source(f"gst:{fetch} ! jpegdec ! videoconvert ! appsink drop=true")) as source:
            assert usual_s(ages_s(source)) < LATENCY_S
            assert children(server.address)
            server.mode = "ends"
            assert eventually(lambda: "ended" in (source.lost or ""))
            server.mode = "works"
            assert usual_s(ages_s(source, 5)) < LATENCY_S and source.lost is None
        assert not children(server.address)


def children(mark: str) -> list[str]:
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if "gst-launch" in line and mark in line]


def test_a_width_that_has_no_whole_rows_is_scaled_a_little() -> None:
    needs_gstreamer()
    pipeline = "videotestsrc is-live=true pattern=ball ! video/x-raw,width=333,height=251,format=RGB"
    with closing(open_source(f"gst:{pipeline}")) as source:
        assert source.info.width % 8 == 0 and abs(source.info.width - 333) <= 8
        image = source.read_latest(1.0).image
    # A ball on black: rows that were read at a wrong length would be slanted all over.
    assert image.shape[:2] == (source.info.height, source.info.width)
    assert (image.max(axis=(1, 2)) > 100).sum() < 60


@pytest.mark.parametrize(
    ("pipeline", "reason"),
    [
        ("nosuchsrc ! videoconvert", 'no element "nosuchsrc": check its name, or install the plugin that has it'),
        (
            "v4l2src device=/dev/video77",
            r"v4l2src0: Cannot identify device '/dev/video77' \(system error: No such file",
        ),
        ("audiotestsrc", "could not link queue0 to videoconvert0: check that its elements deliver raw video"),
        ("rtspsrc location=rtsp://me:hush@127.0.0.1:9/ ! decodebin", "rtspsrc0: Could not open resource"),
        ("videotestsrc is-live=true num-buffers=0", "the pipeline has ended"),
    ],
)
def test_a_pipeline_that_does_not_run_says_why(pipeline: str, reason: str) -> None:
    needs_gstreamer()
    with pytest.raises(SourceError, match=reason) as caught:
        open_source(f"gst:{pipeline}")
    assert "hush" not in str(caught.value) and "\n" not in str(caught.value)


def test_without_gstreamer_its_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(SourceError, match=gstreamer.INSTALL):
        open_source("gst:libcamerasrc")
    with pytest.raises(ConfigError, match="should close the quote"):
        open_source("gst:libcamerasrc camera-name='x")
    with pytest.raises(ConfigError, match="should have a pipeline"):
        open_source("gst: ")


def test_a_killed_monitor_leaves_no_pipeline_behind() -> None:
    needs_gstreamer()
    code = (
        "import time\nfrom wakeful.sensors.camera import open_source\n"
        "source = open_source('gst:videotestsrc is-live=true name=left_behind')\n"
        "print('open', flush=True)\ntime.sleep(60)"
    )
    monitor = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert monitor.stdout is not None and monitor.stdout.readline() == b"open\n"
    assert children("left_behind")
    monitor.kill()
    monitor.wait()
    monitor.stdout.close()
    assert eventually(lambda: not children("left_behind"))
