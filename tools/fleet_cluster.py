"""A cluster on one machine, for ``wakeful fleet``: ``unshare -n python -m tools.fleet_cluster LOGS --work DIR``.

The namespace it is started in holds S3 (moto), the Batch API (localbatch) and the scheduler. Each job runs in one of
two further namespaces, which reach those two and nothing else, in an empty folder, with an installed wakeful and no
checkout. Logs and runs are in S3. As root, with ``pip install 'moto[server]' localbatch``.

``--away S`` lets S3 go away for S seconds once a third of the shards are done, 0: until the run has ended. A run that
ended is resumed.

What it does not simulate: containers (a job sees this machine's disk), rights, full queues, machines that go away.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
S3_PORT, BATCH_PORT = 5055, 5056
WORKERS = ("wakeful-w0", "wakeful-w1")
QUEUE, BUCKET = "drives", "fleet"


class S3:
    """S3 that can go away and come back with all that it held."""

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        from moto.server import DomainDispatcherApplication, create_backend_app
        from werkzeug.serving import make_server

        application = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("0.0.0.0", S3_PORT, application, threaded=True)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class NamespaceRunner:
    """Runs the jobs of localbatch as processes, in turns in each of the namespaces.

    Args:
        python: folder of the interpreter that has wakeful installed.
    """

    def __init__(self, store: Any, python: Path, work: Path) -> None:
        self._store, self._python, self._work = store, python, work
        self._started = 0
        self._free = [threading.Lock() for _ in WORKERS]
        self.ran: list[str] = []

    def submit(self, job: dict[str, Any]) -> None:
        place = self._started % len(WORKERS)
        self._started += 1
        threading.Thread(target=self._run, args=(job, place), daemon=True).start()

    def terminate(self, job_id: str, reason: str) -> None:
        self._store.update_job(job_id, status="FAILED", statusReason=reason, stoppedAt=_now_ms())

    def _run(self, job: dict[str, Any], place: int) -> None:
        with self._free[place]:
            job_id = job["jobId"]
            self._store.update_job(job_id, status="RUNNING", startedAt=_now_ms())
            defined = self._store.get_job_definition_by_arn(job["jobDefinition"]).get("containerProperties", {})
            overrides = job.get("containerOverrides", {})
            command = overrides.get("command") or defined.get("command")
            given = {
                one["name"]: one.get("value", "")
                for one in [*defined.get("environment", []), *overrides.get("environment", [])]
            }
            folder = Path(tempfile.mkdtemp(prefix="job-", dir=self._work))
            with (folder.parent / f"{folder.name}.log").open("wb") as log:
                done = subprocess.run(
                    ["ip", "netns", "exec", WORKERS[place], *command],
                    cwd=folder,
                    env=self._environment(given, job_id, place, folder),
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    check=False,
                )
            self.ran.append(WORKERS[place])
            status = "SUCCEEDED" if done.returncode == 0 else "FAILED"
            self._store.update_job(
                job_id,
                status=status,
                statusReason=f"status {done.returncode}",
                exitCode=done.returncode,
                stoppedAt=_now_ms(),
            )

    def _environment(self, given: Mapping[str, str], job_id: str, place: int, folder: Path) -> dict[str, str]:
        """Nothing of this process but where its programs are."""
        hub = f"http://{_address(place, 1)}"
        return {
            **given,
            **_credentials(f"{hub}:{S3_PORT}"),
            "PATH": f"{self._python}:/usr/bin:/bin:/usr/sbin",
            "HOME": str(folder),
            "AWS_BATCH_JOB_ID": job_id,
            "AWS_BATCH_JOB_ATTEMPT": "1",
            "AWS_BATCH_CE_NAME": "here",
            "AWS_BATCH_JQ_NAME": QUEUE,
            "AWS_EXECUTION_ENV": "AWS_ECS_EC2",
            "ECS_CONTAINER_METADATA_URI_V4": f"{hub}:{BATCH_PORT}/metadata/{job_id}",
            "METAFLOW_SKIP_INSTALL_DEPENDENCIES": "1",
        }


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("logs", type=Path)
    arguments.add_argument("--shards", type=int, default=7)
    arguments.add_argument("--away", type=float, help="seconds that S3 is away, 0: until the run has ended")
    arguments.add_argument("--work", type=Path, required=True, help="folder for everything that comes of it")
    given = arguments.parse_args()
    if [name for _, name in socket.if_nameindex()] != ["lo"]:
        sys.exit("start it in a network namespace of its own: unshare -n ...")
    shutil.rmtree(given.work, ignore_errors=True)
    given.work.mkdir(parents=True)
    python = install(given.work)
    try:
        network()
        s3, runner = serve(given.work, python)
        environment = os.environ | _credentials(f"http://127.0.0.1:{S3_PORT}")
        environment["AWS_ENDPOINT_URL_BATCH"] = f"http://127.0.0.1:{BATCH_PORT}"
        environment["METAFLOW_ECS_S3_ACCESS_IAM_ROLE"] = "arn:aws:iam::123456789012:role/rig"
        environment["XDG_CACHE_HOME"] = str(given.work / "cache")
        upload(given.logs, environment)
        return compare(given, environment, s3, runner)
    finally:
        for name in WORKERS:
            subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)


def install(work: Path) -> Path:
    """An environment with a copy of wakeful as a wheel lays it out; gives the folder of its programs."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(work / "env")], check=True)
    site = next((work / "env" / "lib").glob("python*/site-packages"))
    shutil.copytree(ROOT / "wakeful", site / "wakeful", ignore=shutil.ignore_patterns("__pycache__"))
    others = {sysconfig.get_paths()["purelib"], *(path for path in sys.path if path.endswith("site-packages"))}
    # Read last, so that the copy comes before a checkout that these name.
    (site / "zz_dependencies.pth").write_text("\n".join(sorted(others)))
    return work / "env" / "bin"


