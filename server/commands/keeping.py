"""`beside backup` and `beside restore`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from server.commands.options import Data, settings_at


def backup(file: Path, *, data: Data = None) -> None:
    """Write all that a deployment needs to live again into one file, while the server runs or not.

    It holds every word and the keys, in the clear: keep it as safe as the server, and see docs/howto/backup.md.

    Parameters
    ----------
    file
        A name that is not there yet.
    """
    settings = settings_at(data)
    if settings.database_url:
        from server.backup import postgres

        manifest = postgres.save(settings.database_url, file)
    else:
        from server.backup.folder import save

        manifest = save(settings, file)
    size = sum(part.bytes for part in manifest.parts)
    what = ", ".join(part.name for part in manifest.parts)
    print(f"{file}: {what}; {size // 1024} KiB, schema {manifest.revision}.")


def restore(file: Path, *, data: Data = None, replace: Annotated[bool, Parameter(negative="")] = False) -> None:
    """Put a backup into an empty folder, or an empty database (DATABASE_URL), once every byte of it has been checked.

    Parameters
    ----------
    file
        What `beside backup` wrote.
    replace
        The folder may hold something: that is set aside in it, and kept.
    """
    settings = settings_at(data)
    if settings.database_url:
        from server.backup import postgres

        done, into = postgres.restore(file, settings.database_url), "the database of DATABASE_URL"
    else:
        from server.backup.restore import restore as put_back

        done, into = put_back(file, settings.data, replace=replace), str(settings.data)
    newest = f"{done.newest_word_at:%Y-%m-%d %H:%M:%S} UTC" if done.newest_word_at else "none"
    print(f"Restored into {into}, from a backup made {done.manifest.made_at[:19]} UTC.")
    print(f"{done.accounts} accounts, {done.groups} groups, {done.live_calls} running calls; newest word: {newest}.")
    if done.upgraded_from is not None:
        print(f"The database was brought from schema {done.upgraded_from} to this Beside's.")
    if done.set_aside is not None:
        print(f"What was there before is in {done.set_aside}. Remove it when you are sure.")
