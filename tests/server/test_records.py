"""The key of records and `beside verify`, with real Ed25519, real files and the command itself (WA6)."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import msgpack
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from presence.ids import ActionId
from rooms import record
from rooms.record import Entry
from server.record_key import FILE_BYTES_AT_MOST, RecordKey, encode, verify
from server.settings import BadSetting
from server.verify import BROKEN, CANNOT_SAY, HOLDS, told, verified

ROOT = Path(__file__).parents[2]
START = 1_795_000_000_000
ACTION = ActionId("action 1")


@pytest.fixture
def key(tmp_path: Path) -> RecordKey:
    return RecordKey.load_or_make(tmp_path / "record.pem")


def entries_of(*said: tuple[str, dict[str, Any]], key: RecordKey) -> list[Entry]:
    entries: list[Entry] = []
    head = record.genesis(ACTION)
    for n, (what, more) in enumerate(said, start=1):
        entries.append(record.next_entry(head, n, START + n * 60_000, what, more, key.encode))
        head = entries[-1].hash
    return entries


def an_action(key: RecordKey) -> list[Entry]:
    saw = [{"witness": n, "saw": True, "perceived": how} for n, how in enumerate(["video", "video", "text"], start=1)]
    return entries_of(
        ("declared", {"deed": "pour_out", "words": "the last one, \x1b[31mfor Zoë"}),
        ("live", {"medium": "video", "present": 4}),
        ("declared_done", {"present": 4}),
        *(("attested", one) for one in saw),
        ("attested", {"witness": 4, "saw": False, "perceived": None}),
        ("completed", {"witnesses": 3}),
        key=key,
    )


@pytest.fixture
def file(key: RecordKey, tmp_path: Path) -> Path:
    path = tmp_path / "record.json"
    path.write_text(key.file(ACTION, an_action(key), START + 900_000), encoding="utf-8")
    return path


def beside(*words: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The command, in a folder without data, a server or a setting."""
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", "server.cli", *map(str, words)], cwd=cwd, env=env, capture_output=True, text=True
    )


# ---------------------------------------------------------------- bytes


texts = st.text(st.characters(exclude_categories=["Cs"]))
plain_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), texts),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(texts, inner)),
)


def in_order(plain: Any) -> Any:
    if isinstance(plain, dict):
        return {name: in_order(value) for name, value in sorted(plain.items())}
    return [in_order(value) for value in plain] if isinstance(plain, list) else plain


@settings(deadline=None, max_examples=500)
@given(plain=plain_values)
def test_wa06_another_implementation_gives_the_same_bytes(plain: Any) -> None:
    """Whoever checks a record without Beside needs msgpack and a sorted map, no more."""
    assert encode(plain) == msgpack.packb(in_order(plain))


@settings(deadline=None)
@given(names=st.lists(texts, unique=True))
def test_wa06_the_order_of_names_is_that_of_their_code_points(names: list[str]) -> None:
    assert list(msgpack.unpackb(encode(dict.fromkeys(names, 0)))) == sorted(names)


# ---------------------------------------------------------------- the key


def test_wa06_the_key_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "record.pem"
    old = os.umask(0)
    try:
        first = RecordKey.load_or_make(path)
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert RecordKey.load_or_make(path).fingerprint == first.fingerprint
    assert [p.name for p in tmp_path.iterdir()] == ["record.pem"]


def test_wa06_two_that_start_at_once_have_one_key(tmp_path: Path) -> None:
    path = tmp_path / "record.pem"
    seen: list[str] = []
    together = threading.Barrier(8)

    def start() -> None:
        together.wait()
        seen.append(RecordKey.load_or_make(path).fingerprint)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 8
    assert set(seen) == {RecordKey.load_or_make(path).fingerprint}
    assert [p.name for p in tmp_path.iterdir()] == ["record.pem"]


def test_wa06_a_key_that_cannot_be_read_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "record.pem"
    of_another_kind = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    for content in (b"", b"no key", of_another_kind):
        path.write_bytes(content)
        with pytest.raises(BadSetting, match="backup"):
            RecordKey.load_or_make(path)
        assert path.read_bytes() == content


def test_wa06_sealing_twice_for_one_time_gives_one_file(key: RecordKey) -> None:
    entries = an_action(key)
    assert key.file(ACTION, entries, START) == key.file(ACTION, entries, START)
    assert key.fingerprint in key.file(ACTION, entries, START)


def test_wa06_only_the_right_key_and_words_verify(key: RecordKey, tmp_path: Path) -> None:
    other = RecordKey.load_or_make(tmp_path / "other.pem")
    seal = key.seal(ACTION, an_action(key), START)
    assert record.check(an_action(key), seal, key.fingerprint, encode, verify) is None
    assert record.check(an_action(key), seal, other.fingerprint, encode, verify) is not None
    for public_key in (other.public_key, b"", b"\xff" * 32, b"x" * 33):
        assert not verify(public_key, b"words", bytes.fromhex(seal.signature))


