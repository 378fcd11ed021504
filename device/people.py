"""What is published of each person in view (``--everyone``); a message as those in ``wakeful.device.messages``."""

from __future__ import annotations

from wakeful.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """One person in view. None is unknown.

    Attributes:
        id: counts the people of a run from 1; a person keeps it, and nobody else gets it.
        watched: this is the person of all the rest of the state.
        x, y: middle of the face, shares of the image's width and height from its top left corner.
        width, height: of the face, shares as well.
        looking: the person looks at the camera; judged by profiles with a table ``engagement`` only, as the next one.
        distance_m: of the eyes from the camera.
        expression: the one that led for half a second.
        expression_p: probability of each, smoothed over a second; empty while unknown.
    """

    id: int
    watched: bool
    x: float
    y: float
    width: float
    height: float
    looking: bool | None = None
    distance_m: float | None = None
    expression: str | None = None
    expression_p: tuple[float, ...] = ()
