"""UC15 on two nodes: the database is gone for both of them, and they carry one call together."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from unittest.mock import Mock

import pytest
import redis

from beside_client import Refused
from presence.ids import CallId
from rooms.call import Call, here, is_over, peers
from server.app import start
from server.ports import StoreDown
from server.store.lifeboat import Lifeboat
from server.store.unsaved import Unsaved
from tests.fakes import cheap_passphrases
from tests.nodes.world import WITHIN_SECONDS, Deployment, a_deployment, until
from tests.postgres import Postgres
from tests.worlds import Member, World

SLOW_SECONDS = 0.1


@pytest.fixture
async def two(tmp_path: Path, own_postgres: Postgres) -> AsyncIterator[Deployment]:
    async with a_deployment(tmp_path, postgres=own_postgres) as there:
        yield there


@contextmanager
def hanging(postgres: Postgres) -> Iterator[None]:
    with postgres.hanging():
        yield


@contextmanager
def gone(postgres: Postgres) -> Iterator[None]:
    """As a power cut, and it comes up again."""
    postgres.stop()
    try:
        yield
    finally:
        postgres.start()


def boat(world: World) -> Lifeboat:
    assert isinstance(world.beside.store, Lifeboat)
    return world.beside.store


async def stored(world: World, call: str) -> Call:
    found = await boat(world)._store.read(lambda tx: tx.calls.get(CallId(call)))
    assert found is not None
    return found


async def words_in(world: World, room: str) -> list[str]:
    found = await boat(world)._store.read(lambda tx: tx.chat.entries(room, 0, 2**53, 100))  # type: ignore[arg-type]
    return [entry.text for entry in found]


async def back(two: Deployment) -> None:
    await until(lambda: not any(boat(node).afloat for node in two.nodes))


TROUBLES = pytest.mark.parametrize("trouble", [gone, hanging])


@TROUBLES
async def test_uc15_a_call_is_raised_on_one_node_and_held_on_the_other(
    trouble: object, two: Deployment, apart: list[Member], own_postgres: Postgres
) -> None:
    ana, maria, tom = apart
    with trouble(own_postgres):  # type: ignore[operator]
        raised = await ana.page.ask("raise_call", group=ana.group, words="I am outside the shop.")
        call = str(raised["call"])
        assert raised["saved"] is False
        for peer in (maria, tom):
            await peer.page.until(lambda s: s.card_of(call))
        room = await maria.go_into(call)
        await ana.page.open_room(room)
        await maria.page.say(room, "I am here.")
        await ana.page.until(lambda s: s.said_in(room) == ["I am here."])
        await ana.page.say(room, "I had the money out.")
        await maria.page.until(lambda s: s.said_in(room) == ["I am here.", "I had the money out."])
        held = await ana.page.until(lambda s: s.my_call_when(standing="held"))
        assert held["saved"] is False, "what is not committed is never shown as saved"
    await ana.page.until(lambda s: s.my_call_when(saved=True, standing="held"))
    await back(two)
    assert await words_in(two.nodes[0], room) == ["I am here.", "I had the money out."]
    said = await maria.page.ask("say", room=room, text="Shall we walk?")
    assert said["seq"] == 3
    await ana.page.until(lambda s: s.said_in(room)[-1:] == ["Shall we walk?"])
    assert (await ana.page.ask("close_call", call=call, feeling="better"))["saved"] is True
    await maria.page.until(lambda s: s.card_of(call).get("standing") in (None, "closed"))


async def test_uc15_an_end_on_one_node_is_heard_on_the_other_and_rings_nobody_after(
    two: Deployment, apart: list[Member], own_postgres: Postgres
) -> None:
    ana, maria, _tom = apart
    with gone(own_postgres):
        call = str((await ana.page.ask("raise_call", group=ana.group))["call"])
        await maria.page.until(lambda s: s.card_of(call))
        await ana.page.ask("close_call", call=call, feeling="better")
        await maria.page.until(lambda s: s.card_of(call).get("standing") in (None, "closed"))
        with pytest.raises(Refused) as refused:
            await maria.page.answer_call(call, "coming")
        assert refused.value.code == "call_over"
    await back(two)
    saved = await stored(two.nodes[0], call)
    assert is_over(saved)
    assert await two.nodes[1].beside.store.read(lambda tx: tx.calls.live()) == []


async def test_uc06_two_nodes_do_not_give_one_place_to_two_people(
    two: Deployment, apart: list[Member], own_postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four peers say at once that they come, on both nodes, and the bus is slow; three may."""
    ana, maria, tom = apart
    ben, una = [await _one_more(two, maria, name) for name in ("Ben", "Una")]
    for peer in (ben, una):
        await peer.be_available()
    ben = await two.move(1, ben)
    await maria.page.until(lambda s: s.presence.get(ana.group, {}).get("can_come") == 3)
    helpers = [maria, tom, ben, una]
    with gone(own_postgres):
        call = str((await ana.page.ask("raise_call", group=ana.group))["call"])
        for peer in helpers:
            await peer.page.until(lambda s: s.card_of(call))
        for node in two.nodes:
            slow_to_hear(node, monkeypatch)
        answers = await asyncio.gather(
            *(peer.page.answer_call(call, "coming") for peer in helpers), return_exceptions=True
        )
        assert [answer.code for answer in answers if isinstance(answer, Refused)] == ["taken"]
    await back(two)
    saved = await stored(two.nodes[0], call)
    coming = [r for r in saved.recipients.values() if type(r.answer).__name__ == "Coming"]
    assert len(peers(coming)) == 3
    assert here(saved) == []


