"""Templates in their files: kept by their owner, refused when they are not sound, gone when they are forgotten."""

from __future__ import annotations

import base64
import json
import os
import stat
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.device.identity.people import template
from wakeful.device.driver_store import drivers_folder, save_driver
from wakeful.device.drivers import Calibration
from wakeful.device.identity import store as store_module
from wakeful.device.identity.store import Store, StoreError, joined, without_foreign
from wakeful.device.identity.template_file import ENCRYPTED, MAX_LOOKS, TemplateError, decoded, encoded, read_key
from wakeful.errors import ConfigError

ANNA = template("anna", 1)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("WAKEFUL_DRIVERS", str(tmp_path / "drivers"))
    return Store(tmp_path / "identities")


def key_file(folder: Path, content: bytes = b"k" * 32, mode: int = 0o600) -> Path:
    file = folder / f"key-{content[:1].hex()}"
    file.write_bytes(content)
    file.chmod(mode)
    return file


def test_a_person_is_known_again_as_enrolled(store: Store) -> None:
    store.save(ANNA)
    found = store.load("anna")
    assert (found.name, found.network, found.enrolled) == ("anna", ANNA.network, ANNA.enrolled)
    np.testing.assert_array_equal(found.looks, ANNA.looks)
    assert store.names() == ["anna"]


def test_only_the_owner_can_read_it(store: Store) -> None:
    store.save(ANNA)
    assert stat.S_IMODE(store.file("anna").stat().st_mode) == 0o600
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["", "../anna", "a/b", ".hidden", "x" * 65, "auto", "unknown", "anna\n"])
def test_nobody_is_called_so(store: Store, name: str) -> None:
    with pytest.raises(ConfigError, match="not a driver name"):
        store.load(name)
    with pytest.raises(ConfigError, match="not a driver name"):
        store.save(replace(ANNA, name=name))
    assert store.names() == []


def test_a_file_holds_numbers_and_no_picture(store: Store) -> None:
    store.save(ANNA)
    fields = json.loads(store.file("anna").read_text())
    assert sorted(fields) == ["enrolled", "looks", "name", "network", "wakeful_identity"]
    assert len(base64.b64decode(fields["looks"])) == 3 * 128 * 4


def broken(**changes: object) -> bytes:
    return json.dumps(json.loads(encoded(ANNA, None)) | changes).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b"\x89PNG\r\n\x1a\n" + bytes(200),
        encoded(ANNA, None)[:-40],
        broken(wakeful_identity=2),
        broken(name="../../x"),
        broken(name=5),
        broken(enrolled="\x1b]0;title\x07"),
        broken(network="\n"),
        broken(looks="AAAA"),
        broken(looks=base64.b64encode(np.full((1, 128), np.nan, "<f4").tobytes()).decode()),
        broken(looks=base64.b64encode(np.ones((1, 128), "<f4").tobytes()).decode()),
        broken(looks=base64.b64encode(np.zeros((0, 128), "<f4").tobytes()).decode()),
        broken(looks=base64.b64encode(np.tile(ANNA.looks, (20, 1)).tobytes()).decode()),
        b" " * 70_000,
        b"[" * 50_000,
        ENCRYPTED + b"nonsense",
    ],
    ids=range(18),
)
def test_a_damaged_or_foreign_file_is_refused_in_one_line(store: Store, data: bytes) -> None:
    store.folder.mkdir()
    store.file("anna").write_bytes(data)
    with pytest.raises(TemplateError) as refused:
        store.load("anna")
    assert "anna.face" in str(refused.value)
    assert "\n" not in str(refused.value)
    assert store.load_all() == ([], [str(refused.value)])


def test_a_file_under_another_name_is_not_that_person(store: Store) -> None:
    store.save(ANNA)
    store.file("anna").rename(store.file("bert"))
    with pytest.raises(TemplateError, match="template of anna"):
        store.load("bert")


