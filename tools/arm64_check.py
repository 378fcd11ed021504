"""Does wakeful do on arm64 what it does here? Runs it on an emulated arm64 Debian and compares.

    make arm64-check [ARGS="--folder build/arm64"]

Unpacks a Debian bookworm for arm64 (debootstrap), installs the aarch64 wheels of wakeful's dependencies into it, and
runs ``tools.arm64_inside`` in it under qemu-user and on the host: the monitor on two seconds of the synthetic
driver who nods off, the int8 expression network on 64 faces, in ONNX Runtime and in LiteRT, and the networks of the
reader ``wakeful`` on the crops of these faces. Events have to be the same, outputs within two steps of their scale. The
result is written to ``deploy/arm64.md``.

Nothing is run while the root is made: packages are unpacked, not configured, so no arm64 program has to start another
one, and the kernel needs no binfmt entry. The emulated program has /proc, mounted in a namespace of its own and gone
with the program, however that ends. What it reads there and in /sys of its processor is written for it: with the host's
ONNX Runtime crashes, and without any LiteRT computes with its spare kernels, whose rounding is not that of boards.
Times under emulation say nothing about boards.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tools.arm64_report import FACES, PROJECT, PYTHON, QEMU, SUITE, compare, report
from tools.rigs.scripts import eyes_shut
from wakeful.device.identity.network import load_embedder
from wakeful.device.perception.expression import crop
from wakeful.device.perception.landmarks import load_reader
from wakeful.device.perception.network import Network, load
from wakeful.device.perception.pipeline import Perception
from wakeful.device.perception.region import Region
from wakeful.models import registry
from wakeful.sensors.driver_face import DriverPose, render
from wakeful.sensors.frame import Frame

REPORT = PROJECT / "deploy" / "arm64.md"
MIRROR = "http://deb.debian.org/debian"
PLATFORMS = [f"manylinux_2_{minor}_aarch64" for minor in (28, 27, 17)] + ["manylinux2014_aarch64"]
COPIED = ("wakeful", "sensors", "device", "models", "conversion", "deploy", "tools")
NETWORKS = ("face_landmark", "iris_landmark")

PROCESSOR = "cortex-a76"
"""Of the Raspberry Pi 5; a Cortex-A53, A72 and Neoverse N1 answer the same."""
CPUINFO = """processor\t: 0
BogoMIPS\t: 108.00
Features\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x4
CPU part\t: 0xd0b
CPU revision\t: 1

"""
SYS_CPU = {"present": "0", "possible": "0", "online": "0", "cpu0/cpufreq/cpuinfo_max_freq": "2400000"}
SYS_CPU |= {f"cpu0/topology/{name}": "0" for name in ("physical_package_id", "core_id", "core_siblings_list")}
"""What Linux says of a board with one such processor, in /proc/cpuinfo and below /sys/devices/system/cpu."""

NAP = eyes_shut(2.0, (0.4, 1.7))


class Unfit(Exception):
    """This machine cannot run the check; the message says what to do."""


def main() -> None:
    """The whole check; status 0 passed, 1 not passed, 2 cannot be run here."""
    parser = argparse.ArgumentParser(description="wakeful on emulated arm64 against this machine.")
    parser.add_argument("--folder", type=Path, default=PROJECT / "build" / "arm64", help="where the root is kept")
    folder = parser.parse_args().folder.resolve()
    try:
        check_tools()
        root = make_root(folder)
        install_wheels(root)
        here, there = folder / "here", root / "work"
        prepare(here, there)
        copy_project(root)
        describe_processor(root)
        run_here(here)
        run_emulated(root)
    except Unfit as unfit:
        print(f"arm64-check: {unfit}", file=sys.stderr)
        sys.exit(2)
    found = compare(here, there)
    REPORT.write_text(report(found, root, here, there), encoding="utf-8")
    print(REPORT.read_text(encoding="utf-8"))
    sys.exit(0 if found.passed else 1)


def check_tools() -> None:
    missing = [tool for tool in ("debootstrap", QEMU, "unshare", "chroot", "dpkg-deb") if shutil.which(tool) is None]
    if missing:
        raise Unfit(f"{', '.join(missing)} missing: apt-get install debootstrap qemu-user-static")
    if os.geteuid() != 0:
        raise Unfit("a root file system can only be entered by root: run it with sudo")


def make_root(folder: Path) -> Path:
    """An arm64 Debian with Python, unpacked and not configured; made once."""
    root, done = folder / "root", folder / "root.done"
    if done.exists():
        return root
    shutil.rmtree(root, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    print("unpacking Debian for arm64", flush=True)
    options = ["--foreign", "--arch=arm64", "--variant=minbase", "--include=python3,libgomp1"]
    _run(["debootstrap", *options, SUITE, str(root), MIRROR])
    for package in sorted((root / "var/cache/apt/archives").glob("*.deb")):
        unpack = f"dpkg-deb --fsys-tarfile '{package}' | tar -x --keep-directory-symlink -C '{root}'"
        _run(["bash", "-o", "pipefail", "-c", unpack])
    for name in ("proc", "sys"):
        # debootstrap may have left a link to the host's there.
        (root / name).unlink() if (root / name).is_symlink() else shutil.rmtree(root / name, ignore_errors=True)
        (root / name).mkdir()
    shutil.copy2(str(shutil.which(QEMU)), root / "usr/bin" / QEMU)
    done.touch()
    return root


def install_wheels(root: Path) -> None:
    """The dependencies of pyproject.toml as aarch64 wheels; again only when they have changed."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted: list[str] = project["dependencies"]
    mark, site = root / "opt/site.done", root / "opt/site"
    stamp = hashlib.sha256("\n".join(wanted).encode()).hexdigest()
    if mark.exists() and mark.read_text(encoding="ascii") == stamp:
        return
    shutil.rmtree(site, ignore_errors=True)
    print("installing the aarch64 wheels", flush=True)
    kinds = [f"--platform={one}" for one in PLATFORMS] + [f"--abi={abi}" for abi in ("cp311", "abi3", "none")]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:"]
    _run([*pip, f"--target={site}", f"--python-version={PYTHON}", "--implementation=cp", *kinds, *wanted])
    mark.write_text(stamp, encoding="ascii")


