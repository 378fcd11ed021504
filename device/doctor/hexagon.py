"""Whether the Hexagon NPU of a Snapdragon can be used, and what is in the way: a subject of ``wakeful.device.doctor``.

On a machine without one there is nothing to check, and one line says so. The NPU is reached through device nodes of
FastRPC, a library of the board that uses them, and a library that the DSP itself loads ("skel"), which comes with
the package onnxruntime-qnn.
"""

from __future__ import annotations

import os
import platform
from pathlib import Path

from wakeful.device.doctor.check import OK, WARN, Check, check_device_file
from wakeful.device.perception import hexagon
from wakeful.device.perception.hexagon import Hexagon
from wakeful.device.perception.qnn_probe import probe
from wakeful.models import variants

NAME = "Hexagon"
GROUP = "fastrpc"
"""What Debian's package fastrpc-support gives the nodes to; other systems use ``render``."""
OLDEST_GLIBC = (2, 34)
"""What the wheels of onnxruntime-qnn are built for."""
SEARCH_PATH = "ADSP_LIBRARY_PATH"


def check_hexagon(machine: Hexagon | None = None, root: Path = Path("/")) -> list[Check]:
    """All checks of the NPU, in the order in which to fix them.

    Args:
        machine: what is known of it; None looks.
        root: where the file system begins.
    """
    machine = machine or hexagon.look(root)
    if not machine.expected:
        return [Check(NAME, OK, "none found; networks run in LiteRT")]
    checks = [_chip(machine), _package(machine)]
    if not machine.simulated:
        checks += [*_nodes(machine, root), _rpc_library(root), _search_path(os.environ.get(SEARCH_PATH, ""), machine)]
    if all(check.result == OK for check in checks):
        checks.append(_try(machine))
    return checks


def _chip(machine: Hexagon) -> Check:
    if machine.soc in variants.SOCS:
        return Check(NAME, OK, f"{machine.soc}{', simulated' if machine.simulated else ''}")
    known = ", ".join(variants.SOCS)
    fix = f"none needed: networks run in LiteRT; networks are compiled for {known}"
    return Check(NAME, WARN, f"a chip that no network is compiled for {machine.soc}".rstrip(), fix)


def _package(machine: Hexagon, libc: tuple[str, str] | None = None) -> Check:
    """Whether the package is installed, on a glibc that its wheels accept."""
    name, version = libc or platform.libc_ver()
    if name == "glibc" and tuple(map(int, version.split(".")[:2])) < OLDEST_GLIBC:
        oldest = ".".join(map(str, OLDEST_GLIBC))
        fix = f"use a system with glibc {oldest} or newer (Debian 12, Ubuntu 22.04); until then networks run in LiteRT"
        return Check(f"{NAME} package", WARN, f"{hexagon.PACKAGE} needs glibc {oldest}, this system has {version}", fix)
    if not machine.package:
        return Check(f"{NAME} package", WARN, f"{hexagon.PACKAGE} is not installed", hexagon.INSTALL)
    return Check(f"{NAME} package", OK, f"{hexagon.PACKAGE} {machine.package}")


def _nodes(machine: Hexagon, root: Path) -> list[Check]:
    if not machine.nodes:
        fix = (
            "use a kernel with FastRPC (CONFIG_QCOM_FASTRPC) and the board's DSP firmware; "
            "`cat /sys/class/remoteproc/*/state` should say running for cdsp"
        )
        return [Check(f"{NAME} device", WARN, "no /dev/fastrpc-cdsp", fix)]
    checks = [check_device_file(f"{NAME} device", node, GROUP) for node in machine.nodes]
    if any(check.result == OK for check in checks):
        # Either node will do; the secure one is for signed programs and is usually closed.
        checks = [check for check in checks if check.result == OK]
    heap = root / hexagon.HEAP
    return [*checks, check_device_file(f"{NAME} memory", heap, GROUP)] if heap.exists() else checks


def _rpc_library(root: Path) -> Check:
    library = hexagon.rpc_library(root)
    if library is None:
        fix = "install the board's FastRPC library (Debian and Ubuntu: apt install fastrpc-support)"
        return Check(f"{NAME} library", WARN, f"{hexagon.RPC_LIBRARY} is not found", fix)
    return Check(f"{NAME} library", OK, str(library))


def _search_path(given: str, machine: Hexagon) -> Check:
    """The provider sets the path by itself unless it is set already; then the DSP's library has to be on it."""
    name = f"{NAME} {SEARCH_PATH}"
    folder = hexagon.package_folder()
    if not given:
        return Check(name, OK, "not set; the provider sets it")
    if machine.soc not in variants.SOCS:
        return Check(name, OK, given)
    skel = f"libQnnHtpV{variants.soc(machine.soc).arch}Skel.so"
    if any((Path(part) / skel).is_file() for part in given.split(";")):
        return Check(name, OK, f"leads to {skel}")
    fix = f"unset {SEARCH_PATH}, or put {folder or 'the folder of onnxruntime_qnn'} at its head, parts separated by ;"
    return Check(name, WARN, f"{given} does not lead to {skel}", fix)


def _try(machine: Hexagon) -> Check:
    soc_model = variants.soc(machine.soc).model if machine.simulated else None
    trouble = probe([], soc_model, timeout_s=30.0).trouble
    if trouble:
        fix = "`dmesg | grep -i -e cdsp -e fastrpc` shows more; `wakeful run --runtime litert` runs without it"
        return Check(f"{NAME} provider", WARN, trouble, fix)
    return Check(f"{NAME} provider", OK, "lists the NPU")
