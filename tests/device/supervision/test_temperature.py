"""Temperatures and their limits as the kernel shows them."""

from __future__ import annotations

from pathlib import Path

from wakeful.device.supervision.temperature import hottest, zones


def zone(folder: Path, number: int, celsius: object, **trips: float) -> None:
    """One thermal zone; ``trips`` are its points by type."""
    place = folder / f"thermal_zone{number}"
    place.mkdir()
    (place / "type").write_text(f"cpu{number}\n")
    text = f"{round(celsius * 1000)}\n" if isinstance(celsius, (int, float)) else str(celsius)
    (place / "temp").write_text(text)
    for index, (kind, at_c) in enumerate(trips.items()):
        (place / f"trip_point_{index}_type").write_text(f"{kind}\n")
        (place / f"trip_point_{index}_temp").write_text(f"{round(at_c * 1000)}\n")


def test_the_zone_nearest_to_its_own_limit_counts(tmp_path: Path) -> None:
    zone(tmp_path, 0, 80.0, critical=110.0, passive=95.0)
    zone(tmp_path, 1, 72.5, passive=75.0)
    assert hottest(85.0, tmp_path) == (72.5, 75.0)


def test_a_zone_without_a_limit_has_the_configured_one(tmp_path: Path) -> None:
    zone(tmp_path, 0, 80.0, critical=110.0)
    assert hottest(85.0, tmp_path) == (80.0, 85.0)


def test_a_configured_limit_below_the_kernels_goes_first(tmp_path: Path) -> None:
    zone(tmp_path, 0, 80.0, passive=95.0)
    assert hottest(70.0, tmp_path) == (80.0, 70.0)


def test_sensors_that_are_absent_or_answer_nonsense_are_left_out(tmp_path: Path) -> None:
    zone(tmp_path, 0, -273.0)
    zone(tmp_path, 1, "")
    zone(tmp_path, 2, "hot\n")
    assert zones(tmp_path) == []
    assert hottest(85.0, tmp_path) is None


def test_a_point_that_is_switched_off_is_no_limit(tmp_path: Path) -> None:
    zone(tmp_path, 0, 80.0, passive=0.0)
    assert hottest(85.0, tmp_path) == (80.0, 85.0)


def test_a_machine_without_zones_has_no_temperature(tmp_path: Path) -> None:
    assert hottest(85.0, tmp_path / "none") is None
