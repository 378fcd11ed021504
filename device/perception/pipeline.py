"""One frame in, one observation out: the watched face is found or followed (``tracker``), read and measured.

A face that is on its side or upside down is measured as if the picture was upright, and how it is turned is reported.
"""

from __future__ import annotations

import copy
import logging
import math

import numpy as np
from numpy.typing import NDArray

from wakeful.device.messages import Observation, ReaderTraits, Unreadable
from wakeful.device.perception.expression import ExpressionReader
from wakeful.device.perception.eye_reader import EyeReader
from wakeful.device.perception.eye_sight import EyeSight
from wakeful.device.perception.eyes import gaze_deg, iris_px, lid_drop, lid_states
from wakeful.device.perception.face_detector import Detection, FaceDetector
from wakeful.device.perception.head_pose import HeadPose, bearing_deg, head_pose
from wakeful.device.perception.landmarks import FaceLandmarks, NetworkOutputError, load_reader
from wakeful.device.perception.lid_gap import lid_gap
from wakeful.device.perception.network import Loader, load
from wakeful.device.perception.picture_light import why_nobody
from wakeful.device.perception.region import Region
from wakeful.device.perception.seat import Box, Seat
from wakeful.device.perception.tracker import FaceTracker
from wakeful.device.perception.upright import CameraTurn, in_whole_picture, rotate_deg, upright
from wakeful.device.stages import UNWATCHED, Stages
from wakeful.frozen import dataclass
from wakeful.sensors.frame import Frame
from wakeful.sensors.opencv import cv2

log = logging.getLogger("wakeful.perception")

# Inner lips of the mesh: corners, and the three pairs of points above each other in their middle.
MOUTH_CORNERS = (78, 308)
UPPER_LIP = np.array([82, 13, 312])
LOWER_LIP = np.array([87, 14, 317])
# Root of the nose.
BETWEEN_THE_EYES = 168
# An iris is hidden behind lids closer than this, and gaze is then unknown.
MIN_GAZE_ASPECT = 0.12
# The expression is read in one of this many frames with a face: it changes slowly, and costs as much as a landmark.
EXPRESSION_EVERY = 3
# Pictures smaller than this hold no readable face.
MIN_PICTURE_PX = 32


@dataclass(frozen=True, slots=True)
class Sighting:
    """What perception saw in one frame: the observation and, for drawing, the geometry behind it.

    Attributes:
        landmarks: in pixels of the frame.
        pose: of the head in the picture turned upright.
        quarter: the crown of the head points up (0), to the right (1), down (2) or to the left (3) in the frame.
        seat: where the centre of the watched face is expected: x0, y0, x1, y1 in pixels; None while that is unknown.
    """

    observation: Observation
    landmarks: FaceLandmarks | None = None
    pose: HeadPose | None = None
    quarter: int = 0
    seat: Box | None = None


