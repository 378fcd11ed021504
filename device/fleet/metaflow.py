"""Carries a run by Metaflow: starts one of the flows in ``deploy/flows`` as a process of its own, and resumes it.

A flow only carries: each of its tasks calls a function of wakeful with the names of the store, of the run and of a
shard, and what the task makes is in the store when it ends. So nothing is read from Metaflow's artifacts, which are
pickles.

The process has the store as its working directory, since Metaflow writes cards there whatever its settings say.
"""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from itertools import zip_longest
from pathlib import Path

import wakeful
from wakeful.device.extras import need
from wakeful.device.fleet import runs
from wakeful.device.fleet.errors import FleetError, StoreAway, StoreError
from wakeful.device.fleet.runs import HERE, METAFLOW, Run
from wakeful.device.fleet.store import FolderStore, Store, open_store
from wakeful.device.sanitise import printable
from wakeful.errors import ConfigError
from wakeful.frozen import dataclass

FLOWS = Path(wakeful.__file__).parent / "deploy" / "flows"
POLL_S, POLL_S3_S = 0.5, 3.0
STOP_S = 20.0
AWAY_S = 180.0
"""A store that is away for so long ends the run: Metaflow itself waits for the logs of its jobs without end."""
S3_COUNTS, S3_TRIES = ("METAFLOW_S3_RETRY_COUNT", "METAFLOW_S3_TRANSIENT_RETRY_COUNT"), "3"
"""With Metaflow's pauses between, and three attempts at a task, this bridges a minute or two."""
LOG_BYTES = 1 << 20
DECORATOR = re.compile(r"[a-z_]+(:[\w=,.:/@ -]+)?")


@dataclass(frozen=True, slots=True)
class Flow:
    """A flow and what it is given.

    Attributes:
        name: its folder in ``deploy/flows``, whose only file is ``NAME_flow.py``.
        config: values that its decorators read when it is planned, as JSON; a resumed flow keeps those it began with.
    """

    name: str
    config: Mapping[str, str] = field(default_factory=dict)

    @property
    def file(self) -> Path:
        return (FLOWS / self.name / f"{self.name}_flow.py").resolve()


def check(remote: Sequence[str], store: Store) -> None:
    """Whether a run can be carried by Metaflow as asked for.

    Raises:
        ConfigError: Metaflow is not installed, or a decorator is malformed, or workers would not reach the store.
    """
    if sys.platform == "win32":
        raise ConfigError("Metaflow has no Windows: use --on here")
    need("fleet", "metaflow")
    if any(one.partition(":")[0] == "kubernetes" for one in remote):
        need("kubernetes", "kubernetes")
    for one in remote:
        if not DECORATOR.fullmatch(one):
            raise ConfigError(
                f"--with {printable(one)}: expected a decorator, as in kubernetes or batch:queue=NAME,cpu=1"
            )
    if (
        remote
        and isinstance(store, FolderStore)
        and any(one.partition(":")[0] in ("kubernetes", "batch") for one in remote)
    ):
        raise ConfigError(
            "--with kubernetes and --with batch need a store that the workers reach: --store s3://BUCKET/PREFIX"
        )


def opened_store(url: str, on: str = HERE, remote: Sequence[str] = ()) -> Store:
    """The store that a run is to be in, once it is known that it can be carried as asked for.

    Raises:
        ConfigError: an unknown carrier, or decorators for one that has none; and as ``check``.
        StoreError: there is no such store.
    """
    if on not in (HERE, METAFLOW):
        raise ConfigError(f"--on {on}: expected {HERE} or {METAFLOW}")
    if remote and on != METAFLOW:
        raise ConfigError(f"--with {remote[0]} needs --on {METAFLOW}")
    store = open_store(url)
    if on == METAFLOW:
        check(remote, store)
    return store


def carry(store: Store, run: Run, flow: Flow, watch: Callable[[], None]) -> Run:
    """Run or resume the flow of a run until it ends; gives the run with the name that Metaflow has for it.

    Args:
        watch: called again and again while it goes on, and once at its end.

    Raises:
        FleetError: it ended without being done; finished shards are kept.
    """
    scratch = runs.scratch_folder(store)
    place = scratch / run.folder
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        (place / "flow-run").unlink(missing_ok=True)
        log = (place / "metaflow.log").open("ab")
    except OSError as error:
        raise StoreError(f"{place} cannot be written: {error.strerror}") from None
    with log, runs.held(store, run) as lock:
        log_begin = log.tell()
        process = subprocess.Popen(
            command(store, run, flow, place / "flow-run"),
            cwd=scratch,
            env=environment(store, scratch),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=() if lock is None else (lock,),
        )
        try:
            run = _wait(store, run, process, place / "flow-run", watch)
        except StoreAway as error:
            raise FleetError(f"{error}; {runs.kept(store, run)}") from None
    if process.returncode != 0:
        raise FleetError(_why(store, run, place / "metaflow.log", log_begin))
    return run


