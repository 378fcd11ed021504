"""Make the picture of the live page for its README: the synthetic driver at a microsleep, in a headless Chromium.

    python -m tools.make_view_picture docs/live-page.webp

Plays the scenario ``demo`` in real time, with the real monitor and the real page, on a machine that does nothing else.
The driver is rendered from a public-domain portrait (``sensors/assets/README.md``): nobody else may be shown.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from tools.rigs.browser import Browser
from tools.rigs.looped import run_looped
from wakeful.device.alerts.output import Output
from wakeful.device.messages import DriverState
from wakeful.sensors.synthetic import open_synthetic

MOMENT_S = 42.35
PORT = 8391


class Photographer(Output):
    """An output that opens the page with the first frame and takes its picture at the moment."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._browser = Browser(1280, 1090, scale=1.5)
        self._origin_ns = 0
        self._done = False

    def start(self, origin_ns: int) -> None:
        self._origin_ns = origin_ns
        self._browser.open(f"http://127.0.0.1:{PORT}/")
        self._browser.wait("heardMs > 0")

    def state(self, state: DriverState) -> None:
        if self._done or state.t_ns - self._origin_ns < MOMENT_S * 1e9:
            return
        self._done = True
        time.sleep(1.2)  # the page comes up to the moment, and its banner has faded in
        self._browser.screenshot(self._target, quality=82)

    def close(self) -> None:
        self._browser.close()


def main() -> None:
    """Makes the picture that the command line names."""
    if len(sys.argv) != 2:
        sys.exit("usage: python -m tools.make_view_picture FILE.webp")
    overrides = {
        "source.source": "synthetic:demo",
        "source.duration_s": MOMENT_S + 0.2,
        "vehicle.speed_kmh": 80.0,
        "view.address": f"127.0.0.1:{PORT}",
        "terminal.live": False,
    }
    run_looped(open_synthetic("demo", "realtime"), overrides, Photographer(Path(sys.argv[1])))


if __name__ == "__main__":
    main()
