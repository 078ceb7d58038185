"""Web processes are restarted one after the other, as for a new version, while people talk and a call is held."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from beside_client import Refused, new_key
from tests.nodes.webs import Front, Webs, two_webs
from tests.nodes.world import until
from tests.postgres import the_server
from tests.worlds import Member

SOME_WORDS = 5


@pytest.fixture
async def webs(tmp_path: Path) -> AsyncIterator[Webs]:
    async with two_webs(tmp_path, await the_server()) as there:
        yield there


@dataclass
class Talk:
    """Members who say one word after the other, each until it was acknowledged, and what was."""

    acked: list[str] = field(default_factory=list)
    _over: bool = False

    async def of(self, member: Member) -> None:
        number = 0
        while not self._over:
            word = f"{member.name} {number}"
            await patiently_say(member, word)
            self.acked.append(word)
            number += 1

    async def goes_on(self) -> None:
        """Some more words are said from here on."""
        wanted = len(self.acked) + SOME_WORDS
        await until(lambda: len(self.acked) >= wanted)

    def ends(self) -> None:
        self._over = True


async def patiently_say(member: Member, word: str) -> None:
    """As a page does: again under its key while the server says that it was not saved, or that this was too fast."""
    key = new_key()
    while True:
        try:
            await member.page.ask("say", key=key, room=member.room, text=word)
        except Refused as refused:
            if refused.code not in ("not_saved", "too_fast"):
                raise
            await asyncio.sleep((refused.retry_after_ms or 200) / 1000)
        else:
            return


async def test_uc19_webs_restarted_one_after_the_other_lose_no_word_and_no_call(webs: Webs) -> None:
    front = Front(webs.front_port, webs.ports)
    async with front.listening():
        maria, ana, tom, jo = everyone = await webs.a_group_with("Maria", "Ana", "Tom", "Jo")
        assert set(front.open.values()) == {2}, "there are people on both"
        for peer in (maria, tom):
            await peer.be_available()
        for one in everyone:
            await one.page.open_room(one.room)
        call = await ana.page.raise_call(ana.group)
        room = await tom.go_into(call)
        await ana.page.open_room(room)
        await ana.page.confirm_here(call)
        await ana.page.until(lambda s: s.my_call_when(standing="held"))

        talk, said_in_call = Talk(), list[str]()
        talking = asyncio.gather(*(talk.of(one) for one in (maria, jo)))
        for number, web in enumerate(webs.children):
            await talk.goes_on()
            assert await web.stop() == 0
            await talk.goes_on()
            for who in (ana, tom):
                await who.page.say(room, f"{who.name} in restart {number}")
                said_in_call.append(f"{who.name} in restart {number}")
            assert front.open[web.port] == 0, "and everyone is at the other"
            await web.start()
        await talk.goes_on()
        talk.ends()
        await talking

        for one in everyone:
            await one.page.until(lambda s: len(s.said_in(ana.room)) >= len(talk.acked))
            said = one.page.state.said_in(ana.room)
            assert sorted(said) == sorted(talk.acked), one.name
            assert said == maria.page.state.said_in(ana.room)
        for one in (ana, tom):
            await one.page.until(lambda s: s.said_in(room) == said_in_call)
        await ana.page.until(lambda s: [h["connected"] for h in s.my_call_when(standing="held")["helpers"]] == [True])
        await ana.page.ask("close_call", call=call, feeling="better")
        for one, others in ((ana, 2), (maria, 1), (tom, 1), (jo, 2)):
            await one.page.until(lambda s: s.presence[ana.group]["can_come"] == others)  # noqa: B023
        again = await ana.page.raise_call(ana.group)
        for peer in (maria, tom):
            await peer.page.until(lambda s: s.card_of(again))
