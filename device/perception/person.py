"""Which of several faces is watched: the largest and most central one, and that one as long as it stays."""

from __future__ import annotations

import math

from wakeful.device.perception.face_detector import Detection

# A face that was just lost keeps its claim this long; only a face in its place is taken for it.
CLAIM_S = 1.0
# "In its place": the centre moved by less than this many face sizes.
SAME_PLACE = 0.8


class WatchedPerson:
    """Remembers where the watched face was last seen; a second face cannot take over while the claim lasts."""

    def __init__(self) -> None:
        self._seen_ns: int | None = None
        self._centre = (0.0, 0.0)
        self._size_px = 0.0

    def seen(self, t_ns: int, centre: tuple[float, float], size_px: float) -> None:
        """The watched face is at ``centre`` (pixels), ``size_px`` wide."""
        self._seen_ns, self._centre, self._size_px = t_ns, centre, size_px

    def choose(self, t_ns: int, faces: list[Detection], width_px: int, height_px: int) -> Detection | None:
        """The face to watch next, None while the claim of a lost one lasts and nobody sits in its place."""
        if self._seen_ns is not None and 0 <= t_ns - self._seen_ns <= CLAIM_S * 1e9:
            faces = [face for face in faces if self._in_place(face)]
        return max(faces, key=lambda face: prominence(face, width_px, height_px), default=None)

    def _in_place(self, face: Detection) -> bool:
        return math.dist(face.centre, self._centre) < SAME_PLACE * max(self._size_px, face.size_px)


def prominence(face: Detection, width_px: int, height_px: int) -> float:
    """Size times nearness to the middle: a face at the edge of the picture counts half of one in the middle."""
    away = math.hypot(face.centre[0] / width_px - 0.5, face.centre[1] / height_px - 0.5)
    return face.size_px * (1.0 - min(away, 0.5))
