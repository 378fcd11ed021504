"""MJPEG over HTTP from a real server on the loopback: its whims, its login, its faults."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import numpy as np
import pytest

from tools.rigs.mjpeg_server import MjpegServer
from tools.rigs.waiting import eventually
from wakeful import ConfigError, SourceError
from wakeful.sensors.camera import kind_of, open_source
from wakeful.sensors.image_folder import decode_image
from wakeful.sensors.source import Source, SourceNotFound, StaleFrame

NOISE = np.random.default_rng(5)


def picture() -> np.ndarray:
    return NOISE.integers(60, 120, (48, 64, 3), dtype=np.uint8)


@pytest.fixture
def server() -> Iterator[MjpegServer]:
    with closing(MjpegServer(picture)) as running:
        yield running


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wakeful.sensors.mjpeg.CONNECT_S", 1.0)


def gives_images(source: Source) -> bool:
    try:
        source.read_latest(0.1)
    except StaleFrame:
        return False
    return True


def test_addresses_lead_to_their_backends() -> None:
    assert kind_of("http://cam/video") == ("mjpeg", "http://cam/video")
    assert kind_of("HTTPS://cam/video")[0] == "mjpeg"
    assert kind_of("rtsp://cam/1")[0] == kind_of("rtsps://cam/1")[0] == "rtsp"
    assert kind_of("gst:libcamerasrc ! x") == ("gstreamer", "libcamerasrc ! x")
    assert kind_of("pipe:4x4:BGR") == ("pipe", "4x4:BGR")
    with pytest.raises(SourceNotFound) as caught:
        kind_of("ftp://me:hush@cam/x")
    assert "hush" not in str(caught.value)


def test_frames_come_with_their_size_and_the_time_of_their_arrival(server: MjpegServer) -> None:
    with closing(open_source(server.address)) as source:
        assert (source.info.name, source.info.live) == (server.address, True)
        assert (source.info.width, source.info.height, source.info.requested) == (64, 48, "")
        first, second = source.read_latest(1.0), source.read_latest(1.0)
        assert first.image.shape == (48, 64, 3) and second.seq > first.seq
        assert first.t_ns < second.t_ns <= time.monotonic_ns()


@pytest.mark.parametrize(
    ("lengths", "boundary", "announced"),
    [
        (True, "--frame", "frame"),
        (False, "--frame", "frame"),
        (True, "--frame", "--frame"),
        (False, "frame", "frame"),
        (True, "--frame", '"frame"'),
    ],
)
def test_loose_servers_are_understood(server: MjpegServer, lengths: bool, boundary: str, announced: str) -> None:
    server.lengths, server.boundary, server.announced = lengths, boundary, announced
    with closing(open_source(server.address)) as source:
        assert all(source.read_latest(2.0).image.shape == (48, 64, 3) for _ in range(3))


@pytest.mark.parametrize("digest", [False, True])
@pytest.mark.parametrize("login", ["me:hush", "me:se/c:r@t"])
def test_a_login_is_given_and_not_shown(server: MjpegServer, login: str, digest: bool) -> None:
    server.login, server.digest = login, digest
    with closing(open_source(server.address, login=login)) as source:
        assert source.read_latest(2.0)
        assert "hush" not in source.info.name and "se/c" not in source.info.name
    with pytest.raises(SourceError, match=r"asks for a user name and password: set \[source\] login"):
        open_source(server.address)
    for wrong in ("me:wrong-one", "you:wrong-one"):
        with pytest.raises(SourceError, match="rejects the user name or the password") as caught:
            open_source(server.address.replace("//", f"//{wrong}@"))
        assert "wrong-one" not in str(caught.value)


def test_a_redirect_is_followed_and_the_login_stays_with_its_host(server: MjpegServer) -> None:
    server.redirect, server.login = "/other", "me:hush"
    with closing(open_source(server.address, login="me:hush")) as source:
        assert source.read_latest(2.0)
    with closing(MjpegServer(picture)) as elsewhere:
        server.redirect = elsewhere.address
        with closing(open_source(server.address, login="me:hush")) as source:
            assert source.read_latest(2.0)
        assert all("Authorization" not in headers for _, headers in elsewhere.asked)
    server.redirect = "/video"
    with pytest.raises(SourceError, match="redirects without end"):
        open_source(server.address, login="me:hush")


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        ("page", r"is a web page and no MJPEG stream: give the address .* often http://HOST:8080/video"),
        ("still", r"is a single image \(image/jpeg\)"),
        ("missing", r"refuses this path \(HTTP 404\): check the part after the host"),
        ("garbage", r"sends no JPEG images that can be decoded"),
        ("ends", r"has ended the connection"),
    ],
)
def test_what_is_no_stream_is_said_with_its_fix(quick: None, server: MjpegServer, mode: str, reason: str) -> None:
    server.mode = mode
    with pytest.raises(SourceError, match=reason):
        open_source(server.address)


def test_nobody_there_is_said_with_its_fix(free_port: int) -> None:
    with pytest.raises(SourceNotFound, match="nothing answers at that port: start the camera's server"):
        open_source(f"http://127.0.0.1:{free_port}/video")
    with pytest.raises(SourceNotFound, match="no host of that name"):
        open_source("http://no-such-camera.invalid/video")
    with pytest.raises(SourceError, match="does not answer as https does"), closing(MjpegServer(picture)) as server:
        open_source(server.address.replace("http", "https"))
    with pytest.raises(ConfigError, match="runs in real time"):
        open_source("http://me:hush@cam/", pace="fast")


@pytest.fixture
def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_a_server_that_takes_a_connection_and_is_silent_is_given_up(quick: None) -> None:
    silent = socket.create_server(("127.0.0.1", 0))
    with closing(silent), pytest.raises(SourceNotFound, match="does not answer: check that the camera is on"):
        open_source(f"http://127.0.0.1:{silent.getsockname()[1]}/")


@pytest.mark.parametrize(
    "head", [b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=b\r\n\r\n"]
)
def test_a_server_that_trickles_is_given_up(quick: None, head: bytes) -> None:
    def trickle() -> None:
        with suppress(OSError):
            client, _ = listener.accept()
            client.sendall(head)
            for _ in range(200):
                client.sendall(b"x")
                time.sleep(0.05)

    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=trickle, daemon=True).start()
    with closing(listener), pytest.raises(SourceError):
        open_source(f"http://127.0.0.1:{listener.getsockname()[1]}/")


@pytest.mark.parametrize(("mode", "reason"), [("silent", "hanging"), ("garbage", "unreadable"), ("ends", "ended")])
def test_a_server_that_goes_bad_is_noticed_and_found_again(server: MjpegServer, mode: str, reason: str) -> None:
    with closing(open_source(server.address)) as source:
        last = source.read_latest(2.0)
        server.mode, server.silent = mode, mode == "silent"
        assert eventually(lambda: reason in (source.lost or ""))
        server.mode, server.silent = "works", False
        assert eventually(lambda: gives_images(source) and source.lost is None)
        assert source.read_latest(1.0).seq > last.seq


def test_a_decoder_that_is_too_slow_gets_the_newest_frame(server: MjpegServer, monkeypatch: pytest.MonkeyPatch) -> None:
    sent_s: list[float] = []

    def numbered() -> np.ndarray:
        sent_s.append(time.monotonic())
        image = picture()
        image[:] = np.uint8(60 + len(sent_s) % 150)
        return image

    def slow(data: bytes) -> np.ndarray | None:
        time.sleep(0.1)
        return decode_image(data)

    server.picture, server.fps = numbered, 50.0
    monkeypatch.setattr("wakeful.sensors.mjpeg.decode_image", slow)
    with closing(open_source(server.address)) as source:
        ages: list[int] = []
        while len(ages) < 12:
            if gives_images(source):
                frame = source.read_latest(1.0)
                number = round(float(frame.image.mean())) - 60
                ages.append((len(sent_s) - number) % 150)
    # A queue would be longer by 40 frames for each second.
    assert sorted(ages)[len(ages) // 2] < 30, ages


def test_closing_ends_a_wait_for_a_silent_server(server: MjpegServer) -> None:
    before = threading.active_count()
    source = open_source(server.address)
    server.silent = True
    time.sleep(0.1)
    begun_s = time.monotonic()
    source.close()
    assert time.monotonic() - begun_s < 2.0
    server.mode = "ends"
    assert eventually(lambda: threading.active_count() <= before)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="makes a certificate with openssl")
def test_a_camera_with_its_own_certificate_is_refused_until_the_certificate_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = tmp_path / "camera.pem"
    key = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=camera"
    named = [
        "-addext",
        "subjectAltName=IP:127.0.0.1",
        "-keyout",
        str(certificate),
        "-out",
        str(tmp_path / "public.pem"),
    ]
    subprocess.run(["openssl", *key.split(), *named], check=True, capture_output=True)
    certificate.write_text(certificate.read_text() + (tmp_path / "public.pem").read_text())
    with closing(MjpegServer(picture, certificate=str(certificate))) as server:
        with pytest.raises(SourceError, match=r"not trusted .* SSL_CERT_FILE"):
            open_source(server.address)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "public.pem"))
        with closing(open_source(server.address)) as source:
            assert source.info.width == 64
            eventually(lambda: gives_images(source))
            server.silent = True
            eventually(lambda: not gives_images(source))
            server.silent = False
            eventually(lambda: gives_images(source))
