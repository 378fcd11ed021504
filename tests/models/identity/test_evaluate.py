"""The figures of an evaluation: who is named, what is not found counts as wrong, tables and picture."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

from wakeful import ConfigError
from wakeful.device.commands.evaluate import app
from wakeful.device.perception.pipeline import Perception
from wakeful.models import registry
from wakeful.models.identity import evaluate, sets
from wakeful.models.identity.evaluate import RATES, YALE_GROUPS, Report, Way
from wakeful.models.identity.figures import picture, print_tables
from wakeful.models.identity.rates import Verification
from wakeful.models.identity.sets import Faces
from wakeful.sensors.driver_face import DriverPose, render

CONDITIONS = ("normal", "noglasses", "glasses", "leftlight", "rightlight", "happy")


def faces(found: float = 1.0) -> Faces:
    """Five people in six conditions."""
    person = np.repeat(np.arange(5), 6)
    kept = np.arange(30) % 10 < 10 * found
    crops = np.zeros((30, 112, 112), np.uint8)
    return Faces("Yale", crops, kept, person, np.tile(CONDITIONS, 5), np.zeros((30, 468, 2)), [crops[0]] * 30)


def numbers() -> np.ndarray:
    """Each person's own direction and a little noise."""
    rng = np.random.default_rng(2)
    own = np.eye(8)[np.repeat(np.arange(5), 6)] + rng.normal(0.0, 0.05, (30, 8))
    made: np.ndarray = own / np.linalg.norm(own, axis=1, keepdims=True)
    return made


@pytest.mark.parametrize("unit", [True, False])
def test_the_nearest_mean_names_the_person(unit: bool) -> None:
    way, set_ = Way(lambda _: numbers(), unit=unit), faces()
    gallery = np.arange(0, 30, 6)
    named = way.named(numbers(), set_.person, gallery, np.arange(30))
    assert (named == set_.person).all()
    similarity = way.similarity(numbers())
    assert similarity(np.array([[0, 1]]))[0] > similarity(np.array([[0, 7]]))[0]


def test_a_picture_without_a_found_face_counts_as_wrong_and_is_not_enrolled() -> None:
    way, half = Way(lambda _: numbers()), faces(0.5)
    by_enrolled = evaluate._by_enrolled(way, half, numbers(), draws=3)
    assert evaluate._by_enrolled(way, faces(), numbers(), draws=3)[5] == (1.0, 0.0)
    assert by_enrolled[5][0] < 0.8
    counted = evaluate._by_condition(way, half, numbers(), ("normal", "noglasses", "glasses"))
    assert counted["light"][1] == 10 and counted["light"][0] < 10
    assert evaluate._left_out(way, faces(), numbers())["all"] == (30, 30)


def test_a_way_that_needs_more_pictures_than_are_enrolled_has_no_figure() -> None:
    class Two:
        least = 2

    way = Way(lambda _: numbers(), Two())  # type: ignore[arg-type]
    assert evaluate._by_condition(way, faces(), numbers(), ("normal",)) == {}


def report() -> Report:
    one = Verification(10, 100, 0.95, (0.9, 0.97), 0.6, (0.5, 0.7), 0.4, 0.3)
    counts = dict.fromkeys((*YALE_GROUPS, "all"), (9, 10))
    return Report(
        "wakeful",
        {"ORL": (400, 400)},
        {"embedding, int8": {1: (0.9, 0.01), 5: (0.99, 0.002)}, "Fisherfaces": {5: (0.93, 0.01)}},
        {"embedding, int8": counts, "Fisherfaces": {}},
        {"embedding, int8": counts, "Fisherfaces": {name: counts[name] for name in ("light", "all")}},
        {"embedding, int8": counts, "Fisherfaces": counts},
        {"embedding, int8": one},
        {"embedding, int8": np.sqrt(RATES).tolist()},
        {"similarity": 0.4, "false_acceptance": 0.001, "accepted": 0.6},
        {"embedding, int8": 0.3, "Fisherfaces": 0.1},
    )


def test_tables_say_every_figure_and_a_dash_where_there_is_none() -> None:
    with Console(width=120, no_color=True, record=True, quiet=False, file=None) as console:
        print_tables(report(), console)
    said = console.export_text()
    assert "99.0%" in said and "95.00% (90.0-97.0)" in said and "ORL 400 of 400" in said
    fisher = next(line for line in said.splitlines() if line.strip().startswith("Fisherfaces"))
    assert "-" in fisher and "93.0%" in fisher
    json.dumps(report().as_dict())


def test_the_picture_has_rates_conditions_and_the_curve(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="needs the extra [train]")
    figure = picture(report())
    assert [axes.get_title() for axes in figure.axes] == [
        "ORL, 40 people",
        "Yale, 15 people",
        "LFW, people apart",
    ]
    figure.savefig(tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 10_000


def test_a_portrait_is_found_at_its_own_pixels_however_it_is_enlarged() -> None:
    image = render(DriverPose())
    perception = Perception()
    plain = sets.mesh_of(image, perception)
    assert plain is not None
    x, y = plain.mean(axis=0).astype(int)
    side = int(np.ptp(plain[:, 1]))
    cut = image[y - side : y + side, x - side : x + side]
    enlarged = sets.mesh_of(cut[..., 1], perception, enlarged=2)
    assert enlarged is not None
    assert np.abs(enlarged + np.array([x - side, y - side]) - plain).mean() < 0.03 * side
    assert sets.mesh_of(np.full((112, 92), 128, np.uint8), perception, enlarged=3) is None


def test_a_folder_without_the_sets_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"has no orl_faces\.npz"):
        sets.orl(tmp_path, Perception())


def test_another_network_is_refused_in_one_line_and_the_files_of_this_one_are_read() -> None:
    with pytest.raises(ConfigError, match="is not an identity network"):
        evaluate._of_file(registry.path("mouth"))
    crop = np.random.default_rng(5).integers(0, 256, (112, 112), dtype=np.uint8)
    own, onnx = (evaluate._of_file(registry.path(name)).embed(crop) for name in ("identity", "identity_float"))
    assert float(own @ onnx) > 0.98


def test_the_command_names_the_extra_that_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("wakeful.device.extras.find_spec", lambda name: None)
    result = CliRunner().invoke(app, ["identity", "--data", str(tmp_path)])
    assert isinstance(result.exception, ConfigError) and "wakeful[identity]" in str(result.exception)
