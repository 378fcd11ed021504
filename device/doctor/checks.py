"""Finds what prevents the monitor from running on this machine, and the fix for each problem.

Each check looks at one thing, changes nothing, and gives ``Check`` values; none raises. ``wakeful doctor`` prints them.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from wakeful.device.doctor.check import FAIL, OK, WARN, Check, check_device_file, check_permission
from wakeful.device.doctor.hexagon import check_hexagon
from wakeful.errors import ModelError, WakefulError
from wakeful.files import text_of
from wakeful.models import registry
from wakeful.models.registry import State
from wakeful.onnx_runtime import onnx_runtime

OLDEST_PYTHON = (3, 11)
CORE = ("numpy", "opencv-python-headless", "onnxruntime", "pyserial", "pydantic", "typer", "rich")
CARDS = Path("/proc/asound/cards")
LITERT = ("ai-edge-litert", "tflite-runtime")

NETWORK, VERIFIED = "network ", "sha256 verified"
"""How the checks of networks begin, and what is found of a whole one."""


def examine() -> list[Check]:
    """All checks of this machine, in the order a user would fix them; takes about a second."""
    return [
        check_python(sys.version_info[:2]),
        *check_packages(),
        check_cache(registry.cache_folder()),
        *check_networks(),
        check_litert(),
        check_onnxruntime(),
        *check_hexagon(),
        *check_cameras(),
        check_gstreamer(),
        *check_serial(),
        *check_gpio(),
        check_sound(),
        check_terminal(sys.stdout),
    ]


def exit_status(checks: Iterable[Check]) -> int:
    """0 unless a required thing fails: then 4 if only networks do, else 1."""
    return min((one.exit_status for one in checks if one.result == FAIL), default=0)


def check_python(version: tuple[int, ...]) -> Check:
    """Whether this Python is recent enough."""
    found = f"{'.'.join(map(str, version))} on {platform.machine()} {platform.system()}"
    if version < OLDEST_PYTHON:
        return Check("Python", FAIL, found, "install Python 3.11 or newer and set wakeful up again")
    return Check("Python", OK, found)


def check_packages(core: Iterable[str] = CORE) -> list[Check]:
    """Whether the packages wakeful depends on are installed."""
    missing = [name for name in core if _version(name) is None]
    if not any(map(_version, LITERT)):
        missing.append(LITERT[0])
    if missing:
        return [Check("packages", FAIL, f"missing: {', '.join(missing)}", f"{sys.executable} -m pip install wakeful")]
    return [Check("packages", OK, ", ".join(f"{name} {_version(name)}" for name in core))]


def check_cache(folder: Path) -> Check:
    """Whether networks can be written to the cache folder, or to where it would be made.

    An installed board's belongs to root and holds all that is needed: nothing to fix.
    """
    existing = next(one for one in (folder, *folder.absolute().parents) if one.exists())
    if existing.is_dir() and os.access(existing, os.W_OK | os.X_OK):
        return Check("cache folder", OK, str(folder))
    if folder.is_dir():
        missing = [
            one.name for one in registry.networks().values() if one.required and not registry.available(one.name)
        ]
        if not missing:
            return Check("cache folder", OK, f"{folder}, only read here; `sudo wakeful models pull` adds to it")
        return Check("cache folder", WARN, f"{folder} lacks {', '.join(missing)}", f"run `sudo {registry.PULL}`")
    fix = f"make {existing} writable for this user, or set WAKEFUL_MODELS to another folder"
    return Check("cache folder", WARN, f"{folder} cannot be written", fix)


def check_networks() -> list[Check]:
    """Whether the networks are in the cache, with the right sha256."""
    checks = []
    for one in filter(lambda one: one.of_use, registry.networks().values()):
        state = registry.state(one.name)
        if state is State.PRESENT:
            checks.append(Check(f"{NETWORK}{one.name}", OK, VERIFIED))
        elif one.required or state is State.CORRUPT:
            checks.append(
                Check(f"{NETWORK}{one.name}", FAIL, state.value, registry.how_to_get(one), ModelError.exit_status)
            )
        else:
            readers = " or ".join(f"`--landmarks {reader}`" for reader in one.readers)
            checks.append(Check(f"{NETWORK}{one.name}", OK, f"not installed; {readers} needs it"))
    return checks


def check_litert(name: str = "face_detection_short_range") -> Check:
    """Whether LiteRT really loads and runs a network."""
    version = next((f"{one} {_version(one)}" for one in LITERT if _version(one)), "")
    if registry.state(name) is not State.PRESENT:
        return Check("LiteRT", WARN, f"{version}, not tried: no network to run", f"run `{registry.PULL}`")
    try:
        import numpy as np

        from wakeful.device.perception.network import load

        network = load(name)
        picture = np.zeros(network.input_shape, np.float32)
        network(picture)
        begun = time.perf_counter()
        network(picture)
    except (WakefulError, ImportError, RuntimeError, OSError) as error:
        return Check(
            "LiteRT", FAIL, f"{version} does not run {name}: {error}", f"reinstall it: {_reinstall(LITERT[0])}"
        )
    return Check("LiteRT", OK, f"{version} runs {name} in {(time.perf_counter() - begun) * 1e3:.1f} ms")


def check_onnxruntime() -> Check:
    """Whether ONNX Runtime can be imported, and what it can run on."""
    try:
        onnxruntime = onnx_runtime()
    except (ImportError, OSError) as error:
        return Check("ONNX Runtime", WARN, f"cannot be imported: {error}", f"reinstall it: {_reinstall('onnxruntime')}")
    providers = ", ".join(one.removesuffix("ExecutionProvider") for one in onnxruntime.get_available_providers())
    return Check("ONNX Runtime", OK, f"{onnxruntime.__version__} on {providers}")


def check_cameras() -> list[Check]:
    """Whether there is a camera, and whether it can be opened."""
    from wakeful.sensors import discovery

    cameras = [Path(one.path) for one in discovery.cameras()]
    if not cameras:
        fix = "plug one in; `wakeful run --source synthetic:demo` needs none"
        return [Check("camera", WARN, "none found", fix)]
    return [check for path in cameras for check in (check_device_file("camera", path, "video"), *camera_offers(path))]


def camera_offers(path: Path) -> list[Check]:
    """The pixel formats and the controls of a camera with their values and bounds, as the configuration takes them."""
    from wakeful.sensors.v4l2_controls import control_device

    try:
        with control_device(str(path)) as device:
            formats = ", ".join(device.formats())
            held = [(one, device.read(one)) for one in device.offered.values()]
    except OSError:
        return []
    controls = ", ".join(f"{one.name} {value} ({one.minimum} to {one.maximum})" for one, value in held)
    return [
        Check("camera formats", OK, f"{path}: {formats or 'unknown'}"),
        Check("camera controls", OK, f"{path}: {controls or 'none'}"),
    ]


def check_gstreamer() -> Check:
    """Whether GStreamer pipelines can be sources."""
    from wakeful.sensors import gstreamer

    if shutil.which(gstreamer.PROGRAM) is None:
        return Check("GStreamer", OK, f"not installed; only needed for --source gst:PIPELINE ({gstreamer.INSTALL})")
    missing = [name for name in gstreamer.ELEMENTS if not gstreamer.has_element(name)]
    if missing:
        return Check("GStreamer", WARN, f"has no {' and no '.join(missing)}", gstreamer.INSTALL)
    return Check("GStreamer", OK, f"{gstreamer.PROGRAM} runs pipelines for --source gst:PIPELINE")


def check_serial() -> list[Check]:
    """Whether the serial ports may be used."""
    from wakeful.sensors import discovery

    ports = [Path(one.path) for one in discovery.serial_ports()]
    if not ports:
        return [Check("serial port", OK, "none found; only needed for alerts over a serial line")]
    return [check_permission("serial port", path, "dialout") for path in ports]


def check_gpio() -> list[Check]:
    """Whether GPIO chips can be opened, and the library for them is there."""
    from wakeful.sensors import discovery

    chips = [Path(one.path) for one in discovery.gpio_chips()]
    if not chips:
        return [Check("GPIO", OK, "no chip found; only needed for a buzzer or lamp")]
    if _version("gpiod") is None:
        return [Check("GPIO", WARN, "the package gpiod is missing", _reinstall("gpiod"))]
    return [check_device_file("GPIO", path, "gpio") for path in chips]


def check_sound() -> Check:
    """What plays alerts, and what speaks them."""
    from wakeful.device.alerts.sound.player import SoundError, player_command
    from wakeful.device.alerts.sound.settings import AUTO
    from wakeful.device.alerts.sound.speech import INSTALL, PROGRAM

    try:
        player = Path(player_command(AUTO)[0]).name
        silent = player == "aplay" and not any(map(str.isdigit, text_of(CARDS)))
        plays = f"{player} is there and no sound card" if silent else f"{player} plays alerts"
    except SoundError as error:
        plays = f"{error}; only needed for --sound"
    speaks = f"{PROGRAM} speaks them" if shutil.which(PROGRAM) else f"[sound] voice needs {PROGRAM} ({INSTALL})"
    return Check("sound", OK, f"{plays}; {speaks}")


def check_terminal(stream: TextIO) -> Check:
    """Whether the live gauges can be shown."""
    if not stream.isatty():
        return Check("terminal", OK, "the output is not a terminal: plain lines instead of gauges")
    if "utf" not in (stream.encoding or "").lower():
        return Check("terminal", WARN, f"its encoding is {stream.encoding}", "set LANG=C.UTF-8, or run with --plain")
    size = os.get_terminal_size(stream.fileno())
    return Check("terminal", OK, f"{size.columns}x{size.lines}, {stream.encoding}")


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def _reinstall(distribution: str) -> str:
    return f"{sys.executable} -m pip install --force-reinstall {distribution}"
