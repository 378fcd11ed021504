"""A service waits for a camera that is not there yet; a person is told at once."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest

from wakeful.device.config.layers import load_settings
from wakeful.device.opening import LOOK_S, open_when_there
from wakeful.errors import SourceError


class Time:
    """Passes only in sleep, and makes a source at one moment of it."""

    def __init__(self, source: Path, there_at_s: float) -> None:
        self.now_s, self._source, self._there_at_s = 0.0, source, there_at_s

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds
        if self.now_s >= self._there_at_s and not self._source.exists():
            cv2.imwrite(str(self._source), np.zeros((48, 64, 3), np.uint8))


def test_a_source_is_opened_as_soon_as_it_is_there(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    picture = tmp_path / "late.png"
    settings, _ = load_settings(None, None, {"source.source": str(picture)})
    time = Time(picture, there_at_s=3.0)

    with closing(open_when_there(settings, 20.0, time, time.sleep)) as source:
        assert source.info.width == 64

    assert time.now_s <= 3.0 + 1.5 * LOOK_S
    said = [record.message for record in caplog.records]
    assert len(said) == 1 and said[0].startswith("waiting up to 20 s for the camera: ")


@pytest.mark.parametrize("wait_s", [0.0, 5.0])
def test_what_does_not_come_in_time_is_an_error(tmp_path: Path, wait_s: float) -> None:
    settings, _ = load_settings(None, None, {"source.source": str(tmp_path / "never.png")})
    time = Time(tmp_path / "other.png", there_at_s=1e9)

    with pytest.raises(SourceError, match="no such file"):
        open_when_there(settings, wait_s, time, time.sleep)

    assert time.now_s == pytest.approx(wait_s, abs=1.5 * LOOK_S)
