"""Wants memory: ``all`` of it, until it is killed, or all but some megabytes (``but-60``), and keeps it."""

import sys
import time
from pathlib import Path

STEP_BYTES = 4 << 20
PAGE_BYTES = 4096


def available_mb() -> int:
    """What the kernel could still give without a disk for swapping."""
    line = next(one for one in Path("/proc/meminfo").read_text().splitlines() if one.startswith("MemAvailable:"))
    return int(line.split()[1]) // 1024


def main(wanted: str) -> None:
    left_mb = -1 if wanted == "all" else int(wanted.removeprefix("but-"))
    taken = []
    while available_mb() > left_mb:
        part = bytearray(STEP_BYTES)
        part[::PAGE_BYTES] = b"x" * (STEP_BYTES // PAGE_BYTES)
        taken.append(part)
    time.sleep(3600.0)


if __name__ == "__main__":
    main(sys.argv[1])