def command(store: Store, run: Run, flow: Flow, id_file: Path) -> list[str]:
    """The command that runs the flow, or resumes the newest of the runs that carried it."""
    local = isinstance(store, FolderStore)
    line = [sys.executable, str(flow.file), "--quiet", "--no-pylint", "--datastore", "local" if local else "s3"]
    if run.flow_runs:
        line += ["resume", "--origin-run-id", run.flow_runs[-1]]
    else:
        for name, value in flow.config.items():
            line += ["--config-value", name, value]
        line += ["run", "--store", store.url, "--job", run.id]
    # Resuming remembers none of these.
    line += ["--max-workers", str(run.jobs), "--max-num-splits", str(run.shards), "--run-id-file", str(id_file)]
    if run.remote:
        # Jobs do not see this process's environment.
        line += ["--with", f"environment:vars={json.dumps(patience(), separators=(',', ':'))}"]
    for decorator in run.remote:
        line += ["--with", decorator]
    for tag in (*run.tags, f"wakeful:{run.id}"):
        line += ["--tag", tag]
    return line


def environment(store: Store, scratch: Path) -> dict[str, str]:
    """What the flow sees: its own stores, and this wakeful."""
    own = dict(os.environ)
    own.setdefault("METAFLOW_DEFAULT_METADATA", "local")
    own["METAFLOW_DATASTORE_SYSROOT_LOCAL"] = str(scratch)
    if not isinstance(store, FolderStore):
        own["METAFLOW_DATASTORE_SYSROOT_S3"] = f"{store.url}/metaflow"
        own |= patience()
    own.setdefault("METAFLOW_USER", _user())
    root = str(Path(wakeful.__file__).parents[1])
    own["PYTHONPATH"] = os.pathsep.join(filter(None, (root, own.get("PYTHONPATH"))))
    return own


def patience() -> dict[str, str]:
    """How often Metaflow tries an operation of S3, unless the user says so: by itself it does for an hour."""
    return {name: os.environ.get(name, S3_TRIES) for name in S3_COUNTS}


def _user() -> str:
    """Who runs it; Metaflow takes no "root"."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = "root"
    return "wakeful" if name == "root" else name


def _wait(store: Store, run: Run, process: subprocess.Popen[bytes], id_file: Path, watch: Callable[[], None]) -> Run:
    try:
        known, heard_s = False, time.monotonic()
        while process.poll() is None:
            # A store that does not answer for a while is no reason to end what goes on: workers try again themselves.
            try:
                if not known and (flow_run := _text(id_file)):
                    run, known = runs.with_flow_run(store, run, flow_run), True
                watch()
                heard_s = time.monotonic()
            except StoreAway:
                if time.monotonic() - heard_s > AWAY_S:
                    # As from a terminal, so that it ends its tasks.
                    process.send_signal(signal.SIGINT)
                    raise
            except StoreError:
                pass
            time.sleep(POLL_S if isinstance(store, FolderStore) else POLL_S3_S)
        # Why it ended is said by what it left, also when the store is still away.
        with contextlib.suppress(StoreError):
            if not known and (flow_run := _text(id_file)):
                run = runs.with_flow_run(store, run, flow_run)
            watch()
        return run
    except BaseException as error:
        # The interrupt of a terminal reaches the flow too, and lets it end its tasks.
        if not isinstance(error, StoreAway):
            process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        raise


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def _why(store: Store, run: Run, log: Path, begin: int) -> str:
    """Why a flow failed, in one line: as a shard says it, or else as Metaflow does."""
    try:
        reasons = runs.failures(store, run)
    except StoreError as error:
        reasons = [str(error)]
    reason = reasons[0] if reasons else _from_log(log, begin)
    if run.remote and not reasons:
        reason += f" (--with {run.remote[0]}: `metaflow configure` says where its cluster is)"
    more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
    return f"{reason}{more}; {runs.kept(store, run)}; the whole output is in {log}"


def _from_log(log: Path, begin: int) -> str:
    """The line of Metaflow's output that says most: an error's own, rather than the last one."""
    try:
        with log.open("rb") as file:
            file.seek(max(begin, log.stat().st_size - LOG_BYTES))
            text = file.read().decode(errors="replace")
    except OSError:
        return "the flow failed"
    lines = [re.sub(r"^[\d\-: .]+(\[.*?\] )?", "", line).strip() for line in text.splitlines()]
    found = [
        # Some say what is wrong in the next line.
        f"{line} {after}" if line.endswith(":") else line
        for line, after in zip_longest(lines, lines[1:], fillvalue="")
        if re.match(r"[\w.]*(Error|Exception)\b.*:", line)
    ]
    said = found[-1] if found else next((line for line in reversed(lines) if line), "the flow failed without a word")
    return printable(said[:300]).rstrip(".")
