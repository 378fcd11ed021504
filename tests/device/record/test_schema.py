"""What a log holds: every message survives the way to JSON and back, and its JSON is what its schema says."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import Any

import pytest

from tools.rigs.log_samples import CONFIG as HEAD
from tools.rigs.log_samples import FULL_OBSERVATION, MESSAGES
from wakeful.device.messages import Observation
from wakeful.device.record.checks import InvalidMessage
from wakeful.device.record.decode import decode
from wakeful.device.record.encode import Recorded, encode
from wakeful.device.record.log_config import UnsupportedVersion, read_config
from wakeful.device.record.schema import CHANNELS, CONFIG, OBSERVATION

JSON_TYPES: dict[str, type | tuple[type, ...]] = {
    "integer": int,
    "number": (int, float),
    "string": str,
    "boolean": bool,
    "array": list,
    "object": dict,
}


def written(message: Recorded) -> tuple[str, bytes]:
    return encode(message, HEAD)


@pytest.mark.parametrize("message", MESSAGES, ids=lambda one: type(one).__name__)
def test_every_message_comes_back_as_it_was(message: Recorded) -> None:
    assert decode(*written(message)) == message


@pytest.mark.parametrize("message", [*MESSAGES, HEAD], ids=lambda one: type(one).__name__)
def test_the_json_of_a_message_is_what_its_schema_says(message: Recorded) -> None:
    topic, data = written(message)
    values, (_, schema) = json.loads(data), CHANNELS[topic]
    assert set(schema["required"]) <= set(values)
    for key, value in values.items():
        described = schema["properties"].get(key, {})
        if value is not None and "type" in described:
            assert isinstance(value, JSON_TYPES[described["type"]]), key


def test_the_head_comes_back_with_the_whole_profile_and_what_is_known_of_the_driver() -> None:
    topic, data = written(HEAD)
    assert topic == CONFIG
    assert read_config(data) == HEAD


def test_everything_the_judge_reads_of_a_frame_is_recorded() -> None:
    assert None not in [getattr(FULL_OBSERVATION, one.name) for one in fields(Observation)]
    assert set(json.loads(written(FULL_OBSERVATION)[1])) == {one.name for one in fields(Observation)}


@pytest.mark.parametrize("broken", [float("nan"), float("inf"), -float("inf")])
def test_a_figure_that_is_no_number_is_recorded_as_unknown(broken: float) -> None:
    seen = replace(FULL_OBSERVATION, yaw_deg=broken, expression=(0.5, broken))
    assert decode(*written(seen)) == replace(FULL_OBSERVATION, yaw_deg=None, expression=None)


def test_keys_of_a_later_version_are_left_out() -> None:
    assert decode(OBSERVATION, b'{"t_ns": 1, "seq": 2, "face": false, "heart_rate": 61}') == Observation(1, 2, False)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[1]",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"t_ns": 1, "seq": 2}',
        b'{"t_ns": -5, "seq": 2, "face": true}',
        b'{"t_ns": true, "seq": 2, "face": true}',
        b'{"t_ns": 1e3, "seq": 2, "face": true}',
        b'{"t_ns": 99999999999999999999, "seq": 2, "face": true}',
        b'{"t_ns": 1, "seq": 2, "face": 1}',
        b'{"t_ns": 1, "seq": 2, "face": true, "yaw_deg": "left"}',
        b'{"t_ns": 1, "seq": 2, "face": true, "yaw_deg": NaN}',
        b'{"t_ns": 1, "seq": 2, "face": true, "yaw_deg": 1e999}',
        b'{"t_ns": 1, "seq": 2, "face": true, "unreadable": "magic"}',
        b'{"t_ns": 1, "seq": 2, "face": true, "expression": 0.5}',
        b'{"t_ns": 1, "seq": 2, "face": true, "lid_states": [0.5, 0.5, 0.0]}',
        b'{"t_ns": 1, "seq": 2, "face": true, "lid_states": [0.5, 0.5, 0.0, "shut"]}',
    ],
    ids=lambda data: repr(data[:60]),
)
def test_an_observation_that_makes_no_sense_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidMessage):
        decode(OBSERVATION, data)


def changed_head(**values: Any) -> bytes:
    return json.dumps(json.loads(written(HEAD)[1]) | values).encode()


@pytest.mark.parametrize(
    "values",
    [
        {"format": None},
        {"format": 0},
        {"format": 1.0},
        {"part": -1},
        {"profile": {}},
        {"profile": {"about": "x", "rules": [], "settings": {}}},
        {"reader": {"name": "v2", "closed_ratio": 0.1, "wide_mouth_aspect": 0.0}},
        {"known": {"reader": "v2", "eye_aspect_left": -1.0, "eye_aspect_right": 0.3}},
        {"known": {"reader": "v2", "eye_aspect_left": 0.3, "eye_aspect_right": 0.3, "blinks": {"duration_s": 0.2}}},
        {"road": {"yaw_deg": 400.0, "pitch_deg": 0.0}},
        {"about": {"x": "y" * 100_000}},
        {"session": "x" * 5000},
    ],
    ids=lambda values: next(iter(values)),
)
def test_a_head_that_makes_no_sense_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(InvalidMessage):
        read_config(changed_head(**values))


def test_a_head_that_still_says_mended_is_one_of_a_repaired_log() -> None:
    head = json.loads(written(HEAD)[1])
    del head["repaired"]
    assert not read_config(json.dumps(head).encode()).repaired
    assert read_config(json.dumps(head | {"mended": True}).encode()).repaired


def test_a_head_of_a_later_layout_says_who_wrote_it() -> None:
    with pytest.raises(UnsupportedVersion, match=r"9\.0"):
        read_config(changed_head(format=3, version="9.0"))


def test_the_wall_clock_is_that_of_the_start_plus_the_time_since() -> None:
    assert HEAD.log_ns(HEAD.origin_ns + 5) == HEAD.wall_ns + 5
    assert replace(HEAD, wall_ns=0).log_ns(0) == 0
    assert HEAD.seconds(HEAD.origin_ns + 1_500_000_000) == 1.5


@pytest.mark.parametrize("settings", [{}, {"driver": 5}, {"driver": {"name": None}}], ids=repr)
def test_the_driver_is_named_only_where_the_settings_name_one(settings: dict[str, Any]) -> None:
    assert HEAD.driver == "ada"
    assert replace(HEAD, settings=settings).driver == ""
