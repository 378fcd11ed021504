"""What a run leaves: ``fleet.json``, its page, and the reports of the worst drives; in the store and in a folder."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from wakeful.device.fleet import merge as merging
from wakeful.device.fleet import runs
from wakeful.device.fleet.errors import FleetError, NotInStore, StoreError
from wakeful.device.fleet.merge import Fleet, merge
from wakeful.device.fleet.page import page, worst
from wakeful.device.fleet.plan import Drive, Plan, pseudonym
from wakeful.device.fleet.runs import Run
from wakeful.device.fleet.sources import opened
from wakeful.device.fleet.store import Store
from wakeful.device.fleet.worker import existing, read_plan
from wakeful.device.record.reader import recordings
from wakeful.device.record.schema import LogConfig
from wakeful.errors import WakefulError
from wakeful.files import write_file

FLEET, PAGE, REPORTS = "fleet.json", "index.html", "reports"


def merged(store: Store, run: Run) -> Fleet:
    """All shards of a run.

    Raises:
        FleetError: not all are done, or they are of other code.
    """
    plan = read_plan(store, run)
    results = (existing(store, run, plan, number) for number in range(len(plan.shards)))
    return merge(plan, (result for result in results if result is not None))


def finish(store: Store, run: Run, out: Path | None) -> tuple[Fleet, str, list[str]]:
    """Merge a run and write what it leaves; gives the result, where its page is, and what could not be made.

    Args:
        out: a folder for it, beside the run's own in the store.

    Raises:
        FleetError: not all shards are done, or they are of other code.
        StoreError: it cannot be written.
    """
    plan = read_plan(store, run)
    fleet = merged(store, run)
    reports, links, problems = _reports(plan, fleet)
    text = page(fleet, links, ", ".join([f"run {run.id}", *run.tags]))
    files = {**reports, FLEET: merging.to_json(fleet), PAGE: text.encode()}
    for name, content in files.items():
        store.write(f"{run.folder}{name}", content)
        if out:
            _write(out / name, content)
    runs.save(store, replace(runs.load(store, run.id), done=True))
    return fleet, str(out / PAGE) if out else f"{store.url}/{run.folder}{PAGE}", problems


def result(store: Store, run: Run) -> Fleet:
    """The result of a run that is finished.

    Raises:
        FleetError: it is not.
    """
    try:
        return merging.from_json(store.read(f"{run.folder}{FLEET}"), f"{run.id}/{FLEET}")
    except NotInStore:
        done = len(runs.finished(store, run))
        raise FleetError(
            f"run {run.id} is not finished, {done} of {run.shards} shards are done: `wakeful fleet resume {run.id}`"
        ) from None


def _reports(plan: Plan, fleet: Fleet) -> tuple[dict[str, bytes], dict[str, str], list[str]]:
    """Reports of the worst drives by their files, their files by the drives, and why there is none of a drive."""
    drives = {drive.name: drive for drive in plan.drives}
    files: dict[str, bytes] = {}
    links: dict[str, str] = {}
    problems = []
    for number, row in enumerate(worst(fleet), start=1):
        name = f"{REPORTS}/{number:02}-{re.sub(r'[^A-Za-z0-9._-]+', '_', row.name)[-80:]}.html"
        try:
            files[name] = _report(drives[row.name], names=plan.names).encode()
            links[row.name] = name
        except WakefulError as error:
            problems.append(f"{row.name}: no report ({error})")
        except Exception as error:
            # One drive must not cost the result of a thousand.
            problems.append(f"{row.name}: no report ({type(error).__name__}: {error}; please report it)")
    return files, links, problems


def _report(drive: Drive, *, names: bool) -> str:
    """The report of a drive without its images, which never leave a log, and without the driver's name."""
    from wakeful.device.view.drive import read_drive
    from wakeful.device.view.report import page as report_page

    with opened(drive.files) as paths:
        (recording,) = recordings(paths)
        found = read_drive(recording)
    if not names:
        found.config = _hidden(found.config)
    return report_page([found], [{}])


def _hidden(config: LogConfig) -> LogConfig:
    """The head of a log with a pseudonym for the driver."""
    driver = config.settings.get("driver")
    if not isinstance(driver, dict):
        return config
    return replace(config, settings={**config.settings, "driver": {**driver, "name": pseudonym(config.driver) or None}})


def _write(target: Path, content: bytes) -> None:
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_file(target, content, private=True)
    except OSError as error:
        raise StoreError(f"{target} cannot be written: {error.strerror}; name another folder with --out") from None
