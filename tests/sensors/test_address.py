"""Addresses of cameras are taken apart, and their secrets are never shown."""

from __future__ import annotations

import pytest

from wakeful import ConfigError
from wakeful.sensors.address import parse_address, shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://me:hush@cam/video", "http://cam/video"),
        ("rtsp://me:hu@sh@10.0.0.2:554/a", "rtsp://10.0.0.2:554/a"),
        ("rtsp://me:hu/sh#@10.0.0.2/a", "rtsp://10.0.0.2/a"),
        ("http://cam/video.cgi?user=me&pwd=hush", "http://cam/video.cgi?..."),
        ("http://cam:8080/?action=stream", "http://cam:8080/?..."),
        ("gst:rtspsrc location=rtsp://me:hush@cam/x user-pw=hush ! decodebin", None),
        ("gst:rtspsrc user-id=me user-pw='hu sh' location=\"rtsp://cam/x?token=hush\" ! decodebin", None),
        ("gst:souphttpsrc location=http://cam/ user-id=hush user-pw = hush ! jpegdec", None),
        ("gst:x srtsrc passphrase=hush ! y", "gst:x srtsrc passphrase=... ! y"),
        ("/dev/video0", "/dev/video0"),
        ("gst:libcamerasrc ! video/x-raw,width=640", "gst:libcamerasrc ! video/x-raw,width=640"),
    ],
)
def test_what_is_shown_has_no_login_and_no_query(text: str, expected: str | None) -> None:
    assert "hush" not in shown(text) and "hu sh" not in shown(text) and "sh@" not in shown(text)
    if expected is not None:
        assert shown(text) == expected


def test_an_address_is_taken_apart_and_put_together_for_libraries() -> None:
    address = parse_address("RTSP://me:se%2Fc%3Ar%40t@10.0.0.2/cam?channel=1")
    assert (address.user, address.password) == ("me", "se/c:r@t")
    assert (address.hostname, address.port, address.target) == ("10.0.0.2", 0, "/cam?channel=1")
    assert address.with_login == "rtsp://me:se%2Fc%3Ar%40t@10.0.0.2/cam?channel=1"
    assert "se/c" not in repr(address) and "me" not in address.name


def test_a_login_of_its_own_serves_addresses_without_one() -> None:
    assert parse_address("http://cam/", "me:a:b").password == "a:b"
    assert parse_address("http://you:x@cam/", "me:a:b").user == "you"
    assert parse_address("http://cam").target == "/"
    assert parse_address("http://[::1]:80/x").hostname == "::1"


@pytest.mark.parametrize(
    "text", ["http://", "rtsp://me:hu/sh@cam/x", "http://cam:99999/", "http://a b/", "http://c\n/"]
)
def test_what_is_no_address_is_refused_without_its_secrets(text: str) -> None:
    with pytest.raises(ConfigError, match=r"should be the address of a camera.*%XX") as caught:
        parse_address(text)
    assert "hu/sh" not in str(caught.value)