def test_a_full_store_is_said_and_nothing_is_changed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "MAX_PEOPLE", 2)
    store.save(ANNA)
    store.save(template("bert", 2))
    with pytest.raises(ConfigError, match="2 people are enrolled"):
        store.save(template("carl", 3))
    store.save(template("anna", 4))  # who is enrolled may be replaced
    assert store.names() == ["anna", "bert"]


def test_a_folder_that_cannot_be_written_is_said_and_nothing_is_changed(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="nothing was changed"):
        Store(tmp_path / "file" / "identities").save(ANNA)


def test_forgetting_removes_all_there_is(store: Store) -> None:
    store.save(ANNA)
    store.save(template("bert", 2))
    save_driver("anna", Calibration("v2", 0.3, 0.3))
    save_driver("bert", Calibration("v2", 0.3, 0.3))
    left_over = store.folder / ".part-0123.face"
    left_over.write_bytes(encoded(ANNA, None))
    gone = store.forget("anna")
    assert sorted(gone) == sorted([store.file("anna"), left_over, drivers_folder() / "anna.json"])
    assert store.names() == ["bert"]
    assert [file.name for file in drivers_folder().iterdir()] == ["bert.json"]
    everything = b"".join(file.read_bytes() for file in store.folder.iterdir())
    assert ANNA.looks[0].tobytes() not in everything


def test_the_bytes_are_overwritten_before_the_file_goes(store: Store) -> None:
    store.save(ANNA)
    held = store.file("anna").open("rb")
    store.forget("anna")
    with held:
        assert set(held.read()) == {0}


def test_a_damaged_template_can_be_forgotten(store: Store) -> None:
    store.folder.mkdir()
    store.file("anna").write_text("damaged")
    assert store.forget("anna") == [store.file("anna")]


def test_nobody_of_that_name_is_said(store: Store) -> None:
    store.save(ANNA)
    for call in (store.load, store.forget):
        with pytest.raises(ConfigError, match="nobody is enrolled as bert; there are anna"):
            call("bert")


def test_encrypted_templates_need_their_key(tmp_path: Path, store: Store) -> None:
    pytest.importorskip("cryptography")
    locked = replace(store, cipher=read_key(key_file(tmp_path)))
    locked.save(ANNA)
    assert b"anna" not in store.file("anna").read_bytes()
    np.testing.assert_array_equal(locked.load("anna").looks, ANNA.looks)
    with pytest.raises(TemplateError, match="is encrypted"):
        store.load("anna")
    with pytest.raises(TemplateError, match="another key"):
        replace(store, cipher=read_key(key_file(tmp_path, b"other" * 10))).load("anna")
    damaged = store.file("anna").read_bytes()[:-3] + b"xxx"
    with pytest.raises(TemplateError, match="another key, or damaged"):
        decoded(damaged, "it", locked.cipher)
    assert store.forget("anna")  # needs no key


def test_a_key_that_is_none_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("cryptography")
    with pytest.raises(ConfigError, match="too short"):
        read_key(key_file(tmp_path, b"short"))
    with pytest.raises(ConfigError, match="cannot be read"):
        read_key(tmp_path / "missing")
    with pytest.raises(ConfigError, match="everybody can read"):
        read_key(key_file(tmp_path, mode=0o644))


def test_further_looks_replace_the_oldest() -> None:
    both = joined(template("anna", 1, looks=MAX_LOOKS), template("anna", 2, looks=2))
    assert len(both.looks) == MAX_LOOKS
    np.testing.assert_array_equal(both.looks[-2:], template("anna", 2, looks=2).looks)


def test_templates_of_another_network_are_set_apart() -> None:
    old = template("bert", 2, network="network 0")
    assert without_foreign([ANNA, old], ANNA.network) == ([ANNA], ["bert"])


def test_a_change_of_the_store_is_seen(store: Store) -> None:
    empty = store.state()
    store.save(ANNA)
    enrolled = store.state()
    os.utime(store.file("anna"), ns=(1, 1))
    assert len({empty, enrolled, store.state()}) == 3
    store.forget("anna")
    assert store.state() == empty
