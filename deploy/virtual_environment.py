"""Makes a virtual environment with pip where there is nothing but Python: ``virtual_environment.py .venv [WHEELS]``.

Debian ships Python without ``ensurepip``, so ``python3 -m venv`` fails there until python3-venv is installed. Where
that is so, pip comes from the machine's own pip, or else straight from the package index, its sha256 verified. A folder
WHEELS that holds pip's wheel goes before all this and needs no network. Runs with the standard library alone, before
anything of wakeful is installed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.request
import venv
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

OLDEST_PYTHON = (3, 11)
INDEX = "https://pypi.org/simple"
MEND = "install Debian's own instead (sudo apt install python3-venv), remove the folder, and try again"


def main() -> None:
    """Makes the environment that the command line names."""
    if sys.version_info < OLDEST_PYTHON:
        sys.exit(f"wakeful needs Python 3.11 or newer, {sys.executable} is older: make PYTHON=python3.12, for one")
    if len(sys.argv) not in (2, 3):
        sys.exit("usage: python3 virtual_environment.py FOLDER [WHEELS]")
    folder = Path(sys.argv[1])
    try:
        if len(sys.argv) == 3:
            make_from_wheels(folder, Path(sys.argv[2]))
        else:
            make(folder)
    except (OSError, ValueError, LookupError, subprocess.CalledProcessError) as error:
        sys.exit(f"{folder}: no virtual environment with pip could be made ({error}): {MEND}")


def make(folder: Path, ensurepip: bool | None = None, own_pip: bool | None = None) -> None:
    """Makes the environment, or completes one.

    Args:
        ensurepip: this Python can install pip by itself; None: find out.
        own_pip: this Python has pip; None: find out.
    """
    if _has("ensurepip") if ensurepip is None else ensurepip:
        venv.create(folder, with_pip=True)
        return
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    if _has("pip") if own_pip is None else own_pip:
        subprocess.run([sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "pip"], check=True)
        return
    with tempfile.TemporaryDirectory() as temporary:
        wheel = download_pip(Path(temporary), os.environ.get("PIP_INDEX_URL") or INDEX)
        _install_pip(python, wheel)


def make_from_wheels(folder: Path, wheels: Path) -> None:
    """Makes the environment with the pip whose wheel lies in ``wheels``, without a network.

    Raises:
        LookupError: no wheel of pip is there.
    """
    found = sorted(wheels.glob("pip-*-py3-none-any.whl"))
    if not found:
        raise LookupError(f"{wheels} holds no wheel of pip")
    venv.create(folder, with_pip=False)
    _install_pip(folder / "bin" / "python", found[-1])


def _install_pip(python: Path, wheel: Path) -> None:
    # A wheel of pip is a program too: Python runs the folder pip inside it.
    pip = [str(python), str(wheel / "pip"), "--isolated", "install", "--quiet", "--no-index"]
    subprocess.run([*pip, "--disable-pip-version-check", "--root-user-action=ignore", str(wheel)], check=True)


def download_pip(folder: Path, index: str) -> Path:
    """The newest wheel of pip on a package index, verified.

    Raises:
        OSError: the index cannot be reached.
        LookupError: it has no wheel of pip for this Python.
        ValueError: what came is not what the index announced.
    """
    page = f"{index.rstrip('/')}/pip/"
    request = urllib.request.Request(page, headers={"Accept": "application/vnd.pypi.simple.v1+json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        newest = newest_wheel(json.load(answer)["files"])
    with urllib.request.urlopen(urljoin(page, newest["url"]), timeout=60) as answer:
        content = answer.read()
    if hashlib.sha256(content).hexdigest() != newest["hashes"]["sha256"]:
        raise ValueError(f"{newest['filename']} from {index} has the wrong sha256")
    wheel: Path = folder / newest["filename"]
    wheel.write_bytes(content)
    return wheel


def newest_wheel(files: list[dict[str, Any]]) -> dict[str, Any]:
    """The newest released wheel among the files of a package index page (PEP 691), pre-releases left out."""
    released = [
        (tuple(map(int, match[1].split("."))), file)
        for file in files
        if (match := re.fullmatch(r"pip-([0-9.]+)-py3-none-any\.whl", file["filename"])) and not file.get("yanked")
    ]
    if not released:
        raise LookupError("the package index has no wheel of pip")
    return max(released, key=lambda one: one[0])[1]


def _has(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


if __name__ == "__main__":
    main()
