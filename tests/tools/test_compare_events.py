"""What the comparison of two revisions' events leaves out, and what it must not."""

from __future__ import annotations

import json

from tools.compare_events import comparable, first_difference

OLD = {"t": 7.6, "kind": "alert", "code": "microsleep", "level": "warning", "phase": "raised", "seq": 1, "evidence": {}}
ADDED = {"time": "2026-11-29T06:00:07.600Z", "run": "0a1b2c3d", "id": "0a1b2c3d-1", "step": "0a1b2c3d-1-raised"}
RUN = {"t": 0.0, "kind": "run", "run": "0a1b2c3d"}


def lines(*objects: dict[str, object]) -> str:
    return "".join(json.dumps(one) + "\n" for one in objects)


def test_an_alert_with_the_new_fields_equals_the_old_one() -> None:
    assert first_difference(comparable(lines(OLD)), comparable(lines(RUN, OLD | ADDED))) is None


def test_another_time_level_or_evidence_is_a_difference() -> None:
    for change in ({"t": 7.7}, {"level": "urgent"}, {"evidence": {"closure_s": 1.0}}, {"seq": 2}):
        assert first_difference(comparable(lines(OLD)), comparable(lines(OLD | ADDED | change)))


def test_a_missing_line_is_a_difference() -> None:
    assert first_difference(comparable(lines(OLD, OLD)), comparable(lines(OLD))) == "2 lines became 1"


def test_a_renamed_note_is_equal_and_another_note_is_not() -> None:
    note = {"t": 1.0, "kind": "health", "health": "ok", "note": "saving", "text": "the board is hot"}
    assert first_difference(comparable(lines(note)), comparable(lines(note | {"note": "reduced"}))) is None
    assert first_difference(comparable(lines(note)), comparable(lines(note | {"note": "disk_full"})))
