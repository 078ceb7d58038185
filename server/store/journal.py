"""The journal of unsaved calls: a file of fixed size, written and synced in place (UC15).

It is allocated at start, so that a full disk cannot stop it. Two halves take turns: when one is full, the whole unsaved
state goes into the other, whose higher generation then counts. A torn record at the end (a kill in the middle of a
write) fails its checksum and is left out; everything before it is read.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

HALF_BYTES = 4 * 1024 * 1024
_HEADER = struct.Struct(">8sQ")  # magic, generation
_RECORD = struct.Struct(">II")  # length, checksum
_MAGIC = b"BESIDEJ1"


class Journal:
    """Append-only records of bytes. Methods block on the disk: call them in a thread of their own."""

    def __init__(self, path: Path, half_bytes: int = HALF_BYTES) -> None:
        self._path = path
        self._half = half_bytes
        flags = os.O_RDWR | os.O_CREAT
        self._file = os.open(path, flags, 0o600)
        if os.fstat(self._file).st_size < 2 * half_bytes:
            os.posix_fallocate(self._file, 0, 2 * half_bytes)
            os.fsync(self._file)
        self._generation, self._start = self._newest_half()
        self._end = self._start + _HEADER.size
        if self._generation == 0:
            self._begin(None)  # a new file: the first half counts from now on
        self.records = self._read_records()

    def append(self, record: bytes, whole: Callable[[], bytes]) -> None:
        """Write one record and sync. When the half is full, `whole()` (everything that is unsaved) begins the other."""
        if self._end + _RECORD.size + len(record) + _RECORD.size > self._start + self._half:
            self._begin(whole())
            return
        self._write_record(record)
        os.fdatasync(self._file)

    def clear(self) -> None:
        """Everything was saved: begin an empty half."""
        self._begin(None)

    def keep_aside(self) -> Path:
        """A copy of everything, for whoever can read what this version cannot."""
        aside = self._path.with_suffix(".unreadable")
        copy = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(copy, "wb") as file:
            file.write(os.pread(self._file, 2 * self._half, 0))
            os.fsync(file.fileno())
        return aside

    def close(self) -> None:
        os.close(self._file)

    def _begin(self, first: bytes | None) -> None:
        self._generation += 1
        self._start = self._half - self._start
        self._end = self._start + _HEADER.size
        if first is None:
            os.pwrite(self._file, bytes(_RECORD.size), self._end)
        else:
            self._write_record(first)
        os.fdatasync(self._file)  # the records are there before the header makes them count
        os.pwrite(self._file, _HEADER.pack(_MAGIC, self._generation), self._start)
        os.fdatasync(self._file)
        self._wipe(self._half - self._start)

    def _wipe(self, start: int) -> None:
        """What the other half held counts no more; no word of it stays on the disk."""
        os.pwrite(self._file, bytes(self._half), start)
        os.fdatasync(self._file)

    def _write_record(self, record: bytes) -> None:
        if self._end + 2 * _RECORD.size + len(record) > self._start + self._half:
            raise OSError("the unsaved calls do not fit into the journal")
        # The empty length behind it ends the log, whatever an older generation left there.
        data = _RECORD.pack(len(record), zlib.crc32(record)) + record + bytes(_RECORD.size)
        os.pwrite(self._file, data, self._end)
        self._end += _RECORD.size + len(record)

    def _newest_half(self) -> tuple[int, int]:
        found = []
        for start in (0, self._half):
            magic, generation = _HEADER.unpack(os.pread(self._file, _HEADER.size, start))
            if magic == _MAGIC:
                found.append((generation, start))
        return max(found, default=(0, 0))

    def _read_records(self) -> list[bytes]:
        records: list[bytes] = []
        while True:
            length, checksum = _RECORD.unpack(os.pread(self._file, _RECORD.size, self._end))
            if length == 0 or self._end + _RECORD.size + length > self._start + self._half:
                return records
            record = os.pread(self._file, length, self._end + _RECORD.size)
            if zlib.crc32(record) != checksum:
                return records
            records.append(record)
            self._end += _RECORD.size + length