def network() -> None:
    """Namespaces for workers, each with one cable to this one."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for place, name in enumerate(WORKERS):
        subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)
        for line in (
            f"netns add {name}",
            f"link add hub{place} type veth peer name eth0 netns {name}",
            f"address add {_address(place, 1)}/30 dev hub{place}",
            f"link set hub{place} up",
            f"-n {name} address add {_address(place, 2)}/30 dev eth0",
            f"-n {name} link set eth0 up",
            f"-n {name} link set lo up",
        ):
            subprocess.run(["ip", *line.split()], check=True)


def serve(work: Path, python: Path) -> tuple[S3, NamespaceRunner]:
    """S3 and the Batch API, in threads."""
    import uvicorn
    from localbatch.server import create_app
    from localbatch.store import Store

    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    s3 = S3()
    jobs = Store(queue_name=QUEUE)
    (work / "jobs").mkdir()
    runner = NamespaceRunner(jobs, python, work / "jobs")
    server = uvicorn.Server(
        uvicorn.Config(create_app(jobs, runner), host="0.0.0.0", port=BATCH_PORT, log_level="warning")
    )
    threading.Thread(target=server.run, daemon=True).start()
    while not server.started:
        time.sleep(0.05)
    return s3, runner


def upload(logs: Path, environment: Mapping[str, str]) -> None:
    """Put the logs into S3."""
    import boto3

    client = boto3.client("s3", **_keys(environment))
    client.create_bucket(Bucket=BUCKET)
    files = sorted(logs.rglob("*.mcap"))
    for file in files:
        client.upload_file(str(file), BUCKET, f"logs/{file.relative_to(logs).as_posix()}")
    print(f"{len(files)} logs in s3://{BUCKET}/logs")


def compare(given: argparse.Namespace, environment: Mapping[str, str], s3: S3, runner: NamespaceRunner) -> int:
    """The same logs judged here and by the cluster."""
    runs, out = f"s3://{BUCKET}/runs", ["--out", str(given.work / "out-cluster")]
    plain = ["replay", str(given.logs), "--jobs", "2", "--store", str(given.work / "here")]
    cluster = [
        *("replay", f"s3://{BUCKET}/logs", "--store", runs, "--on", "metaflow"),
        *("--with", f"batch:queue={QUEUE},image=none", "--shards", str(given.shards), "--jobs", "2"),
    ]
    if fleet([*plain, "--out", str(given.work / "out-here")], environment, given.work):
        return 1
    ended = threading.Event()
    if given.away is not None:
        threading.Thread(target=away, args=(given, environment, s3, ended), daemon=True).start()
    status = fleet([*cluster, *out], environment, given.work)
    ended.set()
    if status and given.away is not None:
        time.sleep(1.0)
        status = fleet(["resume", "latest", "--store", runs, *out], environment, given.work)
    if status:
        return 1
    sums = {
        name: hashlib.sha256((given.work / name / "fleet.json").read_bytes()).hexdigest()
        for name in ("out-here", "out-cluster")
    }
    print("jobs in each namespace:", {name: runner.ran.count(name) for name in WORKERS})
    print(sums)
    same = len(set(sums.values())) == 1
    print("the same bytes" if same else "DIFFERENT BYTES")
    return 0 if same else 1


def fleet(arguments: Sequence[str], environment: Mapping[str, str], work: Path) -> int:
    """Run the command, print what it prints, give its status."""
    begun_s = time.monotonic()
    command = [sys.executable, "-m", "wakeful", "fleet", *arguments]
    done = subprocess.run(command, env=dict(environment), cwd=work, check=False, capture_output=True, text=True)
    print(f"{done.stdout}{done.stderr}status {done.returncode}, {time.monotonic() - begun_s:.0f} s", flush=True)
    return done.returncode


def away(given: argparse.Namespace, environment: Mapping[str, str], s3: S3, ended: threading.Event) -> None:
    """S3 goes away once a third of the shards are there."""
    import boto3

    client, done = boto3.client("s3", **_keys(environment)), 0
    while done < given.shards / 3:
        time.sleep(0.5)
        listed = client.list_objects_v2(Bucket=BUCKET, Prefix="runs/runs/").get("Contents", ())
        done = sum("/shards/" in one["Key"] for one in listed)
    s3.stop()
    print(f"S3 is away with {done} shards done", flush=True)
    begun_s = time.monotonic()
    ended.wait(given.away or None)
    s3.start()
    print(f"S3 is back after {time.monotonic() - begun_s:.0f} s", flush=True)


def _address(place: int, host: int) -> str:
    return f"10.77.{place}.{host}"


def _credentials(s3: str) -> dict[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": "rig",
        "AWS_SECRET_ACCESS_KEY": "rig",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL_S3": s3,
        "METAFLOW_S3_ENDPOINT_URL": s3,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _keys(environment: Mapping[str, str]) -> dict[str, str]:
    return {
        "endpoint_url": environment["AWS_ENDPOINT_URL_S3"],
        "aws_access_key_id": environment["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": environment["AWS_SECRET_ACCESS_KEY"],
        "region_name": environment["AWS_DEFAULT_REGION"],
    }


def _now_ms() -> int:
    return round(time.time() * 1000)


if __name__ == "__main__":
    sys.exit(main())
