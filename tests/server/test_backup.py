"""A restore drill: what was acknowledged before a backup began is there after it was restored somewhere else."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from beside_client import Client, sign_in
from beside_client.wire import View
from server.backup.archive import Damaged, unpack
from server.backup.folder import DATABASE, JOURNAL, KEYS, save, steady_copy
from server.backup.restore import restore
from server.commands import keeping
from server.settings import BadSetting, Settings
from server.store.journal import Journal
from server.store.migrate import upgrade
from server.verify import HOLDS, verified
from tests.by_hand import only_on_sqlite
from tests.fakes import MovableClock
from tests.server.test_witness_records import a_record
from tests.worlds import PASSPHRASE, Member, World, a_world


@only_on_sqlite("backs up SQLite's own file; the drill on PostgreSQL is in tests/contracts/test_backup.py")
async def test_the_drill_everyone_every_acked_word_the_call_and_the_record_come_back(
    world: World, clock: MovableClock, tmp_path: Path, two_peers_available: list[Member]
) -> None:
    ana, maria, _tom = two_peers_available
    action = await a_record(world, ana, maria)
    call = await ana.page.raise_call(ana.group, "please")
    await maria.page.until(lambda state: state.card_of(call))
    log = await maria.page.open_room(maria.room)
    acked: list[str] = []
    stop, said = asyncio.Event(), asyncio.Condition()

    async def talk() -> None:
        while not stop.is_set():
            word = f"word {len(acked)}"
            await maria.page.say(maria.room, word)
            async with said:
                acked.append(word)
                said.notify_all()

    talking = asyncio.ensure_future(talk())
    async with asyncio.timeout(20), said:
        await said.wait_for(lambda: len(acked) >= 20)
    before = list(acked)
    file = tmp_path / "beside.backup"
    manifest = await asyncio.to_thread(save, world.beside.settings, file)
    during = len(acked)
    async with asyncio.timeout(20), said:
        await said.wait_for(lambda: len(acked) > during)
    stop.set()
    await talking
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert {part.name for part in manifest.parts} == {DATABASE, *KEYS}
    deadline = deadline_of(world.beside.settings.data, call)
    fingerprint = (await ana.page.list_records())["key"]

    elsewhere = tmp_path / "elsewhere"
    done = await asyncio.to_thread(restore, file, elsewhere)
    assert (done.accounts, done.groups, done.live_calls, done.set_aside) == (3, 1, 1, None)
    assert done.newest_word_at is not None
    assert deadline_of(elsewhere, call) == deadline
    async with a_world(elsewhere, clock) as again:
        for name in ("maria", "ana", "tom"):
            await sign_in(again.url, name, PASSPHRASE)
        maria_again = await again.page_of(await sign_in(again.url, "maria", PASSPHRASE))
        room_again = await maria_again.open_room(maria.room)
        words = await every_word(maria_again, maria.room)
        assert words[: len(before)] == before
        assert words == acked[: len(words)], "nothing that nobody said, and no hole"
        assert room_again.epoch > log.epoch, "whoever read on after the backup begins the room anew"
        assert await maria_again.until(lambda state: state.card_of(call))
        await again.pass_time(60)
        assert deadline_of(elsewhere, call) > deadline, "the call goes on"
        ana_again = await again.page_of(await sign_in(again.url, "ana", PASSPHRASE))
        record = tmp_path / "record.json"
        record.write_text(await ana_again.export_record(action))
        assert verified(str(record), fingerprint)[1] == HOLDS


async def every_word(page: Client, room: str) -> list[str]:
    """What was said in a room by hand, the oldest first."""
    entries: list[View] = []
    while more := await page.fetch_entries(room, after=0, before=entries[0]["seq"] if entries else 2**31 - 1):
        entries = more + entries
    return [entry["text"] for entry in entries if entry["text"].startswith("word")]


def deadlines_of(data: Path) -> dict[str, int]:
    with closing(sqlite3.connect(data / DATABASE)) as db:
        return dict(db.execute("SELECT subject, due_at FROM deadlines WHERE kind = 'call'").fetchall())


def deadline_of(data: Path, call: str) -> int:
    return deadlines_of(data)[call]


# ---------------------------------------------------------------- what is refused


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A data folder as after a first start, with one room."""
    settings = Settings(data=tmp_path / "data")
    settings.data.mkdir()
    upgrade(settings.data / DATABASE)
    (settings.data / "secret.key").write_bytes(b"k" * 32)
    with closing(sqlite3.connect(settings.data / DATABASE)) as db, db:
        db.execute("INSERT INTO groups VALUES ('g', 'Evenings', '', '', '', '', 1)")
        db.execute("INSERT INTO rooms VALUES ('r', 'g', NULL, 1, 0)")
    return settings


@pytest.fixture
def file(settings: Settings, tmp_path: Path) -> Path:
    save(settings, tmp_path / "one.backup")
    return tmp_path / "one.backup"


