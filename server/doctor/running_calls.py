"""The calls that go on, on either store."""

from __future__ import annotations

from collections.abc import Iterator

from server.doctor.finding import Finding, Level
from server.offline import unreadable_calls_of
from server.ports import StoreDown
from server.settings import Settings


def calls(settings: Settings) -> Iterator[Finding]:
    """Every running call can be read. Nothing when there is no store yet, or none that answers: others say that."""
    if not settings.database_url and not (settings.data / "beside.db").is_file():
        return
    try:
        unreadable, begun_anew = unreadable_calls_of(settings)
    except StoreDown:
        return
    for call in unreadable:
        yield Finding(
            Level.MEND,
            f"The running call {call} cannot be read.",
            "Start the server: it rings on-call for it anew. Then look at the disk, and at the last update.",
        )
    for call in begun_anew:
        yield Finding(
            Level.LOOK,
            f"The call {call} could not be read and was begun anew, with on-call alone.",
            "Somebody of on-call should have seen to it; the audit log has the moment.",
        )
    if not unreadable and not begun_anew:
        yield Finding(Level.OK, "Every running call can be read.")
