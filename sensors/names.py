"""Names of sources that are written in a form of their own; here without anything heavy, for checking settings."""

from __future__ import annotations

import re
import shlex

from wakeful.errors import ConfigError
from wakeful.sensors.address import parse_address

SCHEMES = {"http": "mjpeg", "https": "mjpeg", "rtsp": "rtsp", "rtsps": "rtsp"}
"""Scheme of an address -> kind of source."""
PREFIXES = {"gst": "gstreamer", "pipe": "pipe"}

APPSINK = re.compile(r"!\s*(?:appsink|autovideosink|fakesink)\b[^!]*$")
"""The end of pipelines that were written for OpenCV, or to try them."""
GEOMETRY = re.compile(r"(\d{1,5})x(\d{1,5}):([\w-]+)")
Y4M = "y4m"


def special_kind(spec: str) -> tuple[str, str] | None:
    """The kind of a source by its prefix or scheme, and what its backend is given; None if it has neither."""
    head, colon, rest = spec.partition(":")
    if colon and head in PREFIXES:
        return PREFIXES[head], rest
    if rest.startswith("//") and head.lower() in SCHEMES:
        return SCHEMES[head.lower()], spec
    return None


def check_name(spec: str) -> str:
    """``spec``, if it can be a source as far as can be seen from it. Raises: ConfigError: what it should be."""
    kind, what = special_kind(spec) or ("", "")
    if kind == "gstreamer":
        elements_of(what)
    elif kind == "pipe":
        geometry_of(what)
    elif kind:
        parse_address(what)
    return spec


def elements_of(pipeline: str) -> list[str]:
    """The words of a pipeline, as a shell would pass them on. Raises: ConfigError."""
    try:
        words = shlex.split(APPSINK.sub("", pipeline).strip().rstrip("!"))
    except ValueError:
        raise ConfigError("should close the quote that it opens in its pipeline") from None
    if not words:
        raise ConfigError("should have a pipeline that ends in raw video, as in gst:libcamerasrc")
    return words


def geometry_of(form: str) -> tuple[int, int, str] | None:
    """Width, height and format of raw frames; None if the stream says them itself. Raises: ConfigError."""
    if form.lower() == Y4M:
        return None
    found = GEOMETRY.fullmatch(form)
    if found is None:
        raise ConfigError("should be pipe:WIDTHxHEIGHT:FORMAT, as in pipe:640x480:BGR, or pipe:y4m")
    return int(found[1]), int(found[2]), found[3]
