"""Logs are read whatever state they are in, and what is wrong with them is told in one line."""

from __future__ import annotations

import io
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tools.rigs.log_samples import CONFIG, MESSAGES, log_bytes
from wakeful.device.messages import Event
from wakeful.device.record import schema
from wakeful.device.record.container import MAGIC, Condition, messages
from wakeful.device.record.encode import Recorded
from wakeful.device.record.errors import LogError
from wakeful.device.record.reader import LogFile, recording, recordings
from wakeful.device.record.schema import ALERT, MARKER
from wakeful.device.record.writer import LogWriter

mcap_reader = pytest.importorskip("mcap.reader", reason="the extra [record] is not installed")


def stored(folder: Path, data: bytes, name: str = "drive.mcap") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def read(path: Path) -> tuple[list[Recorded], LogFile]:
    file = LogFile(path)
    return [entry.value for entry in file.entries()], file


@pytest.mark.parametrize("compressed", [True, False])
def test_a_whole_log_gives_everything_in_the_order_of_writing(tmp_path: Path, compressed: bool) -> None:
    found, file = read(stored(tmp_path, log_bytes(compressed=compressed)))
    assert found == list(MESSAGES)
    assert file.config == CONFIG
    assert file.condition == Condition(whole=True)


def test_only_the_channels_asked_for_are_given(tmp_path: Path) -> None:
    topics = [entry.topic for entry in recording(stored(tmp_path, log_bytes())).entries(ALERT, MARKER)]
    assert topics == [MARKER, ALERT]


def test_the_librarys_own_reader_opens_a_log(tmp_path: Path) -> None:
    data = log_bytes()
    ours = [entry.topic for entry in recording(stored(tmp_path, data)).entries()]
    theirs = [channel.topic for _, channel, _ in mcap_reader.make_reader(io.BytesIO(data)).iter_messages()]
    assert sorted(theirs) == sorted([schema.CONFIG, *ours])


def test_a_log_cut_off_anywhere_gives_what_was_whole_before_the_cut(tmp_path: Path) -> None:
    data = log_bytes()
    counts = set()
    for end in range(len(data) - 1, 0, -61):
        path = stored(tmp_path, data[:end])
        try:
            found, file = read(path)
        except LogError as error:
            assert "cut off" in str(error) or "not an MCAP file" in str(error)
            continue
        assert found == list(MESSAGES[: len(found)])
        assert not file.condition.whole
        assert len(file.damage) == 1
        counts.add(len(found))
    assert counts == set(range(len(MESSAGES) + 1))


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "is empty"),
        (b"RIFF" + bytes(2000), "not an MCAP file"),
        (MAGIC, "cut off in its head"),
        (MAGIC + bytes(500), "cut off in its head"),
        (MAGIC + struct.pack("<BQ", 1, 1 << 60), "cut off in its head"),
        (log_bytes(config=replace(CONFIG, format=99, version="9.1")), r"later version of wakeful \(9.1\)"),
    ],
    ids=["empty", "foreign", "magic", "zeros", "huge", "newer"],
)
def test_what_is_no_log_is_refused_in_one_line(tmp_path: Path, data: bytes, told: str) -> None:
    with pytest.raises(LogError, match=told) as refused:
        LogFile(stored(tmp_path, data))
    assert "\n" not in str(refused.value)
    assert refused.value.exit_status == 3


def test_an_error_that_repeats_a_text_of_the_log_stays_one_line(tmp_path: Path) -> None:
    head = replace(CONFIG, format=99, version="9\n9")
    with pytest.raises(LogError, match=r"later version of wakeful \(9\?9\)"):
        recording(stored(tmp_path, log_bytes((), head)))


def test_an_mcap_file_of_somebody_else_is_refused(tmp_path: Path) -> None:
    from mcap.writer import Writer

    stream = io.BytesIO()
    writer: Any = Writer(stream)
    writer.start("ros2")
    writer.add_message(writer.register_channel("/config", "json", 0), 1, b"{}", 1)
    writer.finish()
    with pytest.raises(LogError, match="not a log of wakeful"):
        LogFile(stored(tmp_path, stream.getvalue()))


def test_a_path_that_is_no_file_is_refused(tmp_path: Path) -> None:
    for path, told in ((tmp_path / "none.mcap", "no such log"), (tmp_path, "holds no logs")):
        with pytest.raises(LogError, match=told):
            recordings([path])
    with pytest.raises(LogError, match="is not a file"):
        LogFile(Path("/dev/null"))


def chunks(data: bytes | bytearray) -> list[int]:
    """Where the names of compression lie, one a chunk."""
    found, at = [], data.find(b"\x04\x00\x00\x00zstd")
    while at >= 0:
        found.append(at)
        at = data.find(b"\x04\x00\x00\x00zstd", at + 1)
    return found


