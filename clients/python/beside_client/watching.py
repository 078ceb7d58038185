"""Simulated witnesses: they join what someone asks to be watched, say that they are with them, and
attest what reached their page: words only, for they open no picture."""

from __future__ import annotations

import asyncio
import logging
import random
import secrets

from beside_client.client import Client
from beside_client.failures import Refused
from beside_client.wire import View

log = logging.getLogger("beside_client.crowd")
STAYS = ("gathering", "live", "attesting", "turned")
SAYS_GOT_EVERY_SECONDS = 4.0
"""Below the 10 s after which a page that says nothing is not there (WA4)."""

Span = tuple[float, float]


def _nobodys_key() -> str:
    """The shape of a public key, of which nobody has the private half: a simulated page opens nothing."""
    return "B" + secrets.token_urlsafe(65)[:86]


async def watch_with(page: Client, chance: random.Random, joins_after: Span) -> None:
    """Be a witness of whatever this person may see, one after the other; until cancelled."""
    seen: set[str] = set()

    def asks(state: object) -> View:
        del state
        found = (a for a in page.state.actions.values() if a["stage"] in STAYS and a["action"] not in seen)
        return next(found, {})

    while True:
        card = await page.until(asks, None)
        seen.add(card["action"])
        await asyncio.sleep(chance.uniform(*joins_after))
        try:
            await _stay(page, card["action"])
        except Refused as refused:
            log.debug("a simulated person does not watch: %s", refused.code)


async def _stay(page: Client, action: str) -> None:
    await page.join_action(action, _nobodys_key())
    with_them = False
    while page.state.action_when(action).get("stage") in STAYS:
        view = page.state.action_when(action)
        page.got(action)
        if view["stage"] == "live" and not with_them:
            with_them = True
            await page.with_you(action)
        if view["asked_to_attest"]:
            await page.attest(action, saw=bool(view["steps"]))
        await _until_news(page, action, view["version"])


async def _until_news(page: Client, action: str, version: int) -> None:
    try:
        await page.until(lambda s: s.action_when(action).get("version") != version, SAYS_GOT_EVERY_SECONDS)
    except TimeoutError:
        return