# ---------------------------------------------------------------- the command


def test_wa06_a_whole_record_is_told_in_plain_words(file: Path, key: RecordKey, tmp_path: Path) -> None:
    empty = tmp_path / "elsewhere"
    empty.mkdir()
    for words in ([key.fingerprint], key.fingerprint.split(), [key.public_key.hex().upper()]):
        said = beside("verify", file, "--key", *words, cwd=empty)
        assert said.returncode == 0, said.stderr
        assert said.stdout.startswith("valid: 8 entries, 18 Nov 2026 11:07 UTC to 18 Nov 2026 11:14 UTC, 2 witnesses ")
        assert "2 witnesses saw it live, 1 witness" in said.stdout
        assert "1 witness was told in text, 1 witness could not see it, completed with witnesses." in said.stdout
        assert "Zo" not in said.stdout  # what the member wrote is nobody's here
    assert list(empty.iterdir()) == []


def test_wa06_the_command_names_the_first_broken_entry(file: Path, key: RecordKey, tmp_path: Path) -> None:
    file.write_text(file.read_text(encoding="utf-8").replace('"present": 4', '"present": 5'), encoding="utf-8")
    said = beside("verify", file, "--key", key.fingerprint, cwd=tmp_path)
    assert (said.returncode, said.stdout) == (1, "")
    assert "Entry 2 was changed" in said.stderr


def test_wa06_the_command_without_a_key_or_a_file_says_what_it_needs(file: Path, tmp_path: Path) -> None:
    for words, needed in ((["verify", str(file)], "--key"), (["verify", "--key", "ab"], "which file")):
        said = beside(*words, cwd=tmp_path)
        assert said.returncode == 2
        assert needed in said.stderr
        assert "Traceback" not in said.stderr


def test_wa06_another_key_is_told_from_a_changed_file(file: Path, tmp_path: Path) -> None:
    other = RecordKey.load_or_make(tmp_path / "other.pem")
    said, code = verified(str(file), other.fingerprint)
    assert code == BROKEN
    assert "another key" in said


def test_wa06_what_cannot_be_checked_is_said_so(file: Path, key: RecordKey, tmp_path: Path) -> None:
    def made(name: str, content: bytes) -> str:
        (tmp_path / name).write_bytes(content)
        return str(tmp_path / name)

    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    cases = {
        "no file": str(tmp_path / "nowhere"),
        "is no folder": str(tmp_path),
        "no pipe": str(pipe),
        "no name": "a\0b",
        "a name too long": "x" * 5000,
        "no text": made("bytes", b"\xff\xfe{}"),
        "no JSON": made("words", b"hello"),
        "empty": made("empty", b""),
        "another JSON": made("other", b'{"format": "something"}'),
        "deep": made("deep", b"[" * 900_000),
        "too big": made("big", b" " * (FILE_BYTES_AT_MOST + 1)),
        "endless": "/dev/zero",
    }
    for what, path in cases.items():
        said, code = verified(path, key.fingerprint)
        assert code == CANNOT_SAY, what
        assert said.startswith("cannot say: "), what
        assert len(said) < 6000, what
    assert "too big" in verified(cases["too big"], key.fingerprint)[0]
    for no_key in (None, "", "abc", "\udc80", "g" * 32):
        assert verified(str(file), no_key)[1] == CANNOT_SAY


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="needs a user whom a mode can keep out")
def test_wa06_a_file_that_may_not_be_read_is_said_so(file: Path, key: RecordKey) -> None:
    file.chmod(0)
    said, code = verified(str(file), key.fingerprint)
    assert (code, "Permission" in said) == (CANNOT_SAY, True)


def test_wa06_a_truthful_seal_over_strange_facts_is_told_all_the_same(key: RecordKey, tmp_path: Path) -> None:
    """The key given may be a stranger's: what they sealed holds, whatever it says, and nothing breaks."""
    strange = entries_of(("attested", {"saw": "yes", "perceived": "x"}), ("party", {}), key=key)
    late = record.next_entry(strange[-1].hash, 3, 2**53 - 1, "completed", {}, encode)
    path = tmp_path / "strange.json"
    for entries in ([], strange, [*strange, late]):
        path.write_text(key.file(ACTION, entries, 2**53 - 1), encoding="utf-8")
        said, code = verified(str(path), key.fingerprint)
        assert code == HOLDS, said
        assert "Sealed at a time that no calendar has" in said


@pytest.mark.parametrize(
    ("end", "words"),
    [
        ("unwitnessed", "no witness saw it"),
        ("stopped", "stopped"),
        ("turned", "a call for help"),
        ("safety", "ended for safety"),
        ("expired", "ran out of time"),
        ("live", "not ended"),
    ],
)
def test_wa06_how_it_ended_is_told(end: str, words: str, key: RecordKey) -> None:
    entries = entries_of(("declared", {}), (end, {}), key=key)
    assert words in told(entries, key.seal(ACTION, entries, START))
