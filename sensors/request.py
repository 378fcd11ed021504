"""What is asked of a source, and in words what of it was not granted."""

from __future__ import annotations

from dataclasses import field

from wakeful.errors import ConfigError
from wakeful.frozen import dataclass
from wakeful.sensors.pixels import letters_of
from wakeful.sensors.v4l2_controls import CameraControls


@dataclass(frozen=True, slots=True)
class CaptureRequest:
    """What the user asks for; None leaves it to the source.

    Attributes:
        width, height: of the picture, pixels.
        fps: frames a second. Image folders are played at it; video files keep their own time stamps.
        pixel_format: V4L2's four letters (``MJPG``, ``YUYV``, ``GREY``, ``Y12``).
        controls: exposure, gain and what else a camera lets one set.
    """

    width: int | None = None
    height: int | None = None
    fps: float | None = None
    pixel_format: str | None = None
    controls: CameraControls = field(default_factory=CameraControls)

    def __post_init__(self) -> None:
        for name in ("width", "height", "fps"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ConfigError(f"the camera's {name} must be above 0, not {value:g}")
        if self.pixel_format is not None and not 1 <= len(self.pixel_format) <= 4:
            raise ConfigError(f"a pixel format has up to four letters such as MJPG or YUYV, not {self.pixel_format!r}")

    def not_granted(self, width: int, height: int, fps: float | None, pixel_format: str = "") -> str:
        """Where the source differs from the request: ``1280x720 -> 640x480, 60 fps -> 30 fps``; empty if nowhere."""
        differences = []
        wanted = (self.width or width, self.height or height)
        if wanted != (width, height):
            differences.append(f"{wanted[0]}x{wanted[1]} -> {width}x{height}")
        if self.fps is not None and (fps is None or abs(self.fps - fps) > 0.5):
            differences.append(f"{self.fps:g} fps -> " + ("unknown" if fps is None else f"{fps:g} fps"))
        if self.pixel_format is not None and letters_of(self.pixel_format) != letters_of(pixel_format):
            differences.append(f"{self.pixel_format} -> {pixel_format.strip() or 'unknown'}")
        return ", ".join(differences)
