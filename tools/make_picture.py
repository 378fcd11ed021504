"""Make the picture of the README: the synthetic driver as wakeful sees him, beside what the terminal shows.

    python -m tools.make_picture docs/wakeful.webp

Plays the scenario ``demo`` in real time up to a microsleep, with the real monitor; draws landmarks, irises and the axis
of the head onto the frame of that moment; and lets a headless Chromium (``apt install chromium``) set both side by
side. The driver is rendered from a public-domain portrait (``sensors/assets/README.md``): nobody else may be shown.
"""

from __future__ import annotations

import base64
import html
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.style import Style

from tools.rigs.looped import run_looped
from wakeful.device import app as run_module
from wakeful.device.alerts.loop_stats import LoopStats
from wakeful.device.alerts.output import Output, seconds
from wakeful.device.alerts.terminal.dashboard import TEXT_STYLES, Recent, View, draw
from wakeful.device.alerts.terminal.gauges import Line, OpeningTrace
from wakeful.device.alerts.wording import say_alert, say_event
from wakeful.device.messages import Alert, DriverState, Event, Phase
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
ANSI = {
    "red": "#ff6b6b",
    "green": "#7bd88f",
    "yellow": "#ffd166",
    "blue": "#6cb6ff",
    "magenta": "#d2a8ff",
    "cyan": "#78dce8",
    "white": "#e6e6e6",
    "black": "#15181d",
    "bright_black": "#6b7280",
    "bright_red": "#ff8585",
    "bright_white": "#ffffff",
    "bright_yellow": "#ffe08a",
    "bright_green": "#a6e3a1",
    "bright_blue": "#8ecbff",
    "bright_cyan": "#9be9f2",
    "bright_magenta": "#e2c4ff",
}
BACKG, TEXT = "#15181d", "#d7dae0"


class LastView(Output):
    """An output that keeps what the terminal would show at the end."""

    def __init__(self) -> None:
        self._origin_ns = 0
        self._opening = OpeningTrace(120)
        self._recent: deque[Recent] = deque(maxlen=12)
        self._state: DriverState | None = None
        self.stats: Callable[[], LoopStats] | None = None
        self.title = ""

    def start(self, origin_ns: int) -> None:
        self._origin_ns = origin_ns

    def alert(self, alert: Alert) -> None:
        over = alert.phase in (Phase.ACKNOWLEDGED, Phase.CLEARED)
        style = "bright_black" if over else TEXT_STYLES[alert.level]
        t_s = seconds(alert.t_ns, self._origin_ns)
        self._recent.appendleft(Recent(t_s, alert.level.label, say_alert(alert), style))

    def event(self, event: Event) -> None:
        if text := say_event(event):
            self._recent.appendleft(Recent(seconds(event.t_ns, self._origin_ns), "", text))

    def state(self, state: DriverState) -> None:
        self._state = state
        eyes = [eye for eye in (state.eye_open_left, state.eye_open_right) if eye is not None]
        self._opening.add(state.t_ns, sum(eyes) / len(eyes) if eyes else None)

    def lines(self) -> list[Line]:
        assert self._state is not None and self.stats is not None
        t_s = seconds(self._state.t_ns, self._origin_ns)
        view = View(self.title, t_s, self._state, self.stats(), self._opening.last(120), tuple(self._recent))
        return draw(view, COLUMNS, LINES)


def main() -> None:
    """Makes the picture that the command line names."""
    if len(sys.argv) != 2:
        sys.exit("usage: python -m tools.make_picture FILE.webp")
    target = Path(sys.argv[1])
    target.parent.mkdir(parents=True, exist_ok=True)
    page = _page(_driver(), _terminal())
    with tempfile.TemporaryDirectory() as folder:
        file, shot = Path(folder, "page.html"), Path(folder, "page.png")
        file.write_text(page, encoding="utf-8")
        options = ["--headless", "--no-sandbox", "--hide-scrollbars", "--force-device-scale-factor=1.5"]
        size = "--window-size=1340,500"
        command = ["chromium", *options, size, f"--screenshot={shot}", file.as_uri()]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        cv2.imwrite(str(target), np.asarray(cv2.imread(str(shot))), [cv2.IMWRITE_WEBP_QUALITY, 90])


def _terminal() -> str:
    last = LastView()

    def view(stats: Callable[[], LoopStats], title: str, *_: object) -> LastView:
        last.stats, last.title = stats, title
        return last

    overrides = {"source.duration_s": MOMENT_S, "vehicle.speed_kmh": 80.0, "source.source": "synthetic:demo"}
    with mock.patch.object(run_module, "terminal_view", view):
        run_looped(open_synthetic("demo", "realtime"), overrides)
    return "\n".join("".join(_span(text, style) for text, style in line) for line in last.lines())


def _span(text: str, style: str) -> str:
    """A piece of styled text as HTML, in the colours of a calm dark terminal."""
    parsed = Style.parse(style)
    colour, ground = (ANSI.get(one.name, TEXT) if one else None for one in (parsed.color, parsed.bgcolor))
    if parsed.reverse:
        colour, ground = ground or BACKG, colour or TEXT
    css = f"color:{colour or TEXT};" + (f"background:{ground};" if ground else "")
    css += ("font-weight:bold;" if parsed.bold else "") + ("opacity:.55;" if parsed.dim else "")
    return f'<span style="{css}">{html.escape(text)}</span>'


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
pre {{ margin: 0; padding: 10px 8px; flex: 1; border-radius: 10px; background: {BACKG}; color: {TEXT};
  font: 14px/18.6px "DejaVu Sans Mono", monospace; overflow: hidden; height: 448px; }}
</style><img src="data:image/png;base64,{image}"><pre>{terminal}</pre>"""


if __name__ == "__main__":
    main()
