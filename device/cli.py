"""The ``wakeful`` command: joins the commands and turns every error a user can cause into one line and a status.

Status 0 done, 2 wrong usage or configuration, 3 the source cannot be opened, 4 a model is missing or corrupt, 5 a
file ended before its own length said so, 1 any other failure, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from itertools import zip_longest
from typing import Annotated, Any

import typer

from wakeful.device.sanitise import printable
from wakeful.device.standard_streams import UNWRITABLE, discard_output, open_closed_streams
from wakeful.errors import WakefulError
from wakeful.revision import version_text

INTERRUPTED = 130
DEFAULT_VIEW = "127.0.0.1:8321"

COMMANDS = ("run", "replay", "report", "devices", "doctor", "health", "export")
GROUPS = (
    "log",
    "models",
    "config",
    "rules",
    "data",
    "train",
    "convert",
    "evaluate",
    "scenarios",
    "bench",
    "explain",
    "study",
    "fleet",
    "identity",
)
"""Modules of ``wakeful.device.commands``: with a function of that name, and with an ``app`` of several commands."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line (``sys.argv`` by default) and exits with its status."""
    if 1 in open_closed_streams():
        _complain("the standard output is closed: what is printed there is lost; name files for what you need", 0)
    words = sys.argv[1:] if arguments is None else arguments
    try:
        result = status(arguments)
    except SystemExit as end:
        if words[:1] != ["run"] or not isinstance(end.code, int | None):
            raise
        result = end.code or 0
    if words[:1] == ["run"] and any(thread.daemon for thread in threading.enumerate()):
        # A thread that hung in a driver or decoder and was left behind would take the process down on its way out: a
        # library in C++ aborts when its thread ends with the interpreter.
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(result)
    sys.exit(result)


def status(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line and gives its exit status; whatever a user did wrong ends as one line on stderr."""
    complete = _completed(sys.argv[1:] if arguments is None else arguments)
    try:
        result = command_line(complete[:1])(complete, prog_name="wakeful", standalone_mode=False)
        sys.stdout.flush()
    except WakefulError as error:
        return _complain(str(error), error.exit_status)
    except (typer.Abort, KeyboardInterrupt):  # click turns only what happens inside a command into Abort
        return INTERRUPTED
    except BrokenPipeError:
        return _unread()
    except SystemExit as end:
        # Typer turns a broken pipe into status 1; who reads our output may leave when they have what they want.
        if isinstance(end.__context__, BrokenPipeError):
            return _unread()
        raise
    except OSError as error:
        if error.errno not in UNWRITABLE:
            raise
        discard_output()
        return _complain(f"the output cannot be written: {error.strerror}; make room, or write it elsewhere", 1)
    except Exception as error:
        if not _is_usage_error(error):
            raise
        return _usage(error)
    return result if isinstance(result, int) else 0


def command_line(wanted: Sequence[str]) -> typer.Typer:
    """The commands; if the first word is one of them, that alone, else all without what they take.

    Making everything takes half a second on a laptop's processor.
    """
    app = typer.Typer(
        name="wakeful",
        help="Watch one face with one camera and report when that person is not awake. "
        "Sends nothing and stores no video unless asked to.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        rich_markup_mode=None,
    )
    app.callback()(_options)
    chosen = [name for name in (*COMMANDS, *GROUPS) if name in wanted]
    for name in chosen or (*COMMANDS, *GROUPS):
        module = import_module(f"wakeful.device.commands.{name}")
        if not chosen:
            app.command(name, help=module.app.info.help if name in GROUPS else getattr(module, name).__doc__)(_listed)
        elif name in GROUPS:
            app.add_typer(module.app, name=name)
        else:
            app.command(name)(getattr(module, name))
    return app


def _listed() -> None:
    """A command of which only the name and the first words are shown."""


def _completed(arguments: Sequence[str]) -> list[str]:
    """``arguments`` with the usual address after a ``--view`` that says none: typer knows no such options."""
    complete: list[str] = []
    for argument, after in zip_longest(arguments, arguments[1:]):
        complete.append(argument)
        if argument == "--view" and (after is None or after.startswith("-")):
            complete[-1] = f"--view={DEFAULT_VIEW}"
    return complete


def _version(given: bool) -> None:
    if given:
        typer.echo(version_text())
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_version)
    ] = False,
) -> None:
    pass


def _unread() -> int:
    """Whoever read the output has left."""
    discard_output()
    return 0


def _is_usage_error(error: Any) -> bool:
    # Typer carries its own copy of click from some version on, so the class cannot be named once and for all.
    return hasattr(error, "format_message") and hasattr(error, "exit_code")


def _usage(error: Any) -> int:
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        typer.echo(context.get_help() if context else error)
        return 0
    command = context.command_path if context else "wakeful"
    said = error.format_message().rstrip(".").replace("Value error, ", "")
    return _complain(f"{said} (see `{command} --help`)", error.exit_code)


def _complain(sentence: str, exit_status: int) -> int:
    typer.echo(f"wakeful: {printable(' '.join(sentence.split()))}", err=True)
    return exit_status
