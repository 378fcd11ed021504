"""Make the picture of the README: the synthetic driver as wakeful sees him, beside what the terminal shows.

    python -m tools.make_picture docs/wakeful.webp

Plays the scenario ``demo`` in real time up to a microsleep, with the real monitor; draws landmarks, irises and the axis
of the head onto the frame of that moment; and lets a headless Chromium (``apt install chromium``) set both side by
side. The driver is rendered from a public-domain portrait (``sensors/assets/README.md``): nobody else may be shown.
"""

from __future__ import annotations

import base64
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.color import parse_rgb_hex
from rich.console import Console
from rich.terminal_theme import TerminalTheme

from tools.rigs.browser import Browser
from tools.rigs.looped import run_looped
from wakeful.device import app as run_module
from wakeful.device.alerts.loop_stats import LoopStats
from wakeful.device.alerts.terminal.output import TerminalOutput
from wakeful.device.perception.head_pose import HeadPose
from wakeful.device.perception.landmarks import FaceLandmarks
from wakeful.device.perception.pipeline import Perception
from wakeful.sensors.driver_face import render
from wakeful.sensors.frame import Frame
from wakeful.sensors.scenario import Scenario
from wakeful.sensors.synthetic import open_synthetic

MOMENT_S = 42.35
COLUMNS, LINES = 82, 24
CLOSE_UP = (slice(20, 420), slice(80, 560))
"""Rows and columns of the frame that are shown, px."""
ACCENT, IRIS, AXIS = (228, 205, 120), (120, 235, 255), (110, 160, 255)
"""Colours of landmarks, irises and the head's axis, blue-green-red."""
DARK, LIGHT = (
    [parse_rgb_hex(one) for one in colours.split()]
    for colours in (
        "15181d ff6b6b 7bd88f ffd166 6cb6ff d2a8ff 78dce8 e6e6e6",
        "6b7280 ff8585 a6e3a1 ffe08a 8ecbff e2c4ff 9be9f2 ffffff",
    )
)
THEME = TerminalTheme(parse_rgb_hex("15181d"), parse_rgb_hex("d7dae0"), [*DARK], [*LIGHT])
"""The colours of a calm dark terminal."""


def main() -> None:
    """Makes the picture that the command line names."""
    if len(sys.argv) != 2:
        sys.exit("usage: python -m tools.make_picture FILE.webp")
    target = Path(sys.argv[1])
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, Browser(1340, 500, scale=1.5) as browser:
        file = Path(folder, "page.html")
        file.write_text(_page(_driver(), _terminal()), encoding="utf-8")
        browser.open(file.as_uri())
        browser.screenshot(target, quality=90)


def _terminal() -> str:
    """What the terminal leaves in its scroll-back at the moment, as HTML."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        console = Console(
            file=nowhere, record=True, force_terminal=True, color_system="truecolor", width=COLUMNS, height=LINES + 1
        )

        def view(stats: Callable[[], LoopStats], title: str, *_: object) -> TerminalOutput:
            return TerminalOutput(stats, title, console)

        overrides = {"source.duration_s": MOMENT_S, "vehicle.speed_kmh": 80.0, "source.source": "synthetic:demo"}
        with mock.patch.object(run_module, "terminal_view", view):
            run_looped(open_synthetic("demo", "realtime"), overrides)
        drawn = console.export_html(theme=THEME, code_format="{code}", inline_styles=True)
    # The first line is blank, and stands behind the last of what was drawn before.
    return "\n".join(["", *drawn.splitlines()[1 - LINES :]])


def _driver() -> NDArray[np.uint8]:
    picture = render(Scenario.load("demo").pose_at(MOMENT_S), seed=round(MOMENT_S * 30))
    seen = Perception().look(Frame(picture, 0, 0))
    assert seen.landmarks is not None and seen.pose is not None
    large = cv2.resize(picture, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    drawn = _drawn(np.asarray(large, np.uint8), seen.landmarks, seen.pose, 2.0)
    rows, columns = (slice(2 * one.start, 2 * one.stop) for one in CLOSE_UP)
    return drawn[rows, columns]


def _drawn(picture: NDArray[np.uint8], face: FaceLandmarks, pose: HeadPose, scale: float) -> NDArray[np.uint8]:
    """The picture with landmarks, lids, irises and the direction of the nose."""
    marks = picture.copy()
    for x, y in face.points[:, :2] * scale:
        cv2.circle(marks, (round(float(x)), round(float(y))), 3, ACCENT, -1, cv2.LINE_AA)
    picture = cv2.addWeighted(marks, 0.6, picture, 0.4, 0.0).astype(np.uint8)
    for eye in (face.left, face.right):
        outline = np.concatenate([eye.contour[:9], eye.contour[:8:-1]]) * scale
        cv2.polylines(picture, [outline.round().astype(np.int32)], True, (255, 255, 255), 2, cv2.LINE_AA)
        centre = tuple(int(v) for v in (eye.iris[0] * scale).round())
        radius = float(np.linalg.norm(eye.iris[1:] - eye.iris[0], axis=1).mean()) * scale
        cv2.circle(picture, centre, round(radius), IRIS, 2, cv2.LINE_AA)
    start = face.points[1, :2] * scale
    yaw, pitch = np.radians([pose.yaw_deg, pose.pitch_deg])
    reach = 1.5 * float(np.ptp(face.points[:, 0])) * scale
    end = start + reach * np.array([np.sin(yaw) * np.cos(pitch), -np.sin(pitch)])
    ends = [tuple(int(v) for v in point.round()) for point in (start, end)]
    cv2.arrowedLine(picture, ends[0], ends[1], AXIS, 4, cv2.LINE_AA, tipLength=0.12)
    return picture


def _page(driver: NDArray[np.uint8], terminal: str) -> str:
    _, png = cv2.imencode(".png", driver)
    image = base64.b64encode(png.tobytes()).decode("ascii")
    return f"""<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; padding: 16px; background: #0d0f12; display: flex; gap: 16px; height: 468px; }}
img {{ height: 468px; width: 562px; object-fit: cover; border-radius: 10px; }}
pre {{ margin: 0; padding: 10px 8px; flex: 1; border-radius: 10px; overflow: hidden; height: 448px;
  background: {THEME.background_color.hex}; color: {THEME.foreground_color.hex};
  font: 14px/18.6px "DejaVu Sans Mono", monospace; }}
</style><img src="data:image/png;base64,{image}"><pre>{terminal}</pre>"""


if __name__ == "__main__":
    main()
