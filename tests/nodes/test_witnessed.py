"""A witnessed action with its member and witnesses on different nodes: keys, pictures, and the end of a right (WA3)."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from beside_client import Client
from beside_client.seal import Between, KeyPair, make_session_key, unwrap, wrap
from beside_client.wire import View
from server.bus.redis import RedisBus
from server.media import talk
from server.media.keyring import DeviceSaid, KeysSaid, ShareSaid
from server.media.lane import UNSENT_AT_MOST_BYTES
from server.metrics import BUS_MESSAGES
from server.wire.chunks import KEY_WANTED, NOBODY_WATCHES, SOMEONE_WATCHES, Kind
from server.wire.codes import BAD_TICKET, NO_RIGHT, TAKEN_OVER
from tests.nodes.world import Deployment, falls_silent, until
from tests.server.action_world import Pictures, asked, mine, pictures_by
from tests.server.media_world import a_chunk
from tests.worlds import AT_ONCE, Member, World, a_group_with


@dataclass
class Someone:
    """A member with a page at one node, a key pair, and all that came to that page."""

    world: World
    member: Member
    keys: KeyPair = field(default_factory=KeyPair.make)
    came: list[View] = field(default_factory=list)

    @property
    def page(self) -> Client:
        return self.member.page

    def newest(self, t: str) -> View:
        return next((view for view in reversed(self.came) if view["t"] == t), {})

    async def until(self, t: str, **fields: Any) -> View:
        await until(lambda: {**self.newest(t), **fields} == self.newest(t) != {})
        return self.newest(t)


@dataclass
class Stage:
    """Ana is at Oslo, and live on video. Tom (Oslo) and Maria (Rome) joined and look."""

    two: Deployment
    ana: Someone
    tom: Someone
    maria: Someone
    action: str
    stack: AsyncExitStack
    numbers: int = 0

    async def opens(self, who: Someone) -> Pictures:
        ticket = await who.page.open_media(self.action)
        return await self.stack.enter_async_context(pictures_by(who.world, ticket))

    async def sends(self) -> Pictures:
        line = await self.opens(self.ana)
        await line.until(b"\x01")
        return line

    async def watches(self, who: Someone) -> Pictures:
        line = await self.opens(who)
        await line.until(b"\x02")
        return line

    async def chunk(self, line: Pictures, kind: Kind, size: int = 3_000) -> bytes:
        self.numbers += 1
        chunk = a_chunk(kind, self.numbers, size)
        await line.socket.send(chunk)
        return chunk

    async def is_shared(self) -> bytes:
        """Ana's page has wrapped a session key for every device there is. Returns it."""
        await until(lambda: len(self.ana.newest("devices_now").get("devices", [])) == 2)
        now, session = self.ana.newest("devices_now"), make_session_key()
        epoch = now["epoch"] + 1
        shares = [
            {
                "device": device["device"],
                "wrapped": wrap(session, self.ana.keys, Between(self.action, epoch, self.ana.keys.text, device["key"])),
            }
            for device in now["devices"]
        ]
        more = {"key": self.ana.keys.text}
        await self.ana.page.ask("share_keys", more=more, action=self.action, epoch=epoch, shares=shares)
        return session

    async def opens_key(self, who: Someone) -> bytes:
        told = await who.until("keys_now", epoch=self.ana.newest("devices_now")["epoch"] + 1)
        between = Between(self.action, told["epoch"], told["key"], who.keys.text)
        return unwrap(told["wrapped"], who.keys, between)


async def page_at(two: Deployment, node: int, member: Member) -> Someone:
    came: list[View] = []
    world = two.nodes[node]
    account = replace(member.page.account, base_url=world.url)
    page = Client(account, backoff=AT_ONCE, on_event=came.append)
    two.pages.append(page)
    await page.start()
    await member.page.close()
    return Someone(world, Member(page, member.membership), came=came)


async def joins_and_looks(who: Someone, action: str) -> None:
    await asked(who.member, action)
    await who.page.join_action(action, who.keys.text)
    await who.page.look(action)


@pytest.fixture
async def stage(two: Deployment) -> Any:
    people = await a_group_with(two.nodes[0], "Ana", "Tom", "Maria")
    ana, tom, maria = [await page_at(two, node, one) for node, one in zip((0, 0, 1), people, strict=True)]
    action = await ana.page.declare_action(ana.member.group, "pour_out", "the bottle")
    for who in (tom, maria):
        await joins_and_looks(who, action)
    await ana.page.go_live(action, anyway=True)
    await mine(ana.member, action, stage="live")
    for who in (tom, maria):
        await asked(who.member, action, stage="live", looking=True)
    async with AsyncExitStack() as stack:
        yield Stage(two, ana, tom, maria, action, stack)


