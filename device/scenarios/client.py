"""Runs of the matrix from a notebook: choose cases by what they were made of, and look at their images.

run = open_run("wakeful-fleet")
run.cells(light="dim", eyewear="glasses", outcome="failed")       # the last value of a cell is shown by notebooks
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

from wakeful.device.fleet import runs
from wakeful.device.fleet.errors import NotInStore
from wakeful.device.fleet.runs import Run
from wakeful.device.fleet.store import Store, open_store
from wakeful.device.scenarios import carried
from wakeful.device.scenarios.runner import Result
from wakeful.device.scenarios.stored import from_json, parameters
from wakeful.errors import ConfigError
from wakeful.frozen import dataclass

SHOWN_CASES = 24
LIGHT_UP = 0.2
"""Images of cases darker than this are shown brightened."""


@dataclass(frozen=True, slots=True)
class StoredCase:
    """One case of a run.

    Attributes:
        code: what made it, as the run's tag `code:...` says.
    """

    result: Result
    code: str

    @property
    def words(self) -> dict[str, Any]:
        """What cases are chosen by."""
        cell = self.result.cell
        return {
            "cell": cell.id,
            "light": cell.light.name,
            "eyewear": cell.eyewear,
            "yaw": cell.head.yaw_deg,
            "pitch": cell.head.pitch_deg,
            "rotated": cell.camera.rotated_deg,
            "fps": cell.camera.fps,
            "behaviour": cell.behaviour.name,
            "outcome": self.result.verdict.outcome.value,
        }

    @property
    def parameters(self) -> dict[str, Any]:
        """All that its images were made of, beside the code."""
        return parameters(self.result.cell)

    def images(self, every_s: float = 2.0) -> list[tuple[float, bytes]]:
        """Time and JPEG of its images."""
        return [(one.t_s, one.jpeg) for one in self.result.trace.snapshots if one.t_s % every_s == 0.0]


@dataclass(frozen=True, slots=True)
class Cases(Sequence[StoredCase]):
    """Cases that were chosen; a notebook shows their images, a row each."""

    found: tuple[StoredCase, ...]

    def __len__(self) -> int:
        return len(self.found)

    def __getitem__(self, index: Any) -> Any:
        return self.found[index]

    def _repr_html_(self) -> str:
        rows = "".join(map(_row, self.found[:SHOWN_CASES]))
        more = f"<p>and {len(self) - SHOWN_CASES} more</p>" if len(self) > SHOWN_CASES else ""
        return f"<table>{rows}</table>{more}" if rows else "<p>no such case</p>"


@dataclass(frozen=True, slots=True)
class OpenRun:
    """A run, read as it is asked for."""

    store: Store
    run: Run

    def cells(self, **chosen: Any) -> Cases:
        """The cases that are done and have these values: ``light``, ``eyewear``, ``yaw``, ``outcome``, ...

        Raises:
            ConfigError: a name that cases do not have.
        """
        return Cases(tuple(case for case in self if _fits(case, chosen)))

    def __iter__(self) -> Iterator[StoredCase]:
        for number in range(self.run.shards):
            key = runs.shard_key(self.run, number)
            try:
                results, code, _ = from_json(self.store.read(key), key)
            except NotInStore:
                continue
            yield from (StoredCase(result, code) for result in results)


def open_run(store: str, run: str = "latest") -> OpenRun:
    """A run of the matrix in a folder or an ``s3://`` prefix.

    Raises:
        FleetError: there is none of that name.
        StoreError: the store cannot be read.
    """
    opened = open_store(store)
    return OpenRun(opened, carried.load(opened, run))


def _fits(case: StoredCase, chosen: dict[str, Any]) -> bool:
    words = case.words
    unknown = [name for name in chosen if name not in words]
    if unknown:
        raise ConfigError(f"cases have no {unknown[0]}: choose by {', '.join(words)}")
    return all(words[name] == value for name, value in chosen.items())


def _row(case: StoredCase) -> str:
    lit = "filter:brightness(5);" if case.result.cell.light.brightness < LIGHT_UP else ""
    encoded = [(t_s, base64.b64encode(jpeg).decode()) for t_s, jpeg in case.images()]
    images = "".join(
        f'<img style="{lit}width:84px" title="{t_s:.0f} s" src="data:image/jpeg;base64,{data}">'
        for t_s, data in encoded
    )
    said = "; ".join(case.result.verdict.reasons) or ", ".join(
        f"{one.code} {one.t_s:.1f} s" for one in case.result.trace.alerts
    )
    name = f"{case.result.cell.id}: {case.result.verdict.outcome.value}"
    return f"<tr><td>{escape(name)}<br><small>{escape(said)}</small></td><td>{images}</td></tr>"
