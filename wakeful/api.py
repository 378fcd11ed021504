"""The library: watch a source, run the rules over a log again, look at one image. ``docs/api.md`` has examples."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from wakeful.device.alerts.events import published
from wakeful.device.alerts.output import Output
from wakeful.device.assembly import Assembly, perception_for
from wakeful.device.config.layers import load_settings
from wakeful.device.inputs.registry import opened_inputs
from wakeful.device.messages import Alert, Command, Event
from wakeful.device.moment import Moment
from wakeful.device.perception.one_image import Look, look_at
from wakeful.device.supervision.overseer import overseen
from wakeful.driver import Driver
from wakeful.errors import SourceError
from wakeful.sensors.source import SourceInfo

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

log = logging.getLogger("wakeful.api")

CALLER = "arguments"
Data = Mapping[str, float | int | str]


def watch(
    source: str | Path | int = "auto",
    *,
    profile: str | Path | None = None,
    speed_kmh: float | None = None,
    landmarks: Literal["auto", "wakeful", "v2", "mesh+iris", "mediapipe"] | None = None,
    pace: Literal["realtime", "fast"] | None = None,
    duration_s: float | None = None,
    driver: str | None = None,
    config: str | Path | None = None,
    settings: Mapping[str, object] | None = None,
    outputs: Sequence[Output] = (),
) -> Watch:
    """Watch one person in the frames of a source, as ``wakeful run`` does.

    Args:
        source: ``auto``, a camera's number or device, a network camera's address, ``gst:PIPELINE``,
            ``pipe:WIDTHxHEIGHT:FORMAT``, a video, an image, a folder of images, or ``synthetic[:SCENARIO]``.
        profile: the rules: the name of a shipped profile, or a TOML file.
        speed_kmh: fixed vehicle speed; while it is unknown, rules apply at any speed.
        landmarks: which networks read the face.
        pace: ``realtime`` plays a file by the clock, ``fast`` (usual for files) as quickly as frames are taken.
        duration_s: end after this much of the source's own time.
        driver: keep what is learned of the driver under this name.
        config: a configuration file as for ``wakeful run --config``; the outputs in it are opened too.
        settings: further settings by dotted name, as in ``{"perception.threads": 2}``.
        outputs: objects that get everything before the caller does; they are started and closed with the rest.

    Raises:
        ConfigError: a setting or an output cannot be used.
        SourceError: the source cannot be opened.
        ModelError: a network is missing or corrupt; the message names the command that fetches it.
    """
    overrides = {
        "source.source": str(source),
        "source.pace": pace,
        "source.duration_s": duration_s,
        "vehicle.speed_kmh": speed_kmh,
        "perception.landmarks": landmarks,
        "driver.name": driver,
    }
    loaded = load_settings(
        Path(config) if config else None,
        str(profile) if profile else None,
        {**overrides, **(settings or {})},
        caller=CALLER,
    )
    return Watch(Assembly(*loaded), outputs)


class Watch(Driver):
    """A monitor that runs in the thread that iterates over it; see ``watch``.

    While the caller is busy with a moment, nothing is watched. A live source drops the frames that nobody took and
    goes on with the newest; a file waits.
    """

    def __init__(self, parts: Assembly, outputs: Sequence[Output] = ()) -> None:
        self._parts = parts
        self._callbacks: list[Callable[[Alert], object]] = []
        with ExitStack() as stack:
            stack.enter_context(closing(parts))
            output = parts.outputs(last=outputs)
            stack.callback(output.close)
            self._monitor = parts.monitor(output)
            self._moments = self._watched(stack.enter_context(closing(self._monitor.moments())))
            stack.enter_context(opened_inputs(parts.settings.record, parts.send, parts.liveness, terminal=None))
            stack.enter_context(overseen(self._monitor, parts.source, parts.notes, parts.liveness, may_exit=False))
            self._stack = stack.pop_all()

    @property
    def source(self) -> SourceInfo:
        """What the source really delivers: its name, size and rate, and whether it is live."""
        return self._parts.source.info

    def __next__(self) -> Moment:
        return next(self._moments)

    def on_alert(self, callback: Callable[[Alert], object]) -> Callable[[Alert], object]:
        """Call ``callback`` for each step of an alert, in the thread that iterates, before its moment is delivered."""
        self._callbacks.append(callback)
        return callback

    def run(self) -> None:
        """Watch to the end, where callbacks and outputs are all that is wanted."""
        for _ in self:
            pass

    def stop(self) -> None:
        """End the iteration after the current frame, from any thread or a signal handler."""
        self._monitor.stop()

    def figures(self) -> dict[str, Any]:
        """Frames, durations, alerts so far, as ``wakeful run --summary`` writes them."""
        return self._parts.figures()

    def close(self) -> None:
        """Stop watching and close the source and all outputs. To be called in the thread that iterates."""
        self._stack.close()

    def _send(self, command: Command) -> None:
        self._parts.send(command)

    def _watched(self, moments: Iterator[Moment]) -> Generator[Moment]:
        for moment in moments:
            started = self._monitor.started
            if moment.events and started is not None:
                moment = replace(moment, events=_in_seconds(moment.events, started.origin_ns))
            for alert in moment.alerts:
                for callback in self._callbacks:
                    callback(alert)
            yield moment
            del moment
        if self._monitor.ended_early is not None:
            log.warning("%s", self._monitor.ended_early)


def replay(path: str | Path, *, profile: str | Path | None = None) -> Iterator[Moment]:
    """The moments of a recorded drive, decided again by its own rules or by those of another profile.

    The frames are not part of it, even where the recording has video: ``frame`` is None.

    Args:
        path: a log that ``wakeful run --record`` wrote, or the folder of one recording.

    Raises:
        LogError: it is not a log, or cannot be read.
        ConfigError: the profile cannot be used, or the extra ``[record]`` is not installed.
    """
    from wakeful.device.config.layers import load_profile
    from wakeful.device.extras import need
    from wakeful.device.record.moments import moments
    from wakeful.device.record.reader import recording

    need("record", "zstandard")
    found = recording(Path(path))
    other = replace(found.config.engine_config, profile=load_profile(str(profile))[0]) if profile else None
    return (
        replace(moment, events=_in_seconds(moment.events, found.config.origin_ns)) if moment.events else moment
        for moment in moments(found, other)
    )


def look(
    image: str | Path | NDArray[np.uint8],
    *,
    landmarks: Literal["auto", "wakeful", "v2", "mesh+iris", "mediapipe"] | None = None,
    focal_px: float | None = None,
) -> Look:
    """The largest face in one image. Each call loads the networks: to look at many, watch their folder.

    Args:
        image: a file, or blue-green-red pixels as OpenCV has them, uint8 [height, width, 3] or grey [height, width].
        focal_px: focal length of the camera in pixels; without it the longer side of the image is assumed.

    Raises:
        SourceError: the file cannot be read, or the array is not an image.
        ModelError: a network is missing or corrupt; the message names the command that fetches it.
    """
    pixels = _read(Path(image)) if isinstance(image, (str, Path)) else _checked(image)
    overrides = {"perception.landmarks": landmarks, "perception.focal_px": focal_px}
    settings, _ = load_settings(None, None, overrides, caller=CALLER)
    return look_at(pixels, perception_for(settings))


def _read(file: Path) -> NDArray[np.uint8]:
    from wakeful.sensors.image_folder import decode_image

    try:
        pixels = decode_image(file.expanduser().read_bytes())
    except OSError as error:
        raise SourceError(f"{file} cannot be read ({error.strerror}): give an image file") from None
    if pixels is None:
        raise SourceError(f"{file} is not an image that can be read: give a PNG or JPEG file, or an array of pixels")
    return pixels


def _checked(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    from wakeful.sensors.pixels import to_bgr8

    if getattr(pixels, "ndim", 0) not in (2, 3) or pixels.size == 0:
        raise SourceError("this is not an image: give an array [height, width, 3] of blue-green-red pixels, or a file")
    return to_bgr8(pixels)


def _in_seconds(events: Sequence[Event], origin_ns: int) -> tuple[Event, ...]:
    """The events with ``start`` and ``end`` in seconds since the first frame, as ``--events`` writes them."""
    return tuple(replace(event, data=cast(Data, published(event.data, origin_ns))) for event in events)
