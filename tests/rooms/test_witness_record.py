"""The record of a witnessed action: whatever is done to the file is found, and whatever the file is, it is answered
(WA6)."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rooms import record
from rooms.record import Broken, Entry, NotARecord, Seal, Value
from tests.rooms.witness_world import SERVER, START, Signer, encode

FORGER = Signer(b"somebody else's")
LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
LOOKED_AT = settings(max_examples=5_000 if LONG else 300, deadline=None, suppress_health_check=list(HealthCheck))

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
values = st.one_of(st.none(), st.booleans(), st.integers(-(2**53) + 1, 2**53 - 1), texts)
facts = st.tuples(st.integers(0, 2**45), texts, st.dictionaries(texts, values, max_size=4))


def chain(said: list[tuple[int, str, dict[str, Value]]], name: str = "action 1") -> list[Entry]:
    entries: list[Entry] = []
    head = record.genesis(name)
    for n, (at, what, more) in enumerate(said, start=1):
        entries.append(record.next_entry(head, n, at, what, more, encode))
        head = entries[-1].hash
    return entries


def a_chain(length: int = 7) -> list[Entry]:
    return chain([(START + n, f"step {n}", {"text": f"wörd {n}", "witness": n, "saw": True}) for n in range(length)])


def sealed(entries: list[Entry], by: Signer = SERVER) -> Seal:
    return record.seal("action 1", entries, START + 100, by.public_key, by.sign, encode)


def check(entries: list[Entry], seal: Seal | None = None, key: str = SERVER.fingerprint) -> Broken | None:
    return record.check(entries, sealed(a_chain()) if seal is None else seal, key, encode, SERVER.verify)


def check_text(text: str, by: Signer = SERVER) -> Broken | None:
    return record.check_text(text, SERVER.fingerprint, encode, by.verify)


def first_broken(entries: list[Entry]) -> int | None:
    """The entry that is named when these stand under the seal of `a_chain`."""
    broken = check(entries)
    assert broken is not None, "not found"
    return broken.entry


# ---------------------------------------------------------------- what holds


@LOOKED_AT
@given(said=st.lists(facts, max_size=6))
def test_wa06_whatever_happened_the_record_of_it_holds(said: list[tuple[int, str, dict[str, Value]]]) -> None:
    entries = chain(said)
    text = record.to_text(entries, sealed(entries))
    assert check_text(text) is None
    assert record.from_text(text) == (tuple(entries), sealed(entries))
    assert len(text.splitlines()) >= len(entries)


def test_wa06_fingerprint_and_whole_key_both_verify_spaces_and_case_aside() -> None:
    entries = a_chain()
    for key in (SERVER.fingerprint, SERVER.fingerprint.upper(), SERVER.fingerprint.replace(" ", "")):
        assert check(entries, key=key) is None
    assert check(entries, key=SERVER.public_key.hex()) is None
    for wrong in (FORGER.fingerprint, "", "abc", SERVER.fingerprint[:-1], "\udc80" * 32, SERVER.public_key.hex()[:32]):
        assert check(entries, key=wrong) is not None, wrong


def test_wa06_the_file_is_for_people_an_entry_a_line_and_no_escapes() -> None:
    entries = a_chain()
    lines = record.to_text(entries, sealed(entries)).splitlines()
    assert len(lines) == len(entries) + 2
    assert '"text": "wörd 3"' in lines[4]
    assert SERVER.fingerprint in lines[-1]


# ---------------------------------------------------------------- what is found, and where


@pytest.mark.parametrize("place", range(1, 8))
def test_wa06_a_dropped_entry_is_named(place: int) -> None:
    entries = a_chain()
    left = entries[: place - 1] + entries[place:]
    assert first_broken(left) == place
    broken = check(left)
    assert broken is not None
    assert "missing" in broken.why


@pytest.mark.parametrize("place", range(1, 8))
def test_wa06_a_doubled_entry_is_named(place: int) -> None:
    entries = a_chain()
    assert first_broken(entries[:place] + entries[place - 1 :]) == place + 1


@pytest.mark.parametrize(("one", "other"), [(1, 2), (1, 7), (3, 5), (6, 7)])
def test_wa06_reordered_entries_are_named_at_the_first(one: int, other: int) -> None:
    entries = a_chain()
    entries[one - 1], entries[other - 1] = entries[other - 1], entries[one - 1]
    assert first_broken(entries) == one


@pytest.mark.parametrize("kept", range(7))
def test_wa06_a_cut_off_end_is_named(kept: int) -> None:
    assert first_broken(a_chain()[:kept]) == kept + 1


def test_wa06_an_added_entry_is_named_though_it_is_chained() -> None:
    entries = a_chain()
    extra = record.next_entry(entries[-1].hash, 8, START + 50, "completed", {}, encode)
    assert first_broken([*entries, extra]) == 8
    assert first_broken([*entries, extra, extra]) == 9
    assert first_broken([*entries, replace(extra, hash=entries[0].hash)]) == 8


CHANGES: list[Callable[[Entry], Entry]] = [
    lambda e: replace(e, at=e.at + 1),
    lambda e: replace(e, what=e.what + " "),
    lambda e: replace(e, more={**e.more, "witness": 99}),
    lambda e: replace(e, more={**e.more, "saw": 1}),  # not the same as true
    lambda e: replace(e, more={}),
    lambda e: replace(e, hash=e.hash[::-1]),
    lambda e: replace(e, hash=e.hash.upper()),
    lambda e: replace(e, n=e.n + 1),
    lambda e: replace(e, at=2**64),
    lambda e: replace(e, n=10**5000),
    lambda e: replace(e, what="\ud800"),
    lambda e: replace(e, more={"\udfff": 1}),
    lambda e: replace(e, hash="\ud800"),
]


@pytest.mark.parametrize("change", range(len(CHANGES)))
@pytest.mark.parametrize("place", [1, 4, 7])
def test_wa06_a_changed_entry_is_named(place: int, change: int) -> None:
    entries = a_chain()
    entries[place - 1] = CHANGES[change](entries[place - 1])
    assert first_broken(entries) == place


def test_wa06_a_chain_made_anew_does_not_fit_the_seal() -> None:
    """Every link fits, and the last hash is not the signed one: the earliest entry that surely differs is the last."""
    told = [(START + n, f"step {n}", {"text": "otherwise"}) for n in range(7)]
    assert first_broken(chain(told)) == 7  # type: ignore[arg-type]
    assert first_broken(chain(told)[:3]) == 4  # type: ignore[arg-type]


def test_wa06_the_chain_of_another_record_does_not_fit() -> None:
    other = chain([(e.at, e.what, dict(e.more)) for e in a_chain()], name="action 2")
    assert first_broken(other) == 1


def test_wa06_a_forger_with_another_key_is_found() -> None:
    entries = chain([(START, "completed", {"witnesses": 30})])
    forged = sealed(entries, FORGER)
    broken = record.check(entries, forged, SERVER.fingerprint, encode, FORGER.verify)
    assert broken is not None
    assert broken.entry is None
    assert FORGER.fingerprint in broken.why
    under_my_name = replace(forged, public_key=SERVER.public_key.hex())
    assert check(entries, under_my_name) is not None


SPOILED: list[Callable[[Seal], Seal]] = [
    lambda s: replace(s, record="action 2"),
    lambda s: replace(s, record="\ud800"),
    lambda s: replace(s, entries=3),
    lambda s: replace(s, entries=2**70),
    lambda s: replace(s, head=a_chain()[2].hash),
    lambda s: replace(s, sealed_at=s.sealed_at + 1),
    lambda s: replace(s, signature=s.signature.upper()),
    lambda s: replace(s, signature=s.signature[:-2] + " " + s.signature[-2:]),
    lambda s: replace(s, signature=s.signature[:-2]),
    lambda s: replace(s, signature="ü" * 128),
    lambda s: replace(s, public_key="not a key"),
    lambda s: replace(s, public_key=s.public_key.upper()),
    lambda s: replace(s, head="\ud800"),
]


@pytest.mark.parametrize("spoil", range(len(SPOILED)))
def test_wa06_whatever_is_changed_in_the_seal_is_found(spoil: int) -> None:
    entries = a_chain()
    broken = check(entries, SPOILED[spoil](sealed(entries)))
    assert broken is not None
    assert broken.entry is None


def test_wa06_the_seal_of_a_shorter_time_does_not_cover_the_rest() -> None:
    """Length and last hash are both signed: a seal made early is no seal over what came later."""
    entries = a_chain()
    broken = check(entries, sealed(entries[:4]))
    assert broken is not None
    assert broken.entry == 5


# ---------------------------------------------------------------- the text of the file


def test_wa06_each_bit_of_the_file_counts() -> None:
    """One flipped bit anywhere in it, spaces and line ends too."""
    entries = a_chain(3)
    good = record.to_text(entries, sealed(entries)).encode()
    for at in range(len(good)):
        for bit in range(8):
            bad = bytearray(good)
            bad[at] ^= 1 << bit
            try:
                broken = check_text(bad.decode())
            except (NotARecord, UnicodeDecodeError):
                continue
            assert broken is not None, (at, bit)
            line = good[:at].count(b"\n")
            if broken.entry is not None and 1 <= line <= len(entries):
                assert broken.entry == line, (at, bit, broken)


@LOOKED_AT
@given(data=st.data())
def test_wa06_whatever_is_done_to_the_lines_is_found(data: st.DataObject) -> None:
    entries = a_chain()
    lines = record.to_text(entries, sealed(entries)).splitlines(keepends=True)
    bad = list(lines)
    match data.draw(st.sampled_from(["drop", "double", "move", "cut"])):
        case "drop":
            del bad[data.draw(st.integers(0, len(bad) - 1))]
        case "double":
            at = data.draw(st.integers(0, len(bad) - 1))
            bad.insert(at, bad[at])
        case "move":
            bad.insert(data.draw(st.integers(0, len(bad) - 2)), bad.pop(data.draw(st.integers(0, len(bad) - 1))))
        case _:
            text = "".join(lines)
            bad = [text[: data.draw(st.integers(0, len(text) - 1))]]
    if bad == lines:
        return
    with contextlib.suppress(NotARecord):
        assert check_text("".join(bad)) is not None


def test_wa06_the_same_values_spelled_otherwise_are_told_from_it() -> None:
    entries = a_chain()
    good = record.to_text(entries, sealed(entries))
    plain = json.loads(good)
    for bad in (
        json.dumps(plain, indent=1),
        json.dumps(plain),
        good.replace("\n", "\r\n"),
        good + "\n",
        good.replace("ö", "\\u00f6", 1),
        good.replace('"n": 1,', '"n":  1,'),
    ):
        broken = check_text(bad)
        assert broken is not None
        assert "not written as Beside writes it" in broken.why
    later = check_text(good.replace('"n": 4,', '"n":  4,'))
    assert later is not None
    assert later.entry == 4


def a_file() -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(record.to_text(a_chain(), sealed(a_chain())))
    return plain


def put(plain: Any, path: str, value: object) -> object:
    """Another value at a place such as `entries/2/at`. Returns what stood there."""
    way: list[Any] = [int(step) if step.isdigit() else step for step in path.split("/")]
    last = way.pop()
    for step in way:
        plain = plain[step]
    was = plain[last] if isinstance(plain, list) else plain.get(last)
    plain[last] = value
    return was


def spoiled(path: str, value: object) -> str:
    plain = a_file()
    put(plain, path, value)
    return json.dumps(plain)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nothing",
        "null",
        "[]",
        "{}",
        '{"format": "beside-record-1"}',
        "\ufeff{}",
        '"\\ud800"',
        "1e999",
        "9" * 5000,
        "[" * 200_000,
        '{"a":' * 100_000,
        spoiled("format", "beside-record-2"),
        spoiled("more", 1),
        spoiled("entries", {}),
        spoiled("entries/2", None),
        spoiled("entries/2/at", True),
        spoiled("entries/2/at", "1"),
        spoiled("entries/2/at", 1.5),
        spoiled("entries/2/at", float("nan")),
        spoiled("entries/2/at", float("inf")),
        spoiled("entries/2/more", {"a": [1]}),
        spoiled("entries/2/more", {"a": 1.0}),
        spoiled("entries/2/more", []),
        spoiled("entries/2/extra", 1),
        spoiled("seal/entries", None),
        spoiled("seal/fingerprint", "0000 0000 0000 0000 0000 0000 0000 0000"),
        spoiled("seal/public_key", 7),
        spoiled("record", ["action 1"]),
        re.sub(r'"n": 3,', '"n": 2, "n": 3,', json.dumps(a_file())),
        re.sub(r'"seal": \{', '"seal": {}, "seal": {', json.dumps(a_file())),
    ],
    ids=itertools.count(),
)
def test_wa06_what_is_no_record_is_said_to_be_none(text: str) -> None:
    with pytest.raises(NotARecord):
        check_text(text)


def test_wa06_a_million_entries_are_not_read() -> None:
    plain = a_file()
    plain["entries"] = plain["entries"][:1] * 1_000_000
    with pytest.raises(NotARecord, match="more than"):
        record.read(plain)


def test_wa06_numbers_beyond_all_bounds_are_answered() -> None:
    for path in ("entries/2/at", "entries/2/n", "seal/entries", "seal/sealed_at"):
        for number in (2**53, -(2**53), 2**64, 10**4000):
            assert check_text(spoiled(path, number)) is not None, path


anything = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.sampled_from([2**63, 2**64, 10**4000, ""])
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(), inner, max_size=4)),
    max_leaves=10,
)
PLACES = [
    "format", "record", "entries", "seal", "entries/0", "entries/3", "entries/6", "entries/3/n", "entries/3/at",
    "entries/3/what", "entries/3/more", "entries/3/hash", "entries/3/more/text", "entries/3/more/new", "seal/entries",
    "seal/head", "seal/sealed_at", "seal/public_key", "seal/fingerprint", "seal/signature",
]  # fmt: skip


@LOOKED_AT
@given(plain=anything)
def test_wa06_any_value_at_all_is_answered(plain: object) -> None:
    with pytest.raises(NotARecord):
        record.read(plain)


@LOOKED_AT
@given(place=st.sampled_from(PLACES), value=anything)
@example(place="entries/3/n", value=10**4000)
@example(place="seal/signature", value="\ud800" * 128)
def test_wa06_any_value_in_any_place_is_found(place: str, value: object) -> None:
    plain = a_file()
    was = put(plain, place, value)
    if was == value and type(was) is type(value):
        return
    try:
        entries, seal = record.read(plain)
    except NotARecord:
        return
    broken = record.check(entries, seal, SERVER.fingerprint, encode, SERVER.verify)
    assert broken is not None
    if place.startswith("entries/"):
        assert broken.entry == int(place.split("/")[1]) + 1


@LOOKED_AT
@given(text=st.one_of(st.text(), anything.map(lambda plain: str(plain)[:2000])))
def test_wa06_any_text_at_all_is_answered(text: str) -> None:
    with pytest.raises(NotARecord):
        check_text(text)


# ---------------------------------------------------------------- before sealing


def test_wa06_a_store_that_lost_an_entry_is_noticed_before_it_is_sealed() -> None:
    entries = a_chain()
    whole = (len(entries), entries[-1].hash)
    assert record.is_chain("action 1", entries, *whole, encode)
    assert record.is_chain("action 1", [], 0, "", encode)
    for bad in (entries[:-1], entries[1:], [*entries[:2], *entries[3:]], entries[::-1], []):
        assert not record.is_chain("action 1", bad, *whole, encode)
    assert not record.is_chain("action 1", entries[:-1], 6, entries[-1].hash, encode)
    assert not record.is_chain("action 1", entries[:-1], 7, entries[-2].hash, encode)
    changed = [*entries[:3], replace(entries[3], at=1), *entries[4:]]
    assert not record.is_chain("action 1", changed, *whole, encode)
    assert not record.is_chain("action 2", entries, *whole, encode)
