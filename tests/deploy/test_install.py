"""``install.sh`` in a fresh Debian 12: twice the same, without a network, and gone again."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from wakeful.deploy.wheelhouse import EXTRAS, pack

pytestmark = pytest.mark.slow  # a Debian and a wheelhouse are fetched: some minutes

DEBIAN = "http://deb.debian.org/debian"
KEPT = {"etc/wakeful", "etc/wakeful/wakeful.toml", "etc/wakeful/groups-made"}
USERS = {f"etc/{name}{old}" for name in ("passwd", "group", "shadow", "gshadow") for old in ("", "-")}
"""Files of users and groups, of which Debian keeps the last version too."""


@pytest.fixture(scope="module")
def debian(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A fresh Debian with Python and systemd, with a wheelhouse for it in /root/wheelhouse."""
    if os.geteuid() != 0 or not shutil.which("debootstrap"):
        pytest.skip("needs root and debootstrap")
    folder = tmp_path_factory.mktemp("debian")
    root = folder / "root"
    include = "--include=python3,passwd,systemd,udev"
    command = ["debootstrap", "--variant=minbase", include, "bookworm", str(root), DEBIAN]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip(f"no Debian can be had from {DEBIAN}")
    packed = pack(platform.machine(), "3.11", EXTRAS, folder)
    packed.rename(root / "root" / "wheelhouse")
    yield root
    subprocess.run(["umount", "--lazy", str(root / "proc")], capture_output=True, check=False)
    shutil.rmtree(folder)


def run(root: Path, script: str, *options: str) -> str:
    """The installer's words, from inside the Debian and without any network."""
    command = ["unshare", "--net", "chroot", str(root), script, *options]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=600).stdout


def everything(root: Path) -> dict[str, tuple[object, ...]]:
    """Mode, owner and content of each file that an installer could have touched."""
    found: dict[str, tuple[object, ...]] = {}
    for top in ("etc", "opt", "usr/local", "var/lib", "var/log", "home", "run"):
        for file in (root / top).rglob("*"):
            status = file.lstat()
            if file.is_symlink():
                content = str(file.readlink())
            else:
                content = hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""
            mode = stat.S_IMODE(status.st_mode)
            found[str(file.relative_to(root))] = (mode, status.st_uid, status.st_gid, content)
    return found


def test_twice_is_once_and_uninstalled_is_gone(debian: Path) -> None:
    before = everything(debian)
    run(debian, "/root/wheelhouse/install.sh")
    once = everything(debian)
    run(debian, "/root/wheelhouse/install.sh")
    assert everything(debian) == once
    assert len(once) > len(before) + 3000

    version = subprocess.run(
        ["chroot", str(debian), "/usr/local/bin/wakeful", "models", "verify"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "present  face_landmark" in version.stdout

    kept = run(debian, "/opt/wakeful/install.sh", "--uninstall")
    assert "kept: /etc/wakeful" in kept
    after = everything(debian)
    assert set(after) - set(before) <= KEPT
    assert {name for name in before if before[name] != after.get(name)} <= USERS

    run(debian, "/root/wheelhouse/install.sh", "--uninstall", "--purge")
    gone = everything(debian)
    assert set(gone) == set(before)
    assert {name for name in before if before[name] != gone[name]} <= {name for name in USERS if name.endswith("-")}


def test_a_damaged_wheelhouse_is_refused_before_anything_is_done(debian: Path) -> None:
    wheel = next((debian / "root" / "wheelhouse" / "wheels").glob("rich-*.whl"))
    content = wheel.read_bytes()
    wheel.write_bytes(content[:-1])
    before = everything(debian)
    with pytest.raises(subprocess.CalledProcessError) as failed:
        run(debian, "/root/wheelhouse/install.sh")
    wheel.write_bytes(content)
    assert "is damaged: copy it here again" in failed.value.stderr
    assert everything(debian) == before
