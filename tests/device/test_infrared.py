"""A drive that an infra-red camera of ten bits took gives the events of the same drive in grey."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tools.compare_events import comparable
from tools.rigs.looped import FPS, MICROSLEEPS, rendered, run_looped
from wakeful.sensors.camera import open_source
from wakeful.sensors.opencv import cv2


def events(folder: Path, pixel_format: str) -> str:
    out = folder / "events.jsonl"
    source = open_source(str(folder), fps=FPS, pixel_format=pixel_format)
    assert run_looped(source, {"outputs.events": str(out), "terminal.live": False}) == 0
    return out.read_text(encoding="utf-8")


def test_a_drive_in_ten_bits_gives_the_events_of_the_grey_one(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    folders = {name: tmp_path / name for name in ("GREY", "Y10")}
    for folder in folders.values():
        folder.mkdir()
    for number, picture in enumerate(rendered(MICROSLEEPS)):
        grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        ten = grey.astype(np.uint16) << 2 | random.integers(0, 4, grey.shape, np.uint16)
        assert cv2.imwrite(str(folders["GREY"] / f"{number}.pgm"), grey)
        assert cv2.imwrite(str(folders["Y10"] / f"{number}.pgm"), ten)
    grey_events, ten_events = (comparable(events(folder, name)) for name, folder in folders.items())
    assert any(line.get("code") == "microsleep" for line in grey_events)
    assert ten_events == grey_events
