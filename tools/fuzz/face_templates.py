"""Templates of enrolled faces that come from elsewhere: refused in one line, or sound."""

from __future__ import annotations

import numpy as np

from tools.fuzz.runner import Parser
from wakeful.device.drivers import is_driver_name
from wakeful.device.identity.template_file import MAX_LOOKS, Template, TemplateError, decoded, encoded


def parse(data: bytes) -> bool:
    try:
        template = decoded(data, "it", None)
    except TemplateError as error:
        assert "\n" not in str(error)
        return False
    assert is_driver_name(template.name)
    assert 1 <= len(template.looks) <= MAX_LOOKS
    assert np.isfinite(template.looks).all()
    return True


_ONE = Template("anna", "0123456789abcdef", np.eye(128, dtype=np.float32)[:1], "2026-11-29")

PARSER = Parser(
    "face_templates",
    parse,
    seeds=(encoded(_ONE, None),),
    words=(
        *(b"{", b"}", b"[", b'"', b":", b",", b"null", b"true", b"NaN", b"1e999", b"-1", b"A" * 100, b"="),
        *(b"\\u0000", b"\\n", b"\\ud800", b"\xff", b"[" * 500, b'"name"', b'"looks"', b"../../etc", b"auto"),
        b"wakeful identity, encrypted 1\n",
    ),
)