async def _only_what_changes_is_said(monkeypatch: Any) -> None:
    """Nothing is repeated any more that would make good for a word that was not said."""
    monkeypatch.setattr(talk, "SAY_SECONDS", 3_600)
    await asyncio.sleep(max(talk.ASK_AT_SECONDS))  # time itself: what is asked at the beginning is over


# ---------------------------------------------------------------- keys


async def test_wa3_every_page_gets_its_key_on_whichever_node_it_is(stage: Stage, monkeypatch: Any) -> None:
    await _only_what_changes_is_said(monkeypatch)
    session = await stage.is_shared()
    assert await stage.opens_key(stage.tom) == session
    assert await stage.opens_key(stage.maria) == session
    lists = [sorted(d["key"] for d in who.newest("keys_now")["devices"]) for who in (stage.tom, stage.maria)]
    assert lists == [sorted([stage.tom.keys.text, stage.maria.keys.text])] * 2, "the safety words agree"


async def test_wa3_a_page_that_goes_elsewhere_is_off_the_list(stage: Stage) -> None:
    await stage.is_shared()
    await stage.maria.page.close()
    await until(lambda: len(stage.ana.newest("devices_now")["devices"]) == 1)
    assert stage.ana.newest("devices_now")["devices"][0]["key"] == stage.tom.keys.text


async def test_wa3_who_has_the_password_of_redis_alone_puts_no_page_on_the_list(stage: Stage) -> None:
    """Ana's page would wrap the session key for a stranger, as for one more page of Tom's."""
    oslo = stage.two.nodes[0].beside
    namespace = oslo.settings.redis_namespace
    stranger = RedisBus(stage.two.valkey.url, namespace, "stranger", b"not the key of this deployment..")
    device = DeviceSaid("theirs", stage.tom.member.id, KeyPair.make().text)
    said = msgspec.Raw(msgspec.msgpack.encode(KeysSaid([device], ShareSaid(0, 0, ""))))
    await stranger.start()
    await until(lambda: stranger.up)
    before = BUS_MESSAGES.labels(way="stranger")._value.get()
    stranger.publish(f"keys:{stage.action}", msgspec.msgpack.encode(talk._Word("stranger", 1, 1, False, said)))
    await until(lambda: BUS_MESSAGES.labels(way="stranger")._value.get() == before + 2)  # both nodes of this process
    await stranger.close()
    assert len(oslo.services.keyring.devices(stage.action).devices) == 2  # type: ignore[arg-type]


async def test_wa3_who_is_removed_is_off_the_list_by_this_nodes_own_word(stage: Stage) -> None:
    await until(lambda: len(stage.ana.newest("devices_now").get("devices", [])) == 2)
    await stage.two.nodes[1].beside.between.bus.close()  # Rome says nothing any more
    await stage.ana.page.remove_witness(stage.action, stage.maria.member.id)
    await until(lambda: len(stage.ana.newest("devices_now")["devices"]) == 1)


async def test_wa3_keys_outlive_a_bus_that_is_down_and_one_who_comes_meanwhile_gets_theirs_later(stage: Stage) -> None:
    session = await stage.is_shared()
    assert await stage.opens_key(stage.maria) == session
    stage.two.valkey.kill()
    buses = [world.beside.between.bus for world in stage.two.nodes]
    await until(lambda: not any(bus.up for bus in buses))
    again = KeyPair.make()
    stage.maria.keys = again
    await stage.maria.page.join_action(stage.action, again.text)  # her page was loaded anew
    stage.two.valkey.start()
    await until(lambda: again.text in [d["key"] for d in stage.ana.newest("devices_now")["devices"]])
    assert len(stage.ana.newest("devices_now")["devices"]) == 2
    session = await stage.is_shared()
    assert await stage.opens_key(stage.maria) == session


# ---------------------------------------------------------------- pictures


async def test_wa3_pictures_go_from_node_to_node_byte_for_byte(stage: Stage) -> None:
    ana = await stage.sends()
    tom, maria = await stage.watches(stage.tom), await stage.watches(stage.maria)
    await ana.until(SOMEONE_WATCHES)
    await ana.until(KEY_WANTED)
    await until(lambda: _rome_is_ready(stage))
    sent = [await stage.chunk(ana, Kind.KEY, 12_000)]
    sent += [await stage.chunk(ana, kind) for kind in (Kind.DELTA, Kind.SOUND, Kind.DELTA, Kind.DELTA)]
    for line in (tom, maria):
        await line.until(sent[-1])
        assert line.got == [b"\x02", *sent]


