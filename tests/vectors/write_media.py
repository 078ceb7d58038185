"""Writes media.json: figures for everything that docs/media.md seals, made by the Python client.

`PYTHONPATH=.:clients/python python tests/vectors/write_media.py` writes it anew. Keys, nonces and counters are fixed,
so that it gives the same each time; a test holds the file to that, and the page's own tests read it too.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from beside_client.seal import HEADER, Between, Content, KeyPair, Kind, safety_bits, safety_word, seal_one, wrap

FILE = Path(__file__).with_name("media.json")
ACTION = "aaaabbbbccccdddd"


def made_up(name: str, size: int) -> bytes:
    """Bytes that anybody can make again."""
    return hashlib.shake_256(f"beside vector: {name}".encode()).digest(size)


def pair(name: str) -> KeyPair:
    return KeyPair.of(ec.derive_private_key(int.from_bytes(made_up(name, 31)), ec.SECP256R1()))


def keys(name: str, made: KeyPair) -> dict[str, str]:
    numbers = made.secret.private_numbers()
    return {"name": name, "public": made.text, "secret_hex": numbers.private_value.to_bytes(32).hex()}


def a_chunk(kind: Kind, epoch: int, counter: int, content: Content, session: bytes) -> dict[str, Any]:
    header, plain = HEADER.pack(kind, epoch, counter), content.packed(kind)
    return {
        "kind": kind.name.lower(),
        "epoch": epoch,
        "counter": str(counter),
        "header_hex": header.hex(),
        "content": {
            "timestamp_us": content.timestamp_us,
            "codec": content.codec,
            "width": content.width,
            "height": content.height,
            "data_hex": content.data.hex(),
        },
        "plaintext_hex": plain.hex(),
        "chunk_hex": seal_one(AESGCM(session), header, plain, ACTION).hex(),
    }


def vectors() -> dict[str, Any]:
    member, devices = pair("member"), {name: pair(name) for name in ("maria", "tom", "jo")}
    sessions = {epoch: made_up(f"session {epoch}", 32) for epoch in (1, 513)}
    wraps = []
    for epoch, session in sessions.items():
        for name, device in devices.items():
            between = Between(ACTION, epoch, member.text, device.text)
            nonce = made_up(f"nonce {epoch} {name}", 12)
            wraps.append({"epoch": epoch, "device": name, "wrapped": wrap(session, member, between, nonce)})
    picture = made_up("picture", 40)
    chunks = [
        a_chunk(Kind.KEY, 1, 1, Content(1_234_567.5, picture, "vp8", 640, 360), sessions[1]),
        a_chunk(Kind.DELTA, 1, 2, Content(1_276_234.25, picture[:20]), sessions[1]),
        a_chunk(Kind.SOUND, 1, 2**32 + 3, Content(1_280_000.0, picture[:9]), sessions[1]),
        a_chunk(Kind.STILL, 513, 1, Content(2_000_000.0, b"\xff\xd8" + picture + b"\xff\xd9"), sessions[513]),
        a_chunk(Kind.PHOTO, 513, 2**53 + 1, Content(2**40 + 0.5, b"\xff\xd8\xff\xd9"), sessions[513]),
    ]
    lists = [[], ["maria"], ["tom", "maria", "jo"]]
    return {
        "action": ACTION,
        "member": keys("member", member),
        "devices": [keys(name, made) for name, made in devices.items()],
        "sessions": [{"epoch": epoch, "key_hex": key.hex()} for epoch, key in sessions.items()],
        "wraps": wraps,
        "chunks": chunks,
        "safety": [
            {
                "devices": names,
                "bits_hex": safety_bits(member.text, [devices[n].text for n in names]).hex(),
                "words": safety_word(member.text, [devices[n].text for n in names]),
            }
            for names in lists
        ],
    }


def text() -> str:
    return json.dumps(vectors(), indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="ascii")
