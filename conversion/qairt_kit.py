"""A folder for people with Qualcomm's SDK (QAIRT): everything their converter and benchmark need, ready to run.

Written from Qualcomm's public documentation of ``qairt-converter``, ``qairt-quantizer``, ``snpe-dlc-graph-prepare`` and
``snpe_bench.py``. The SDK needs an account with Qualcomm, so that the scripts were not run where they were written.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from wakeful.conversion.measure import Inputs
from wakeful.errors import ConfigError
from wakeful.models.variants import NPU_PRECISION, OWN, Precision, Soc

BENCH_RUNS = 1024
CHANNELS_FIRST = ("expression", *OWN)


def write_kit(out: Path, chip: Soc, networks: Mapping[str, tuple[Path, Inputs]]) -> None:
    """Writes the folder.

    Args:
        networks: by name the float ONNX file and the inputs to calibrate with.

    Raises:
        ConfigError: ``out`` is there already, or a network is not made yet.
    """
    if out.exists():
        raise ConfigError(f"{out} exists: give a new folder")
    for file, _ in networks.values():
        if not file.is_file():
            raise ConfigError(f"{file} is not made yet: run `wakeful convert onnx` first")
    out.mkdir(parents=True)
    lines = []
    for name, (file, inputs) in networks.items():
        folder = out / name
        folder.mkdir()
        shutil.copyfile(file, folder / f"{name}.onnx")
        _write_inputs(folder, inputs)
        lines += _commands(name, file, chip)
        (folder / "bench.json").write_text(json.dumps(_bench(name, chip), indent=2) + "\n", encoding="utf-8")
    _script(out / "convert.sh", lines)
    _script(
        out / "bench.sh", [f"(cd {name} && snpe_bench.py -c bench.json -a -t android_aarch64)" for name in networks]
    )
    (out / "README.md").write_text(_readme(chip, list(networks)), encoding="utf-8")


def _write_inputs(folder: Path, inputs: Inputs) -> None:
    """Raw float32 files, one an input, and the list of them relative to the folder."""
    raw = folder / "inputs"
    raw.mkdir()
    names = []
    for number, tensor in enumerate(inputs.tensors):
        file = raw / f"{number:04}.raw"
        np.ascontiguousarray(tensor, "<f4").tofile(file)
        names.append(str(file.relative_to(folder)))
    (folder / "input_list.txt").write_text("\n".join(names) + "\n", encoding="utf-8")


def _commands(name: str, file: Path, chip: Soc) -> list[str]:
    given, shape = _input(file)
    bits = "16" if NPU_PRECISION[name] is Precision.A16W8 else "8"
    # The SDK would turn images to its own order otherwise, and the raw inputs lie in that of the network.
    return [
        f"(cd {name}",
        f"  qairt-converter --input_network {name}.onnx --output_path {name}.dlc \\",
        f"    --source_model_input_shape {given} {shape} --source_model_input_layout {given} "
        f"{'NCHW' if name in CHANNELS_FIRST else 'NHWC'} --preserve_io datatype layout",
        f"  qairt-quantizer --input_dlc {name}.dlc --output_dlc {name}.quantized.dlc --input_list input_list.txt \\",
        f"    --act_bitwidth {bits} --weights_bitwidth 8 --bias_bitwidth 32 --use_per_channel_quantization",
        f"  snpe-dlc-graph-prepare --input_dlc {name}.quantized.dlc --output_dlc {name}.{chip.name}.dlc \\",
        f"    --htp_socs {chip.name})",
        "",
    ]


def _input(file: Path) -> tuple[str, str]:
    import onnx

    given = onnx.load(file).graph.input[0]
    sizes = [str(dim.dim_value or 1) for dim in given.type.tensor_type.shape.dim]
    return given.name, ",".join(sizes)


def _bench(name: str, chip: Soc) -> dict[str, object]:
    return {
        "Name": name,
        "HostRootPath": ".",
        "HostResultsDir": "results",
        "DevicePath": "/data/local/tmp/wakeful_bench",
        "Devices": ["fill in the serial number that `adb devices` tells"],
        "HostName": "localhost",
        "Runs": BENCH_RUNS,
        "Model": {"Name": name, "Dlc": f"{name}.{chip.name}.dlc", "InputList": "input_list.txt", "Data": ["inputs"]},
        "Runtimes": ["DSP", "CPU"],
        "Measurements": ["timing", "mem"],
        "PerfProfile": "burst",
        "ProfilingLevel": "detailed",
    }


def _script(file: Path, lines: list[str]) -> None:
    text = '#!/usr/bin/env bash\nset -euo pipefail\ncd "$(dirname "$0")"\n' + "\n".join(lines) + "\n"
    file.write_text(text, encoding="utf-8")
    file.chmod(0o755)


def _readme(chip: Soc, networks: list[str]) -> str:
    return f"""# Networks of wakeful for Qualcomm's SDK (QAIRT 2.x), {chip.soc_type}

Source `bin/envsetup.sh` of the SDK first. `./convert.sh` converts and quantizes {", ".join(networks)} and prepares them
for {chip.soc_type}; `./bench.sh` measures them on a phone or board that `adb devices` lists (write its serial number
into each `bench.json`). `inputs/` are real faces as the networks are given them, float32, in the order of
`input_list.txt`: personal data, not to be passed on. Written after the SDK's documentation and not run with it.
"""
