"""Writing a backup: the whole file, or none."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from server.backup.archive import Contents, Manifest, pack
from server.settings import BadSetting

BACKED_UP = "backed_up_at"
"""The fact that says when the last backup was made, in ms, for `beside doctor`."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What a store gave into the draft."""

    revision: str
    files: dict[str, Path]


def write(file: Path, store: str, copy: Callable[[Path], Copied]) -> tuple[Manifest, int]:
    """`copy` puts what belongs in into a folder; all of it becomes `file`, mode 0600. Also returns when it was begun,
    in ms. Raises :class:`BadSetting` when it cannot be written; what `copy` raises goes through."""
    if file.exists():
        raise BadSetting(f"{file} is there already. Choose another name; nothing was written.")
    if not file.parent.is_dir():
        raise BadSetting(f"There is no folder {file.parent}.")
    made_at = datetime.now(UTC)
    try:
        with draft_beside(file) as draft:
            copied = copy(draft)
            contents = Contents(_version(), store, copied.revision, made_at.isoformat(), copied.files)
            whole = draft / "whole"
            with os.fdopen(os.open(whole, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as target:
                manifest = pack(contents, target)
                target.flush()
                os.fsync(target.fileno())
            whole.rename(file)
            sync_folder(file.parent)
    except OSError as error:
        raise BadSetting(f"The backup was not made: {error.strerror or error}.") from None
    return manifest, int(made_at.timestamp() * 1000)


def _version() -> str:
    try:
        return version("beside")
    except PackageNotFoundError:  # run from its folder, not installed
        return "unknown"


@contextmanager
def draft_beside(file: Path) -> Iterator[Path]:
    """A folder on the same disk, closed to others, and gone at the end whatever happens."""
    folder = Path(tempfile.mkdtemp(prefix=f".{file.name}.", dir=file.parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sync_folder(folder: Path) -> None:
    """The names in it outlive a power cut."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