def test_any_flipped_byte_is_refused_and_nothing_is_touched(file: Path, tmp_path: Path) -> None:
    whole = file.read_bytes()
    target = tmp_path / "target"
    for at in {*range(0, len(whole), 1499), 3, 600, len(whole) - 1}:
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(BadSetting):
            restore(file, target)
        assert not [path for path in target.iterdir() if path.name != "server.lock"], at
    file.write_bytes(whole)
    restore(file, target)


@pytest.mark.parametrize(
    "spoil",
    [lambda whole: whole[:-10_240], lambda whole: whole[:700], lambda whole: whole + b"x", lambda _whole: b"no tar"],
    ids=["cut off at the end", "cut off early", "something behind it", "no archive"],
)
def test_what_is_not_the_whole_file_is_refused(file: Path, tmp_path: Path, spoil: Callable[[bytes], bytes]) -> None:
    file.write_bytes(spoil(file.read_bytes()))
    (tmp_path / "into").mkdir()
    with pytest.raises(Damaged):
        unpack(file, tmp_path / "into")


def test_a_folder_that_holds_something_is_refused_and_with_replace_it_is_set_aside(
    file: Path, settings: Settings
) -> None:
    (settings.data / "secret.key").write_bytes(b"n" * 32)
    with pytest.raises(BadSetting, match="not empty"):
        restore(file, settings.data)
    assert (settings.data / "secret.key").read_bytes() == b"n" * 32
    done = restore(file, settings.data, replace=True)
    assert (settings.data / "secret.key").read_bytes() == b"k" * 32
    assert done.set_aside is not None
    assert (done.set_aside / "secret.key").read_bytes() == b"n" * 32
    assert (done.set_aside / DATABASE).is_file()


async def test_a_folder_in_use_is_refused_also_with_replace(file: Path, world: World) -> None:
    with pytest.raises(BadSetting, match="running"):
        await asyncio.to_thread(restore, file, world.beside.settings.data, replace=True)


def test_a_file_that_is_there_is_not_written_over(file: Path, settings: Settings) -> None:
    before = file.read_bytes()
    with pytest.raises(BadSetting, match="already"):
        save(settings, file)
    with pytest.raises(BadSetting, match="already"):
        save(settings, settings.data / DATABASE)
    assert file.read_bytes() == before
    assert not [path for path in file.parent.iterdir() if path.name.startswith(".")], "no draft is left"


def test_a_damaged_database_gives_no_backup(settings: Settings, tmp_path: Path) -> None:
    with (settings.data / DATABASE).open("r+b") as database:
        database.seek(4096)
        database.write(os.urandom(8192))
    with pytest.raises(BadSetting, match="not made"):
        save(settings, tmp_path / "never")
    assert not (tmp_path / "never").exists()


def test_an_older_schema_is_brought_up_and_a_newer_one_refused(settings: Settings, tmp_path: Path) -> None:
    old = Settings(data=tmp_path / "old")
    old.data.mkdir()
    upgrade(old.data / DATABASE, "0001")
    save(old, tmp_path / "old.backup")
    done = restore(tmp_path / "old.backup", tmp_path / "restored")
    assert done.upgraded_from == "0001"
    with closing(sqlite3.connect(settings.data / DATABASE)) as db, db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
    save(settings, tmp_path / "new.backup")
    with pytest.raises(BadSetting, match="newer Beside"):
        restore(tmp_path / "new.backup", tmp_path / "never")


def test_two_restores_of_one_backup_are_two_lives_of_a_room(file: Path, tmp_path: Path) -> None:
    """A page that read on in the first must not go on in the second."""
    epochs = []
    for name in ("first", "second"):
        restore(file, tmp_path / name)
        with closing(sqlite3.connect(tmp_path / name / DATABASE)) as db:
            epochs += db.execute("SELECT epoch FROM rooms").fetchone()
        save(Settings(data=tmp_path / name), tmp_path / f"{name}.backup")
        file = tmp_path / f"{name}.backup"
    assert 1 < epochs[0] < epochs[1]


def test_calls_that_were_not_saved_yet_are_in_it(settings: Settings, tmp_path: Path) -> None:
    journal = Journal(settings.data / JOURNAL)
    manifest = save(settings, tmp_path / "without")
    assert JOURNAL not in {part.name for part in manifest.parts}
    journal.append(b"a call", lambda: b"")
    manifest = save(settings, tmp_path / "with")
    journal.close()
    assert JOURNAL in {part.name for part in manifest.parts}
    restore(tmp_path / "with", tmp_path / "restored")
    again = Journal(tmp_path / "restored" / JOURNAL)
    assert again.records == [b"a call"]
    again.close()


def test_a_journal_that_does_not_stand_still_is_no_backup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = iter(range(100))
    monkeypatch.setattr(Path, "read_bytes", lambda _path: bytes([next(reads)]))
    with pytest.raises(OSError, match="stand still"):
        steady_copy(tmp_path / JOURNAL, tmp_path / "copy")


def test_what_the_commands_say(settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keeping.backup(tmp_path / "b", data=settings.data)
    keeping.restore(tmp_path / "b", data=tmp_path / "r")
    said = capsys.readouterr().out
    assert "beside.db; " in said
    assert "0 accounts, 1 groups, 0 running calls; newest word: none." in said
