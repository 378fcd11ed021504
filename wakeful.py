"""wakeful's version and the root of its errors; ``python -m wakeful`` is the ``wakeful`` command.

Every error a user can cause is a ``WakefulError``. Its message is one line that says what is wrong and how to mend
it, and its ``exit_status`` is the one the command ends with. Each has a builtin twin, so that library users can
catch the builtin they know.
"""

import os

__version__ = "0.1.0"

# ONNX Runtime tells its maker about every session from 1.29 on, by HTTPS, unless this is set before it is imported.
# Whatever of ours imports it has imported this file first.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"


class WakefulError(Exception):
    """Root of all errors raised on purpose."""

    exit_status = 1


class ConfigError(WakefulError, ValueError):
    """A setting, a profile or a command line that cannot be used."""

    exit_status = 2


class SourceError(WakefulError, OSError):
    """A camera, file or folder that cannot be opened or gives no pictures."""

    exit_status = 3

    # OSError formats itself from errno and strerror; this one carries a sentence.
    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class ModelError(WakefulError, RuntimeError):
    """A network that is missing, has the wrong hash, or does not load."""

    exit_status = 4


if __name__ == "__main__":
    from device.cli import main

    main()