def _rome_is_ready(stage: Stage) -> bool:
    """Its relay has a sender, and Oslo's has a seat for it."""
    oslo, rome = (world.beside.services.media for world in stage.two.nodes)
    there, here = rome.sender(stage.action), oslo._streams[stage.action]  # type: ignore[attr-defined]
    return there is not None and any(w.who is None for w in here.watchers)


async def test_wa2_who_comes_late_elsewhere_begins_with_a_key_frame_and_nobody_misses_any(
    stage: Stage, monkeypatch: Any
) -> None:
    ana, tom = await stage.sends(), await stage.watches(stage.tom)
    await ana.until(KEY_WANTED)
    first = [await stage.chunk(ana, Kind.KEY), await stage.chunk(ana, Kind.DELTA)]
    await tom.until(first[-1])
    stage.two.clock.advance(250)
    asked_before = ana.got.count(KEY_WANTED)
    maria = await stage.watches(stage.maria)
    await until(lambda: _rome_is_ready(stage) and ana.got.count(KEY_WANTED) > asked_before)
    lost = await stage.chunk(ana, Kind.DELTA)
    key, after = await stage.chunk(ana, Kind.KEY), await stage.chunk(ana, Kind.DELTA)
    await maria.until(after)
    assert maria.got == [b"\x02", key, after]
    await tom.until(after)
    assert tom.got == [b"\x02", *first, lost, key, after]
    await _only_what_changes_is_said(monkeypatch)
    stage.two.clock.advance(250)
    asked_before = ana.got.count(KEY_WANTED)
    also = await stage.watches(stage.maria)
    await until(lambda: ana.got.count(KEY_WANTED) > asked_before)
    goes_on = await stage.chunk(ana, Kind.DELTA)
    await maria.until(goes_on)
    await also.until(await stage.chunk(ana, Kind.KEY))
    assert goes_on not in also.got


async def test_wa2_nothing_goes_over_the_bus_while_nobody_watches_elsewhere(stage: Stage, monkeypatch: Any) -> None:
    oslo = stage.two.nodes[0].beside.between
    published: list[str] = []
    publish = oslo.pictures.publish

    def counted(topic: str, data: bytes) -> None:
        published.append(topic)
        publish(topic, data)

    monkeypatch.setattr(oslo.pictures, "publish", counted)
    ana, tom = await stage.sends(), await stage.watches(stage.tom)
    await tom.until(await stage.chunk(ana, Kind.KEY))
    assert published == []
    maria = await stage.watches(stage.maria)
    await until(lambda: _rome_is_ready(stage))
    await maria.until(await stage.chunk(ana, Kind.KEY))
    assert len(published) == 1
    await maria.socket.close()
    await until(lambda: not _rome_is_ready(stage))
    await tom.until(await stage.chunk(ana, Kind.KEY))
    assert len(published) == 1
    await tom.socket.close()
    await ana.until(NOBODY_WATCHES)


async def test_wa3_a_cut_stops_it_elsewhere_and_it_goes_on_with_a_key_frame(stage: Stage) -> None:
    ana, maria = await stage.sends(), await stage.watches(stage.maria)
    await until(lambda: _rome_is_ready(stage))
    before = await stage.chunk(ana, Kind.KEY)
    await maria.until(before)
    await stage.ana.page.cut_picture(stage.action, cut=True)
    await until(lambda: not _flows(stage, 1))
    for _ in range(3):
        await stage.chunk(ana, Kind.DELTA)
    await stage.ana.page.cut_picture(stage.action, cut=False)
    await until(lambda: _flows(stage, 1))
    await stage.chunk(ana, Kind.DELTA)
    key = await stage.chunk(ana, Kind.KEY)
    await maria.until(key)
    assert maria.got == [b"\x02", before, key]


def _flows(stage: Stage, node: int) -> bool:
    return stage.two.nodes[node].beside.services.media.rights(stage.action).flows  # type: ignore[attr-defined,no-any-return]


