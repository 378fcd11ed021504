"""Every setting of the monitor: its default, unit and bounds. Rules and thresholds are not here but in the profiles.

``wakeful.device.config.layers`` reads these from files and the command line; ``wakeful config show`` prints them with
the descriptions below, so each description is one sentence for the person who writes the file, and says the unit.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, SecretStr

from wakeful.device.alerts.can.settings import CanSettings
from wakeful.device.alerts.gpio.settings import GpioSettings, chip_and_line
from wakeful.device.alerts.mqtt.settings import MqttSettings
from wakeful.device.alerts.serial.settings import SerialSettings
from wakeful.device.alerts.stream_settings import StreamSettings
from wakeful.device.config.section import Section


class SourceSettings(Section):
    """Where the pictures come from."""

    source: str = Field(default="auto", min_length=1)
    """auto (first camera, else the synthetic driver), a camera's number or device path, a video file, a folder of
    pictures, or synthetic[:SCENARIO]."""
    pace: Literal["realtime", "fast"] | None = None
    """How files are played: by the clock, or as quickly as the machine allows; unset: files fast, the rest realtime."""
    duration_s: float | None = Field(default=None, gt=0)
    """Seconds of the source after which the monitor ends; unset: at the end of the source."""
    width: int = Field(default=640, ge=16, le=8192)
    """Picture width asked of a camera, pixels."""
    height: int = Field(default=480, ge=16, le=8192)
    """Picture height asked of a camera, pixels."""
    fps: float = Field(default=30.0, gt=0, le=1000)
    """Frame rate asked of a camera, frames per second."""
    pixel_format: str | None = Field(default=None, min_length=4, max_length=4)
    """Pixel format asked of a camera as its four characters, as in MJPG or YUYV; unset: the camera's own."""
    max_age_s: float = Field(default=0.1, ge=0.01, le=2.0)
    """Seconds the monitor waits for a new frame before it goes on without one."""


class PerceptionSettings(Section):
    """How faces are found and read."""

    landmarks: Literal["auto", "wakeful", "v2", "mesh+iris", "mediapipe"] = "auto"
    """Which networks read the face; auto: v2 where its file is in the cache, else mesh+iris; never mediapipe."""
    runtime: Literal["auto", "litert", "ort", "qnn"] = "auto"
    """What runs the networks; auto: the Hexagon NPU (qnn) where there is one, else LiteRT; ort: ONNX Runtime."""
    threads: int = Field(default=1, ge=1, le=64)
    """Processor threads a network may use."""
    expression: bool = True
    """Read the expression too, in every third frame, where its network is at hand."""
    focal_px: float | None = Field(default=None, gt=0)
    """Focal length of the camera, pixels; unset: the width of the picture."""
    min_detection_score: float = Field(default=0.5, ge=0, le=1)
    """Score from which a detected face counts, 0 to 1."""
    min_presence: float = Field(default=0.5, ge=0, le=1)
    """Presence below which a tracked face is given up and looked for again, 0 to 1."""


class BoardSettings(Section):
    """The machine that wakeful runs on."""

    hot_c: float = Field(default=85.0, ge=20, le=120)
    """Temperature from which work is left out where a sensor names no limit of its own, degrees Celsius."""


class DriverSettings(Section):
    """Who drives, and where the driver looks."""

    name: str | None = None
    """Name under which what is learned of the driver is kept and taken up again; unset: nothing is kept."""
    road_yaw_deg: float | None = Field(default=None, ge=-90, le=90)
    """Way to the road as the camera sees it, degrees, positive to the driver's left; unset: learned."""
    road_pitch_deg: float | None = Field(default=None, ge=-90, le=90)
    """Way to the road as the camera sees it, degrees, positive up; unset: learned."""


class VehicleSettings(Section):
    """What is known of the vehicle."""

    speed_kmh: float | None = Field(default=None, ge=0, le=1000)
    """Fixed speed where no vehicle input is connected, km/h; unset: unknown, which opens every speed gate."""


class OutputSettings(Section):
    """Files that are written, and outputs that other packages add."""

    events: str | None = Field(default=None, min_length=1)
    """JSON lines file of alerts and events; - is the standard output."""
    signals: str | None = Field(default=None, min_length=1)
    """CSV file with one row a frame."""
    summary: str | None = Field(default=None, min_length=1)
    """JSON file with the figures of the whole run, written at its end."""
    status: str | None = Field(default=None, min_length=1)
    """JSON file that tells `wakeful health` how the monitor is; unset: status.json in $RUNTIME_DIRECTORY, where a
    service manager gives one."""
    extra: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Outputs of other packages by entry point name, each a table of its own settings."""


class ViewSettings(Section):
    """The live page: what the monitor sees and says, in a browser."""

    address: str | None = Field(default=None, min_length=1)
    """HOST:PORT to serve it on, as in 127.0.0.1:8321; unset: no live page."""
    token: SecretStr | None = None
    """What viewers must know, 12 characters or more; needed for an address that other machines reach."""


class RecordSettings(Section):
    """The log of a drive, which can be replayed."""

    folder: str | None = Field(default=None, min_length=1)
    """Folder that logs are recorded into; unset: nothing is recorded."""
    video: Literal["off", "events", "all"] = "off"
    """Pictures in the log: none, those from 10 s before to 10 s after each alert and marker, or all."""
    video_fps: float = Field(default=10.0, gt=0, le=60)
    """Pictures recorded a second, at most."""
    blur_others: bool = False
    """Make every face but the watched one unrecognisable in recorded pictures."""
    keys: bool = True
    """Read keys in a terminal: m or the space bar marks the moment, a digit marks it with a number, ? lists all."""
    button: Annotated[str, AfterValidator(chip_and_line)] | None = None
    """Chip and line of a push button to ground that sets a marker, as CHIP:LINE; unset: none."""
    rotate_mb: int = Field(default=256, ge=1, le=100_000)
    """Megabytes after which the next file is begun."""
    rotate_s: float = Field(default=600.0, ge=1, le=86_400)
    """Seconds after which the next file is begun."""
    keep_mb: int | None = Field(default=None, ge=1)
    """Megabytes of recordings that are kept, the newest; unset: all."""
    keep_days: float | None = Field(default=None, gt=0)
    """Days that recordings are kept; unset: for ever."""
    min_free_mb: int = Field(default=200, ge=1)
    """Megabytes left free on the disk, a tenth of a small one at most; below twice that no pictures are recorded,
    below it nothing but alerts."""


class TerminalSettings(Section):
    """What the terminal shows."""

    live: bool | None = None
    """Live gauges instead of plain lines; unset: gauges where the output is a terminal."""


class Settings(Section):
    """The whole configuration."""

    profile: str = Field(default="vehicle", min_length=1)
    """Rules to judge by: the name of a shipped profile, or a TOML file."""
    device: str | None = Field(default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=64)
    """Name of this monitor in what it reports to other programs; unset: the machine's name."""
    source: SourceSettings = SourceSettings()
    perception: PerceptionSettings = PerceptionSettings()
    board: BoardSettings = BoardSettings()
    driver: DriverSettings = DriverSettings()
    vehicle: VehicleSettings = VehicleSettings()
    serial: SerialSettings = SerialSettings()
    gpio: GpioSettings = GpioSettings()
    mqtt: MqttSettings = MqttSettings()
    can: CanSettings = CanSettings()
    stream: StreamSettings = StreamSettings()
    outputs: OutputSettings = OutputSettings()
    view: ViewSettings = ViewSettings()

    record: RecordSettings = RecordSettings()
    terminal: TerminalSettings = TerminalSettings()
