"""Results of a scene as JSON in a store, with every picture, and with what each picture was made of."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict
from functools import cache
from typing import Any

from wakeful.device.fleet.errors import FleetError
from wakeful.device.scenarios.matrix import Cell, matrix
from wakeful.device.scenarios.runner import Result, seed_of
from wakeful.device.scenarios.trace import HealthChange, Moment, Reported, Snapshot, Trace
from wakeful.device.scenarios.verdict import Outcome, Verdict


def to_json(results: list[Result], code: str, seconds: float) -> bytes:
    """The results of one scene.

    Args:
        code: what made them.
        seconds: processor time that they took.
    """
    cells = [_cell_to_json(one) for one in results]
    return json.dumps({"code": code, "cpu_s": round(seconds, 2), "cells": cells}, separators=(",", ":")).encode()


def from_json(content: bytes, name: str) -> tuple[list[Result], str, float]:
    """Results, code and processor time.

    Raises:
        FleetError: the file is damaged.
    """
    try:
        found = json.loads(content)
        return [_result(one) for one in found["cells"]], str(found["code"]), float(found["cpu_s"])
    except (ValueError, KeyError, TypeError):
        raise FleetError(f"{name} is damaged: delete it, and resume the run") from None


def parameters(cell: Cell) -> dict[str, Any]:
    """All that the pictures of a cell are made of, beside the code."""
    return {
        "light": asdict(cell.light),
        "eyewear": cell.eyewear,
        "head": asdict(cell.head),
        "camera": asdict(cell.camera),
        "behaviour": cell.behaviour.name,
    }


@cache
def cell_named(name: str) -> Cell:
    """The cell of the matrix with this name.

    Raises:
        FleetError: there is none.
    """
    found = next((cell for cell in matrix() if cell.id == name), None)
    if found is None:
        raise FleetError(f"the matrix has no cell {name}; `wakeful scenarios list --matrix` lists them")
    return found


def _cell_to_json(result: Result) -> dict[str, Any]:
    cell, trace = result.cell, result.trace
    return {
        "cell": cell.id,
        "parameters": parameters(cell),
        "outcome": result.verdict.outcome.value,
        "reasons": list(result.verdict.reasons),
        "alerts": [asdict(one) for one in trace.alerts],
        "events": [asdict(one) for one in trace.events],
        "health": [asdict(one) for one in trace.health],
        "moments": [[one.t_s, one.eyes, list(one.signals)] for one in trace.moments],
        "pictures": [_picture(cell, one) for one in trace.snapshots],
    }


def _picture(cell: Cell, one: Snapshot) -> dict[str, Any]:
    frame = round(one.t_s * cell.camera.fps)
    return {
        "t_s": one.t_s,
        "frame": frame,
        "seed": seed_of(cell, frame, one.t_s),
        "jpeg": base64.b64encode(one.jpeg).decode(),
    }


def _result(found: dict[str, Any]) -> Result:
    trace = Trace(
        tuple(Reported(**one) for one in found["alerts"]),
        tuple(Reported(**one) for one in found["events"]),
        tuple(HealthChange(**one) for one in found["health"]),
        tuple(Moment(t_s, eyes, tuple(signals)) for t_s, eyes, signals in found["moments"]),
        tuple(Snapshot(one["t_s"], base64.b64decode(one["jpeg"], validate=True)) for one in found["pictures"]),
    )
    return Result(cell_named(found["cell"]), Verdict(Outcome(found["outcome"]), tuple(found["reasons"])), trace)
