"""`beside auditor`."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from server.commands.options import Data, end_hung, settings_at, stopped_by_a_signal
from server.settings import BadSetting, Settings


def auditor(*, host: str | None = None, port: int | None = None, data: Data = None) -> None:
    """Watch the deadlines from outside the server, until SIGTERM or Ctrl-C. An alarm when one is over 5 s late.

    Parameters
    ----------
    host
        Address of its own pages (/healthz, /readyz, /metrics). Default: this machine only.
    port
        Port of its own pages. Default: $BESIDE_AUDITOR_PORT, or 8766.
    """
    settings = settings_at(data)
    if host is not None:
        settings = replace(settings, auditor_host=host)
    if port is not None:
        settings = replace(settings, auditor_port=port)
    asyncio.run(_audit(settings))


async def _audit(settings: Settings) -> None:
    from server.auditor.process import an_auditor
    from server.auditor.truth import SqliteTruth, Truth
    from server.logs import set_up_logs

    set_up_logs()
    stopping = stopped_by_a_signal()
    truth: Truth = SqliteTruth(settings.data)
    if settings.database_url:
        from server.auditor.postgres_truth import PostgresTruth

        truth = PostgresTruth(settings.database_url)
    try:
        async with an_auditor(truth, settings) as running:
            where = f"http://{settings.auditor_host}:{running.port}/readyz"
            print(f"The auditor is looking. What it says: {where}", flush=True)
            await stopping.wait()
    except OSError as error:
        where = f"on {settings.auditor_host} port {settings.auditor_port}"
        raise BadSetting(f"Cannot start the auditor {where}: {error.strerror or error}.") from None
    if running.auditor.hung:
        end_hung()