class Perception:
    """Follows one person through the frames of one source.

    Args:
        landmarks: ``auto`` or one of ``READERS``.
        focal_px: focal length of the camera in pixels; None guesses the longer side of the whole picture.
        min_detection, min_presence: below these scores a face is none.
        expression: reads the expression in every third frame with a face; None leaves it out.
        load: gives the networks; see ``wakeful.device.perception.runtime_choice``.
        seat: where the person to watch sits; None is learned.

    Attributes:
        network_faults: answers of networks that were no numbers.
        expression_every: the expression is read in one of so many frames with a face.
        one_eye: read only the eye that is turned to the camera, where the reader has a network for each.

    Raises:
        ModelError: a network is missing or corrupt.
    """

    def __init__(
        self,
        landmarks: str = "auto",
        *,
        threads: int = 1,
        focal_px: float | None = None,
        min_detection: float = 0.5,
        min_presence: float = 0.5,
        expression: ExpressionReader | None = None,
        load: Loader = load,
        seat: Seat | None = None,
    ) -> None:
        self._reader = load_reader(landmarks, min_presence, threads, load)
        self._tracker = FaceTracker(FaceDetector(min_detection, threads, load), self._reader, min_presence, seat)
        self._focal_px = focal_px
        self._turn = CameraTurn()
        self._expression = expression
        self._frames_to_expression = 0
        self._sight = None if self._reader.rates_eyes else EyeSight(threads, load)
        self._eyes = EyeReader(self._reader.traits.name, self._sight)
        self._stages = UNWATCHED
        self.network_faults = 0
        self.expression_every = EXPRESSION_EVERY
        self.one_eye = False

    def fork(self) -> Perception:
        """Another one that follows the same person from here on, with the same networks."""
        twin = copy.copy(self)
        twin._tracker, twin._eyes, twin._turn = self._tracker.fork(), copy.copy(self._eyes), copy.copy(self._turn)
        return twin

    def beside(self, first_expression: int) -> Perception:
        """Another one, with the same networks, for a further face: ``read`` says each time where that is.

        Args:
            first_expression: number of the frame in which its expression is first read, from 1.
        """
        twin = copy.copy(self)
        twin._eyes, twin._turn = EyeReader(self.reader, self._sight), copy.copy(self._turn)
        twin._frames_to_expression = first_expression
        return twin

    def faces(self, frame: Frame, part: Region | None = None) -> list[Detection]:
        """All faces that are turned as the watched one is, or was last, in all of the picture or in a ``part``."""
        return self._tracker.faces(frame, part)

    def read(self, frame: Frame, region: Region) -> Sighting | None:
        """What the face in ``region`` shows, None without one. It changes nothing of who is followed."""
        try:
            face = self._reader(frame, region, one_eye=self.one_eye)
        except NetworkOutputError as error:
            self._note_fault(error)
            return None
        return None if face is None else self._measure(frame, face, self._turn.see(frame.t_ns, face.region.angle_rad))

    def watch(self, stages: Stages) -> None:
        """Tell ``stages`` from now on when a stage is done."""
        self._stages = self._reader.stages = self._tracker.stages = stages

    def close(self) -> None:
        """Releases the landmark reader; a fork shares it."""
        self._reader.close()

    @property
    def reader(self) -> str:
        """Name of the landmark reader in use."""
        return self._reader.traits.name

    @property
    def traits(self) -> ReaderTraits:
        """What the engine must know of the reader in use."""
        return self._reader.traits

    @property
    def sure_presence(self) -> float:
        """A face that was not followed before counts at once from this presence on."""
        return self._reader.found_presence

    @property
    def reads_each_eye(self) -> bool:
        """Whether leaving out one eye saves anything."""
        return self._reader.reads_each_eye

    def observe(self, frame: Frame) -> Observation:
        """What ``frame`` shows of the watched person. Never raises for what is in the picture."""
        return self.look(frame).observation

    def look(self, frame: Frame, *, parts_at_once: int = 1) -> Sighting:
        """As ``observe``, with the geometry; ``parts_at_once`` as for ``FaceTracker``."""
        if min(frame.image.shape[:2]) < MIN_PICTURE_PX:
            return _nobody(frame)
        try:
            face = self._tracker(frame, one_eye=self.one_eye, parts_at_once=parts_at_once)
        except NetworkOutputError as error:
            self._note_fault(error)
            face = None
        if face is None or self._tracker.changed:
            self._frames_to_expression = 0
            self._eyes.forget()
        if face is None:
            return _nobody(frame, self._tracker.seat(frame), why=why_nobody(frame.image))
        return self._measure(frame, face, self._turn.see(frame.t_ns, self._tracker.angle_rad))

    def _read_expression(self, frame: Frame, face: FaceLandmarks) -> tuple[float, ...] | None:
        """Probabilities of the expressions; None in the frames between two readings, and without a reader."""
        if self._expression is None:
            return None
        self._frames_to_expression -= 1
        if self._frames_to_expression > 0:
            return None
        self._frames_to_expression = self.expression_every
        try:
            return self._expression(frame.image, face.points)
        except NetworkOutputError as error:
            self._note_fault(error)
            return None

    def _note_fault(self, error: NetworkOutputError) -> None:
        self.network_faults += 1
        if self.network_faults == 1:
            log.warning("%s; what it cannot answer counts as not seen", error)

    def _measure(self, frame: Frame, face: FaceLandmarks, quarter: int) -> Sighting:
        height, width = (frame.cut.height_px, frame.cut.width_px) if frame.cut else frame.image.shape[:2]
        focal = self._focal_px or float(max(width, height))
        level = upright(in_whole_picture(face, frame.cut), quarter, width, height)
        if quarter % 2:
            width, height = height, width
        pose = head_pose(level.points, width, height, focal)
        self._stages.done("pose")
        eyes = self._eyes(frame, face, pose, self._note_fault)
        gaze = drop = iris = states = gap = None
        nose_x, nose_y = level.points[BETWEEN_THE_EYES, :2].tolist()
        bearing = bearing_deg(nose_x, nose_y, width, height, focal)
        if pose is not None:
            pairs = ((level.left, eyes.left), (level.right, eyes.right))
            open_eyes = [eye for eye, aspect in pairs if aspect is not None and aspect >= MIN_GAZE_ASPECT]
            gaze = gaze_deg(open_eyes, pose, focal)
            iris = iris_px(open_eyes, (gaze[0] if gaze else pose.yaw_deg) - bearing[0], self._reader.iris_drawn)
            read = [eye for eye, aspect in pairs if aspect is not None]
            states, gap = lid_states(read), lid_gap(read, pose, focal, iris)
            if states is None:
                drop = lid_drop(read, pose.yaw_deg)
        self._stages.done("eyes")
        expression = self._read_expression(frame, face)
        if expression is not None:
            self._stages.done("expression")
        observation = Observation(
            t_ns=frame.t_ns,
            seq=frame.seq,
            face=True,
            presence=face.presence,
            face_px=float(np.ptp(level.points[:, 0])),
            brightness=face_brightness(frame.image, face.points) if face.brightness is None else face.brightness,
            eye_aspect_left=eyes.left,
            eye_aspect_right=eyes.right,
            lid_drop=drop,
            mouth_aspect=mouth_aspect(face.points) if face.mouth_aspect is None else face.mouth_aspect,
            yaw_deg=pose.yaw_deg if pose else None,
            pitch_deg=pose.pitch_deg if pose else None,
            roll_deg=pose.roll_deg if pose else None,
            gaze_yaw_deg=gaze[0] if gaze else None,
            gaze_pitch_deg=gaze[1] if gaze else None,
            unreadable=eyes.unreadable,
            expression=expression,
            iris_px=iris,
            focal_px=focal,
            bearing_yaw_deg=bearing[0],
            bearing_pitch_deg=bearing[1],
            lid_states=states,
            lid_gap_mm=gap.mm if gap else None,
            lid_gap_sd_mm=gap.sd_mm if gap else None,
            rotate_deg=rotate_deg(quarter),
            person=self._tracker.person.number,
            unsure=self._tracker.person.unsure,
            doubt=eyes.doubt,
        )
        self._stages.done("eyes")
        return Sighting(observation, face, pose, quarter, self._tracker.seat(frame))


