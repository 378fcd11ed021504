"""What a machine has of a Hexagon: which Snapdragon it is, the way to its NPU, and the library that drives it.

Looks at files only, loads nothing, and never raises: loading a vendor's library is the business of a child process
(``wakeful.device.perception.qnn_probe``).
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
from pathlib import Path

from wakeful.files import text_of
from wakeful.frozen import dataclass

PACKAGE = "onnxruntime-qnn"
PROVIDER = "QNNExecutionProvider"
INSTALL = "pip install 'wakeful[qnn]'"
SIMULATOR = "WAKEFUL_QNN_SIMULATOR"
"""Environment variable: name of a chip (``qcs6490``). On an x86-64 host with the package, the provider's simulator then
stands for that chip's Hexagon. It is exact and slow; its times say nothing."""

# Words of the device tree that mean one of these chips: the same silicon with and without a modem, or an older name.
# https://github.com/torvalds/linux/blob/master/Documentation/devicetree/bindings/arm/qcom.yaml
TREE_NAMES = {
    "qcs6490": "qcs6490",
    "qcm6490": "qcs6490",
    "qcs8550": "qcs8550",
    "qcm8550": "qcs8550",
    "sm8550": "sm8550",
    "sm8650": "sm8650",
    "sm8750": "sm8750",
    "sa8295p": "sa8295",
    "qcs9100": "qcs9100",
    "sa8775p": "qcs9100",
}
# The kernel's numbers for them, include/dt-bindings/arm/qcom,ids.h.
SOC_IDS = {497: "qcs6490", 498: "qcs6490", 519: "sm8550", 557: "sm8650", 603: "qcs8550", 604: "qcs8550"} | {
    618: "sm8750",
    667: "qcs9100",
}
DEVICE_TREE = Path("proc/device-tree/compatible")
SOC_ID = Path("sys/devices/soc0/soc_id")
# The node through which a process reaches the compute DSP: mainline kernels, then Qualcomm's own.
NODES = ("dev/fastrpc-cdsp", "dev/fastrpc-cdsp-secure", "dev/adsprpc-smd")
HEAP = "dev/dma_heap/system"
RPC_LIBRARY = "libcdsprpc.so"
LIBRARY_FOLDERS = (
    "usr/lib",
    "usr/lib/aarch64-linux-gnu",
    "usr/local/lib",
    "vendor/lib64",
    "lib",
    "lib/aarch64-linux-gnu",
)


@dataclass(frozen=True, slots=True)
class Hexagon:
    """What was found.

    Attributes:
        soc: the chip as ``wakeful.models.variants`` names it, "" if it is none of them.
        qualcomm: the machine is a Snapdragon of some kind.
        nodes: device nodes of the compute DSP.
        package: version of onnxruntime-qnn, "" if it is not installed.
        simulated: ``soc`` is the simulator's.
    """

    soc: str
    qualcomm: bool
    nodes: tuple[Path, ...]
    package: str
    simulated: bool = False

    @property
    def expected(self) -> bool:
        """Whether a Hexagon should be usable here, so that not using it is worth a word."""
        return self.simulated or self.qualcomm or bool(self.nodes)

    @property
    def obstacle(self) -> str:
        """What is known to stand in its way before anything is loaded, with the fix; "" if nothing is."""
        if not self.expected:
            return "this machine has none: it is no Snapdragon and shows no /dev/fastrpc-cdsp"
        if not self.package:
            return f"the package {PACKAGE}, which needs glibc 2.34 or newer, is not installed: {INSTALL}"
        if self.simulated:
            return ""
        if not self.nodes:
            return "the kernel shows no /dev/fastrpc-cdsp: use a kernel with FastRPC and the board's DSP firmware"
        closed = [node for node in self.nodes if not os.access(node, os.R_OK | os.W_OK)]
        if len(closed) == len(self.nodes):
            return f"{closed[0]} may not be opened: see `wakeful doctor` for the group to join"
        return ""


def look(root: Path = Path("/")) -> Hexagon:
    """What this machine has; ``root`` is where its file system begins."""
    simulated = os.environ.get(SIMULATOR, "")
    if simulated:
        return Hexagon(simulated, True, (), package_version(), simulated=True)
    words = text_of(root / DEVICE_TREE).replace(",", "\0").split("\0")
    number = text_of(root / SOC_ID)
    known = [TREE_NAMES[word] for word in words if word in TREE_NAMES]
    if not known and number.isdecimal() and int(number) in SOC_IDS:
        known = [SOC_IDS[int(number)]]
    nodes = tuple(root / node for node in NODES if (root / node).exists())
    return Hexagon(known[0] if known else "", bool(known) or "qcom" in words, nodes, package_version())


def package_version() -> str:
    """Version of the provider's package, "" where it is not installed."""
    try:
        return importlib.metadata.version(PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        return ""


def package_folder() -> Path | None:
    """Where the provider's libraries lie, found without loading them."""
    found = importlib.util.find_spec("onnxruntime_qnn")
    return Path(found.origin).parent if found is not None and found.origin else None


def rpc_library(root: Path = Path("/")) -> Path | None:
    """The board's own library to call into the DSP; the provider loads it by its name."""
    files = (root / folder / name for folder in LIBRARY_FOLDERS for name in (RPC_LIBRARY, f"{RPC_LIBRARY}.1"))
    return next((file for file in files if file.exists()), None)
