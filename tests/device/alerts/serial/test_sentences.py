"""The serial protocol, byte by byte."""

from __future__ import annotations

import math
import pickle
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.device.alerts.samples import AWAKE, SECOND_NS, alert
from wakeful.device.alerts.serial.sentences import (
    BrokenSentence,
    Sentence,
    SentenceReader,
    decode_command,
    encode_alert,
    encode_command,
    encode_status,
    frame,
    unframe,
)
from wakeful.device.messages import (
    Acknowledge,
    Alert,
    Command,
    DriverState,
    Gear,
    Health,
    Ignition,
    Level,
    Marker,
    Pause,
    Phase,
    SetDriver,
    VehicleSpeed,
)

PRINTABLE = st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters="$*")
NUMBER = st.none() | st.floats()


def with_checksum(body: str) -> bytes:
    """Framed by hand, not by the code under test."""
    total = 0
    for character in body:
        total ^= ord(character)
    return f"${body}*{total:02X}\r\n".encode()


def test_the_checksum_is_that_of_nmea_0183() -> None:
    body = "GPGLL,5057.970,N,00146.110,E,142451,A"  # published with *27
    assert frame("GPGLL", body.split(",")[1:]) == f"${body}*27\r\n".encode()


def test_a_status_says_the_state_in_whole_numbers() -> None:
    assert encode_status(AWAKE, seq=7, origin_ns=SECOND_NS) == with_checksum("WKS,7,4000,ok,none,,4,0,12,-3,neutral")


def test_what_is_unknown_is_an_empty_field() -> None:
    nobody = DriverState(t_ns=2 * SECOND_NS, seq=60, health=Health.NO_FACE)
    assert encode_status(nobody, seq=0, origin_ns=0) == with_checksum("WKS,0,2000,no_face,none,,,,,,")


def test_before_the_first_state_only_the_health_is_known() -> None:
    assert encode_status(None, seq=3, origin_ns=0) == with_checksum("WKS,3,,stale,,,,,,,")


def test_an_alert_carries_its_own_number_and_capture_time() -> None:
    assert encode_alert(alert(seq=41, t_s=7.61), 0) == with_checksum("WKA,41,7610,microsleep,warning,raised")


def test_not_a_number_is_unknown_and_never_on_the_wire() -> None:
    state = replace(AWAKE, yaw_deg=math.nan, perclos_60s=math.nan, pitch_deg=math.inf)
    assert unframe(encode_status(state, seq=0, origin_ns=0)).fields[5:9] == ("", "0", "", "90")


def test_the_longest_status_sheds_its_least_urgent_fields_and_keeps_the_rest_whole() -> None:
    worst = replace(
        AWAKE,
        health=Health.CAMERA_LOST,
        level=Level.EMERGENCY,
        code="short_distraction",
        yaw_deg=-170.0,
        closure_s=999.0,
    )
    sentence = encode_status(worst, seq=65535, origin_ns=-(2**32 - 1) * 1_000_000 + worst.t_ns)
    assert len(sentence) <= 82
    fields = unframe(sentence).fields
    assert fields[:5] == ("65535", "4294967295", "camera_lost", "emergency", "short_distraction")
    assert (fields[6], fields[9]) == ("999000", "")


def test_a_usual_status_keeps_all_its_fields_for_a_whole_day() -> None:
    state = replace(AWAKE, t_ns=86_400 * SECOND_NS, level=Level.WARNING, code="long_distraction", closure_s=0.0)
    assert all(unframe(encode_status(state, seq=65535, origin_ns=0)).fields)


@given(
    state=st.builds(
        DriverState,
        t_ns=st.integers(-(2**70), 2**70),
        seq=st.integers(),
        health=st.sampled_from(Health),
        level=st.sampled_from(Level),
        code=st.text(),
        perclos_60s=NUMBER,
        closure_s=NUMBER,
        yaw_deg=NUMBER,
        pitch_deg=NUMBER,
        expression=st.none() | st.text(),
    ),
    seq=st.integers(0, 2**70),
    health=st.none() | st.sampled_from(Health),
)
def test_no_status_is_longer_than_82_printable_characters(state: DriverState, seq: int, health: Health | None) -> None:
    sentence = encode_status(state, seq=seq, origin_ns=0, health=health)
    assert len(sentence) <= 82
    assert sentence.endswith(b"\r\n") and all(0x20 <= byte <= 0x7E for byte in sentence[:-2])
    decoded = unframe(sentence)
    assert len(decoded.fields) == 10
    assert decoded.fields[2:4] == (str(health or state.health), state.level.label)


@given(
    st.builds(
        Alert,
        t_ns=st.integers(-(2**70), 2**70),
        seq=st.integers(0, 2**70),
        code=st.text(),
        level=st.sampled_from(Level),
        phase=st.sampled_from(Phase),
    )
)
def test_no_alert_is_longer_than_82_printable_characters(alert: Alert) -> None:
    sentence = encode_alert(alert, 0)
    assert len(sentence) <= 82
    assert unframe(sentence).fields[3:] == (alert.level.label, str(alert.phase))


