"""A headless Chromium that tests and tools can steer, over its own pipe: no driver and no package needed.

    with Browser(width=390, height=844, phone=True) as browser:
        browser.open("http://127.0.0.1:8321/")
        browser.wait("document.title !== ''")
        browser.screenshot(Path("page.png"))

It speaks the DevTools protocol (https://chromedevtools.github.io/devtools-protocol/) on file descriptors 3 and 4,
messages ended by a NUL byte.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions"),
    *("--disable-dev-shm-usage", "--remote-debugging-pipe", "--no-default-browser-check"),
)
TIMEOUT_S = 30.0


def find_browser() -> str | None:
    """The Chromium of this machine; the environment's ``WAKEFUL_CHROMIUM`` names another."""
    named = os.environ.get("WAKEFUL_CHROMIUM")
    return named or next((found for name in NAMES if (found := shutil.which(name))), None)


class BrowserError(RuntimeError):
    """The browser did not do what it was told in time."""


class Browser:
    """One browser with one page, and a profile of its own that is thrown away."""

    def __init__(
        self, width: int = 1280, height: int = 800, *, phone: bool = False, dark: bool = True, scale: float = 1.0
    ) -> None:
        program = find_browser()
        if program is None:
            raise BrowserError("there is no Chromium on this machine: apt install chromium")
        self._profile = tempfile.TemporaryDirectory(prefix="wakeful-browser-", ignore_cleanup_errors=True)
        to_browser, from_us = os.pipe()
        from_browser, to_us = os.pipe()

        def place() -> None:
            # First out of the way of each other, then to the numbers that the browser expects.
            high = [fcntl.fcntl(one, fcntl.F_DUPFD, 10) for one in (to_browser, to_us)]
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        self._process = subprocess.Popen(
            [program, *OPTIONS, f"--user-data-dir={self._profile.name}", "about:blank"],
            preexec_fn=place,
            pass_fds=(3, 4),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(to_browser)
        os.close(to_us)
        self._out, self._in = from_us, from_browser
        self._rest = b""
        self._number = 0
        self._session: str | None = None
        self.complaints: list[str] = []
        """Errors that pages have logged or thrown."""
        target = next(one for one in self._call("Target.getTargets")["targetInfos"] if one["type"] == "page")
        attached = self._call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._call(f"{domain}.enable")
        self._call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=phone
        )
        self.set_dark(dark)

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Ends the browser with all of its processes."""
        os.close(self._out)
        try:
            self._process.wait(3.0)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        os.close(self._in)
        self._profile.cleanup()

    def set_dark(self, dark: bool) -> None:
        value = "dark" if dark else "light"
        self._call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": value}])

    def show_as(self, medium: str) -> None:
        """Lays the page out for ``print``, or for the ``screen``."""
        self._call("Emulation.setEmulatedMedia", media=medium)

    def open(self, url: str) -> None:
        """Goes to ``url`` and waits until its scripts have started; pictures may still be on their way."""
        answer = self._call("Page.navigate", url=url)
        if "errorText" in answer:
            raise BrowserError(f"{url}: {answer['errorText']}")
        self.wait("document.readyState !== 'loading'")

    def run(self, script: str) -> Any:
        """The value of a JavaScript expression in the page; promises are awaited."""
        answer = self._call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise BrowserError(f"{script}: {_told(answer['exceptionDetails'])}")
        return answer["result"].get("value")

    def wait(self, condition: str, timeout_s: float = TIMEOUT_S) -> None:
        """Waits until a JavaScript expression is true."""
        deadline = time.monotonic() + timeout_s
        while not self._holds(condition):
            if time.monotonic() > deadline:
                raise BrowserError(f"did not come true within {timeout_s:.0f} s: {condition}")
            time.sleep(0.02)

    def touch(self, element: str) -> None:
        """Presses an element, given by its id, as a person does: pages may do more then than in a script."""
        x, y = self.run(
            f"((box) => [box.x + box.width / 2, box.y + box.height / 2])($('{element}').getBoundingClientRect())"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self._call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def press(self, key: str, *, shift: bool = False) -> None:
        """Presses and releases a key: a letter, a digit, or a name such as ``Backspace``."""
        code = {" ": "Space"}.get(
            key, f"Digit{key}" if key.isdigit() else f"Key{key.upper()}" if len(key) == 1 else key
        )
        shown = key.upper() if shift else key
        for kind in ("rawKeyDown", "keyUp"):
            self._call("Input.dispatchKeyEvent", type=kind, key=shown, code=code, modifiers=8 if shift else 0)

    def kill(self) -> None:
        """Ends the browser at once, as a crash does."""
        os.killpg(self._process.pid, signal.SIGKILL)

    def screenshot(self, file: Path, **options: Any) -> None:
        """Writes what is seen, in the format that the file's name says (png, webp); ``quality`` is an option."""
        data = self._call("Page.captureScreenshot", format=file.suffix[1:], **options)["data"]
        file.write_bytes(base64.b64decode(data))

    def _holds(self, condition: str) -> bool:
        try:
            return bool(self.run(f"Boolean({condition})"))
        except BrowserError as error:
            if "navigated" in str(error):  # the page is just being loaded again
                return False
            raise

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + TIMEOUT_S
        while True:
            answer = self._next(deadline)
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise BrowserError(f"{method}: {answer['error']['message']}")
                result: dict[str, Any] = answer["result"]
                return result
            self._note(answer)

    def _next(self, deadline: float) -> dict[str, Any]:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._in], [], [], max(0.0, deadline - time.monotonic()))
            got = os.read(self._in, 1 << 20) if ready else b""
            if not got:
                raise BrowserError("the browser does not answer" if not ready else "the browser has ended")
            self._rest += got
        line, _, self._rest = self._rest.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        return message

    def _note(self, message: dict[str, Any]) -> None:
        method, parameters = message.get("method"), message.get("params", {})
        if method == "Runtime.exceptionThrown":
            self.complaints.append(_told(parameters["exceptionDetails"]))
        elif method == "Log.entryAdded" and parameters["entry"]["level"] == "error":
            self.complaints.append(f"{parameters['entry']['text']} {parameters['entry'].get('url', '')}".strip())
        elif method == "Runtime.consoleAPICalled" and parameters["type"] == "error":
            self.complaints.append(" ".join(str(one.get("value")) for one in parameters["args"]))


def _told(details: dict[str, Any]) -> str:
    return str(details.get("exception", {}).get("description") or details["text"])
