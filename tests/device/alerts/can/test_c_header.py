"""The C header for microcontrollers makes and takes the frames of the protected layout."""

from __future__ import annotations

import ctypes
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from wakeful.device.alerts.can.e2e import Checker, protect

HEADER = Path(__file__).parents[4] / "deploy" / "can" / "wakeful_e2e.h"
COMPILER = shutil.which("cc")
EXPORTED = """
#include "wakeful_e2e.h"
bool take(const uint8_t *data, uint8_t length, uint16_t data_id, uint8_t *last)
{ return wakeful_accept(data, length, data_id, last); }
void make(uint8_t data[4], uint16_t number, uint8_t *counter) { wakeful_acknowledge(data, number, counter); }
"""


@pytest.mark.skipif(COMPILER is None, reason="needs a C compiler")
def test_a_microcontroller_takes_what_is_sent_and_its_acknowledgements_are_sound(tmp_path: Path) -> None:
    (tmp_path / "exported.c").write_text(EXPORTED)
    command = [str(COMPILER), "-std=c99", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", f"-I{HEADER.parent}"]
    subprocess.run([*command, "-o", tmp_path / "e2e.so", tmp_path / "exported.c"], check=True)
    library = ctypes.CDLL(str(tmp_path / "e2e.so"))
    library.take.restype = ctypes.c_bool
    chance, last = random.Random(5), ctypes.c_uint8(15)
    for counter in range(40):
        data = protect(chance.randbytes(8), 0x5748, counter)
        damaged = bytes((data[0], data[1], data[2] ^ 1 << chance.randrange(8))) + data[3:]
        assert not library.take(damaged, 8, 0x5748, ctypes.byref(last))
        assert not library.take(data, 8, 0x5741, ctypes.byref(last))
        assert library.take(data, 8, 0x5748, ctypes.byref(last))
        assert not library.take(data, 8, 0x5748, ctypes.byref(last))
    checker, own, made = Checker(0x574B, 4), ctypes.c_uint8(0), ctypes.create_string_buffer(4)
    for number in range(0, 65536, 999):
        library.make(made, number, ctypes.byref(own))
        assert checker.check(made.raw) is None
        assert int.from_bytes(made.raw[2:], "little") == number
