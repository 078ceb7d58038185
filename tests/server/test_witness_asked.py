"""Who is asked to witness, and who never hears of it (WA1, WA8, GR3, GR4, CB2)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from presence.ids import ActionId, MemberId
from rooms.refusals import Refusal, Refused
from server.handlers import witness, witness_media
from server.ports import Tx
from server.wire import witness as w
from tests.server.action_world import DEED, PUBLIC_KEY, asked, begins, declares, joins, mine, never_asked, refused
from tests.server.raw import joined
from tests.worlds import Member, World, a_group_with


async def test_wa01_everyone_of_the_group_is_asked_by_name_and_told_what_for(a_group: list[Member]) -> None:
    maria, ana = a_group
    action = await declares(ana)
    card = await asked(maria, action, stage="gathering", joined=False)
    assert (card["member"]["name"], card["deed"], card["words"], card["wanted"]) == ("Ana", "pour_out", DEED, 1)
    assert (card["witnesses"], card["steps"], card["present"]) == ([], [], 0)
    assert (await mine(ana, action, stage="gathering"))["witnesses"] == []


async def test_wa01_open_quiet_and_on_a_break_are_asked_alike_for_nobody_is_alarmed(
    world: World, two_peers_available: list[Member]
) -> None:
    ana, maria, tom = two_peers_available
    await maria.page.set_availability(maria.group, "quiet")
    await tom.page.set_availability(tom.group, "break", until=world.clock.now() + 3_600_000)
    action = await declares(ana)
    for peer in (maria, tom):
        await asked(peer, action)
    assert not maria.page.state.cards, "it is no call"


async def test_gr03_an_observer_and_whoever_waits_to_be_let_in_see_nothing_of_it(
    world: World, a_group: list[Member]
) -> None:
    maria, ana = a_group
    watcher = await world.person("oda")
    oda = Member(watcher, await watcher.use_invite(await maria.page.make_invite(maria.group, role="observer"), "Oda"))
    waiting = await world.person("pia")
    await waiting.ask_to_join(maria.group, "Pia", [])
    action = await declares(ana)
    await asked(maria, action)
    for page in (oda.page, waiting):
        await page.set_visible(True)
        assert not page.state.actions
        async with refused("not_found"):
            await page.join_action(action, "A" * 87)
    async with refused("observers_read"):
        await declares(oda)


async def test_gr03_who_takes_part_from_now_on_is_asked_at_once(world: World, a_group: list[Member]) -> None:
    maria, ana = a_group
    watcher = await world.person("oda")
    oda = Member(watcher, await watcher.use_invite(await maria.page.make_invite(maria.group, role="observer"), "Oda"))
    action = await declares(ana)
    await oda.page.take_part(oda.group)
    await joins(oda, action)


async def test_wa01_who_comes_into_the_group_meanwhile_is_asked(world: World, a_group: list[Member]) -> None:
    maria, ana = a_group
    action = await declares(ana)
    page = await world.person("nina")
    nina = Member(page, await page.use_invite(await maria.page.make_invite(maria.group), "Nina"))
    await joins(nina, action)


async def test_gr04_a_narrowed_audience_is_kept(world: World) -> None:
    maria, ana, tom, eva = await a_group_with(world, "Maria", "Ana", "Tom", "Eva")
    action = await declares(ana, only=[tom.id])
    await joins(tom, action)
    for outside in (maria, eva):
        await outside.page.set_visible(True)
        assert never_asked(outside, action)
        async with refused("not_found"):
            await outside.page.join_action(action, "A" * 87)


@pytest.mark.parametrize("who", ["the member", "the witness"])
async def test_cb02_across_a_block_nobody_is_asked(a_group: list[Member], who: str) -> None:
    maria, ana = a_group
    one, other = (ana, maria) if who == "the member" else (maria, ana)
    await one.page.block_member(other.id)
    action = await declares(ana)
    await maria.page.set_visible(True)
    assert never_asked(maria, action)
    async with refused("not_found"):
        await maria.page.join_action(action, "A" * 87)


@pytest.mark.parametrize("who", ["the member", "someone who was asked"])
async def test_cb02_a_block_takes_back_the_card_of_who_only_was_asked(a_group: list[Member], who: str) -> None:
    """They are no witness, so nothing of the action changes; it is theirs no more all the same."""
    maria, ana = a_group
    action = await declares(ana)
    await asked(maria, action)
    one, other = (ana, maria) if who == "the member" else (maria, ana)
    await one.page.block_member(other.id)
    await maria.page.until(lambda _state: never_asked(maria, action))
    await one.page.unblock_member(other.id)
    await asked(maria, action)


async def test_wa01_a_removal_takes_back_the_card_of_who_only_was_asked(world: World) -> None:
    maria, ana, tom = await a_group_with(world, "Maria", "Ana", "Tom")
    action = await declares(ana)
    await asked(tom, action)
    await maria.page.remove_member(tom.id)
    await tom.page.until(lambda _state: never_asked(tom, action))


async def test_wa01_a_card_that_came_with_hello_is_taken_back_like_any_other(world: World) -> None:
    maria, ana, tom = await a_group_with(world, "Maria", "Ana", "Tom")
    action = await declares(ana)
    late = Member(await world.page_of(tom.page.account), tom.membership)
    await asked(late, action)
    await ana.page.stop_action(action)
    for peer in (maria, tom, late):
        await peer.page.until(lambda _state, peer=peer: never_asked(peer, action))  # type: ignore[misc]


async def test_wa01_one_at_a_time_whatever_the_group(world: World, a_group: list[Member]) -> None:
    _maria, ana = a_group
    other = await ana.page.create_group("Another", "Anna")
    first = await declares(ana)
    async with refused("one_at_a_time"):
        await ana.page.declare_action(other["group"], "delete")
    await ana.page.stop_action(first)
    second = await ana.page.declare_action(other["group"], "delete")
    assert second != first


async def test_gr06_the_other_group_learns_nothing(world: World, a_group: list[Member]) -> None:
    maria, ana = a_group
    (olga,) = await a_group_with(world, "Olga", group="Elsewhere")
    await ana.page.use_invite(await olga.page.make_invite(olga.group), "Anna")
    action = await declares(ana)
    await asked(maria, action)
    await olga.page.set_visible(True)
    assert never_asked(olga, action)
    async with refused("not_found"):
        await olga.page.join_action(action, "A" * 87)


@pytest.mark.parametrize("deed", ["ingest", "taper", "fast", "weigh", "self_harm", "other_people"])
async def test_wa08_what_must_not_be_watched_is_refused_with_an_offer(a_group: list[Member], deed: str) -> None:
    _maria, ana = a_group
    async with refused("not_witnessed"):
        await declares(ana, deed=deed)
    assert not ana.page.state.my_actions


async def test_wa08_what_is_handed_to_somebody_is_told_in_text(a_group: list[Member]) -> None:
    maria, ana = a_group
    action = await begins(ana, maria, deed="hand_over", medium="video")
    assert (await mine(ana, action))["medium"] == "text"
    async with refused("not_allowed"):
        await ana.page.set_medium(action, "video")


async def test_wa01_a_retry_of_any_command_is_done_once(world: World, a_group: list[Member]) -> None:
    maria, ana = a_group
    action = await declares(ana, key="declare-declare")
    assert await declares(ana, key="declare-declare") == action
    await asked(maria, action)
    for _ in range(2):
        await maria.page.join_action(action, "A" * 87, key="join-join")
    for _ in range(2):
        await maria.page.with_you(action, key="with-with")
    for _ in range(2):
        await ana.page.go_live(action, anyway=True, key="live-live")
    for _ in range(2):
        await ana.page.say_step(action, "It is open.", key="step-step")
    for _ in range(2):
        await ana.page.cut_picture(action, key="cutt-cutt")
    live = await mine(ana, action, stage="live", cut=True)
    assert [s["text"] for s in live["steps"]] == ["It is open."]
    whats = [e.what for e in await world.beside.store.read(lambda tx: tx.actions.entries(live["action"]))]
    assert whats == ["declared", "witness_joined", "with_you", "live", "step", "cut"]


async def test_cb04_a_locked_device_is_told_nothing_of_it(world: World, a_group: list[Member]) -> None:
    maria, ana = a_group
    line = await joined(maria.page.account)
    await maria.page.account.leave()
    await line.closed()
    locked = await joined(maria.page.account)
    try:
        await declares(ana)
        await locked.ask("visible", visible=True)
        assert not [f for f in locked.frames if f["t"] == "action_card"]
    finally:
        await locked.close()


@pytest.mark.parametrize("becomes", ["locked", "gone"])
async def test_cb04_a_page_that_was_locked_while_the_store_was_asked_gets_no_ticket_and_no_key(
    world: World, a_group: list[Member], monkeypatch: pytest.MonkeyPatch, becomes: str
) -> None:
    """The lock turned out what the page had. What it was given a moment later nobody would ever take back."""
    maria, ana = a_group
    action = ActionId(await begins(ana, maria))
    await maria.page.look(action)
    services, hub = world.beside.services, world.beside.hub
    seat = await services.store.read(lambda tx: tx.groups.member(MemberId(maria.id)))
    assert seat is not None
    (who,) = hub.of_account(seat.account)
    read = services.store.read

    async def read_while_it_is_locked(work: Callable[[Tx], object]) -> object:
        found = await read(work)
        if becomes == "locked":
            hub.lock(who.device)
        else:
            hub.remove(who.connection)
        return found

    services.keyring.gone(who.connection)
    monkeypatch.setattr(services.store, "read", read_while_it_is_locked)
    with pytest.raises(Refused) as refused:
        await witness_media.open_media(services, who, w.OpenMedia(k="a-key-of-it", action=action))
    assert refused.value.code is Refusal.LOCKED
    await witness.join_action(services, who, w.JoinAction(k="another-key", action=action, key=PUBLIC_KEY))
    assert services.keyring.devices(action).devices == []