def slow_to_hear(node: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What other nodes say arrives later than it takes to do something else."""
    fleet = node.beside.between.fleet
    assert fleet is not None
    keep, loop = fleet._keep, asyncio.get_running_loop()
    monkeypatch.setattr(fleet, "_keep", lambda signal: loop.call_later(SLOW_SECONDS, keep, signal))


async def _one_more(two: Deployment, moderator: Member, name: str) -> Member:
    invite = await moderator.page.make_invite(moderator.group)
    page = await two.nodes[0].person(name.lower())
    return Member(page, await page.use_invite(invite, name))


async def test_uc01_one_press_over_two_nodes_is_one_call(
    two: Deployment, apart: list[Member], own_postgres: Postgres
) -> None:
    """The page's line goes to one node and its second way to another, with the same key."""
    ana, *_ = apart
    elsewhere = await two.at(1, ana)
    with gone(own_postgres):
        answers = await asyncio.gather(
            ana.page.ask("raise_call", key="press-000001", group=ana.group),
            elsewhere.ask("raise_call", key="press-000001", group=ana.group),
        )
        assert len({answer["call"] for answer in answers}) == 1
    await back(two)
    assert len(await two.nodes[0].beside.store.read(lambda tx: tx.calls.live())) == 1


async def test_uc15_what_one_node_had_saved_in_the_last_moment_the_other_learns_without_the_store(
    two: Deployment, apart: list[Member], own_postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The call was committed and the store gone before the second node had read of it."""
    ana, maria, tom = apart
    deaf = two.nodes[1].beside.services.store
    assert isinstance(deaf, Lifeboat)
    monkeypatch.setattr(deaf._store, "poll", _never)
    monkeypatch.setattr(deaf._mirror, "follow_rows", lambda _batch: None)
    deaf._store._follow = lambda _batch: None  # type: ignore[attr-defined]
    deaf._store._database.others = None  # type: ignore[attr-defined]
    raised = await ana.page.ask("raise_call", group=ana.group)
    assert raised["saved"] is True
    with gone(own_postgres):
        for peer in (maria, tom):
            await peer.page.until(lambda s: s.card_of(raised["call"]))


async def _never() -> None:
    pass


async def test_uc15_a_message_that_the_bus_lost_is_made_up_for(
    two: Deployment, apart: list[Member], own_postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, maria, tom = apart
    fleet = two.nodes[0].beside.between.fleet
    assert fleet is not None
    with gone(own_postgres):
        monkeypatch.setattr(fleet, "tell", lambda _noted: None)
        call = str((await ana.page.ask("raise_call", group=ana.group))["call"])
        for peer in (maria, tom):
            await peer.page.until(lambda s: s.card_of(call))


async def test_uc15_the_node_that_is_told_looks_for_itself(
    two: Deployment, own_postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A word that the store is down is not believed; it is a reason to look."""
    other = boat(two.nodes[1])
    looked, look = asyncio.Event(), other.look

    async def watched() -> None:
        looked.set()
        await look()

    monkeypatch.setattr(other, "look", watched)
    boat(two.nodes[0])._set_afloat()
    async with asyncio.timeout(WITHIN_SECONDS):
        await looked.wait()
    await back(two)
    with gone(own_postgres):
        await until(lambda: all(boat(node).afloat for node in two.nodes))
    await back(two)


async def test_uc15_a_node_that_alone_is_cut_off_is_saved_by_the_others(
    two: Deployment, apart: list[Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its call is saved by the other, and what is answered there is heard here."""
    ana, maria, _tom = apart
    cut = boat(two.nodes[0])
    commit, read = cut._store.write, cut._store.read

    async def no_answer(*_work: object, **_more: object) -> object:
        raise StoreDown("cut off")

    monkeypatch.setattr(cut._store, "write", no_answer)
    monkeypatch.setattr(cut._store, "read", no_answer)
    raised = await ana.page.ask("raise_call", group=ana.group)
    call = str(raised["call"])
    assert raised["saved"] is False
    await maria.page.until(lambda s: s.card_of(call))
    assert not boat(two.nodes[1]).afloat
    assert (await stored(two.nodes[1], call)).id == call
    room = await maria.go_into(call)
    await ana.page.until(lambda s: s.my_call_when(call=call)["helpers"])
    await ana.page.open_room(room)
    await ana.page.say(room, "Who is there?")
    await maria.page.until(lambda s: s.said_in(room) == ["Who is there?"])
    monkeypatch.setattr(cut._store, "write", commit)
    monkeypatch.setattr(cut._store, "read", read)
    await ana.page.until(lambda s: s.my_call_when(call=call, saved=True))
    await maria.page.say(room, "It is Maria.")
    await ana.page.until(lambda s: s.said_in(room) == ["Who is there?", "It is Maria."])


async def test_ch02_words_that_two_halves_wrote_at_once_are_all_there_in_one_order(
    two: Deployment, apart: list[Member], own_postgres: Postgres
) -> None:
    """They are in a saved call; then their nodes cannot hear each other, and both write at the same place."""
    ana, maria, _tom = apart
    call = await ana.page.raise_call(ana.group)
    room = await maria.go_into(call)
    await ana.page.open_room(room)
    await maria.page.say(room, "I am here.")
    await ana.page.until(lambda s: s.said_in(room) == ["I am here."])
    two.valkey.kill()
    await until(lambda: not any(node.beside.between.bus.up for node in two.nodes))
    with gone(own_postgres):
        mine = await ana.page.ask("say", room=room, text="Are you there?")
        hers = await maria.page.ask("say", room=room, text="How far is home?")
        assert mine["seq"] == hers["seq"] == 2
    await back(two)
    kept = await words_in(two.nodes[0], room)
    assert sorted(kept) == ["Are you there?", "How far is home?", "I am here."]
    for one in (ana, maria):
        await one.page.until(lambda s: s.said_in(room) == kept)


async def test_uc15_calls_go_back_to_the_store_while_everyone_presses_and_speaks_on(
    two: Deployment, apart: list[Member], own_postgres: Postgres
) -> None:
    """There is no moment in which nobody does anything: the nodes never came back (found by the faults suite)."""
    ana, maria, tom = apart
    going_on = True

    async def answer_all(peer: Member) -> None:
        for n in itertools.count():
            if not going_on:
                return
            for call in list(peer.page.state.cards):
                with suppress(Refused):
                    await peer.page.answer_call(call, "cant" if n % 2 else "coming")
            await asyncio.sleep(0.05)

    pressed: list[str] = []

    async def press_on() -> None:
        while going_on:
            await asyncio.sleep(0.2)  # and nobody is too fast
            pressed.append(await ana.page.raise_call(ana.group))
            await ana.page.ask("close_call", call=pressed[-1], feeling="better")

    with gone(own_postgres):
        them = [asyncio.create_task(work) for work in (answer_all(maria), answer_all(tom), press_on())]
        await until(lambda: len(boat(two.nodes[0]).carried()) > 3)
    await back(two)
    going_on = False
    await asyncio.gather(*them)
    await back(two)
    assert all([is_over(await stored(two.nodes[0], call)) for call in pressed])


async def test_uc15_a_store_that_is_back_for_a_moment_takes_no_call_with_it(
    two: Deployment, apart: list[Member], own_postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a bus. It was down for one node alone, and is gone again before that node has copied what it holds."""
    ana, maria, _tom = apart
    cut_off, snapshot = boat(two.nodes[1]), Mock()
    snapshot.rows.side_effect = StoreDown("gone again")
    monkeypatch.setattr(cut_off._mirror, "_take_snapshot", lambda: snapshot)
    two.valkey.kill()
    await until(lambda: not any(node.beside.between.bus.up for node in two.nodes))
    cut_off._set_afloat()
    call = await ana.page.raise_call(ana.group)
    await maria.page.until(lambda s: s.card_of(call))
    await until(lambda: not cut_off.afloat)
    with gone(own_postgres):
        assert (await maria.page.ask("answer_call", call=call, answer="coming"))["saved"] is False
    await back(two)
    assert snapshot.rows.called


async def test_uc15_who_listens_in_redis_reads_nothing_of_a_call(
    two: Deployment, apart: list[Member], own_postgres: Postgres
) -> None:
    ana, maria, _tom = apart
    listener = redis.Redis(port=two.valkey.port)
    line = listener.pubsub()  # type: ignore[no-untyped-call]
    line.psubscribe("*")
    with gone(own_postgres):
        call = str((await ana.page.ask("raise_call", group=ana.group, words="outside the shop"))["call"])
        room = await maria.go_into(call)
        await maria.page.say(room, "I am here.")
        await ana.page.until(lambda s: s.my_call_when(call=call)["helpers"])
    heard = []
    while (message := line.get_message(timeout=0.2)) is not None:
        heard.append(message["channel"] + message["data"] if message["type"] == "pmessage" else b"")
    line.close()
    listener.close()
    kept = b" ".join(two.valkey.ask("KEYS", "*"))
    assert any(b"unsaved" in said for said in heard)
    assert b"turn:" in kept
    for told in (b"outside the shop", b"I am here.", b"Maria", call.encode(), room.encode(), ana.id.encode()):
        assert told not in kept
        assert not [said for said in heard if b"unsaved" in said[:60] and told in said]


async def test_what_is_old_or_a_stranger_s_is_not_taken(two: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    """Played back by somebody who listened in Redis, it would put forgotten words into the journal again."""
    first, second = (node.beside.between.fleet for node in two.nodes)
    assert first is not None
    assert second is not None
    said: list[bytes] = []
    kept: list[object] = []
    monkeypatch.setattr(first._bus, "publish", lambda _topic, payload: said.append(payload))
    monkeypatch.setattr(second, "_keep", kept.append)
    first.tell(Unsaved())
    second._hear(said[0])
    assert len(kept) == 1
    second._hear(said[0][:-1] + bytes([said[0][-1] ^ 1]))
    second._hear(b"short")
    two.clock.advance(60_001)
    second._hear(said[0])
    assert len(kept) == 1


async def test_uc15_deadlines_go_from_memory_to_the_store_and_no_ring_goes_twice(
    two: Deployment, apart: list[Member], own_postgres: Postgres
) -> None:
    """Every node looks for what is due, in memory while the store is down, in rows after it."""
    ana, maria, _tom = apart

    async def pass_time() -> None:
        two.clock.advance(31_000)
        await asyncio.gather(*(node.beside.timers.look() for node in two.nodes))

    with gone(own_postgres):
        call = str((await ana.page.ask("raise_call", group=ana.group))["call"])
        await maria.page.until(lambda s: s.card_of(call))
        for _ in range(3):
            await pass_time()
    await back(two)
    for _ in range(3):
        await pass_time()
    saved = await stored(two.nodes[0], call)
    rings = [sent.ring for sent in saved.rings]
    assert len(rings) == len(set(rings)) > 1
    assert saved.ringings == len(rings), "a ring that went in memory did not go once more"


async def test_uc15_a_journal_that_comes_late_opens_nothing_again_and_doubles_nothing(
    two: Deployment, apart: list[Member], own_postgres: Postgres
) -> None:
    """One node died while the store was down; the others saved the call, and it was ended before the node is back."""
    ana, maria, _tom = apart
    first = two.nodes[0]
    with gone(own_postgres):
        raised = await ana.page.ask("raise_call", key="press-000001", group=ana.group)
        call = str(raised["call"])
        room = await maria.go_into(call)
        await ana.page.open_room(room)
        await ana.page.say(room, "Are you there?")
        await until(lambda: call in {c.id for c in boat(two.nodes[1]).carried()})
        await boat(first)._cargo.written()
        journal = (first.beside.settings.data / "unsaved.journal").read_bytes()
        assert call.encode() in journal
    await back(two)
    await ana.page.ask("close_call", call=call, feeling="better")
    lines = await boat(first)._store.read(lambda tx: tx.care.audit(0, 1_000))
    await first.beside.stop()
    (first.beside.settings.data / "unsaved.journal").write_bytes(journal)
    first.beside = await start(first.beside.settings, two.clock, passphrases=cheap_passphrases())
    assert is_over(await stored(first, call))
    assert await words_in(first, room) == ["Are you there?"]
    assert await boat(first)._store.read(lambda tx: tx.care.audit(0, 1_000)) == lines
    ana = await two.move(0, ana)
    assert (await ana.page.ask("raise_call", key="press-000001", group=ana.group))["call"] == call


async def test_uc15_with_store_and_bus_down_each_node_rings_its_own_and_all_of_it_is_saved(
    two: Deployment, apart: list[Member], own_postgres: Postgres
) -> None:
    """Ana and Tom are on the first node, Maria on the second: nobody can tell her, and she is told when it is back."""
    ana, maria, tom = apart
    tom = await two.move(0, tom)
    two.valkey.kill()
    await until(lambda: not any(node.beside.between.bus.up for node in two.nodes))
    with gone(own_postgres):
        raised = await ana.page.ask("raise_call", group=ana.group)
        hers = await maria.page.ask("raise_call", group=maria.group)
        assert raised["saved"] is hers["saved"] is False
        room = await tom.go_into(raised["call"])
        await tom.page.say(room, "I am here.")
        assert (await ana.page.until(lambda s: s.my_call_when(standing="coming")))["saved"] is False
        assert not maria.page.state.card_of(raised["call"])
    await ana.page.until(lambda s: s.my_call_when(saved=True))
    await maria.page.until(lambda s: s.my_call_when(saved=True))
    await back(two)
    assert (await stored(two.nodes[1], raised["call"])).recipients.keys() >= {tom.id}
    assert await words_in(two.nodes[1], room) == ["I am here."]
    live = await two.nodes[1].beside.store.read(lambda tx: {c.id for c in tx.calls.live()})
    assert live == {raised["call"], hers["call"]}
