"""Imports ONNX Runtime with its telemetry switched off: from version 1.29 on it reports every session by HTTPS.

The switch is an environment variable that has to be set before the import, so this is the only place that imports it.
"""

from __future__ import annotations

import os
from typing import Any

SWITCH = "ORT_DISABLE_TELEMETRY"


def onnx_runtime() -> Any:
    """The package ``onnxruntime``. Raises: ImportError: it is not installed."""
    os.environ[SWITCH] = "1"
    import onnxruntime

    return onnxruntime
