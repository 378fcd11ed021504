"""The root of wakeful's errors and those that end a command with a status of their own.

Every error that a user can cause is a ``WakefulError``. Its message is one line that says what is wrong and how to fix
it, and its ``exit_status`` is the one the command ends with. Each has a builtin twin, so that programs can catch the
builtin they know.
"""


class WakefulError(Exception):
    """Root of all errors raised on purpose."""

    exit_status = 1

    # An OSError would format itself from errno and strerror; these carry a sentence.
    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class ConfigError(WakefulError, ValueError):
    """A setting, a profile or a command line that cannot be used."""

    exit_status = 2


class SourceError(WakefulError, OSError):
    """A camera, file or folder that cannot be opened or gives no images."""

    exit_status = 3


class TruncatedSource(SourceError):
    """A file that ended before its own length said so; what was judged until then is kept."""

    exit_status = 5


class ModelError(WakefulError, RuntimeError):
    """A network that is missing, has the wrong hash, or does not load."""

    exit_status = 4
