"""What tests share: the networks, the development data, and the reasons why a test is skipped without them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from wakeful.models import registry
from wakeful.models.pull import pull_from

ROOT = Path(__file__).resolve().parent.parent
V2 = "face_landmarks_detector"


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder without any network, in place of the user's."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("WAKEFUL_MODELS", str(folder))
    return folder


@pytest.fixture(scope="session")
def v2() -> str:
    """The name of the network behind the reader ``v2``; skips where its file is not at hand.

    It is taken from the cache, or from the folder that WAKEFUL_MODELS_FROM names.
    """
    if folder := os.environ.get("WAKEFUL_MODELS_FROM"):
        pull_from(Path(folder))
    if not registry.available(V2):
        pytest.skip(f"{V2} is not in {registry.cache_folder()}: {registry.how_to_get(registry.network(V2))}")
    return V2


@pytest.fixture(params=["wakeful", "mesh+iris", "v2"])
def landmarks(request: pytest.FixtureRequest) -> str:
    """The name of a landmark reader; a test that takes it runs with each that is at hand."""
    if request.param == "v2":
        request.getfixturevalue("v2")
    return str(request.param)


@pytest.fixture(scope="session")
def clips() -> Path:
    """The folder of real clips; skips where it is not at hand. It is no part of the project."""
    folder = Path(os.environ.get("WAKEFUL_CLIPS") or ROOT.parent / "shared" / "data" / "clips")
    if not (folder / "annotations.json").is_file():
        pytest.skip("the real clips are not at hand: set WAKEFUL_CLIPS to their folder")
    return folder


@pytest.fixture(scope="session")
def marked(clips: Path) -> dict[str, object]:
    """What is marked in the real clips."""
    found: dict[str, object] = json.loads((clips / "annotations.json").read_text(encoding="utf-8"))
    return found
