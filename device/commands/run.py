"""``wakeful run``: maps the options to settings and starts the monitor."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wakeful.device.commands import mounting
from wakeful.device.commands.mounting import Aspect, Crop, Mirror, Rotate, SourceLogin

if TYPE_CHECKING:
    from wakeful.device.config.settings import Settings
    from wakeful.device.state.profile import Profile


class Pace(StrEnum):
    """How files are played."""

    REALTIME = "realtime"
    FAST = "fast"


class Landmarks(StrEnum):
    """Which networks read the face."""

    AUTO = "auto"
    WAKEFUL = "wakeful"
    V2 = "v2"
    MESH_IRIS = "mesh+iris"
    MEDIAPIPE = "mediapipe"


class Runtime(StrEnum):
    """What runs the networks."""

    AUTO = "auto"
    LITERT = "litert"
    ORT = "ort"
    QNN = "qnn"


class RecordedImages(StrEnum):
    """Which images are recorded."""

    OFF = "off"
    EVENTS = "events"
    ALL = "all"


def run(
    source: Annotated[
        str | None,
        typer.Option(
            metavar="auto|N|DEVICE|URL|gst:PIPELINE|pipe:FORM|FILE|FOLDER|synthetic[:SCENARIO]",
            help="Where the images come from; auto: the first camera, else the synthetic driver; URL: rtsp:// or "
            "http:// (MJPEG); FORM: WIDTHxHEIGHT:FORMAT or y4m, on standard input.",
        ),
    ] = None,
    source_login: SourceLogin = None,
    rotate: Rotate = None,
    mirror: Mirror = None,
    crop: Crop = None,
    aspect: Aspect = None,
    profile: Annotated[str | None, typer.Option(metavar="NAME|FILE", help="Profile: the rules to apply.")] = None,
    config: Annotated[Path | None, typer.Option(metavar="FILE", help="Configuration (see `wakeful config`).")] = None,
    pace: Annotated[
        Pace | None, typer.Option(help="How files are played; fast (their default): as quickly as the machine allows.")
    ] = None,
    duration: Annotated[float | None, typer.Option(metavar="S", help="End after S seconds of the source.")] = None,
    driver: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|auto", help="Keep what is learned of the driver under this name; auto: by the face."
        ),
    ] = None,
    speed: Annotated[
        float | None,
        typer.Option(metavar="KMH", help="Fixed vehicle speed; while it is unknown, rules apply at any speed."),
    ] = None,
    events: Annotated[str | None, typer.Option(metavar="FILE|-", help="Write alerts and events as JSON lines.")] = None,
    signals: Annotated[str | None, typer.Option(metavar="FILE", help="Write one CSV row per frame.")] = None,
    summary: Annotated[str | None, typer.Option(metavar="FILE", help="Write the run's figures as JSON.")] = None,
    serial: Annotated[
        str | None, typer.Option(metavar="URL", help="Serial port for alerts, as in /dev/ttyUSB0 or loop://.")
    ] = None,
    baud: Annotated[int | None, typer.Option(metavar="N", help="Speed of the serial port, 115200 by default.")] = None,
    gpio: Annotated[
        str | None, typer.Option(metavar="CHIP:LINE", help="GPIO line of a buzzer or lamp, as in /dev/gpiochip0:17.")
    ] = None,
    gpio_active_low: Annotated[
        bool | None, typer.Option("--gpio-active-low", help="Drive the line low, not high, during an alert.")
    ] = None,
    sound: Annotated[
        str | None,
        typer.Option(metavar="auto|off|DEVICE", help="Alerts as tones: the system's sound, or a device of it."),
    ] = None,
    view: Annotated[
        str | None,
        typer.Option(metavar="[HOST:PORT]", help="Serve the live page, by default on 127.0.0.1:8321."),
    ] = None,
    view_token: Annotated[
        str | None,
        typer.Option(
            metavar="TOKEN",
            envvar="WAKEFUL_VIEW_TOKEN",
            help="Token that viewers of the live page must give; required if other machines can reach it.",
        ),
    ] = None,
    mqtt: Annotated[
        str | None,
        typer.Option(
            metavar="[mqtts://]HOST[:PORT]", help="Publish state, alerts and health over MQTT; mqtts: with TLS."
        ),
    ] = None,
    mqtt_discovery: Annotated[
        bool | None, typer.Option("--mqtt-discovery", help="Announce this device to Home Assistant.")
    ] = None,
    can: Annotated[
        str | None,
        typer.Option(metavar="INTERFACE:CHANNEL", help="CAN bus, as in socketcan:can0 or slcan:/dev/ttyACM0."),
    ] = None,
    stream: Annotated[
        str | None, typer.Option(metavar="PATH", help="Unix socket that sends JSON lines to programs on this machine.")
    ] = None,
    stream_landmarks: Annotated[
        bool | None, typer.Option("--stream-landmarks", help="Send the points of the face there too.")
    ] = None,
    landmarks: Annotated[
        Landmarks | None, typer.Option(help="Which networks read the face; auto: wakeful, the project's own.")
    ] = None,
    everyone: Annotated[
        int | None,
        typer.Option(metavar="N", help="Publish up to N people in view, at most 4, the watched one among them."),
    ] = None,
    runtime: Annotated[
        Runtime | None,
        typer.Option(help="Runtime of the networks; auto: the Hexagon NPU if there is one, else LiteRT."),
    ] = None,
    record: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="Record a log of the drive into this folder."),
    ] = None,
    record_video: Annotated[
        RecordedImages | None,
        typer.Option(help="Images in that log; events: from 10 s before to 10 s after each alert."),
    ] = None,
    record_landmarks: Annotated[
        bool | None, typer.Option("--record-landmarks", help="Record the points of the face in that log too.")
    ] = None,
    blur_others: Annotated[
        bool | None,
        typer.Option("--blur-others", help="Make all faces except the watched one unrecognisable in recorded images."),
    ] = None,
    live: Annotated[
        bool | None,
        typer.Option("--live/--plain", help="Gauges or plain lines; default: what the terminal supports."),
    ] = None,
) -> int:
    """Watch one face and raise alerts until the source ends, or Ctrl-C."""
    from wakeful.device.config.layers import load_settings
    from wakeful.device.supervision.memory_lock import lock_memory
    from wakeful.device.supervision.signals import leaving_quietly
    from wakeful.device.supervision.start_progress import extending_start
    from wakeful.errors import ConfigError

    overrides = {
        "source.source": source,
        "source.login": source_login,
        "source.pace": pace and pace.value,
        "source.duration_s": duration,
        "driver.name": driver,
        "vehicle.speed_kmh": speed,
        "outputs.events": events,
        "outputs.signals": signals,
        "outputs.summary": summary,
        "serial.url": serial,
        "serial.baud": baud,
        "gpio.line": gpio,
        "gpio.active_low": gpio_active_low,
        "sound.device": sound,
        "mqtt.broker": mqtt,
        "mqtt.discovery": mqtt_discovery,
        "can.address": can,
        "stream.path": stream,
        "stream.landmarks": stream_landmarks,
        "perception.landmarks": landmarks and landmarks.value,
        "perception.everyone": everyone,
        "perception.runtime": runtime and runtime.value,
        "view.address": view,
        "view.token": view_token,
        "record.folder": record,
        "record.video": record_video and record_video.value,
        "record.landmarks": record_landmarks,
        "record.blur_others": blur_others,
        "terminal.live": live,
        **mounting.overrides(rotate, mirror, crop, aspect),
    }

    def load() -> tuple[Settings, Profile]:
        return load_settings(config, profile, overrides)

    with extending_start() as progress, leaving_quietly():
        settings, rules = load()
        if settings.record.folder is None and (blur_others or record_video not in (None, RecordedImages.OFF)):
            raise ConfigError("images are stored only in a recording: add --record DIR")
        if blur_others and settings.record.video == "off":
            raise ConfigError("--blur-others blurs recorded images: add --record-video events, or all")
        if settings.record.folder is None and record_landmarks:
            raise ConfigError("points are stored only in a recording: add --record DIR")
        if stream_landmarks and settings.stream.path is None:
            raise ConfigError("points are sent only on a stream: add --stream PATH")

        # The networks' runtimes take a while to import: a mistake in the settings is reported without that wait.
        from wakeful.device.app import run as run_monitor

        lock_memory()
        return run_monitor(settings, rules, load, progress=progress)