@given(kind=st.sampled_from(["WKS", "WKM"]), fields=st.lists(st.text(PRINTABLE, max_size=8), min_size=1, max_size=6))
def test_what_is_framed_is_unframed_unchanged(kind: str, fields: list[str]) -> None:
    split = tuple(",".join(fields).split(","))
    assert unframe(frame(kind, fields)) == Sentence(kind, split)


COMMANDS = st.one_of(
    st.builds(Acknowledge, st.integers(0, 9_999_999_999)),
    st.builds(VehicleSpeed, st.none() | st.decimals(0, 500, places=3).map(float)),
    st.builds(Marker, st.text(PRINTABLE, max_size=70)),
)


@given(st.lists(COMMANDS), st.data())
def test_commands_come_through_however_the_stream_is_cut(commands: list[Command], data: st.DataObject) -> None:
    stream = b"".join(encode_command(command) for command in commands)
    reader, received = SentenceReader(), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        received += reader.feed(stream[:size])
        stream = stream[size:]
    assert received == commands
    assert reader.broken == 0


@given(st.lists(st.binary(max_size=200) | st.sampled_from([b"$", b"$WKV,", b"$WKK,1*", b"\r\n"]), max_size=30))
def test_no_bytes_whatever_raise_or_hide_the_next_command(noise: list[bytes]) -> None:
    reader = SentenceReader()
    for piece in noise:
        reader.feed(piece)
    assert reader.feed(b"\r\n" + with_checksum("WKK,17"))[-1:] == [Acknowledge(17)]


@given(st.binary(max_size=300), st.integers(0, 300))
def test_the_same_bytes_give_the_same_counts_in_one_piece_or_two(data: bytes, cut: int) -> None:
    whole, pieces = SentenceReader(), SentenceReader()
    commands = whole.feed(data)
    assert pieces.feed(data[:cut]) + pieces.feed(data[cut:]) == commands
    assert (pieces.broken, pieces.ignored) == (whole.broken, whole.ignored)


@pytest.mark.parametrize(
    "speed",
    ["nan", "NaN", "inf", "-inf", "-1", "+5", "1e2", "501", "9999999", "0x10", "1_0", " 5", "5 ", ".5", "5.", "٥"],
)
def test_an_unbelievable_speed_is_refused_and_counted(speed: str) -> None:
    reader = SentenceReader()
    assert reader.feed(with_checksum(f"WKV,{speed}")) == []
    assert reader.broken == 1


@pytest.mark.parametrize(
    "line",
    [
        b"$WKV,50\r\n",  # no checksum
        b"$WKV,50*\r\n",
        b"$WKV,50*0\r\n",
        b"$WKV,50*00\r\n",  # wrong checksum
        b"WKV,50*47\r\n",  # no start
        b"$WKV,5\r\n",  # torn
        with_checksum("WKV,50,60"),
        with_checksum("WKK,-1"),
        with_checksum("WKK,"),
        with_checksum("WKM," + "x" * 73),  # 83 characters
        b"\x00\xff\xfe\r\n",
    ],
)
def test_a_broken_sentence_is_counted_once_and_ignored(line: bytes) -> None:
    reader = SentenceReader()
    assert reader.feed(line + with_checksum("WKV,50")) == [VehicleSpeed(50.0)]
    assert reader.broken == 1


def test_a_sentence_that_starts_inside_a_torn_one_is_heard() -> None:
    reader = SentenceReader()
    assert reader.feed(b"$WKK,1" + with_checksum("WKK,2")) == [Acknowledge(2)]
    assert reader.broken == 1


def test_sentences_for_others_are_ignored_but_not_broken() -> None:
    reader = SentenceReader()
    assert reader.feed(encode_alert(alert(), 0) + with_checksum("GPGLL,5057.970,N")) == []
    assert (reader.broken, reader.ignored) == (0, 2)


def test_endless_noise_is_not_kept() -> None:
    reader = SentenceReader()
    for _ in range(100):
        reader.feed(b"x" * 10_000)
    assert len(pickle.dumps(reader)) < 1000


def test_a_vehicle_may_say_that_its_speed_is_unknown() -> None:
    assert decode_command(unframe(with_checksum("WKV,"))) == VehicleSpeed(None)


def test_lower_case_checksums_and_bare_line_feeds_are_understood() -> None:
    line = with_checksum("WKK,10")
    assert SentenceReader().feed(line.lower().replace(b"wkk", b"WKK").replace(b"\r", b"")) == [Acknowledge(10)]


def test_a_marker_that_cannot_be_said_is_refused_with_its_reason() -> None:
    with pytest.raises(BrokenSentence, match="printable ASCII"):
        encode_command(Marker("50 $"))
    with pytest.raises(BrokenSentence, match="exceeds 82"):
        encode_command(Marker("x" * 90))


@pytest.mark.parametrize("health", Health)
def test_every_health_is_said_in_its_own_word(health: Health) -> None:
    said = unframe(encode_status(replace(AWAKE, health=health), seq=0, origin_ns=0))
    assert said.fields[2] == health.value


@pytest.mark.parametrize("command", [Pause(1.0), SetDriver("ann"), Ignition(True), Gear("D")])
def test_what_no_sentence_says_is_refused(command: Command) -> None:
    with pytest.raises(BrokenSentence, match="no sentence"):
        encode_command(command)
