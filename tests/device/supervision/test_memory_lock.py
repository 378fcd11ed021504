"""The monitor's memory is locked where that has no limit."""

from __future__ import annotations

import resource
import subprocess
import sys

import pytest

LOCKED_KB = """
import resource, sys
resource.setrlimit(resource.RLIMIT_MEMLOCK, (int(sys.argv[1]), int(sys.argv[1])))
from wakeful.device.supervision.memory_lock import lock_memory
locked = lock_memory()
later = bytearray(64 << 20)
lines = open("/proc/self/status").read().splitlines()
print(locked, *(line.split()[1] for name in ("VmLck:", "VmRSS:") for line in lines if line.startswith(name)))
"""


def locked(limit: int) -> tuple[bool, int, int]:
    """Whether another process has locked its memory under a limit; its locked and resident memory, kB."""
    command = [sys.executable, "-c", LOCKED_KB, str(limit)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return said[0] == "True", int(said[1]), int(said[2])


def can_be_unlimited() -> bool:
    """Root without a container's bounds, or a user with such a limit."""
    command = [sys.executable, "-c", "import resource as r; r.setrlimit(r.RLIMIT_MEMLOCK, (-1, -1))"]
    return subprocess.run(command, capture_output=True).returncode == 0


@pytest.mark.skipif(not can_be_unlimited(), reason="this user may not lift the limit of locked memory")
def test_without_a_limit_all_that_is_used_now_and_later_stays() -> None:
    done, locked_kb, resident_kb = locked(resource.RLIM_INFINITY)

    assert done
    assert locked_kb > 64 << 10
    assert resident_kb < locked_kb, "pages that are not used must take no room"


def test_under_a_limit_nothing_is_locked_and_memory_can_be_had() -> None:
    assert locked(8 << 20)[:2] == (False, 0)
