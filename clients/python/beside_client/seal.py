"""Sealing from device to device (docs/media.md): what the server hands on it cannot open (WA3).

A second, independent implementation beside the page's; `tests/vectors/media.json` holds both to the same figures. Keys
are values in memory: nothing here writes one anywhere.
"""

from __future__ import annotations

import base64
import hashlib
import os
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache
from importlib.resources import files

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

HEADER = struct.Struct(">BHQ")
"""Kind, epoch, counter: 11 bytes."""
POINT_BYTES, NONCE_BYTES, WRAPPED_BYTES = 65, 12, 60
CHUNK_AT_MOST_BYTES = 256 * 1024
PHOTO_AT_MOST_BYTES = 768 * 1024
SHORTEST_BYTES = HEADER.size + 8 + 16
WORD_ROUNDS = 100_000


class Kind(IntEnum):
    KEY = 1
    DELTA = 2
    STILL = 3
    PHOTO = 4
    SOUND = 5


class Unopened(Exception):
    """A chunk or a wrapped key that was not sealed for this, was changed, or was played again. Why is its text."""


def to_text(data: bytes) -> str:
    """base64url without padding, as keys are written in frames."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def from_text(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


# ---------------------------------------------------------------- keys


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A page's pair for one action. `text` is its public half as frames carry it."""

    secret: ec.EllipticCurvePrivateKey = field(repr=False)
    text: str

    @classmethod
    def make(cls) -> KeyPair:
        return cls.of(ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def of(cls, secret: ec.EllipticCurvePrivateKey) -> KeyPair:
        point = secret.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return cls(secret, to_text(point))


def make_session_key() -> bytes:
    return AESGCM.generate_key(256)


@dataclass(frozen=True, slots=True)
class Between:
    """Whom a session key is wrapped by and for. `member` and `device` are public keys as frames carry them."""

    action: str
    epoch: int
    member: str
    device: str


def point_of(text: str) -> bytes:
    point = from_text(text)
    if len(point) != POINT_BYTES:
        raise Unopened("no public key")
    return point


def wrap(session: bytes, pair: KeyPair, between: Between, nonce: bytes | None = None) -> str:
    """The session key for one device. The nonce is random; only the vectors hand one in."""
    nonce = nonce or os.urandom(NONCE_BYTES)
    key = _wrapping_key(pair, between.device, between)
    return to_text(nonce + key.encrypt(nonce, session, between.action.encode("ascii")))


def unwrap(wrapped: str, pair: KeyPair, between: Between) -> bytes:
    """Raises :class:`Unopened` when it was not wrapped for this pair, action and epoch by that member's page."""
    data = from_text(wrapped)
    if len(data) != WRAPPED_BYTES:
        raise Unopened("no wrapped key")
    key = _wrapping_key(pair, between.member, between)
    try:
        return key.decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], between.action.encode("ascii"))
    except InvalidTag:
        raise Unopened("not wrapped for this") from None


def _wrapping_key(pair: KeyPair, other: str, between: Between) -> AESGCM:
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point_of(other))
    shared = pair.secret.exchange(ec.ECDH(), point)
    info = b"beside wrap 1\x00" + struct.pack(">H", between.epoch) + point_of(between.member) + point_of(between.device)
    return AESGCM(HKDF(SHA256(), 32, between.action.encode("ascii"), info).derive(shared))


# ---------------------------------------------------------------- chunks


@dataclass(slots=True)
class Sealer:
    """What the member's page seals. `use` a key before the first chunk; each epoch comes once."""

    action: str
    _key: AESGCM | None = None
    _epoch: int = 0
    _counter: int = 0

    def use(self, session: bytes, epoch: int) -> None:
        if epoch <= self._epoch:
            raise ValueError("an epoch comes once")
        self._key, self._epoch, self._counter = AESGCM(session), epoch, 0

    def seal(self, kind: Kind, content: bytes) -> bytes:
        """The next chunk. The counter only rises: no nonce comes twice under one key."""
        if self._key is None:
            raise ValueError("no key yet")
        self._counter += 1
        return seal_one(self._key, HEADER.pack(kind, self._epoch, self._counter), content, self.action)


def seal_one(key: AESGCM, header: bytes, content: bytes, action: str) -> bytes:
    return header + key.encrypt(_nonce(header), content, header + action.encode("ascii"))


def _nonce(header: bytes) -> bytes:
    return b"\x00" * 4 + header[3:]


