"""What cameras do to a running monitor: each fault is told as it should be, and is over by itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tools.faults.rig import Rig
from tools.rigs.waiting import eventually
from wakeful.device.messages import Health

TOLD_WITHIN_S = 2.0


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with Rig(tmp_path_factory.mktemp("rig")) as running:
        yield running


@pytest.mark.parametrize("mode", ["frozen", "black", "garbled", "failing", "odd", "hangs"])
def test_a_camera_that_gives_no_good_pictures_is_lost_until_it_does(mode: str, rig: Rig) -> None:
    rig.camera.mode = mode
    assert eventually(lambda: rig.health() is Health.CAMERA_LOST, TOLD_WITHIN_S)
    rig.camera.mode = "works"
    rig.camera.driver_returns.set()
    assert rig.recovers()
    rig.camera.driver_returns.clear()


def test_a_camera_that_is_unplugged_is_lost_until_it_is_back(rig: Rig) -> None:
    rig.camera.unplug()
    assert eventually(lambda: rig.health() is Health.CAMERA_LOST, TOLD_WITHIN_S)
    rig.camera.plug_in()
    assert rig.recovers()


def test_a_camera_that_changes_its_size_goes_on_being_read(rig: Rig) -> None:
    rig.camera.mode = "small"
    states = len(rig.heard.states)
    assert eventually(lambda: len(rig.heard.states) > states + 10 and rig.is_well())
    rig.microsleep()
    rig.camera.mode = "works"
    assert rig.recovers()


def test_pictures_of_noise_show_nobody(rig: Rig) -> None:
    rig.camera.mode = "garbage"
    assert eventually(lambda: rig.health() is Health.NO_FACE, TOLD_WITHIN_S)
    rig.camera.mode = "works"
    assert rig.recovers()


def test_five_frames_a_second_are_degraded_and_slow(rig: Rig) -> None:
    rig.camera.period_s = 0.2
    assert eventually(lambda: rig.health() is Health.DEGRADED)
    assert rig.heard.newest is not None and rig.heard.newest.reason == "slow"
    rig.camera.period_s = 1 / 30
    assert rig.recovers()


def test_after_all_that_a_microsleep_is_still_told_once_everywhere(rig: Rig) -> None:
    rig.microsleep()
    assert eventually(lambda: rig.wire() == rig.told() == rig.written())
    assert len(set(rig.told())) == len(rig.told())
    assert rig.failure is None
