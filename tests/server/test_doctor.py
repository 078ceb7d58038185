"""`beside doctor` finds what is broken, says what to do, and leaves a sound server in peace."""

from __future__ import annotations

import os
import socket
import sqlite3
import time
from dataclasses import replace
from pathlib import Path

import pytest

from server import doctor, logs
from server.backup.folder import save
from server.doctor import Finding, Level, Look, machine, parts
from server.heartbeat import Heartbeat, heartbeat_file, write_heartbeat
from server.helplines import Helplines, load
from server.settings import Settings
from server.storage import upgrade_database
from tests.worlds import World


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A data folder with an empty database, as after a first start."""
    settings = Settings(data=tmp_path / "data", port=_a_free_port())
    upgrade_database(settings)
    return settings


def _a_free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def found(look: Look, settings: Settings) -> list[Finding]:
    return list(look(settings))


def only(look: Look, settings: Settings) -> Finding:
    (one,) = found(look, settings)
    return one


def test_files_that_others_can_read_must_be_mended(settings: Settings) -> None:
    assert only(doctor.data_folder, settings).level is Level.OK
    (settings.data / "beside.db").chmod(0o644)
    open_file = only(doctor.data_folder, settings)
    assert open_file.level is Level.MEND
    assert open_file.do == f"chmod 600 {settings.data / 'beside.db'}"


def test_a_disk_in_memory_must_be_mended_and_a_containers_layer_is_told(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind, level in (("tmpfs", Level.MEND), ("overlay", Level.LOOK), ("ext4", Level.OK)):
        monkeypatch.setattr(machine, "_filesystem_of", lambda _place, kind=kind: kind)
        assert found(doctor.disk, settings)[0].level is level, kind


def test_the_file_system_is_that_of_the_nearest_mount(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text("/dev/a / ext4 rw 0 0\nnone /srv tmpfs rw 0 0\n/dev/b /srv/my\\040data xfs rw 0 0\n")
    for place, kind in (("/srv/my data/x", "xfs"), ("/srv/x", "tmpfs"), ("/srvx", "ext4")):
        assert machine._filesystem_of(Path(place), mounts) == kind


def test_a_full_disk_must_be_mended(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "DISK_MUST_BE_FREE_BYTES", 2**62)
    monkeypatch.setattr(machine, "DISK_SHOULD_BE_FREE_BYTES", 2**62)
    assert found(doctor.disk, settings)[-1].level is Level.MEND


def test_a_clock_that_was_set_back_is_seen_in_the_store(settings: Settings) -> None:
    assert only(doctor.clock, settings).level is Level.OK
    with sqlite3.connect(settings.data / "beside.db") as db:
        later_ms = int(time.time() * 1000) + 3_600_000
        db.execute("INSERT INTO audit VALUES (1, ?, 'a', 'b', 'c', 'd')", (later_ms,))
    db.close()
    back = only(doctor.clock, settings)
    assert back.level is Level.MEND
    assert "was set back" in back.what


def test_a_damaged_database_must_be_mended(settings: Settings) -> None:
    assert only(doctor.database, settings).level is Level.OK
    path = settings.data / "beside.db"
    for beside_it in settings.data.glob("beside.db-*"):
        beside_it.unlink()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(8192))
    assert only(doctor.database, settings).level is Level.MEND


def test_too_few_open_files_are_told_as_people(settings: Settings) -> None:
    crowd = only(doctor.open_files, replace(settings, connections_at_most=2**30))
    assert crowd.level in (Level.LOOK, Level.OK)  # OK where the limit is infinite
    few = replace(settings, connections_at_most=1, connections_before_hello_at_most=1, http_connections_at_most=1)
    assert only(doctor.open_files, few).level is Level.OK


def test_a_taken_port_must_be_mended(settings: Settings) -> None:
    assert only(doctor.port, settings).level is Level.OK
    with socket.socket() as other:
        other.bind(("127.0.0.1", settings.port))
        other.listen()
        assert only(doctor.port, settings).level is Level.MEND


async def test_a_port_on_which_beside_runs_is_no_fault(world: World) -> None:
    import asyncio

    running = await asyncio.to_thread(only, doctor.port, world.beside.settings)
    assert running == Finding(Level.OK, f"Beside is running on port {world.beside.port}.")


def test_pages_that_are_not_built_must_be_mended(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "STATIC", tmp_path)
    assert only(doctor.pages, settings).do == "./do web"


def test_a_push_key_that_is_none_must_be_mended(settings: Settings) -> None:
    key = settings.data / "vapid.pem"
    key.write_text("nothing")
    assert only(doctor.push, settings).level is Level.MEND
    key.write_text("-----BEGIN PRIVATE KEY-----")
    public = replace(settings, public_origin="https://beside.example.org")
    assert [one.level for one in found(doctor.push, public)] == [Level.OK, Level.LOOK]


def test_cb06_helplines_older_than_180_days_are_told_and_none_at_all_must_be_mended(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = load()
    monkeypatch.setattr(parts, "load", lambda: known)
    monkeypatch.setattr(parts, "stale", lambda _today, _lines: [])
    assert only(doctor.helplines, settings).level is Level.OK
    monkeypatch.setattr(parts, "stale", lambda _today, _lines: [object()])
    assert only(doctor.helplines, settings).level is Level.LOOK
    monkeypatch.setattr(parts, "load", lambda: Helplines(note="", countries={}))
    assert only(doctor.helplines, settings).level is Level.MEND


def test_the_exit_code_is_1_if_something_must_be_mended(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from server.cli import doctor as command

    monkeypatch.setattr(logs, "say_nothing", lambda: None)  # it would hold for all tests after this one
    monkeypatch.setattr(doctor, "LOOKS", (doctor.data_folder, _a_look_that_fails))
    with pytest.raises(SystemExit) as stopped:
        command(data=settings.data)
    assert stopped.value.code == 1
    said = capsys.readouterr().out
    assert "MEND _a_look_that_fails: could not look (OSError: no such thing)" in said
    assert said.endswith("1 to mend, 0 to look at.\n")

    monkeypatch.setattr(doctor, "LOOKS", (doctor.data_folder,))
    command(data=settings.data)  # does not exit


def _a_look_that_fails(_settings: Settings) -> list[Finding]:
    raise OSError("no such thing")


# ---------------------------------------------------------------- what keeps it safe from outside


def test_oc07_an_auditor_that_is_expected_and_silent_must_be_mended(settings: Settings) -> None:
    assert only(doctor.auditor, settings).level is Level.LOOK
    expected = replace(settings, auditor_expected=True, switch_url="https://switch.example/x")
    assert only(doctor.auditor, expected).what == "The auditor was never heard: nobody sees a late deadline."
    write_heartbeat(settings.data, Heartbeat(1, 0, 0))
    assert only(doctor.auditor, expected).level is Level.OK
    assert [one.level for one in found(doctor.auditor, settings)] == [Level.LOOK, Level.LOOK]
    long_ago = time.time() - 60
    os.utime(heartbeat_file(settings.data), (long_ago, long_ago))
    assert only(doctor.auditor, expected).level is Level.MEND


def test_a_backup_that_is_too_old_must_be_mended(settings: Settings, tmp_path: Path) -> None:
    assert only(doctor.backups, settings).level is Level.LOOK
    save(settings, tmp_path / "a backup")
    assert only(doctor.backups, settings) == Finding(Level.OK, "The last backup is 0 h old.")
    with sqlite3.connect(settings.data / "beside.db") as db:
        db.execute(
            "UPDATE facts SET value = ? WHERE name = 'backed_up_at'", (str(int(time.time() - 49 * 3600) * 1000),)
        )
    db.close()
    assert only(doctor.backups, settings).level is Level.MEND
    assert only(doctor.backups, replace(settings, backup_within_hours=72)).level is Level.OK
