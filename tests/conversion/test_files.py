"""What conversion writes for people: the registry's hashes, the table, the folder for Qualcomm's SDK."""

from __future__ import annotations

import hashlib
import json
import subprocess
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.conversion.test_measure import FACES
from tests.models.manifest_samples import VARIANT
from wakeful import ConfigError
from wakeful.conversion.register import register
from wakeful.conversion.table import BEGIN, END, as_markdown, put_into
from wakeful.models import manifest, registry, variants

ROOT = Path(__file__).parents[2]


def test_the_registry_is_told_hash_and_size_and_keeps_the_rest(tmp_path: Path) -> None:
    copy, file = tmp_path / "registry.toml", tmp_path / "network.onnx"
    before = registry.REGISTRY.read_text(encoding="utf-8")
    copy.write_text(before, encoding="utf-8")
    file.write_bytes(b"network")
    register("face_landmark_a16w8", file, copy)
    changed = tomllib.loads(copy.read_text(encoding="utf-8"))["networks"]
    expected = tomllib.loads(before)["networks"]
    expected["face_landmark_a16w8"] |= {"sha256": hashlib.sha256(b"network").hexdigest(), "bytes": 7}
    assert changed == expected
    with pytest.raises(ConfigError, match="nobody"):
        register("nobody", file, copy)


def test_the_table_has_a_row_for_each_variant() -> None:
    lines = as_markdown(manifest.Manifest((VARIANT,))).splitlines()
    assert len({line.count("|") for line in lines}) == 1
    assert "top-1 80.90%" in lines[2] and "sm8650" in lines[2] and lines[2].endswith("yes |")


def test_the_table_stands_between_its_marks(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    put_into(readme, "new")
    assert readme.read_text() == f"before\n{BEGIN}\nnew\n{END}\nafter\n"
    readme.write_text("no marks")
    with pytest.raises(ConfigError, match="no place"):
        put_into(readme, "new")


def test_the_readme_shows_what_the_manifest_says() -> None:
    text = (ROOT / "conversion" / "README.md").read_text(encoding="utf-8")
    assert text.split(BEGIN)[1].split(END)[0].strip() == as_markdown(manifest.load()).strip()


def test_the_manifest_is_of_the_files_that_are_shipped() -> None:
    for one in manifest.load().variants:
        if one.file:
            assert registry.sha256_of(manifest.MANIFEST.parent / one.file) == one.sha256, (
                f"{one.file}: run `make convert`"
            )


def test_the_folder_for_the_sdk_can_be_run_as_it_stands(tmp_path: Path) -> None:
    pytest.importorskip("onnx", reason="needs the extra [convert]")
    from wakeful.conversion.qairt_kit import write_kit

    kit = tmp_path / "kit"
    both = {"expression": (variants.file("expression", "float", "onnx"), FACES)}
    mouths = replace(FACES, tensors=np.zeros((2, 1, 56, 64), np.float32))
    write_kit(kit, variants.soc("sm8650"), both | {"mouth": (variants.file("mouth", "float", "onnx"), mouths)})
    folder = kit / "expression"
    names = (folder / "input_list.txt").read_text().split()
    assert len(names) == len(FACES.tensors)
    assert np.fromfile(folder / names[0], "<f4").reshape(1, 48, 48).shape == FACES.tensors[0].shape
    bench = json.loads((folder / "bench.json").read_text())
    assert bench["Model"]["Dlc"] == "expression.sm8650.dlc"
    script = (kit / "convert.sh").read_text()
    assert "--act_bitwidth 16" in script and "--source_model_input_shape face 1,1,48,48" in script
    assert "--source_model_input_shape crop 1,1,56,64 --source_model_input_layout crop NCHW" in script
    for name in ("convert.sh", "bench.sh"):
        assert subprocess.run(["bash", "-n", str(kit / name)], check=False).returncode == 0
    with pytest.raises(ConfigError, match="exists"):
        write_kit(kit, variants.soc("sm8650"), {})
