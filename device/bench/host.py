"""Which machine, which program, which libraries: what a figure depends on besides its subject."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
import threading
from pathlib import Path
from typing import Any

from wakeful.device.bench.record import Value
from wakeful.files import text_of
from wakeful.revision import revision
from wakeful.version import __version__

PACKAGES = ("numpy", "opencv-python-headless", "onnxruntime", "onnxruntime-qnn", "ai-edge-litert", "tflite-runtime")
# Processor features that matter for networks: the flag of /proc/cpuinfo and the usual name.
X86_FEATURES = {
    "avx2": "AVX2",
    "fma": "FMA",
    "avx512f": "AVX-512",
    "avx_vnni": "AVX-VNNI",
    "avx512_vnni": "VNNI",
    "amx_int8": "AMX-INT8",
}
ARM_FEATURES = {
    "asimd": "NEON",
    "asimdhp": "fp16",
    "asimddp": "dotprod",
    "i8mm": "i8mm",
    "bf16": "bf16",
    "sve": "SVE",
    "sve2": "SVE2",
}


def wakeful_version() -> dict[str, Value]:
    """Version of wakeful and, in a checkout, the git revision and whether files differ from it."""
    found = revision()
    return {
        "version": __version__,
        "revision": found.commit if found else None,
        "changed": found.modified if found else None,
        "absent": None if found else "not a git checkout",
    }


def versions() -> dict[str, str]:
    """Versions of Python and of the libraries that do the work."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def host(root: Path = Path("/"), machine: str | None = None) -> dict[str, Any]:
    """The machine: each value, or None with its reason in ``absent``."""
    machine = machine or platform.machine()
    absent: dict[str, str] = {}
    cpuinfo = text_of(root / "proc/cpuinfo")
    found: dict[str, Any] = {
        "machine": machine,
        "processor": _processor(root, cpuinfo),
        "soc": _soc(root),
        "board": _board(root),
        "cores": os.cpu_count(),
        "affinity": sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "memory_mb": _memory_mb(root),
        "kernel": f"{platform.system()} {platform.release()}",
        "governor": _governor(root),
        "clock_max_mhz": _clock_max_mhz(root),
        "features": features(cpuinfo, machine),
        "virtual": _virtual(root, cpuinfo),
    }
    reasons = {
        "processor": "no model in /proc/cpuinfo",
        "soc": "no /sys/devices/soc0",
        "board": "neither the device tree nor DMI names it",
        "governor": "no cpufreq in /sys",
        "clock_max_mhz": "no cpufreq in /sys",
        "affinity": "not reported by this system",
        "memory_mb": "no /proc/meminfo",
    }
    for name, reason in reasons.items():
        if found[name] is None:
            absent[name] = reason
    return found | {"absent": absent}


def features(cpuinfo: str, machine: str) -> list[str]:
    """The processor features that speed networks up, from the text of /proc/cpuinfo.

    An emulator shows the flags of its host processor; those of another architecture are ignored.
    """
    table = ARM_FEATURES if machine.startswith(("arm", "aarch64")) else X86_FEATURES
    flags: set[str] = set()
    for line in cpuinfo.splitlines():
        name, _, value = line.partition(":")
        if name.strip().lower() in ("flags", "features"):
            flags |= set(value.split())
    return [name for flag, name in table.items() if flag in flags]


def emulation(root: Path = Path("/"), machine: str | None = None) -> str | None:
    """The sign that an emulator executes the instructions of this process; None if there is none.

    A virtual machine is not an emulator: its instructions run at full speed.
    """
    machine = machine or platform.machine()
    cpuinfo = text_of(root / "proc/cpuinfo")
    if "QEMU TCG" in cpuinfo or "QEMU Virtual CPU" in cpuinfo:
        return "the processor is emulated by QEMU"
    is_arm = machine.startswith(("arm", "aarch64"))
    if is_arm and ("GenuineIntel" in cpuinfo or "AuthenticAMD" in cpuinfo):
        return f"an x86 processor runs {machine} instructions"
    # qemu-user hides itself in /proc/self/maps, but not in the same file under the thread's number.
    maps = text_of(root / f"proc/self/task/{threading.get_native_id()}/maps")
    if "/qemu-" in maps:
        return "qemu-user runs this process"
    return None


def _processor(root: Path, cpuinfo: str) -> str | None:
    for wanted in ("model name", "Hardware", "cpu model", "Processor"):
        for line in cpuinfo.splitlines():
            name, _, value = line.partition(":")
            if name.strip() == wanted and value.strip():
                return value.strip()
    parts = {
        value.strip() for line in cpuinfo.splitlines() if line.startswith("CPU part") for value in line.split(":")[1:]
    }
    return f"ARM parts {', '.join(sorted(parts))}" if parts else None


def _soc(root: Path) -> str | None:
    folder = root / "sys/devices/soc0"
    words = [text_of(folder / name) for name in ("family", "machine", "soc_id", "revision")]
    return " ".join(word for word in words if word) or None


def _board(root: Path) -> str | None:
    tree = text_of(root / "proc/device-tree/model").strip("\0")
    dmi = " ".join(text_of(root / f"sys/class/dmi/id/{name}") for name in ("sys_vendor", "product_name")).strip()
    return tree or dmi or None


def _governor(root: Path) -> str | None:
    paths = root.glob("sys/devices/system/cpu/cpu[0-9]*/cpufreq/scaling_governor")
    found = {text for path in paths if (text := text_of(path))}
    return ", ".join(sorted(found)) or None


def _clock_max_mhz(root: Path) -> float | None:
    paths = root.glob("sys/devices/system/cpu/cpu[0-9]*/cpufreq/cpuinfo_max_freq")
    return max((float(text) / 1000.0 for path in paths if (text := text_of(path)).isdigit()), default=None)


def _memory_mb(root: Path) -> int | None:
    for line in text_of(root / "proc/meminfo").splitlines():
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) // 1024
    return None


def _virtual(root: Path, cpuinfo: str) -> bool:
    return "hypervisor" in cpuinfo or "dummy-virt" in text_of(root / "proc/device-tree/model")


def command_line() -> str:
    """The command line as typed, without the folder of the program."""
    return " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])
