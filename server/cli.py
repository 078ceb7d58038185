"""The `beside` command: serve, auditor, timers, demo, backup, restore, db, user, doctor, verify."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from server.commands.auditing import auditor
from server.commands.keeping import backup, restore
from server.commands.options import Data, end_hung, settings_at, stopped_by_a_signal
from server.commands.people import user
from server.settings import BadSetting, Settings

app = App(name="beside", help="Real-time peer support: one press, and a person who has been there answers.")
db = App(name="db", help="The database.")
app.command(db)
app.command(user)
for one in (auditor, backup, restore):
    app.command(one)


def _settings(host: str | None, port: int | None, data: Path | None, public_origin: str | None) -> Settings:
    settings = settings_at(data)
    if host is not None:
        settings = replace(settings, host=host)
    if port is not None:
        settings = replace(settings, port=port)
    if public_origin is not None:
        settings = replace(settings, public_origin=public_origin.rstrip("/"))
    return settings.check()


@app.command
def serve(
    *, host: str | None = None, port: int | None = None, data: Data = None, public_origin: str | None = None
) -> None:
    """Run the server until SIGTERM or Ctrl-C.

    Parameters
    ----------
    host
        Address to listen on. Anything but this machine wants --public-origin.
    port
        Port to listen on. Default: $PORT, or 8765.
    public_origin
        The https:// address people type, when a proxy with TLS stands in front.
    """
    settings = _settings(host, port, data, public_origin)
    asyncio.run(_serve(settings))


def _allow_open_files(wanted: int) -> None:
    """As many as the limits on connections allow: many systems begin with 1024, and a server that can open no more
    files answers nobody. `doctor` says when the hard limit is too low."""
    with contextlib.suppress(ImportError, ValueError, OSError):  # not on Windows; then it stays as it is
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        enough = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        if soft != resource.RLIM_INFINITY and soft < enough:
            resource.setrlimit(resource.RLIMIT_NOFILE, (enough, hard))


@app.command
def timers(*, data: Data = None) -> None:
    """Run a node that nobody visits, whose deadlines wait for no crowd. For several nodes on PostgreSQL.

    Every node takes due deadlines, and exactly one acts on each: this one goes on while web processes are restarted.
    """
    settings = _settings(None, None, data, None)
    if not settings.database_url:
        raise BadSetting(
            "Without DATABASE_URL there is one process, and `beside serve` does the deadlines itself: leave this out."
        )
    # A folder of its own for its journal: a web process on the same machine has the other.
    settings = replace(settings, host="127.0.0.1", port=settings.timers_port, data=settings.data / "timers")
    asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    from sqlalchemy.exc import DBAPIError

    from server.app import start
    from server.logs import set_up_logs
    from server.ports import StoreDown, StoreLate

    set_up_logs()
    _allow_open_files(settings.open_files_at_most)
    stopping = stopped_by_a_signal()
    starting = asyncio.get_running_loop().create_task(start(settings))
    stopped = asyncio.get_running_loop().create_task(stopping.wait())
    await asyncio.wait({starting, stopped}, return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():  # it waits for the store, and nobody waits for it
        starting.cancel()
        return
    try:
        beside = starting.result()
    except OSError as error:
        where = f"on {settings.host} port {settings.port} with the folder {settings.data}"
        raise BadSetting(f"Cannot start {where}: {error.strerror or error}.") from None
    except (DBAPIError, StoreDown, StoreLate) as error:
        why = f" ({error.orig})" if isinstance(error, DBAPIError) else ""
        if settings.database_url:
            raise BadSetting(
                "The database of DATABASE_URL takes no writes. Does it run, does a database of that name exist, and "
                "may this user make tables in it? The lines above say what it answered."
            ) from None
        raise BadSetting(
            f"The database in {settings.data} takes no writes{why}. Is the disk full, or the folder read-only? "
            "See what this says: beside doctor"
        ) from None
    base = settings.public_origin or f"http://127.0.0.1:{beside.port}"
    print(f"Beside is ready: {base}", flush=True)
    if beside.first_link is not None:
        print(
            f"Nobody runs this server yet. Open this link once to become its coordinator:\n  {base}{beside.first_link}",
            flush=True,
        )
    await stopping.wait()
    if not await beside.stop():
        end_hung()


@app.command
def demo(*, host: str | None = None, port: int | None = None, data: Data = None) -> None:
    """Run a server with simulated people in it, to look around. On this machine only.

    Parameters
    ----------
    host
        Anything but this machine is refused.
    port
        Port to listen on. Default: $PORT, or 8765.
    data
        Folder to keep the demo in. Default: a new one, removed at the end.
    """
    settings = _settings(None, port, data, None)
    if host is not None:
        settings = replace(settings, host=host)  # start_demo says why not, in its own words
    with contextlib.ExitStack() as at_the_end:
        if data is None:
            folder = at_the_end.enter_context(tempfile.TemporaryDirectory(prefix="beside-demo-"))
            settings = replace(settings, data=Path(folder))
        asyncio.run(_demo(replace(settings, drain_spread_seconds=0)))


async def _demo(settings: Settings) -> None:
    from server.demo import start_demo
    from server.logs import set_up_logs

    set_up_logs()
    stopping = stopped_by_a_signal()
    try:
        running = await start_demo(settings)
    except OSError as error:
        raise BadSetting(f"Cannot start on {settings.host} port {settings.port}: {error.strerror or error}.") from None
    print(
        "Beside, with simulated people in it. Open both in one browser, side by side:\n"
        f"  a member who may need someone   {running.member_link}\n"
        f"  on-call                         {running.oncall_link}\n"
        f"Or sign in by hand: {', '.join(running.logins)}. Ctrl-C ends it.",
        flush=True,
    )
    await stopping.wait()
    await running.stop()


@db.command
def upgrade(*, data: Data = None) -> None:
    """Bring the database to the newest form. `serve` does this by itself."""
    from server.ports import StoreDown
    from server.storage import upgrade_database

    settings = _settings(None, None, data, None)
    if not settings.database_url and not (settings.data / "beside.db").exists():
        print(f"There is no database in {settings.data} yet: the first start makes it. Another place? Say --data.")
        return
    try:
        upgrade_database(settings)
    except StoreDown:
        raise BadSetting("The database of DATABASE_URL let nobody change its tables. Ask: beside doctor") from None
    print("The database is up to date.")


@app.command
def doctor(*, host: str | None = None, port: int | None = None, data: Data = None) -> None:
    """Look for what most often goes wrong, and say what to do. Exit code 1 if something must be mended.

    Parameters
    ----------
    host
        Address that the server listens on.
    port
        Port that the server listens on.
    """
    from server.doctor import Level, examine
    from server.logs import say_nothing

    say_nothing()
    found = examine(_settings(host, port, data, None))
    print("\n".join(str(finding) for finding in found))
    mend, look = (sum(1 for one in found if one.level is level) for level in (Level.MEND, Level.LOOK))
    print(f"\n{mend} to mend, {look} to look at.")
    if mend:
        sys.exit(1)


@app.command
def verify(
    file: str | None = None, *, key: Annotated[list[str] | None, Parameter(consume_multiple=True, negative="")] = None
) -> None:
    """Check an exported record of a witnessed action. It needs no server, no data and no network.

    Exit code 0: every entry holds, and the key sealed it. 1: something was changed, and it says which entry first.
    2: no record, or nothing to check it with.

    Parameters
    ----------
    file
        The exported record, a .json file.
    key
        The fingerprint that the page shows with the records (with or without its spaces), or the whole public key.
    """
    from server.verify import verified

    said, code = verified(file, None if key is None else " ".join(key))
    print(said, file=sys.stderr if code else sys.stdout)
    sys.exit(code)


def main() -> None:
    """Entry point. A bad setting is one clear line, not a traceback."""
    try:
        app()
    except BadSetting as bad:
        print(f"beside: {bad}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