@dataclass(slots=True)
class Opener:
    """What a witness's page opens. Refuses what it has opened before, what is older, and a member's key that another
    has followed. A chunk that cannot be opened moves nothing: a forged header burns no counter."""

    action: str
    _member: str = ""
    _past: set[str] = field(default_factory=set)
    _keys: dict[int, AESGCM] = field(default_factory=dict)
    _epoch: int = 0
    _counter: int = 0

    def take(self, member: str, epoch: int, session: bytes) -> bool:
        """A key that was unwrapped. False when it came too late to be wanted."""
        if member in self._past or (member == self._member and (epoch < self._epoch or epoch in self._keys)):
            return False
        if member != self._member:
            if self._member:
                self._past.add(self._member)
            self._member, self._keys, self._epoch, self._counter = member, {}, 0, 0
        self._keys[epoch] = AESGCM(session)
        return True

    def open(self, chunk: bytes) -> tuple[Kind, bytes]:
        """What was sealed: its kind and its content. Raises :class:`Unopened`."""
        kind, epoch, counter = header_of(chunk)
        if (epoch, counter) <= (self._epoch, self._counter):
            raise Unopened("old")
        key = self._keys.get(epoch)
        if key is None:
            raise Unopened("no key")
        header = chunk[: HEADER.size]
        try:
            content = key.decrypt(_nonce(header), chunk[HEADER.size :], header + self.action.encode("ascii"))
        except InvalidTag:
            raise Unopened("wrong") from None
        if epoch > self._epoch:
            self._keys = {held: key for held, key in self._keys.items() if held >= epoch}
        self._epoch, self._counter = epoch, counter
        return kind, content


def header_of(chunk: bytes) -> tuple[Kind, int, int]:
    """Kind, epoch and counter. Raises :class:`Unopened` for what is no chunk."""
    if len(chunk) < SHORTEST_BYTES:
        raise Unopened("no chunk")
    number, epoch, counter = HEADER.unpack_from(chunk)
    try:
        kind = Kind(number)
    except ValueError:
        raise Unopened("no chunk") from None
    if len(chunk) > (PHOTO_AT_MOST_BYTES if kind is Kind.PHOTO else CHUNK_AT_MOST_BYTES):
        raise Unopened("no chunk")
    return kind, epoch, counter


@dataclass(frozen=True, slots=True)
class Content:
    """What stands inside: `timestamp_us` of the sender's clock, and for a key frame how to decode from it on."""

    timestamp_us: float
    data: bytes
    codec: str = ""
    width: int = 0
    height: int = 0

    def packed(self, kind: Kind) -> bytes:
        head = struct.pack(">d", self.timestamp_us)
        if kind is Kind.KEY:
            codec = self.codec.encode("ascii")
            head += bytes([len(codec)]) + codec + struct.pack(">HH", self.width, self.height)
        return head + self.data

    @classmethod
    def unpacked(cls, kind: Kind, content: bytes) -> Content:
        """Raises :class:`Unopened` when it is not what its kind says: a sender may be hostile to its viewers."""
        try:
            (timestamp,) = struct.unpack_from(">d", content)
            if kind is not Kind.KEY:
                return cls(timestamp, content[8:])
            after = 9 + content[8]
            width, height = struct.unpack_from(">HH", content, after)
            return cls(timestamp, content[after + 4 :], content[9:after].decode("ascii"), width, height)
        except (struct.error, IndexError, UnicodeDecodeError):
            raise Unopened("content") from None


# ---------------------------------------------------------------- the safety word


@cache
def words() -> tuple[str, ...]:
    """256 short plain words: one byte is one word. The page has the same list."""
    return tuple(files("beside_client").joinpath("words.txt").read_text(encoding="ascii").split())


def safety_bits(member: str, devices: Iterable[str]) -> bytes:
    """64 bits over the member's key and all devices' keys. A liar in between chooses a key on either side and needs two
    lists that agree: 2^32 tries a side, of 100,000 rounds each. Of 32 bits it would be 2^16, a minute's work."""
    points = sorted(point_of(device) for device in devices)
    digest = hashlib.sha256(b"".join([point_of(member), *points])).digest()
    return hashlib.pbkdf2_hmac("sha256", digest, b"beside word 1", WORD_ROUNDS, 8)


def safety_word(member: str, devices: Iterable[str]) -> tuple[str, ...]:
    """Eight words, equal on both sides when the server did not put itself between; see `docs/media.md`."""
    return tuple(words()[byte] for byte in safety_bits(member, devices))
