"""A run reports images that are squeezed, and no others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from tools.rigs.networks import kept
from wakeful.device.perception.pipeline import Perception, Sighting
from wakeful.device.supervision.notes import Notes
from wakeful.device.supervision.squeezed import READINGS, SqueezedImages
from wakeful.sensors.driver_face import DriverPose, render
from wakeful.sensors.frame import Frame

WHOLE = render(DriverPose())
FIELD = np.ascontiguousarray(WHOLE[::2])
"""Every second line, as one field of an analogue camera has them."""
SECOND_NS = 1_000_000_000


def seen(image: NDArray[np.uint8]) -> Sighting:
    return Perception(load=kept).look(Frame(image, 0, 0))


@pytest.mark.parametrize(
    ("image", "codes"), [(WHOLE, ()), (FIELD, ("squeezed",)), (FIELD.transpose(1, 0, 2), ("squeezed",))]
)
def test_squeezed_images_are_noted_once_ten_seconds_show_it(image: NDArray[np.uint8], codes: tuple[str, ...]) -> None:
    notes, sighting = Notes(), seen(np.ascontiguousarray(image))
    assert sighting.landmarks is not None
    output = SqueezedImages(notes)
    for tenth in range(10 * READINGS):
        assert notes.codes == ()
        output.frame(Frame(image, tenth * SECOND_NS // 10, tenth), sighting)
        if tenth == 10 * (READINGS - 1):
            break
    assert notes.codes == codes


def test_the_note_is_over_once_the_images_are_right_and_moments_without_a_face_say_nothing() -> None:
    notes, squeezed, right = Notes(), seen(FIELD), seen(WHOLE)
    output = SqueezedImages(notes)
    nobody = replace(right, landmarks=None)
    for second in range(4 * READINGS):
        output.frame(Frame(FIELD, second * SECOND_NS, second), nobody if second % 2 else squeezed)
    assert notes.codes == ("squeezed",)
    for second in range(READINGS):
        output.frame(Frame(WHOLE, second * SECOND_NS, second), right)  # the clock has jumped back, too
    assert not notes.codes
