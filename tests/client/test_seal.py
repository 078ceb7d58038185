"""The Python client seals and opens as docs/media.md says, by the same figures as the page (WA3)."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from beside_client.seal import (
    CHUNK_AT_MOST_BYTES,
    Between,
    Content,
    KeyPair,
    Kind,
    Opener,
    Sealer,
    Unopened,
    make_session_key,
    safety_bits,
    safety_word,
    unwrap,
    words,
    wrap,
)

ROOT = Path(__file__).parents[2]
VECTORS = ROOT / "tests" / "vectors"
GIVEN: dict[str, Any] = json.loads((VECTORS / "media.json").read_text())
ACTION = GIVEN["action"]


def pair(given: dict[str, str]) -> KeyPair:
    return KeyPair.of(ec.derive_private_key(int(given["secret_hex"], 16), ec.SECP256R1()))


MEMBER = pair(GIVEN["member"])
DEVICES = {given["name"]: pair(given) for given in GIVEN["devices"]}
SESSIONS = {given["epoch"]: bytes.fromhex(given["key_hex"]) for given in GIVEN["sessions"]}


def test_wa3_the_vectors_are_what_the_command_writes() -> None:
    spec = importlib.util.spec_from_file_location("write_media", VECTORS / "write_media.py")
    assert spec is not None
    assert spec.loader is not None
    command = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(command)
    assert (VECTORS / "media.json").read_text() == command.text()


def test_wa3_public_keys_are_those_of_the_secrets() -> None:
    for given in (GIVEN["member"], *GIVEN["devices"]):
        assert pair(given).text == given["public"]


@pytest.mark.parametrize("given", GIVEN["wraps"])
def test_wa3_each_device_unwraps_its_share_and_no_other(given: dict[str, Any]) -> None:
    for name, device in DEVICES.items():
        between = Between(ACTION, given["epoch"], MEMBER.text, device.text)
        if name == given["device"]:
            assert unwrap(given["wrapped"], device, between) == SESSIONS[given["epoch"]]
        else:
            with pytest.raises(Unopened):
                unwrap(given["wrapped"], device, between)


@pytest.mark.parametrize("given", GIVEN["chunks"])
def test_wa3_chunks_open_to_what_was_sealed(given: dict[str, Any]) -> None:
    opener = Opener(ACTION)
    assert opener.take(MEMBER.text, given["epoch"], SESSIONS[given["epoch"]])
    kind, plain = opener.open(bytes.fromhex(given["chunk_hex"]))
    assert kind.name.lower() == given["kind"]
    assert plain.hex() == given["plaintext_hex"]
    content, wanted = Content.unpacked(kind, plain), given["content"]
    assert content.timestamp_us == wanted["timestamp_us"]
    assert (content.codec, content.width, content.height) == (wanted["codec"], wanted["width"], wanted["height"])
    assert content.data.hex() == wanted["data_hex"]
    assert content.packed(kind) == plain


@pytest.mark.parametrize("given", GIVEN["safety"])
def test_wa3_the_safety_word_is_over_keys_in_whatever_order(given: dict[str, Any]) -> None:
    keys = [DEVICES[name].text for name in given["devices"]]
    for order in (keys, keys[::-1]):
        assert safety_bits(MEMBER.text, order).hex() == given["bits_hex"]
        assert list(safety_word(MEMBER.text, order)) == given["words"]
    assert list(safety_word(DEVICES["jo"].text, keys)) != given["words"]


def test_wa3_both_clients_have_one_list_of_256_words() -> None:
    assert len(words()) == len(set(words())) == 256
    page = ROOT / "clients" / "web" / "src" / "witness" / "words.txt"
    assert page.read_text().split() == list(words())


# ---------------------------------------------------------------- what is refused


def sealed(*contents: bytes) -> tuple[Opener, list[bytes]]:
    session, sealer, opener = make_session_key(), Sealer(ACTION), Opener(ACTION)
    sealer.use(session, 1)
    opener.take(MEMBER.text, 1, session)
    return opener, [sealer.seal(Kind.STILL, b"\x00" * 8 + content) for content in contents]


def refuses(opener: Opener, chunk: bytes, why: str) -> bool:
    with pytest.raises(Unopened, match=why):
        opener.open(chunk)
    return True


def test_wa3_a_chunk_is_opened_once_and_none_before_it_afterwards() -> None:
    opener, (first, second, third) = sealed(b"1", b"2", b"3")
    assert opener.open(second)[1][8:] == b"2"
    assert refuses(opener, second, "old")
    assert refuses(opener, first, "old")
    assert opener.open(third)[1][8:] == b"3"


def test_wa3_one_changed_bit_anywhere_is_refused_and_burns_no_counter() -> None:
    opener, (chunk,) = sealed(b"a picture")
    for at in range(len(chunk)):
        spoilt = bytearray(chunk)
        spoilt[at] ^= 1
        with pytest.raises(Unopened):
            opener.open(bytes(spoilt))
    assert opener.open(chunk)[1][8:] == b"a picture"


def test_wa3_a_chunk_of_another_action_or_without_its_key_is_refused() -> None:
    opener, (chunk,) = sealed(b"1")
    elsewhere = Opener("another_action__", _keys=opener._keys)
    assert refuses(elsewhere, chunk, "wrong")
    assert refuses(Opener(ACTION), chunk, "no key")


def test_wa3_after_a_newer_epoch_the_older_is_over_and_an_old_member_s_key_too() -> None:
    keys = [make_session_key() for _ in range(3)]
    sealer, opener = Sealer(ACTION), Opener(ACTION)
    chunks = []
    for epoch, key in enumerate(keys[:2], 1):
        sealer.use(key, epoch)
        opener.take("Ana's first page", epoch, key)
        chunks += [sealer.seal(Kind.STILL, b"\x00" * 9) for _ in range(2)]
    opener.open(chunks[0])
    opener.open(chunks[2])
    assert refuses(opener, chunks[1], "old")
    assert not opener.take("Ana's first page", 1, keys[0])
    assert opener.take("Ana's second page", 3, keys[2])
    assert refuses(opener, chunks[3], "no key")
    assert not opener.take("Ana's first page", 4, keys[0])
    with pytest.raises(ValueError, match="once"):
        sealer.use(keys[0], 2)


@pytest.mark.parametrize(
    "chunk", [b"", b"\x01" * 34, b"\x00" + b"A" * 60, b"\x06" + b"A" * 60, b"\x01" + b"A" * CHUNK_AT_MOST_BYTES]
)
def test_wa3_what_is_no_chunk_is_refused(chunk: bytes) -> None:
    assert refuses(Opener(ACTION), chunk, "no chunk")


@pytest.mark.parametrize(
    "content", [b"", b"\x00" * 8, b"\x00" * 8 + b"\xff" * 5, b"\x00" * 8 + b"\x01\xff" + b"\x00" * 4]
)
def test_wa3_content_that_is_not_what_its_kind_says_is_refused(content: bytes) -> None:
    with pytest.raises(Unopened):
        Content.unpacked(Kind.KEY, content)


def test_wa3_a_wrapped_key_that_was_changed_or_cut_is_refused() -> None:
    device = DEVICES["tom"]
    between = Between(ACTION, 1, MEMBER.text, device.text)
    wrapped = wrap(make_session_key(), MEMBER, between)
    assert len(wrapped) == 80
    for spoilt in (wrapped[:-4], wrapped[:30] + ("A" if wrapped[30] != "A" else "B") + wrapped[31:]):
        with pytest.raises(Unopened):
            unwrap(spoilt, device, between)
    with pytest.raises(Unopened):
        unwrap(wrapped, device, Between(ACTION, 2, MEMBER.text, device.text))


def test_wa03_the_safety_word_cannot_be_met_from_both_sides() -> None:
    """A server in between chooses a key towards either side: of n bits it must try only 2^(n/2) on each."""
    assert 8 * len(safety_bits(MEMBER.text, [])) // 2 >= 32
    assert len(safety_word(MEMBER.text, [])) == 8
