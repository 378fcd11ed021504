"""One benchmark from its plan to its record: rows are saved as they are finished, whatever happens to later ones."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from wakeful.device.bench.accuracy import accuracy_of
from wakeful.device.bench.host import command_line, emulation, host, versions, wakeful_version
from wakeful.device.bench.plan import Plan
from wakeful.device.bench.record import Comparison, Record, Row, Value
from wakeful.device.bench.scenarios import cold, paced, single_stream, sustained
from wakeful.device.bench.store import save
from wakeful.device.bench.subject import Candidate
from wakeful.device.bench.turns import Contender
from wakeful.device.bench.worker import own_worker
from wakeful.errors import WakefulError

Measured = tuple[list[Row], list[Comparison]]
Task = Callable[[], Measured]


class Session:
    """Collects rows into a record.

    Args:
        out: where the record is written after each step; None keeps it in memory.
        progress: called with a line of text when the next measurement begins.

    Attributes:
        record: so far.
        failed: rows that could not be measured.
        first_error: why the first of them could not.
    """

    def __init__(self, plan: Plan, out: Path | None, progress: Callable[[str], None] | None = None) -> None:
        found = emulation()
        self._progress = progress or (lambda line: None)
        self._out = out
        self.failed = 0
        self.first_error: WakefulError | None = None
        self.record = Record(
            command=command_line(),
            began=datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
            quick=plan.quick,
            emulated=found is not None,
            emulation=found,
            wakeful=wakeful_version(),
            versions=versions(),
            host=host(),
        )
        self._save()

    def add(self, rows: Iterable[Row], comparisons: Iterable[Comparison] = ()) -> None:
        """Add finished rows."""
        self.record = self.record.with_(*rows, comparisons=tuple(comparisons))
        self._save()

    def attempt(self, task: Task, contenders: Sequence[Contender], scenario: str) -> None:
        """Measure; if that fails, add a row that says why."""
        self._progress(f"{scenario}: {'; '.join(one.subject.name for one in contenders)}")
        simulator = next((one.simulator for one in contenders if one.simulator), None)
        networks = {name: sha256 for one in contenders for name, sha256 in one.networks.items()}
        self.record = replace(self.record, networks=self.record.networks | networks)
        if simulator:
            self.record = replace(self.record, emulated=True, emulation=simulator)
        try:
            self.add(*task())
        except WakefulError as error:
            self.failed += len(contenders)
            self.first_error = self.first_error or error
            self.add(Row(one.subject, scenario, accuracy=one.accuracy, error=str(error)) for one in contenders)

    def skip(self, rows: Iterable[Row]) -> None:
        """Add rows that say why they were not measured."""
        for row in rows:
            self.failed += 1
            self.first_error = self.first_error or WakefulError(str(row.error))
            self.add([row])

    def end(self) -> None:
        """Mark the record as complete.

        Raises:
            WakefulError: nothing could be measured; the reason of the first failure.
        """
        self.record = replace(self.record, ended=True)
        self._save()
        if self.first_error is not None and all(row.error is not None for row in self.record.rows):
            raise self.first_error

    def _save(self) -> None:
        if self._out is not None:
            save(self.record, self._out)


def contender(one: Candidate) -> Contender:
    """A network as a participant of the scenarios."""
    operators = one.operators
    fixed: dict[str, Value] = {"bytes": one.subject.bytes, "macs": operators.macs, "weights": operators.weights}
    absent = {name: operators.absent or "no layer with weights" for name in ("macs", "weights") if fixed[name] is None}
    if operators.per_unit is None:
        absent["operators"] = operators.absent
    return Contender(
        subject=one.subject,
        command=one.command,
        fixed=fixed,
        absent=absent,
        operators=operators.per_unit,
        accuracy=accuracy_of(one.subject.sha256),
        uncached=own_worker("wakeful.device.bench.network_worker", one.uncached.as_json()) if one.uncached else None,
        simulator="the Hexagon is simulated" if one.simulated else None,
        networks={one.subject.file: one.subject.sha256} if one.subject.file and one.subject.sha256 else {},
    )


def measure(session: Session, contenders: Sequence[Contender], scenarios: Sequence[str], plan: Plan) -> None:
    """Run the scenarios of networks one after the other; in the single stream all contenders take turns."""
    alone = {"cold": cold, "paced": paced, "sustained": sustained}
    for scenario in scenarios:
        if scenario == "single-stream":
            session.attempt(lambda: single_stream(contenders, plan), contenders, scenario)
            continue
        for one in contenders:
            session.attempt(lambda one=one, run=alone[scenario]: ([run(one, plan)], []), [one], scenario)  # type: ignore[misc]
