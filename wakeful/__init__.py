"""wakeful watches one face with one camera and reports when that person is drowsy, asleep or inattentive.

Its version and the root of its errors live here. Every error that a user can cause is a ``WakefulError``. Its message
is one line that says what is wrong and how to fix it, and its ``exit_status`` is the one the command ends with. Each
has a builtin twin, so that library users can catch the builtin they know.
"""

__version__ = "0.2.0"


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
