"""The wheelhouse that is installed on the board; the packages of others are kept as long as they are the same."""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
import subprocess
import tomllib
from pathlib import Path

from tools.board.kernel import cache_folder, prune
from tools.board.needs import Unfit
from wakeful.deploy.wheelhouse import EXTRAS, ROOT, pack

PYTHON = "3.11"
"""That of the board's Debian."""


def wheelhouse(folder: Path) -> Path:
    """A fresh wheelhouse of this tree. Raises: Unfit: packages cannot be had."""
    known = cache_folder() / f"wheels-{wanted()}"
    try:
        packed = pack(platform.machine(), PYTHON, EXTRAS, folder, known if known.is_dir() else None)
    except subprocess.CalledProcessError as error:
        shutil.rmtree(known, ignore_errors=True)
        raise Unfit(f"the wheelhouse cannot be packed: pip ended with status {error.returncode}") from error
    if not known.is_dir():
        part = known.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        shutil.copytree(packed / "wheels", part, ignore=shutil.ignore_patterns("wakeful-*"))
        part.rename(known)
    prune(known, "wheels-*")
    return packed


def wanted() -> str:
    """Names what packages this tree needs: other settings of ``pyproject.toml`` leave them as they are."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needs = [project.get(key) for key in ("requires-python", "dependencies", "optional-dependencies")]
    return hashlib.sha256(json.dumps([needs, EXTRAS, PYTHON]).encode()).hexdigest()[:12]
