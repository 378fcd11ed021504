"""Acknowledgements of the protected layout: random ones by the hundred thousand, against a model of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tests.device.alerts.samples import alert
from wakeful.device.messages import Phase

pytest.importorskip("cantools", reason="CAN needs cantools")

from wakeful.device.alerts.can.acknowledgements import Acknowledgements
from wakeful.device.alerts.can.e2e import Refusal, checksum, protect
from wakeful.device.alerts.can.frames import Frames

DATA_ID = 0x574B
ACTIVE = (3, 700, 65535, 65536 + 9)
FEW, MANY = 50_000, 1_000_000
COUNTS = [pytest.param(FEW, id="few"), pytest.param(MANY, id="many", marks=pytest.mark.slow)]


def receiver() -> Acknowledgements:
    acknowledgements = Acknowledgements(Frames(layout="protected"))
    for seq in (1, *ACTIVE):
        acknowledgements.sent(alert(seq=seq))
    acknowledgements.sent(alert(seq=1, phase=Phase.CLEARED))
    return acknowledgements


def frame(number: int, counter: int) -> bytes:
    return protect(bytes((0, 0)) + number.to_bytes(2, "little"), DATA_ID, counter)


@pytest.mark.parametrize(
    ("data_id", "data", "expected"),
    # Made with another implementation of the profile, the package autosar-e2e 0.7.
    [
        (0x123, "0000000000000000", "cc00000000000000"),
        (0x123, "0001000000000000", "9101000000000000"),
        (0x123, "000e000000000000", "cd0e000000000000"),
        (0x5741, "00a7010203040506", "1ba7010203040506"),
        (0x5743, "00030700", "11030700"),
    ],
)
def test_frames_are_those_of_another_implementation(data_id: int, data: str, expected: str) -> None:
    raw = bytes.fromhex(data)
    assert protect(raw, data_id, raw[1] & 0x0F).hex() == expected


def test_each_kind_of_doubt_is_refused_and_counted_apart() -> None:
    acknowledgements = receiver()
    assert acknowledgements.read(frame(700, 5)) == 700
    assert acknowledgements.read(frame(9, 8)) == 65536 + 9
    for wrong in (
        frame(700, 8),
        frame(1, 9),
        frame(2, 10),
        frame(700, 14),
        frame(700, 1)[:3],
        frame(700, 1) + b"\0",
        bytes((frame(700, 1)[0] ^ 1,)) + frame(700, 1)[1:],
        protect(bytes((0, 0, 3, 0)), DATA_ID - 1, 1),
    ):
        assert acknowledgements.read(wrong) is None
    assert acknowledgements.refused == {
        Refusal.REPEATED: 1,
        Refusal.INACTIVE: 2,
        Refusal.COUNTER: 1,
        Refusal.LENGTH: 2,
        Refusal.CRC: 2,
    }
    # The counter of a sound frame counts whatever else was wrong with it: from 14 it goes on with 0.
    assert acknowledgements.read(frame(3, 0)) == 3


def test_the_invalid_counter_is_refused_with_its_right_crc() -> None:
    data = bytes((0, 15, 3, 0))
    assert receiver().read(bytes((checksum(data, DATA_ID),)) + data[1:]) is None


def test_a_successor_knows_the_last_counter_and_the_active_alerts() -> None:
    before, after = receiver(), Acknowledgements(Frames(layout="protected"))
    assert before.read(frame(3, 4)) == 3
    after.take_over(before)
    assert after.read(frame(3, 4)) is None
    assert after.read(frame(700, 5)) == 700


def random_frames(count: int, aimed: bool) -> npt.NDArray[np.uint8]:
    """Four random bytes each; aimed ones have numbers of alerts that are or were active, half of them the right CRC."""
    random = np.random.default_rng(7)
    data = random.integers(0, 256, (count, 4), dtype=np.uint8)
    if aimed:
        numbers = random.choice([1, *(seq % 65536 for seq in ACTIVE)], count)
        data[:, 2], data[:, 3] = numbers % 256, numbers // 256
        right = random.random(count) < 0.5
        data[right, 0] = crc(data)[right]
    return data


def crc(data: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Bit by bit, over all frames at once: CRC-8 SAE-J1850 with start and end value 0."""
    ident = np.full((len(data), 2), (DATA_ID & 0xFF, DATA_ID >> 8), np.uint8)
    found: npt.NDArray[Any] = np.zeros(len(data), np.uint16)
    for column in np.hstack((ident, data[:, 1:])).T:
        found ^= column
        for _ in range(8):
            found = np.where(found & 0x80, found << 1 ^ 0x1D, found << 1) & 0xFF
    return found.astype(np.uint8)


def sound(data: npt.NDArray[np.uint8]) -> list[int]:
    """The places of the frames that may be accepted: by CRC, number and the counters of the frames before them."""
    numbers = data[:, 2].astype(int) + 256 * data[:, 3].astype(int)
    wanted = np.isin(numbers, [seq % 65536 for seq in ACTIVE])
    counters = data[:, 1] & 0x0F
    accepted, last = [], None
    for place in np.flatnonzero((crc(data) == data[:, 0]) & (counters != 15)):
        counter = int(counters[place])
        if wanted[place] and (last is None or (counter - last) % 15 in (1, 2, 3)):
            accepted.append(int(place))
        last = counter
    return accepted


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("aimed", [False, True], ids=["random", "aimed"])
def test_no_random_acknowledgement_is_accepted_but_by_chance(count: int, aimed: bool) -> None:
    data = random_frames(count, aimed)
    acknowledgements = receiver()
    accepted = [place for place, row in enumerate(data) if acknowledgements.read(row.tobytes()) is not None]
    assert accepted == sound(data)
    assert sum(acknowledgements.refused.values()) == count - len(accepted)
    # One CRC in 256, three counters of 16, and the number.
    number, right = (len(ACTIVE) / (len(ACTIVE) + 1), 0.5 + 0.5 / 256) if aimed else (len(ACTIVE) / 65536, 1 / 256)
    chance = count * number * right * 3 / 16
    assert len(accepted) <= chance + 5 * chance**0.5 + 3
    assert len(accepted) > 0.8 * chance - 3
