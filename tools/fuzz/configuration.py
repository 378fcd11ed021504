"""Configuration files and profiles: taken, or refused with mistakes of one line each that name their place."""

from __future__ import annotations

from tools.fuzz.runner import Parser
from wakeful import ConfigError
from wakeful.device.config.errors import as_profile
from wakeful.device.config.layers import all_mistakes, as_layer, is_profile, merged_profile
from wakeful.device.config.settings import Settings

CONFIGURATION = b"""profile = "vehicle"
[source]
source = "/dev/video0"
fps = 30.0
[serial]
url = "loop://"
baud = 9600
[gpio]
line = "mock:17"
[outputs]
events = "e.jsonl"
[outputs.extra.status]
target = "status.json"
"""

PROFILE = b"""about = "Sleep alone"
[health]
no_face_s = 2.0
[[rules]]
code = "sleep"
level = "urgent"
when = { closure_s = 3.0 }
clear = { eyes_open_s = 2.0 }
from_kmh = 20.0
source = "Euro NCAP"
"""


def parse(data: bytes) -> bool:
    try:
        layer = as_layer("fuzz.toml", data)
    except ConfigError as error:
        assert str(error).startswith("fuzz.toml")
        return False
    if mistakes := all_mistakes(layer):
        assert all(line.startswith("fuzz.toml") and len(line.splitlines()) == 1 for line in mistakes), mistakes
        return False
    if is_profile(layer.values):
        merged = merged_profile(layer)
        merged.values.pop("settings", None)
        as_profile(merged.values)
    else:
        Settings.model_validate(layer.values)
    return True


PARSER = Parser(
    "configuration",
    parse,
    seeds=(CONFIGURATION, PROFILE),
    quick_inputs=500,
    words=(
        *(b"=", b"[", b"]", b"[[", b"]]", b"{", b"}", b'"', b'"""', b"'", b".", b",", b"\n", b"#", b"\\u0000", b"\xff"),
        *(b"nan", b"inf", b"-inf", b"1e999", b"9" * 400, b"0x", b"1979-05-27T07:32:00Z", b"true", b"a." * 200),
        *(b"[" * 300, b"\n[source]\n", b"\n[[rules]]\n", b"when", b"clear", b"perclos_60s", b"level", b"\x1b[31m"),
    ),
)
