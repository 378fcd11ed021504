"""The points of a face as programs get them: by the library, on the stream, in logs.

Only what is drawn or measured again from outside: not what a reader of landmarks knows beside them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wakeful.frozen import dataclass

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from wakeful.device.perception.landmarks import Eye, FaceLandmarks

MESH_POINTS, CONTOUR_POINTS, IRIS_POINTS = 468, 16, 5


@dataclass(frozen=True, slots=True, eq=False)
class EyeLandmarks:
    """One eye, in pixels of the image.

    Attributes:
        contour: float32 [16, 2]: 0 outer corner, 1 to 7 lower lid, 8 inner corner, 9 to 15 upper lid, both lids counted
            from outside to inside, so that point 8 + i lies above point i.
        iris: float32 [5, 2]: centre and four points of the rim.
    """

    contour: NDArray[np.float32]
    iris: NDArray[np.float32]

    @staticmethod
    def of(eye: Eye) -> EyeLandmarks:
        """The points of an eye as a reader gives it."""
        return EyeLandmarks(eye.contour, eye.iris)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EyeLandmarks) and _same(self.contour, other.contour) and _same(self.iris, other.iris)


@dataclass(frozen=True, slots=True, eq=False)
class Landmarks:
    """One face, in pixels of the image. The arrays may be kept; copy them before changing them.

    Attributes:
        points: float32 [468, 3]: MediaPipe's face mesh; depth in the same unit, smaller is nearer.
        left_eye, right_eye: the person's own left and right eye.
        width, height: of the image.
    """

    points: NDArray[np.float32]
    left_eye: EyeLandmarks
    right_eye: EyeLandmarks
    width: int
    height: int

    @staticmethod
    def of(face: FaceLandmarks | None, image: NDArray[np.uint8]) -> Landmarks | None:
        """The points of a face as a reader gives it; None without one."""
        if face is None:
            return None
        height, width = image.shape[:2]
        return Landmarks(face.points, EyeLandmarks.of(face.left), EyeLandmarks.of(face.right), width, height)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Landmarks)
            and (self.width, self.height) == (other.width, other.height)
            and _same(self.points, other.points)
            and (self.left_eye, self.right_eye) == (other.left_eye, other.right_eye)
        )


def _same(points: NDArray[np.float32], others: NDArray[np.float32]) -> bool:
    return points.shape == others.shape and bool((points == others).all())