def mouth_aspect(points: NDArray[np.float32]) -> float:
    """Height over width of the inner lips, from mesh points [468, 3]; in depth too, so that a turned head counts."""
    start, end = (points[i] for i in MOUTH_CORNERS)
    width = float(np.linalg.norm(end - start))
    gap = float(np.linalg.norm(points[LOWER_LIP] - points[UPPER_LIP], axis=1).mean())
    return gap / max(width, 1e-3)


def face_brightness(image: NDArray[np.uint8], points: NDArray[np.float32]) -> float | None:
    """Mean grey level, 0 to 255, of the part of the picture that the landmarks span; None outside the picture."""
    height, width = image.shape[:2]
    low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
    x0, y0 = max(math.floor(low[0]), 0), max(math.floor(low[1]), 0)
    x1, y1 = min(math.ceil(high[0]), width), min(math.ceil(high[1]), height)
    if x1 <= x0 or y1 <= y0:
        return None
    step = max(1, (x1 - x0) // 32)  # about 32 samples across are enough for a mean
    blue, green, red, _ = cv2.mean(image[y0:y1:step, x0:x1:step])
    return 0.114 * blue + 0.587 * green + 0.299 * red


def _nobody(frame: Frame, seat: Box | None = None, *, why: Unreadable | None = None) -> Sighting:
    return Sighting(Observation(t_ns=frame.t_ns, seq=frame.seq, face=False, unreadable=why), seat=seat)
