"""Asks whether any installed package has a known vulnerability (``make audit``); says so where that cannot be asked.

pip-audit looks every package up in the advisories of PyPI. A mirror or a machine without a network has none: then this
is skipped, in one line, with status 0, since nothing was found out. Status 1: something is vulnerable.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import Any

from wakeful.frozen import dataclass

ADVISORIES = "https://pypi.org/pypi/pip/25.0/json"
"""An answer that has to hold a list of advisories, whatever is in it."""

PROBE_S = 5.0
OURS = "wakeful"


@dataclass(frozen=True, slots=True)
class Findings:
    """What an audit found out.

    Attributes:
        vulnerable: a line for each advisory.
        unknown: packages that could not be looked up.
    """

    audited: int
    vulnerable: tuple[str, ...]
    unknown: tuple[str, ...]


def main() -> int:
    """Audits the environment this runs in; gives the exit status."""
    if (reason := unreachable()) is not None:
        print(f"audit skipped: {reason}")
        return 0
    with tempfile.TemporaryDirectory(prefix="wakeful-audit-") as folder:
        try:
            findings = understood(audit(Path(folder)))
        except (OSError, ValueError, KeyError, subprocess.SubprocessError) as error:
            print(f"audit skipped: pip-audit could not be run ({' '.join(str(error).split())[:200]})")
            return 0
    for line in findings.vulnerable:
        print(line)
    print(in_words(findings))
    return 1 if findings.vulnerable else 0


def unreachable(address: str = ADVISORIES) -> str | None:
    """Why advisories cannot be asked for, or None if they can."""
    try:
        with urllib.request.urlopen(address, timeout=PROBE_S) as answer:
            return None if "vulnerabilities" in json.load(answer) else f"{address} has no advisories"
    except (OSError, ValueError) as error:
        return f"{address} cannot be asked ({' '.join(str(error).split())[:120]})"


def audit(folder: Path) -> Any:
    """What pip-audit says of this environment, as it gives it in JSON; pip-audit itself goes into ``folder``."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    tools = folder / "tools"
    subprocess.run([*pip, "install", "--target", str(tools), "pip-audit"], check=True, timeout=300)
    installed = next(path for path in sys.path if path.endswith("site-packages"))
    command = [sys.executable, "-m", "pip_audit", "--path", installed, "--format", "json", "--progress-spinner", "off"]
    environment = os.environ | {"PYTHONPATH": str(tools)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
    return json.loads(done.stdout)


def understood(report: Any) -> Findings:
    """pip-audit's report, wakeful itself left out: no index knows it.

    Raises:
        KeyError, ValueError: it is no such report.
    """
    packages = [one for one in report["dependencies"] if one["name"] != OURS]
    return Findings(
        audited=sum("skip_reason" not in one for one in packages),
        vulnerable=tuple(
            f"{one['name']} {one['version']}: {flaw['id']}, fixed in {', '.join(flaw['fix_versions']) or 'no release'}"
            for one in packages
            for flaw in one.get("vulns", ())
        ),
        unknown=tuple(one["name"] for one in packages if "skip_reason" in one),
    )


def in_words(findings: Findings) -> str:
    """The findings in one line."""
    if not findings.audited:
        return "audit skipped: none of the packages could be looked up"
    said = f"{findings.audited} packages audited, {len(findings.vulnerable)} known vulnerabilities"
    return f"{said}; not looked up: {', '.join(findings.unknown)}" if findings.unknown else said


if __name__ == "__main__":
    sys.exit(main())
