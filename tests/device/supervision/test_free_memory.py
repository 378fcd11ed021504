"""What was used once does not stay with the process."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

HELD = """
from wakeful.device.supervision.free_memory import give_back

def held_mb():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024

parts = [bytearray(b"x" * 20_000) for _ in range(2000)]
last = parts[-1]
del parts
before = held_mb()
give_back()
print(before - held_mb())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc keeps so much, and can be asked for it")
def test_a_heap_that_was_large_for_a_moment_is_given_back() -> None:
    done = subprocess.run([sys.executable, "-c", HELD], capture_output=True, text=True, timeout=60, check=True)
    assert float(done.stdout) > 20.0
