"""Every setting of the monitor: its default, unit and bounds. Rules and thresholds are not here but in the profiles.

``wakeful.device.config.layers`` reads these from files and the command line; ``wakeful config show`` prints them with
the descriptions below, so each description is one sentence for the person who writes the file, and names the unit.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, field_serializer

from wakeful.device.alerts.can.settings import CanSettings
from wakeful.device.alerts.gpio.settings import GpioSettings, chip_and_line
from wakeful.device.alerts.mqtt.settings import MqttSettings
from wakeful.device.alerts.serial.settings import SerialSettings
from wakeful.device.alerts.sound.settings import SoundSettings
from wakeful.device.alerts.stream_settings import StreamSettings
from wakeful.device.config.section import Section
from wakeful.device.drivers import as_driver
from wakeful.device.perception.seat import Seat
from wakeful.sensors.address import shown
from wakeful.sensors.mounting import Mounting, as_aspect, as_crop
from wakeful.sensors.names import check_name
from wakeful.sensors.v4l2_controls import CameraControls, as_automatic, as_control

ControlValue = Annotated[int | bool, BeforeValidator(as_control, int | bool)]
ExposureValue = Annotated[int | Literal["auto"], BeforeValidator(as_automatic, int | Literal["auto"])]


class SourceSettings(Section):
    """Where the images come from."""

    source: Annotated[str, AfterValidator(check_name)] = Field(default="auto", min_length=1)
    """auto (first camera, else the synthetic driver), a camera's number or device path, a network camera's address
    (rtsp://... or http://... for MJPEG), gst:PIPELINE, pipe:WIDTHxHEIGHT:FORMAT (frames on standard input), a video
    file, a folder of images, or synthetic[:SCENARIO]."""
    login: SecretStr | None = None
    """User name and password of a network camera, as USER:PASSWORD; unset: those in its address, if any."""
    pace: Literal["realtime", "fast"] | None = None
    """How files are played: by the clock, or as quickly as the machine allows; unset: files fast, the rest realtime."""
    duration_s: float | None = Field(default=None, gt=0)
    """Seconds of the source after which the monitor ends; unset: at the end of the source."""
    width: int = Field(default=640, ge=16, le=8192)
    """Image width requested from a camera, pixels."""
    height: int = Field(default=480, ge=16, le=8192)
    """Image height requested from a camera, pixels."""
    fps: float = Field(default=30.0, gt=0, le=1000)
    """Frame rate requested from a camera, frames per second."""
    pixel_format: str | None = Field(default=None, min_length=2, max_length=4)
    """Pixel format requested from a camera, in V4L2's letters such as MJPG, YUYV, Y10 or Y10P; unset: the camera's
    default. Of a folder of 16-bit images: which bits are used (Y10, Y12); unset: learned from them."""
    exposure: ExposureValue | None = None
    """Exposure of a camera: auto, or the time in the driver's unit (100 µs as exposure_time_absolute); unset: not
    touched. `wakeful doctor` lists what the camera offers."""
    gain: ExposureValue | None = None
    """Gain of a camera: auto, or a number in the driver's unit; unset: not touched."""
    controls: dict[str, ControlValue] = Field(default_factory=dict)
    """Further V4L2 controls of a camera, such as focus_absolute, by the names that `wakeful doctor` lists."""
    rotate: Literal[0, 90, 180, 270] = 0
    """Degrees by which each image is turned clockwise so that the driver's head is upright."""
    mirror: bool = False
    """Exchange left and right of each image, after rotating it."""
    crop: Annotated[tuple[float, float, float, float], BeforeValidator(as_crop, list[float] | str)] | None = None
    """Part of the rotated and mirrored image to keep: left, top, right, bottom as shares from 0 to 1; unset: all."""
    aspect: Annotated[float, BeforeValidator(as_aspect, float | str)] | None = None
    """Width over height that the source's whole image should have before it is rotated, as a number or "4:3"; it is
    stretched to it, as one field of an analogue camera needs; unset: the image is used as it is."""
    max_age_s: float = Field(default=0.1, ge=0.01, le=2.0)
    """Seconds the monitor waits for a new frame before it continues without one."""

    @field_serializer("source")
    def _shown(self, source: str) -> str:
        return shown(source)

    @property
    def mounting(self) -> Mounting:
        """How each image is corrected."""
        return Mounting(self.rotate, self.mirror, self.crop, self.aspect)

    @property
    def camera_controls(self) -> CameraControls:
        """What is set on the camera."""
        return CameraControls(self.exposure, self.gain, {name: int(value) for name, value in self.controls.items()})


class PerceptionSettings(Section):
    """How faces are found and read."""

    landmarks: Literal["auto", "wakeful", "v2", "mesh+iris", "mediapipe"] = "auto"
    """Which networks read the face; auto: wakeful, the project's own."""
    runtime: Literal["auto", "litert", "ort", "qnn"] = "auto"
    """Runtime of the networks; auto: the Hexagon NPU (qnn) if there is one, else LiteRT; ort: ONNX Runtime."""
    threads: int = Field(default=1, ge=1, le=64)
    """Processor threads a network may use."""
    expression: bool = True
    """Read the expression too, in every third frame, if its network is available."""
    everyone: int = Field(default=1, ge=1, le=4)
    """Faces to read and publish, the watched one among them; 1: only that one."""
    focal_px: float | None = Field(default=None, gt=0)
    """Focal length of the camera, pixels; unset: the width of the image."""
    min_detection_score: float = Field(default=0.5, ge=0, le=1)
    """Minimum score of a detected face, 0 to 1."""
    min_presence: float = Field(default=0.5, ge=0, le=1)
    """Minimum presence of a tracked face; below it the face is detected again, 0 to 1."""


class BoardSettings(Section):
    """The machine that wakeful runs on."""

    hot_c: float = Field(default=85.0, ge=20, le=120)
    """Temperature at or above which work is reduced, for sensors without a limit of their own, degrees Celsius."""


class DriverSettings(Section):
    """The driver, and the road direction."""

    name: Annotated[str, AfterValidator(as_driver)] | None = None
    """Name under which what is learned about the driver is saved and loaded again; auto: that of the enrolled person
    whose face it is; unset: nothing is saved."""
    publish: Literal["name", "hash", "none"] = "name"
    """What the driver is called in events, states, logs and by MQTT: the name, a hash of it that says nothing on
    another machine, or nothing."""
    key: str | None = Field(default=None, min_length=1)
    """File of 32 random bytes or more with which the templates of enrolled faces are encrypted; unset: they are not."""
    road_yaw_deg: float | None = Field(default=None, ge=-90, le=90)
    """Road direction relative to the camera, degrees, positive to the driver's left; unset: learned."""
    road_pitch_deg: float | None = Field(default=None, ge=-90, le=90)
    """Road direction relative to the camera, degrees, positive up; unset: learned."""
    side: Literal["left", "right"] | None = None
    """Side of the image on which the driver appears, where others are in view; unset: learned."""
    region: Annotated[tuple[float, float, float, float], BeforeValidator(as_crop, list[float] | str)] | None = None
    """Part of the image in which the centre of the driver's face lies, in place of a side: left, top, right and bottom
    as shares of its width and height; unset: learned."""

    @property
    def seat(self) -> Seat:
        """The same for perception."""
        return Seat.of(self.side, self.region)


class VehicleSettings(Section):
    """The vehicle."""

    speed_kmh: float | None = Field(default=None, ge=0, le=1000)
    """Fixed speed if no vehicle input is connected, km/h; unset: unknown, and rules apply at any speed."""
    name: str | None = Field(default=None, max_length=100)
    """Name of the vehicle or robot, which recorded logs hold, so that a fleet can be compared; unset: unknown."""


class OutputSettings(Section):
    """Files that are written, and outputs that other packages add."""

    events: str | None = Field(default=None, min_length=1)
    """JSON lines file of alerts and events; - is the standard output."""
    signals: str | None = Field(default=None, min_length=1)
    """CSV file with one row per frame."""
    summary: str | None = Field(default=None, min_length=1)
    """JSON file with the figures of the whole run, written at its end."""
    status: str | None = Field(default=None, min_length=1)
    """JSON file with the monitor's status, for `wakeful health`; unset: status.json in $RUNTIME_DIRECTORY, if a
    service manager sets it."""
    extra: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Outputs of other packages by entry point name, each with a table of its settings."""


class ViewSettings(Section):
    """The live page: what the monitor sees and reports, in a browser."""

    address: str | None = Field(default=None, min_length=1)
    """HOST:PORT to serve the page on, as in 127.0.0.1:8321; unset: no live page."""
    token: SecretStr | None = None
    """Token that viewers must give, 12 characters or more; required if other machines can reach the address."""


class RecordSettings(Section):
    """The log of a drive, which can be replayed."""

    folder: str | None = Field(default=None, min_length=1)
    """Folder for recorded logs; unset: nothing is recorded."""
    video: Literal["off", "events", "all"] = "off"
    """Images in the log: none, those from 10 s before to 10 s after each alert and marker, or all."""
    video_fps: float = Field(default=10.0, gt=0, le=60)
    """Images recorded per second, at most."""
    blur_others: bool = False
    """Make all faces except the watched one unrecognisable in recorded images."""
    landmarks: bool = False
    """Record the points of the face too; a face's shape can identify a person."""
    keys: bool = True
    """Read keys in a terminal: m or the space bar marks the moment, a digit marks it with a number, ? lists all."""
    button: Annotated[str, AfterValidator(chip_and_line)] | None = None
    """Chip and line of a push button to ground that sets a marker, as CHIP:LINE; unset: none."""
    rotate_mb: int = Field(default=256, ge=1, le=100_000)
    """Megabytes after which a new file is started."""
    rotate_s: float = Field(default=600.0, ge=1, le=86_400)
    """Seconds after which a new file is started."""
    keep_mb: int | None = Field(default=None, ge=1)
    """Megabytes of recordings to keep, the newest first; unset: all."""
    keep_days: float | None = Field(default=None, gt=0)
    """Days to keep recordings; unset: for ever."""
    min_free_mb: int = Field(default=200, ge=1)
    """Megabytes to leave free on the disk, at most a tenth of a small disk; below twice this value neither images
    nor points are recorded, below it only alerts."""


class TerminalSettings(Section):
    """What the terminal shows."""

    live: bool | None = None
    """Live gauges instead of plain lines; unset: gauges if the output is a terminal."""


class Settings(Section):
    """The whole configuration."""

    profile: str = Field(default="vehicle", min_length=1)
    """Rules to apply: the name of a shipped profile, or a TOML file."""
    device: str | None = Field(default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=64)
    """Name of this monitor in its reports to other programs; unset: the machine's name."""
    source: SourceSettings = SourceSettings()
    perception: PerceptionSettings = PerceptionSettings()
    board: BoardSettings = BoardSettings()
    driver: DriverSettings = DriverSettings()
    vehicle: VehicleSettings = VehicleSettings()
    serial: SerialSettings = SerialSettings()
    gpio: GpioSettings = GpioSettings()
    sound: SoundSettings = SoundSettings()
    mqtt: MqttSettings = MqttSettings()
    can: CanSettings = CanSettings()
    stream: StreamSettings = StreamSettings()
    outputs: OutputSettings = OutputSettings()
    view: ViewSettings = ViewSettings()

    record: RecordSettings = RecordSettings()
    terminal: TerminalSettings = TerminalSettings()
