"""What a deployment holds besides its database: pages, the push key, the phone numbers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime

from rooms.helplines import STALE_AFTER_DAYS
from server.doctor.finding import Finding, Level
from server.helplines import load, stale
from server.settings import Settings
from server.site.pages import STATIC


def pages(_settings: Settings) -> Iterator[Finding]:
    """The web client is built."""
    missing = [name for name in ("index.html", "oncall.html", "sw.js") if not (STATIC / name).is_file()]
    if missing:
        yield Finding(Level.MEND, f"The pages are not built ({', '.join(missing)} missing).", "./do web")
    else:
        yield Finding(Level.OK, "The pages are built.")


def push(settings: Settings) -> Iterator[Finding]:
    """The key that notifications are signed with, and how a push service reaches the operator."""
    key = settings.data / "vapid.pem"
    if settings.database_url:
        yield Finding(Level.OK, "The push key is a fact of the database; the first start makes it.")
    elif not key.exists():
        yield Finding(Level.OK, "No push key yet; the first start makes it.")
    elif not os.access(key, os.R_OK):
        yield Finding(Level.MEND, f"The push key {key} cannot be read.", f"chown it: {key}")
    elif b"PRIVATE KEY" not in key.read_bytes():
        yield Finding(
            Level.MEND,
            f"{key} holds no private key.",
            "Restore it from the backup. Without it every device must allow notifications again.",
        )
    else:
        yield Finding(Level.OK, "The push key is there.")
    if settings.public_origin and not settings.contact:
        yield Finding(
            Level.LOOK,
            "Push services cannot reach you: some of them refuse notifications then.",
            "Set BESIDE_CONTACT=mailto:you@example.org",
        )


def helplines(_settings: Settings) -> Iterator[Finding]:
    """The numbers that people see when nobody comes (CB6)."""
    known = load()
    count = sum(len(country.lines) for country in known.countries.values())
    old = stale(datetime.now(UTC).date(), known)
    if count == 0:
        yield Finding(Level.MEND, "There are no helplines.", "Fill server/site/helplines.json.")
    elif old:
        yield Finding(
            Level.LOOK,
            f"{len(old)} of {count} helplines were not checked in the last {STALE_AFTER_DAYS} days.",
            "`.venv/bin/python -m server.helplines` lists them; look at each source and write the day.",
        )
    else:
        yield Finding(Level.OK, f"{count} helplines, all checked in the last {STALE_AFTER_DAYS} days.")
