"""Packs wakeful, all it needs and the networks for a board without a network: ``make wheelhouse ARCH=aarch64``.

    build/wakeful-0.2.0-aarch64-py311/      what is carried to the board, and beside it the same as .tar.gz
        install.sh, systemd/, udev/, ...    the installer and what it installs
        wheels/  models/                    packages for that processor and that Python, and verified networks
        SHA256SUMS                          what install.sh checks first

Only wheels are taken, nothing is built but wakeful itself, which is the same on every processor. pip evaluates markers
such as ``python_version`` by the Python that runs it, so run this with the board's version of Python where you can.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path

from wakeful.errors import ModelError
from wakeful.models import registry
from wakeful.models.registry import State
from wakeful.version import __version__

ROOT = Path(__file__).resolve().parent.parent
CARRIED = ("install.sh", "virtual_environment.py", "wakeful.toml", "systemd", "udev")
EXTRAS = "record,can,mqtt"
ARCHITECTURES = ("aarch64", "x86_64")

# The C libraries of Debian 12, Raspberry Pi OS and Ubuntu 24.04 run wheels built against any of these.
GLIBC_MINORS = range(17, 37)


def main() -> None:
    """Packs for the processor and the Python that the command line names."""
    parser = argparse.ArgumentParser(prog="make wheelhouse", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("arch", choices=ARCHITECTURES)
    parser.add_argument("--python", default="3.11", metavar="X.Y", help="Python of the board (default 3.11, Debian 12)")
    parser.add_argument("--extras", default=EXTRAS, help=f"optional parts (default {EXTRAS})")
    parser.add_argument("--to", type=Path, default=ROOT / "build", metavar="FOLDER")
    given = parser.parse_args()
    try:
        folder = pack(given.arch, given.python, given.extras, given.to)
    except (OSError, ModelError) as error:
        sys.exit(f"wheelhouse: {error}")
    except subprocess.CalledProcessError as error:
        sys.exit(f"wheelhouse: pip ended with status {error.returncode}; what it said is above")
    archive = archived(folder)
    print(f"{folder}\n{archive} ({archive.stat().st_size / 1e6:.0f} MB)")
    print(f"on the board: tar xf {archive.name} && sudo {folder.name}/install.sh")


def pack(arch: str, python: str, extras: str, to: Path, known: Path | None = None) -> Path:
    """Makes the folder, replacing an earlier one.

    Args:
        known: a folder with all wheels but wakeful's own; nothing is downloaded then.

    Raises:
        subprocess.CalledProcessError: pip failed; it has said why.
        ModelError: a network that is required is not in the cache.
        OSError: a file cannot be written.
    """
    folder = to / f"wakeful-{__version__}-{arch}-py{python.replace('.', '')}"
    shutil.rmtree(folder, ignore_errors=True)
    wheels = folder / "wheels"
    wheels.mkdir(parents=True)
    for name in CARRIED:
        source = ROOT / "deploy" / name
        (shutil.copytree if source.is_dir() else shutil.copy2)(source, folder / name)
    (folder / "extras").write_text(f"{extras}\n", encoding="utf-8")
    own = build_wheel(wheels)
    download([f"{own}[{extras}]" if extras else str(own), "pip"], wheels, arch, python, known)
    put_networks(folder / "models", extras.split(","))
    (folder / "SHA256SUMS").write_text(sums(folder), encoding="utf-8")
    return folder


def build_wheel(wheels: Path) -> Path:
    """wakeful's own wheel, built from a copy: building leaves files behind that a later build would pick up."""
    copy = wheels.parent / "source"
    left_out = shutil.ignore_patterns(".*", "build", "*.egg-info", "__pycache__", "tests")
    shutil.copytree(ROOT, copy, ignore=left_out, symlinks=True)
    pip("wheel", "--no-deps", "--wheel-dir", str(wheels), str(copy))
    shutil.rmtree(copy)
    (wheel,) = wheels.glob("wakeful-*.whl")
    return wheel


def download(requirements: list[str], wheels: Path, arch: str, python: str, known: Path | None = None) -> None:
    """Wheels for another machine than this one, from the package index or from a folder."""
    platforms = [f"manylinux_2_{minor}_{arch}" for minor in GLIBC_MINORS]
    platforms += [f"manylinux2014_{arch}", f"linux_{arch}"]
    pip(
        "download",
        *("--only-binary=:all:", "--implementation=cp", f"--python-version={python}"),
        *(f"--platform={one}" for one in platforms),
        *("--dest", str(wheels)),
        *(("--no-index", "--find-links", str(known)) if known else ()),
        *requirements,
    )


def put_networks(folder: Path, extras: Sequence[str] = ()) -> None:
    """Verified copies of the networks in this machine's cache; what wakeful's own wheel carries is left out."""
    folder.mkdir()
    for one in registry.networks().values():
        if registry.location(one).is_relative_to(registry.WEIGHTS) or (one.extra and one.extra not in extras):
            continue
        if one.required or registry.state(one.name) is State.PRESENT:
            shutil.copy2(registry.path(one.name), folder)


def sums(folder: Path) -> str:
    """What ``sha256sum`` would print for every file, by name."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return "".join(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.relative_to(folder)}\n" for file in files)


def archived(folder: Path) -> Path:
    """The folder as one file, owned by root in the archive."""
    archive = folder.with_name(f"{folder.name}.tar.gz")

    def roots(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.uid = member.gid = 0
        member.uname = member.gname = "root"
        return member

    with tarfile.open(archive, "w:gz", compresslevel=1) as out:
        out.add(folder, folder.name, filter=roots)
    return archive


def pip(*arguments: str) -> None:
    """This Python's pip, quiet."""
    subprocess.run(
        [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input", *arguments], check=True
    )


if __name__ == "__main__":
    main()
