"""The file of a backup: a plain tar that any tool can read, and in which a single changed byte is found.

First `manifest.json`: what it is, and the SHA-256 of each part, so that one part can be checked by hand. Then the
parts. Last `SHA256SUM`: the digest of every byte before it.
"""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec

from server.settings import BadSetting

FORMAT = 1
MANIFEST = "manifest.json"
LAST = "SHA256SUM"
MANIFEST_BYTES_AT_MOST = 1_000_000
CHUNK_BYTES = 1 << 20


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file inside."""

    name: str
    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a backup says of itself."""

    format: int
    version: str
    """Of Beside."""
    store: str
    """sqlite or postgresql."""
    revision: str
    """Of the schema."""
    made_at: str
    """ISO 8601, UTC."""
    parts: list[Part]


class Damaged(BadSetting):
    """The file is no backup, or not the one that was made."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What goes in: the manifest without its parts, and where these lie."""

    version: str
    store: str
    revision: str
    made_at: str
    files: dict[str, Path]


def pack(contents: Contents, target: BinaryIO) -> Manifest:
    """Write the whole archive. `target` is empty, and can be read again."""
    parts = [Part(name, path.stat().st_size, _digest_of(path)) for name, path in contents.files.items()]
    manifest = Manifest(FORMAT, contents.version, contents.store, contents.revision, contents.made_at, parts)
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as tar:
        _add(tar, MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=1))
        for part in parts:
            with contents.files[part.name].open("rb") as file:
                tar.addfile(_header(part.name, part.bytes), file)
        target.flush()
        _add(tar, LAST, _digest_before(target, target.tell()).encode())
    return manifest


def unpack(source: Path, folder: Path) -> Manifest:
    """Check every byte, then put the parts into `folder`, each mode 0600. Raises :class:`Damaged`, and then nothing
    that lies there may be used."""
    try:
        with source.open("rb") as file:
            _check_whole(file)
            with tarfile.open(fileobj=file, mode="r:") as tar:
                manifest = _manifest_of(tar)
                for part in manifest.parts:
                    _take_out(tar, part, folder)
    except (tarfile.TarError, msgspec.MsgspecError, KeyError, IndexError, EOFError, ValueError) as error:
        raise Damaged(f"{source} is not a backup of Beside, or was cut off ({type(error).__name__}).") from None
    return manifest


def _check_whole(file: BinaryIO) -> None:
    """That the last member is the digest of all before it, and that nothing but zeros follows."""
    with tarfile.open(fileobj=file, mode="r:") as tar:
        last = tar.getmembers()[-1]
    file.seek(last.offset)
    tail = file.read()
    digest = _digest_before(file, last.offset).encode()
    expected = _header(LAST, len(digest)).tobuf(tarfile.PAX_FORMAT) + digest
    if last.name != LAST or not tail.startswith(expected) or tail[len(expected) :].strip(b"\0"):
        raise Damaged("The backup is damaged: its bytes are not those that were written. Take another copy of it.")
    file.seek(0)


def _manifest_of(tar: tarfile.TarFile) -> Manifest:
    held = tar.extractfile(MANIFEST)
    if held is None:
        raise KeyError(MANIFEST)
    manifest = msgspec.json.decode(held.read(MANIFEST_BYTES_AT_MOST), type=Manifest)
    if manifest.format != FORMAT:
        raise Damaged(f"The backup has the form {manifest.format}, and this Beside knows {FORMAT}. Use a newer one.")
    names = [part.name for part in manifest.parts]
    if tar.getnames() != [MANIFEST, *names, LAST] or any(Path(name).name != name for name in names):
        raise Damaged("The backup holds other files than it says.")
    return manifest


def _take_out(tar: tarfile.TarFile, part: Part, folder: Path) -> None:
    held = tar.extractfile(part.name)
    if held is None:
        raise KeyError(part.name)
    digest, size = hashlib.sha256(), 0
    descriptor = os.open(folder / part.name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        while piece := held.read(CHUNK_BYTES):
            digest.update(piece)
            size += file.write(piece)
        file.flush()
        os.fsync(descriptor)
    if (size, digest.hexdigest()) != (part.bytes, part.sha256):
        raise Damaged(f"The backup is damaged: {part.name} is not what was written. Take another copy of it.")


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    tar.addfile(_header(name, len(content)), io.BytesIO(content))


def _header(name: str, size: int) -> tarfile.TarInfo:
    """Nothing of the machine that made it: no owner, no time."""
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    return info


def _digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest_before(file: BinaryIO, end: int) -> str:
    file.seek(0)
    digest = hashlib.sha256()
    for piece in _pieces(file, end):
        digest.update(piece)
    return digest.hexdigest()


def _pieces(file: BinaryIO, left: int) -> Iterable[bytes]:
    while left > 0 and (piece := file.read(min(CHUNK_BYTES, left))):
        left -= len(piece)
        yield piece