def test_a_flipped_bit_costs_its_chunk_and_nothing_else(tmp_path: Path) -> None:
    data = bytearray(log_bytes())
    data[chunks(data)[5] + 30] ^= 0x40
    found, file = read(stored(tmp_path, bytes(data)))
    assert len([one for one in MESSAGES if one not in found]) == 1
    assert len(file.damage) == 1
    assert not file.condition.whole


def test_behind_a_hole_more_is_found_where_that_is_asked_for() -> None:
    data = bytearray(log_bytes())
    start = chunks(data)[5]
    data[start - 60 : start] = bytes(60)
    near, far = Condition(), Condition()
    plain = list(messages(io.BytesIO(data), "x", near))
    searched = list(messages(io.BytesIO(data), "x", far, search=True))
    assert searched[: len(plain)] == plain
    assert len(searched) == len(MESSAGES)
    assert near.damage
    assert far.damage


def test_a_chunk_that_claims_to_be_huge_is_refused_without_room_for_it() -> None:
    data = bytearray(log_bytes())
    struct.pack_into("<Q", data, chunks(data)[5] - 12, 1 << 50)
    condition = Condition()
    list(messages(io.BytesIO(data), "x", condition))
    assert "implausible" in condition.damage[0]


def test_messages_that_make_no_sense_are_counted_and_left_out(tmp_path: Path) -> None:
    stream = io.BytesIO()
    writer = LogWriter(stream, CONFIG)
    writer.add(MESSAGES[0], 0, 1)
    writer.add_raw(ALERT, b'{"code": {"a": 5}}', 0, 2)
    writer.finish()
    found, file = read(stored(tmp_path, stream.getvalue()))
    assert found == [MESSAGES[0]]
    assert file.unfit == 1
    assert file.damage == ["drive.mcap: 1 messages are invalid"]


def test_probabilities_that_are_not_those_of_the_head_make_no_sense(tmp_path: Path) -> None:
    head = replace(CONFIG, engine_config=replace(CONFIG.engine_config, expression_classes=()))
    found, file = read(stored(tmp_path, log_bytes(MESSAGES[:2], head)))
    assert found == [MESSAGES[1]]
    assert file.unfit == 1


def mark(text: str) -> Event:
    return Event(9, "marker", {"text": text, "pressed_ns": 9})


def parts(folder: Path) -> list[Path]:
    """Three files of one recording; the first is not the first by name."""
    heads = [replace(CONFIG, part=part) for part in (1, 2, 3)]
    names = ["b.mcap", "a.mcap", "c.mcap"]
    return [stored(folder, log_bytes([mark(name)], head), name) for name, head in zip(names, heads, strict=True)]


def test_the_files_of_a_recording_are_one_and_in_their_order(tmp_path: Path) -> None:
    parts(tmp_path)
    (found,) = recordings([tmp_path])
    assert [entry.value for entry in found.entries()] == [mark(name) for name in ("b.mcap", "a.mcap", "c.mcap")]
    assert found.complete
    assert found.bytes == sum(path.stat().st_size for path in tmp_path.iterdir())


def test_a_recording_knows_that_a_part_of_it_is_missing(tmp_path: Path) -> None:
    first, second, third = parts(tmp_path)
    assert recordings([first, second])[0].complete
    assert not recordings([first, third])[0].complete
    assert not recordings([second])[0].complete


def test_two_recordings_of_a_folder_are_two(tmp_path: Path) -> None:
    later = replace(CONFIG, session="later", wall_ns=CONFIG.wall_ns + 1)
    stored(tmp_path, log_bytes(config=later), "a.mcap")
    stored(tmp_path, log_bytes(), "b.mcap")
    assert [one.config.session for one in recordings([tmp_path])] == [CONFIG.session, "later"]
    with pytest.raises(LogError, match="holds 2 recordings"):
        recording(tmp_path)


def test_cuts_of_one_recording_are_not_joined(tmp_path: Path) -> None:
    for name in ("a.mcap", "b.mcap"):
        stored(tmp_path, log_bytes(config=replace(CONFIG, cut=True)), name)
    found = recordings([tmp_path])
    assert len(found) == 2
    assert not found[0].complete


def test_what_was_repaired_stands_for_what_it_was_made_from(tmp_path: Path) -> None:
    stored(tmp_path, log_bytes()[:-40], "a.mcap")
    stored(tmp_path, log_bytes(), "a.repaired.mcap")
    (found,) = recordings([tmp_path])
    assert [file.path.name for file in found.files] == ["a.repaired.mcap"]