async def test_wa3_a_cut_does_not_wait_for_the_store_of_the_other_node(stage: Stage, monkeypatch: Any) -> None:
    """Rome does not look at the store any more: the word alone stops it. What it gives back must come by the store."""
    ana, maria = await stage.sends(), await stage.watches(stage.maria)
    await until(lambda: _rome_is_ready(stage))
    await maria.until(await stage.chunk(ana, Kind.KEY))
    rome = stage.two.nodes[1].beside.services
    monkeypatch.setattr(rome.changes, "action_changed", lambda _action: None)
    await stage.ana.page.cut_picture(stage.action, cut=True)
    await until(lambda: not _flows(stage, 1))
    await stage.ana.page.cut_picture(stage.action, cut=False)
    await until(lambda: _flows(stage, 0))
    oslo, there = (world.beside.between.witnessed._pictures._talk for world in stage.two.nodes)  # type: ignore[union-attr]
    oslo.say(stage.action)  # type: ignore[arg-type]
    await until(lambda: [said.rights.flows for _n, said in there.others(stage.action)] == [True])  # type: ignore[arg-type,union-attr]
    assert not _flows(stage, 1)


async def test_wa3_who_is_removed_on_one_node_gets_not_one_byte_more_on_the_other(stage: Stage) -> None:
    ana, maria = await stage.sends(), await stage.watches(stage.maria)
    await until(lambda: _rome_is_ready(stage))
    before = await stage.chunk(ana, Kind.KEY)
    await maria.until(before)
    await stage.ana.page.remove_witness(stage.action, stage.maria.member.id)
    assert await maria.closed() == NO_RIGHT.code
    assert maria.got == [b"\x02", before]


async def test_wa3_the_end_closes_every_watcher_everywhere(stage: Stage) -> None:
    ana, maria, tom = await stage.sends(), await stage.watches(stage.maria), await stage.watches(stage.tom)
    await until(lambda: _rome_is_ready(stage))
    await stage.ana.page.stop_action(stage.action)
    for line in (ana, maria, tom):
        assert await line.closed() == NO_RIGHT.code
    for world in stage.two.nodes:
        pictures = world.beside.between.witnessed._pictures  # type: ignore[union-attr]
        await until(lambda pictures=pictures: not pictures._roads and not pictures._talk._said_at)  # type: ignore[misc]


async def test_wa2_a_chunk_that_is_lost_between_nodes_is_followed_by_a_key_frame(stage: Stage) -> None:
    ana, maria = await stage.sends(), await stage.watches(stage.maria)
    await until(lambda: _rome_is_ready(stage))
    key = await stage.chunk(ana, Kind.KEY)
    await maria.until(key)
    road = stage.two.nodes[0].beside.between.witnessed._pictures._roads[stage.action]  # type: ignore[union-attr,index]
    road.number += 1  # one is lost on the way
    stage.two.clock.advance(250)
    wanted = ana.got.count(KEY_WANTED)
    await stage.chunk(ana, Kind.DELTA)
    await until(lambda: ana.got.count(KEY_WANTED) > wanted)
    again = await stage.chunk(ana, Kind.KEY)
    await maria.until(again)
    assert maria.got == [b"\x02", key, again]


async def test_wa2_a_member_who_comes_to_another_node_takes_over_there(stage: Stage) -> None:
    first, tom, maria = await stage.sends(), await stage.watches(stage.tom), await stage.watches(stage.maria)
    await until(lambda: _rome_is_ready(stage))
    await tom.until(await stage.chunk(first, Kind.KEY))
    stage.ana = await page_at(stage.two, 1, stage.ana.member)
    stage.two.clock.advance(250)
    second = await stage.sends()
    assert await first.closed() == TAKEN_OVER.code
    await second.until(KEY_WANTED)
    oslo = stage.two.nodes[0].beside.services.media
    await until(lambda: oslo.sender(stage.action) is not None)  # type: ignore[attr-defined]
    key = await stage.chunk(second, Kind.KEY)
    for line in (tom, maria):
        await line.until(key)


async def test_wa2_one_who_reads_nothing_elsewhere_spoils_nobody(stage: Stage) -> None:
    ana, tom, maria = await stage.sends(), await stage.watches(stage.tom), await stage.watches(stage.maria)
    stalled = await stage.watches(stage.maria)
    await until(lambda: _rome_is_ready(stage))
    stalled.socket.transport.pause_reading()
    sent = [await stage.chunk(ana, Kind.KEY)]
    rome = stage.two.nodes[1].beside.services.media
    for _ in range(400):
        stage.two.clock.advance(42)
        sent.append(await stage.chunk(ana, Kind.DELTA, 20_000))
        await tom.until(sent[-1])
        await maria.until(sent[-1])
    assert tom.got == maria.got == [b"\x02", *sent]
    unsent = [w.line.unsent() for w in rome._streams[stage.action].watchers]  # type: ignore[attr-defined]
    assert 0 < max(unsent) <= 80_000


