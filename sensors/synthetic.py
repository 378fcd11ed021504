"""The synthetic driver as a source of pictures: a rendered person who does exactly what a scenario says.

    with contextlib.closing(open_synthetic("demo")) as source:
        frame = source.read_latest(max_age_s=0.5)

It is for seeing wakeful at work without a camera, and for tests whose truth is known to the frame
(``wakeful.sensors.scenario``). It is one photographed person, turned and animated (``wakeful.sensors.driver_face``).

What it does not simulate, and what must therefore be shown on real recordings:

- other people: one face, one skin, one haircut, a smile; nobody else in the car, no mobile phone; the hand is a
  stiff relief in the colour of the cheeks;
- light: no shadows that move, no infrared, no flicker, no sun through trees; ``glare`` and ``brightness`` are a ramp
  and a gain;
- the camera: no motion blur, rolling shutter, focus, lens distortion, compression or auto exposure; noise is Gaussian
  and the same everywhere;
- faces in motion: brows, cheeks and forehead do not move, a yawn does not narrow the eyes unless the script says so;
- eyeballs: irises slide on the face 3 mm before the corners of the eye, where real ones turn 6 mm before them, so that
  the gaze of a turned head is read too weakly;
- heads turned beyond about 40 degrees: the portrait does not show what would come into sight;
- spectacles: no reflections, no refraction; sunglasses are evenly dark;
- how closures really look: lids fall by a straight line in time.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from wakeful.errors import ConfigError
from wakeful.sensors.driver_face import HEIGHT_PX, WIDTH_PX, render
from wakeful.sensors.scenario import Scenario
from wakeful.sensors.slot import PacedSource
from wakeful.sensors.source import Source, SourceInfo

MAX_FPS = 120.0


def open_synthetic(scenario: str = "demo", pace: Literal["realtime", "fast"] = "realtime", fps: float = 30.0) -> Source:
    """The synthetic driver, 640x480.

    Args:
        scenario: a bundled scenario (``demo``, ``attentive``, ``sweep``, ``absent``, ``dark``, ``hand``) or a ``.toml``
            file.
        pace: ``realtime`` plays by the clock; ``fast`` renders each frame when it is asked for.
        fps: frames a second.

    Raises:
        ConfigError: an unknown scenario, a broken scenario file, or an impossible rate.
        SourceNotFound: there is no such scenario file.
    """
    if not 0.0 < fps <= MAX_FPS:
        raise ConfigError(f"the synthetic driver renders up to {MAX_FPS:g} frames a second, not {fps:g}")
    script = Scenario.load(scenario)
    realtime = pace == "realtime"
    info = SourceInfo(name=f"synthetic:{scenario}", live=realtime, width=WIDTH_PX, height=HEIGHT_PX, fps=fps)
    return PacedSource(info, _frames(script, fps, skip_late=realtime), realtime=realtime)


def _frames(script: Scenario, fps: float, skip_late: bool) -> Iterator[tuple[int, NDArray[np.uint8] | None]]:
    """Time stamps in ns and pictures. A board too slow to render every frame in time drops some, as a camera would."""
    period_ns = 1e9 / fps
    start_ns: int | None = None
    for seq in range(int(script.duration_s * fps)):
        pts_ns = round(seq * period_ns)
        if start_ns is not None and skip_late and time.monotonic_ns() - start_ns > pts_ns + period_ns:
            yield pts_ns, None
            continue
        picture = render(script.pose_at(pts_ns / 1e9), seed=seq)
        if start_ns is None:
            start_ns = time.monotonic_ns()
        yield pts_ns, picture
