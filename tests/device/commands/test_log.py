"""``wakeful log`` and ``wakeful replay`` as a field test engineer uses them, on whole, broken and hostile logs."""

from __future__ import annotations

import csv
import io
import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from tools.rigs.log_samples import CONFIG, FACE, FULL_OBSERVATION, MESSAGES, ORIGIN_NS, at, log_bytes, observations
from tools.rigs.recorded_drive import READ, eventful, record
from wakeful.device.alerts.events import alert_line, event_line, run_line
from wakeful.device.cli import status
from wakeful.device.messages import Alert, Event, Level, Observation, Phase
from wakeful.device.record.outcome import run_of
from wakeful.device.record.reader import LogFile, recording, recordings
from wakeful.device.record.schema import OBSERVATION

mcap_reader = pytest.importorskip("mcap.reader", reason="the extra [record] is not installed")


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one recorded drive."""
    folder = tmp_path_factory.mktemp("logs")
    record(folder, eventful(), marks={at(2.0): "=bridge [bold]"})
    return folder


def said(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    code = status([str(one) for one in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_info_tells_what_is_recorded_and_of_whom(logs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, "log", "info", logs)
    assert code == 0
    for part in ("14.0 s, driver ada", "profile vehicle", "1 microsleep, 1 sleep", "marker at 2.0 s: =bridge [bold]"):
        assert part in out
    (found,) = json.loads(said(capsys, "log", "info", logs, "--json")[1])
    assert found["messages"]["/observation"] == 391
    assert found["raised"] == {"microsleep": 1, "sleep": 1}
    assert found["health_frames"]["camera_lost"] == 29
    assert (found["complete"], found["missing"], found["gaps"], found["damage"]) == (True, 0, [], [])


def test_info_tells_where_something_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inputs = [one for one in eventful(6.0) if not at(2.0) < one.t_ns < at(4.0)]
    data = log_bytes([*inputs, replace(FULL_OBSERVATION, t_ns=at(1.0))])
    (tmp_path / "a.mcap").write_bytes(data[:-30])
    code, out, _ = said(capsys, "log", "info", tmp_path)
    assert code == 0
    for part in ("at 2.0 s: nothing recorded for 2.0 s", "the clock jumped by -5.0 s", "`wakeful log repair`"):
        assert part in out


def test_repair_makes_a_whole_log_of_a_broken_one(
    logs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (whole,) = logs.glob("*.mcap")
    broken = tmp_path / "broken.mcap"
    broken.write_bytes(whole.read_bytes()[:-6000])
    code, out, _ = said(capsys, "log", "repair", broken)
    assert code == 0
    assert "a record is cut off" in out or "without a footer" in out
    repaired = tmp_path / "broken.repaired.mcap"
    with repaired.open("rb") as file:
        assert sum(1 for _ in mcap_reader.make_reader(file).iter_messages()) > 500
    assert stat.S_IMODE(repaired.stat().st_mode) == 0o600
    assert list(LogFile(repaired).entries()) == list(LogFile(broken).entries())
    assert said(capsys, "replay", repaired, "--diff")[0] == 0
    assert "nothing to repair" in said(capsys, "log", "repair", repaired)[1]


def test_repair_finds_what_lies_behind_a_hole(logs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = bytearray(log_bytes(list(eventful())))
    data[40_000:44_000] = bytes(4000)
    (tmp_path / "a.mcap").write_bytes(data)
    assert said(capsys, "log", "repair", tmp_path / "a.mcap")[0] == 0
    seen = [entry.value for entry in LogFile(tmp_path / "a.repaired.mcap").entries(OBSERVATION)]
    assert 350 < len(seen) < 391
    assert list(eventful())[-1] in seen


def test_a_cut_is_a_log_of_its_own(logs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "cut.mcap"
    assert said(capsys, "log", "cut", logs, "--from", "2", "--to", "3.5", "-o", target)[0] == 0
    found = [entry.value for entry in recording(target).entries(OBSERVATION)]
    assert found == [one for one in eventful() if at(2.0) <= one.t_ns <= at(3.5) and not hasattr(one, "command")]
    assert recording(target).config.cut
    code, _, err = said(capsys, "log", "cut", logs, "--from", "100", "-o", tmp_path / "none.mcap")
    assert (code, "nothing of" in err, (tmp_path / "none.mcap").exists()) == (3, True, False)
    (own,) = logs.glob("*.mcap")
    assert "is the log itself" in said(capsys, "log", "cut", logs, "-o", own)[2]


def test_export_writes_a_table_a_channel(logs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "log", "export", logs, "-o", tmp_path / "csv")[0] == 0
    tables = {file.stem: list(csv.DictReader(io.StringIO(file.read_text()))) for file in (tmp_path / "csv").iterdir()}
    assert set(tables) == {
        *(
            "observation",
            "tick",
            "vehicle",
            "acknowledge",
            "command",
            "marker",
            "state",
            "alert",
            "event",
            "health",
            "expression",
        )
    }
    row = tables["observation"][1]
    assert (row["t"], row["p_happiness"], row["face"], row["unreadable"]) == ("0.033333333", "0.75", "1", "")
    run = run_of(recording(logs).config)
    origin = {"run": run.id, "origin_utc_ns": str(run.utc_ns), "origin_monotonic_ns": str(ORIGIN_NS)}
    assert tables["vehicle"] == [{"t": "1.0", "t_ns": str(at(1.0)), "speed_kmh": "63.5", **origin}]
    for name, (first, *others) in tables.items():
        assert {column: first[column] for column in origin} == origin, name
        assert not any(row[column] for row in others for column in origin), name
    assert [one["code"] for one in tables["alert"] if one["phase"] == "raised"] == ["microsleep", "sleep"]
    (closure,) = [one for one in tables["event"] if one["kind"] == "closure"]
    assert [float(closure["start"]), float(closure["end"])] == pytest.approx([3.0, 7.5])


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_export_has_a_column_for_each_coordinate_of_recorded_points(
    form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record(tmp_path / "log", observations(1.0), face=READ, landmarks=True)
    options = []
    if form == "parquet":
        parquet = pytest.importorskip("pyarrow.parquet", reason="the extra [parquet] is not installed")
        options = ["--parquet"]
    assert said(capsys, "log", "export", tmp_path / "log", "-o", tmp_path, *options)[0] == 0
    file = tmp_path / f"landmarks.{form}"
    rows = parquet.read_table(file).to_pylist() if options else list(csv.DictReader(io.StringIO(file.read_text())))
    assert len(rows) == 30 and len(rows[0]) == 5 + 2 * 744 + 3
    last = rows[-1]
    assert (int(last["seq"]), int(last["width"]), int(last["height"])) == (29, 64, 48)
    assert [float(last[f"{axis}467"]) for axis in "xyz"] == FACE.points[467].tolist()
    assert [float(last[f"right_iris_{axis}4"]) for axis in "xy"] == FACE.right_eye.iris[4].tolist()


def test_export_to_parquet_holds_the_same(logs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="the extra [parquet] is not installed")
    assert said(capsys, "log", "export", logs, "-o", tmp_path, "--parquet")[0] == 0
    table = parquet.read_table(tmp_path / "observation.parquet").to_pylist()
    seen = [one for one in eventful() if isinstance(one, Observation)]
    assert [row["eye_aspect_left"] for row in table] == [one.eye_aspect_left for one in seen]
    assert table[0]["p_neutral"] == 0.25


def test_parquet_without_its_package_says_what_to_install(
    logs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wakeful.device.extras.find_spec", lambda name: None if name == "pyarrow" else True)
    code, _, err = said(capsys, "log", "export", logs, "-o", tmp_path, "--parquet")
    assert (code, "pip install 'wakeful[parquet]'" in err) == (2, True)


def test_replay_proves_that_the_alerts_are_the_same(logs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, "replay", logs, "--diff")
    assert code == 0
    assert "the same" in out


def test_replay_writes_the_events_as_the_monitor_does(
    logs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from tools.rigs.recorded_drive import play

    class Lines:
        def __init__(self) -> None:
            self.lines: list[str] = []

        def __getattr__(self, name: str) -> object:
            return lambda *arguments: None

        def alert(self, alert: Alert) -> None:
            self.lines.append(alert_line(alert, run))

        def event(self, event: object) -> None:
            self.lines.append(event_line(event, ORIGIN_NS))  # type: ignore[arg-type]

    run = run_of(recordings([logs])[0].config)
    live = Lines()
    play(live, eventful(), marks={at(2.0): "=bridge [bold]"})  # type: ignore[arg-type]
    assert said(capsys, "replay", logs, "--events", tmp_path / "e.jsonl")[0] == 0
    assert (tmp_path / "e.jsonl").read_text() == "".join([run_line(run), *live.lines])
    assert stat.S_IMODE((tmp_path / "e.jsonl").stat().st_mode) == 0o600


def test_replay_tells_a_log_that_differs_by_its_status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.mcap").write_bytes(log_bytes([*eventful(), MESSAGES[9]]))
    code, out, _ = said(capsys, "replay", tmp_path, "--diff")
    assert code == 1
    assert "only now" in out
    assert said(capsys, "replay", tmp_path)[0] == 0


def test_replay_with_another_profile_shows_what_would_change(logs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, "replay", logs, "--profile", "robot", "--diff")
    assert code == 0
    assert "vanished" in out


def test_many_logs_are_one_table(logs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "other.mcap").write_bytes(log_bytes(list(eventful(5.0)), replace(CONFIG, session="other")))
    code, out, _ = said(capsys, "replay", logs, tmp_path, "--jobs", "2")
    assert code == 0
    assert "other" in out
    assert "microsleep" in out
    assert "--events takes one" in said(capsys, "replay", logs, tmp_path, "--events", tmp_path / "e")[2]


STEERING = "[/x]\x1b[31m\x1b]0;title\x07\u202e:smile:\nwakeful: "
"""Closes markup that was never opened, colours and renames the terminal, turns the writing, forges a line."""


@pytest.fixture
def steering(tmp_path: Path) -> Path:
    """A recording of two files in which every text is ``STEERING``."""
    about = {**CONFIG.about, "source": STEERING}
    settings = {"driver": {"name": STEERING}}
    head = replace(CONFIG, session=STEERING, version=STEERING, profile_name=STEERING, about=about, settings=settings)
    t_ns = ORIGIN_NS + 1_000_000_000
    said_of_it = (
        Alert(t_ns, 1, STEERING, Level.WARNING, Phase.RAISED, {STEERING: 1.0}),
        Event(t_ns, "marker", {"text": STEERING, "pressed_ns": t_ns}),
        Event(t_ns, STEERING, {STEERING: STEERING}),
        Event(t_ns, "health", {"health": "ok", "note": STEERING, "text": STEERING}),
    )
    for part in (1, 2):
        content = log_bytes((*observations(2.0), *said_of_it), replace(head, part=part))
        (tmp_path / f"{part}.mcap").write_bytes(content)
    return tmp_path


@pytest.mark.parametrize(
    "command",
    [
        *(["log", "info"], ["log", "info", "--json"], ["replay", "--diff"], ["replay", "--profile", "robot"]),
        *(["replay", "--events", "-"], ["report"], ["evaluate", "log", "--truth"]),
    ],
    ids=" ".join,
)
def test_texts_of_a_log_never_steer_the_terminal(
    steering: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.chdir(steering)
    truth = steering / "truth.csv"
    truth.write_text(f'driver,event,start,end\n"{STEERING}",sleep,0.5,1.5\n', encoding="utf-8")
    code, out, err = said(capsys, *command, *([truth] if "--truth" in command else []), steering)
    assert code in (0, 1)
    assert all(line.isprintable() for line in (out + err).split("\n"))
    assert not any(line.startswith("wakeful: ") for line in out.split("\n"))


def test_an_error_that_names_a_text_of_a_log_never_steers_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in "ab":
        head = replace(CONFIG, session=name + STEERING)
        (tmp_path / f"{name}.mcap").write_bytes(log_bytes(observations(1.0), head))
    code, _, err = said(capsys, "report", tmp_path, "-o", tmp_path / "r.html")
    assert code == 3
    assert err.removesuffix("\n").isprintable()


@pytest.mark.parametrize("command", [["log", "info"], ["log", "repair"], ["replay"]], ids=" ".join)
@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n", log_bytes()[:300], log_bytes()[:1500]], ids=len)
def test_what_is_no_log_gets_one_line_and_status_3(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str], data: bytes
) -> None:
    (tmp_path / "a.mcap").write_bytes(data)
    code, _, err = said(capsys, *command, tmp_path / "a.mcap")
    assert code == 3
    assert err.startswith("wakeful: ")
    assert err.count("\n") == 1


def test_the_layout_for_foxglove_shows_channels_that_there_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from wakeful.device.record.schema import CHANNELS

    assert said(capsys, "log", "layout", tmp_path / "l.json")[0] == 0
    layout = json.loads((tmp_path / "l.json").read_text())
    for name, panel in layout["configById"].items():
        for path in [one["value"] for one in panel.get("paths", [])]:
            topic, _, key = path.partition(".")
            assert key in CHANNELS[topic][1]["properties"], f"{name}: {path}"
    shown = json.dumps(layout["layout"])
    assert all(name in shown for name in layout["configById"])