def prepare(*folders: Path) -> None:
    """The same input for both: the scenario, and faces of the rendered driver in many poses."""
    faces, crops = np.stack(rendered_faces()), rendered_crops()
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "nap.toml").write_text(NAP, encoding="utf-8")
        np.savez(folder / "faces.npz", faces=faces)
        np.savez(folder / "crops.npz", **crops)  # type: ignore[arg-type]


def rendered_faces() -> list[np.ndarray[Any, Any]]:
    """Crops uint8 [48, 48] as the monitor hands them to the expression network."""
    perception = Perception("mesh+iris")
    empty = np.full((480, 640, 3), 128, np.uint8)
    faces: list[np.ndarray[Any, Any]] = []
    for picture in drivers():
        if len(faces) == FACES:
            break
        # An empty picture in between makes the pipeline forget where the last face was.
        perception.look(Frame(empty, 0, 0))
        seen = perception.look(Frame(picture, 0, 0))
        if seen.landmarks is not None:
            faces.append(crop(picture, seen.landmarks.points))
    return faces


def drivers() -> Iterator[np.ndarray[Any, Any]]:
    """The rendered driver in ever other poses."""
    random = np.random.default_rng(5)
    for seed in itertools.count():
        eyes, mouth = random.random(2)
        turn, tilt = random.uniform(-20.0, 20.0, 2)
        light = random.uniform(0.6, 1.3)
        pose = DriverPose(eye_left=eyes, eye_right=eyes, mouth=mouth, yaw_deg=turn, roll_deg=tilt, brightness=light)
        yield render(pose, seed=seed)


def rendered_crops() -> dict[str, np.ndarray[Any, Any]]:
    """By network what reader and recognition hand it of these faces: [N, batch, 1, rows, columns]."""
    handed: dict[str, list[np.ndarray[Any, Any]]] = {}

    def listening(name: str, threads: int = 1) -> Network:
        network, kept = load(name, threads), handed.setdefault(name, [])

        class Listening:
            input_shape = network.input_shape

            def __call__(self, tensor: np.ndarray[Any, Any]) -> list[np.ndarray[Any, Any]]:
                kept.append(tensor.copy())
                return network(tensor)

        return Listening()

    reader, embed = load_reader("wakeful", load=listening), load_embedder(load=listening)
    for picture in itertools.islice(drivers(), FACES):
        face = reader(Frame(picture, 0, 0), Region(320.0, 260.0, 330.0, 0.0))
        if face is not None:
            embed(picture, face)
    return {name: np.stack(kept) for name, kept in handed.items()}


def copy_project(root: Path) -> None:
    target = root / "opt/wakeful"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    left_out = shutil.ignore_patterns("__pycache__", "*.bin")
    for name in COPIED:
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=left_out, symlinks=True)
        else:
            shutil.copy2(source, target / name)
    cache = root / "opt/models"
    cache.mkdir(exist_ok=True)
    for network in NETWORKS:
        shutil.copy2(registry.path(network), cache)


def describe_processor(root: Path) -> None:
    """What libraries read before they choose their kernels."""
    (root / "opt/cpuinfo").write_text(CPUINFO, encoding="ascii")
    for name, said in SYS_CPU.items():
        file = root / "sys/devices/system/cpu" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{said}\n", encoding="ascii")


def run_here(folder: Path) -> None:
    print("running on the host", flush=True)
    _run([sys.executable, "-m", "tools.arm64_inside", str(folder)], cwd=PROJECT)


def run_emulated(root: Path) -> None:
    """One emulated process; its /proc lives in a mount namespace of its own."""
    print("running on emulated arm64, which takes minutes", flush=True)
    variables = {
        "PYTHONPATH": "/opt/wakeful:/opt/site",
        "WAKEFUL_MODELS": "/opt/models",
        "HOME": "/root",
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    inside = [f"/usr/bin/{QEMU}", "-cpu", PROCESSOR, "/usr/bin/python3", "-m", "tools.arm64_inside", "/work"]
    mounts = 'mount -t proc proc "$0/proc" && mount --bind "$0/opt/cpuinfo" "$0/proc/cpuinfo"'
    enter = f'{mounts} && cd / && exec chroot "$0" "$@"'
    _run(["unshare", "--mount", "--propagation", "private", "sh", "-c", enter, str(root), *inside], env=variables)


def _run(command: list[str], **how: Any) -> None:
    done = subprocess.run(command, check=False, **how)
    if done.returncode != 0:
        raise Unfit(f"`{' '.join(command)[:200]}` ended with status {done.returncode}")


if __name__ == "__main__":
    main()
