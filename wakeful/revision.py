"""Which source the running wakeful comes from: the git revision where it is a checkout of wakeful, nothing elsewhere.

An installed wakeful may lie inside somebody else's repository (a virtual environment in a project's folder); that
repository's revision says nothing about wakeful. Only in a checkout is ``wakeful/device`` a link.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from wakeful.frozen import dataclass
from wakeful.version import __version__

PACKAGE = Path(__file__).resolve().parent
TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Revision:
    """A commit, and whether files that git tracks differ from it."""

    commit: str
    modified: bool


def revision(package: Path = PACKAGE) -> Revision | None:
    """The revision of the checkout that ``package`` belongs to; None where it was installed, or git is missing."""
    root = package.parent
    if not (package / "device").is_symlink() or not (root / ".git").exists():
        return None
    commit = _git(root, "rev-parse", "HEAD")
    changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    return Revision(commit, bool(changed)) if commit and changed is not None else None


def version_text() -> str:
    """What ``wakeful --version`` prints: ``wakeful 0.2.0 (cea2074, modified)``."""
    found = revision()
    if found is None:
        return f"wakeful {__version__}"
    return f"wakeful {__version__} ({found.commit[:7]}{', modified' if found.modified else ''})"


def _git(root: Path, *command: str) -> str | None:
    # A git hook of another repository sets these, and git would then look there.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *command],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
            env=environment,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
