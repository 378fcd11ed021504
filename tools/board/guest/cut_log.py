"""After a power cut: how much of the log is lost, whether it can be repaired, whether it gives the same alerts again.

Run by wakeful's Python, with the time of the cut (seconds since that boot) in ``CUT``, and in ``LOGGED`` the alerts
that have to be in the log (``microsleep raised,sleep raised``). Where other programs had the processor, the last of the
log may be as much longer (``SLOWER``). The log that was cut is the newest of those that are not being written.
"""

import os
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path

from wakeful.device.messages import Alert, Observation, Tick
from wakeful.device.record.reader import is_repaired, recording
from wakeful.device.record.schema import ALERT, OBSERVATION, TICK

LOST_S = 1.5
DRIVES = Path("/var/log/wakeful/drives")


def is_open(file: Path) -> bool:
    """Whether some process has it open."""
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):
            if link.readlink() == file:
                return True
    return False


def main() -> int:
    logs = [one for one in DRIVES.glob("*.mcap") if not is_repaired(one) and not is_open(one)]
    log = max(logs, key=lambda one: one.stat().st_mtime)
    inputs = (entry.value for entry in recording(log).entries(OBSERVATION, TICK))
    last_ns = max(one.t_ns for one in inputs if isinstance(one, Observation | Tick))
    lost_s, limit_s = float(os.environ["CUT"]) - last_ns / 1e9, LOST_S * float(os.environ["SLOWER"])
    print(f"{log.name}: {log.stat().st_size} bytes")
    print(f"figure log_lost_s {lost_s:.2f}")
    alerts = [entry.value for entry in recording(log).entries(ALERT) if isinstance(entry.value, Alert)]
    missing = Counter(filter(None, os.environ["LOGGED"].split(",")))
    missing.subtract(f"{one.code} {one.phase.value}" for one in alerts)
    lost = sorted((+missing).elements())
    print(f"figure alerts_logged {len(alerts)}\nfigure alerts_lost {len(lost)}\n{lost}")
    repaired = Path("/var/tmp/repaired.mcap")
    repaired.unlink(missing_ok=True)
    said = subprocess.run(
        ["wakeful", "log", "repair", str(log), "-o", str(repaired)], capture_output=True, text=True, check=False
    )
    print(said.stdout, said.stderr)
    whole = repaired if repaired.exists() else log
    same = subprocess.run(["wakeful", "replay", str(whole), "--diff"], capture_output=True, text=True, check=False)
    print(same.stdout, same.stderr)
    return 0 if said.returncode == same.returncode == 0 and lost_s <= limit_s and not lost else 1


if __name__ == "__main__":
    sys.exit(main())
