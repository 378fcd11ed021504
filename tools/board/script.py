"""Scenarios as data (``scenarios.toml``): what is done to the board, what has to follow, and within what time.

    [[scenario]]
    name = "the camera is pulled and plugged in again"
    steps = [
        { do = "camera 0 unplug" },
        { expect = "health", is = "camera_lost*", within_s = 3.0 },
        { do = "camera 0 plug" },
        { expect = "watching", is = "yes", within_s = 5.0 },
    ]

A channel of the time line has a value at any time (``health``, ``watching``, ``gpio``, ``serial``, ``can``,
``process``, ``wakeful-camera``), or is a row of happenings (``EVENTS``). ``expect`` of the former is met by the value
that it has after the step before, ``expect`` of the latter by a happening since then. The time is counted from the last
``do``, and stretched by what other programs took of the processor, which the report says.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

EVENTS = ("alert", "serial.alert", "can.alert", "note", "disorder", "start")
SCENARIOS = Path(__file__).with_name("scenarios.toml")

Seconds = Annotated[float, Field(gt=0.0, le=600.0)]


class Part(BaseModel):
    """What all have in common: unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Do(Part):
    """A command for the board (``guest/agent.py``), or ``power cut``, ``power on``, ``power off``."""

    do: str
    limit_s: Seconds = 30.0
    may_fail: bool = False


class Expect(Part):
    """A channel gets a value: a pattern as of a shell, or several with bars between them.

    ``anew``: an entry since the last ``do``, and since what was expected of this channel behind it; for values that are
    as wanted until what was done has its effect.
    """

    expect: str
    is_: str = Field(alias="is")
    within_s: Seconds
    anew: bool = False


class Never(Part):
    """Nothing of this kind happens for a while: ``is`` as in ``Expect``, by default anything.

    ``since = "do"``: nor has it since the last ``do``.
    """

    never: str
    is_: str = Field(default="*", alias="is")
    for_s: Seconds
    since: Literal["now", "do"] = "now"


class Wait(Part):
    """Nothing is expected. A pair: for a time between the two, another one each time, the same ones in each run."""

    wait_s: Seconds | tuple[Seconds, Seconds]


class Verify(Part):
    """A shell script in the board that has to end with status 0; what it prints is part of the report."""

    verify: str
    limit_s: Seconds = 30.0


Step = Do | Expect | Never | Wait | Verify


class Scenario(Part):
    """One scenario.

    Attributes:
        settings: lines of TOML after those that every scenario has.
        alerts: ``once``: each step of an alert has to be on the stream, the serial line and CAN exactly once, and each
            that is raised on the GPIO line; ``any`` where receivers were away.
        repeat: how often in a row.
        short: part of the short form.
    """

    name: str
    steps: tuple[Step, ...]
    settings: str = ""
    alerts: Literal["once", "any"] = "any"
    repeat: int = 1
    short: bool = False


class Book(Part):
    """The whole file."""

    scenario: tuple[Scenario, ...]


def scenarios(file: Path = SCENARIOS) -> tuple[Scenario, ...]:
    """All scenarios, in their order."""
    return Book.model_validate(tomllib.loads(file.read_text(encoding="utf-8"))).scenario