async def test_pictures_that_pile_up_between_nodes_stand_before_nothing_else(stage: Stage) -> None:
    """The line for pictures hangs: no more waits than for a slow watcher, and all the rest goes on."""
    ana, tom, maria = await stage.sends(), await stage.watches(stage.tom), await stage.watches(stage.maria)
    await until(lambda: _rome_is_ready(stage))
    await maria.until(await stage.chunk(ana, Kind.KEY))
    oslo = stage.two.nodes[0].beside.between
    assert isinstance(oslo.pictures, RedisBus)
    oslo.pictures._tasks[0].cancel()  # the one that publishes
    for _ in range(30):
        stage.two.clock.advance(42)
        await tom.until(await stage.chunk(ana, Kind.DELTA, 20_000))
    assert 20_000 < oslo.pictures.waiting_bytes <= UNSENT_AT_MOST_BYTES
    assert oslo.bus.waiting_bytes < 20_000
    session = await stage.is_shared()
    assert await stage.opens_key(stage.maria) == session


# ---------------------------------------------------------------- the socket comes to another node than the page


async def _watches_at(stage: Stage, node: int, who: Someone) -> tuple[str, Pictures]:
    """Their page is elsewhere: the balancer brought the media socket here."""
    ticket = await who.page.open_media(stage.action)
    line = await stage.stack.enter_async_context(pictures_by(stage.two.nodes[node], ticket))
    await line.until(b"\x02")
    return ticket, line


async def test_wa3_a_ticket_of_one_node_opens_a_media_socket_at_another_once(stage: Stage) -> None:
    ana = await stage.sends()
    ticket, maria = await _watches_at(stage, 0, stage.maria)
    await maria.until(await stage.chunk(ana, Kind.KEY))
    for world in stage.two.nodes:
        again = await stage.stack.enter_async_context(pictures_by(world, ticket))
        assert await again.closed() == BAD_TICKET.code
        assert again.got == []


async def test_wa3_a_node_that_was_started_in_the_middle_lets_in_who_may_and_shows_them_the_picture(
    stage: Stage, tmp_path: Path
) -> None:
    ana = await stage.sends()
    lima = await World.begin(tmp_path / "lima", stage.two.clock, stage.two.nodes[0].beside.settings)
    stage.two.nodes.append(lima)
    _ticket, maria = await _watches_at(stage, 2, stage.maria)
    await ana.until(KEY_WANTED)
    await until(lambda: lima.beside.services.media.sender(stage.action) is not None)  # type: ignore[attr-defined]
    key = await stage.chunk(ana, Kind.KEY)
    await maria.until(key)
    assert maria.got == [b"\x02", key]


async def test_wa3_whoever_was_removed_meanwhile_does_not_come_in_at_another_node(stage: Stage) -> None:
    ticket = await stage.maria.page.open_media(stage.action)
    await stage.ana.page.remove_witness(stage.action, stage.maria.member.id)
    line = await stage.stack.enter_async_context(pictures_by(stage.two.nodes[0], ticket))
    assert await line.closed() == NO_RIGHT.code
    assert line.got == []


async def test_cb04_quick_exit_ends_the_pictures_on_a_node_that_has_nothing_else_of_the_device(stage: Stage) -> None:
    _ticket, maria = await _watches_at(stage, 0, stage.maria)
    unused = await stage.maria.page.open_media(stage.action)
    await stage.maria.page.account.leave()
    assert await maria.closed() == NO_RIGHT.code
    line = await stage.stack.enter_async_context(pictures_by(stage.two.nodes[0], unused))
    assert await line.closed() == BAD_TICKET.code


# ---------------------------------------------------------------- a node dies


async def test_wa3_a_node_that_is_killed_takes_its_pages_along_and_its_witness_goes_on_at_another(
    stage: Stage, monkeypatch: Any
) -> None:
    ana, tom = await stage.sends(), await stage.watches(stage.tom)
    await stage.watches(stage.maria)
    await stage.is_shared()
    await until(lambda: _rome_is_ready(stage))
    monkeypatch.setattr(talk, "HOLDS_SECONDS", 0.5)
    monkeypatch.setattr(talk, "SAY_SECONDS", 0.2)
    await falls_silent(stage.two.nodes[1])
    await until(lambda: not _rome_is_ready(stage))
    await until(lambda: len(stage.ana.newest("devices_now")["devices"]) == 1)
    stage.maria = await page_at(stage.two, 0, stage.maria.member)
    await joins_and_looks(stage.maria, stage.action)
    maria = await stage.watches(stage.maria)
    session = await stage.is_shared()
    assert await stage.opens_key(stage.maria) == session
    await tom.until(await stage.chunk(ana, Kind.KEY))
    await maria.until(await stage.chunk(ana, Kind.KEY))
