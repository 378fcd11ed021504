"""Messages of a log that are well-formed and make no sense: the report shows them somehow, or they are left out."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator

from tools.fuzz.runner import Parser
from tools.rigs.log_samples import CONFIG, MESSAGES, observations
from tools.rigs.report_logs import LOG_CONFIG
from wakeful.device.record.checks import InvalidMessage
from wakeful.device.record.decode import DECODERS, decode
from wakeful.device.record.encode import Recorded, encode
from wakeful.device.record.reader import Entry, Recording
from wakeful.device.record.schema import CAMERA, LogConfig
from wakeful.device.state.engine import Engine
from wakeful.device.view.columns import columns
from wakeful.device.view.drive import read_drive
from wakeful.device.view.figures import figures
from wakeful.device.view.report import page
from wakeful.device.view.report_parts import most_important
from wakeful.device.view.thumbnails import thumbnails


class Made(Recording):
    """A recording that is not in files."""

    def __init__(self, messages: list[tuple[str, Recorded]]) -> None:
        super().__init__([])
        self._messages = messages

    config: LogConfig = property(lambda self: CONFIG)  # type: ignore[assignment]
    name: str = property(lambda self: "made")  # type: ignore[assignment]
    complete: bool = property(lambda self: True)  # type: ignore[assignment]

    def entries(self, *topics: str) -> Iterator[Entry]:
        for topic, value in self._messages:
            if topic in topics:
                yield Entry(topic, 0, 1, value, 0)


def parse(data: bytes) -> bool:
    """Whether any message was fit to be shown.

    Every input is read and counted; the longer ways, to curves and to the whole page, are taken by one in four and one
    in 32, chosen by their content.
    """
    messages = []
    for line in data.split(b"\n"):
        topic, _, text = line.partition(b" ")
        name = topic.decode(errors="replace")
        if name not in DECODERS:
            continue
        try:
            messages.append((name, decode(name, text)))
        except InvalidMessage:
            continue
    made = Made(messages)
    drive = read_drive(made)
    figures(drive)
    way = zlib.crc32(data) % 32
    if way % 4 == 1:
        columns(drive.t_s, drive.curves)
    if way != 0:
        return bool(messages)
    html = page([drive], [thumbnails(made, most_important(drive))])
    for block in html.split('<script type="application/json" id="drive-0">')[1:]:
        json.loads(block.partition("</script>")[0])
    return bool(messages)


def _lines(*messages: Recorded) -> bytes:
    return b"\n".join(topic.encode() + b" " + data for topic, data in (encode(one, CONFIG) for one in messages))


def _drive() -> bytes:
    engine = Engine(LOG_CONFIG.engine_config)
    steps = [engine.step(seen) for seen in observations(3.0, 2.0, shut=(1.0, 2.0))]
    return _lines(*(step.state for step in steps), *(event for step in steps for event in step.events))


PARSER = Parser(
    "report",
    parse,
    seeds=(
        _drive(),
        _lines(*(message for message in MESSAGES if encode(message, CONFIG)[0] != CAMERA)),
        _lines(*MESSAGES),
    ),
    words=(b"1e308", b"-1", b"null", b"9223372036854775807", b"true", b'"', b"NaN", b"{}", b"[]", b"\n", b"0"),
    quick_inputs=300,
)
