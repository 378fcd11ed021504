"""LiteRT's networks do without AMX, and nobody else in the process has to."""

from __future__ import annotations

import subprocess
import sys

import pytest

from wakeful.device.perception.amx import has_amx

GIVEN = """
import ctypes
from wakeful.device.perception.amx import TILE_DATA, refused_amx
from wakeful.device.perception.network import load
{first}
network = load("mouth")
libc, states = ctypes.CDLL(None), ctypes.c_uint64()
libc.syscall(158, 0x1022, ctypes.byref(states))  # ARCH_GET_XCOMP_PERM
print(int(bool(states.value & TILE_DATA)), libc.syscall(158, 0x1023, 18))  # ARCH_REQ_XCOMP_PERM
"""


def given(first: str = "") -> list[str]:
    """Whether the process has AMX after a network was loaded, and what asking for it then gives (0: granted)."""
    done = subprocess.run(
        [sys.executable, "-c", GIVEN.format(first=first)], capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.split()


@pytest.mark.skipif(not has_amx(), reason="this processor has no AMX")
def test_a_network_is_loaded_without_amx_which_others_are_given_afterwards() -> None:
    assert given() == ["0", "0"]


@pytest.mark.skipif(not has_amx(), reason="this processor has no AMX")
def test_a_process_that_has_amx_already_keeps_it() -> None:
    assert given("ctypes.CDLL(None).syscall(158, 0x1023, 18)") == ["1", "0"]


@pytest.mark.skipif(has_amx(), reason="this processor has AMX")
def test_a_processor_without_amx_has_nothing_to_refuse() -> None:
    assert given()[0] == "0"
