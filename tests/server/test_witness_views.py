"""What a large group costs, and that no view is older than one before it (WA5, PR5)."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import msgspec
import pytest

from presence.availability import Quiet
from presence.ids import AccountId, ActionId, ConnectionId, DeviceId, GroupId, MemberId
from rooms.group import Membership, Role, State
from rooms.refusals import Refusal, Refused
from server.handlers import presence
from server.handlers.dispatch import handle
from server.ports import Tx
from server.records import Account
from server.who import Who
from server.wire import frames as f
from server.wire import witness as w
from server.wire.codes import CloseCode
from tests.server.action_world import PUBLIC_KEY, declares, mine
from tests.worlds import Member, World

MANY, WATCHING = 200, 30


class Page:
    """A page of one of many, without a socket: everything that was handed to it."""

    def __init__(self, world: World, number: int) -> None:
        account = AccountId(f"account-of-{number:05}")
        self.services = world.beside.services
        self.got: list[dict[str, Any]] = []
        self.who = Who(account, DeviceId(f"device--of-{number:05}"), ConnectionId(f"connection-{number:05}"))
        world.beside.hub.add(self.who, self)
        self.services.roster.join(
            self.who.connection, account, self.who.device, visible=True, urgent=True, now=world.clock.now()
        )

    def put(self, data: bytes, *, urgent: bool, room: str | None) -> None:
        self.got.append(msgspec.msgpack.decode(data))

    def close_soon(self, code: CloseCode, hint_ms: int | None = None) -> None:
        raise AssertionError(f"closed with {code.name}")

    async def do(self, command: f.Command) -> None:
        await handle(self.services, self.who, command)

    def cards(self) -> list[dict[str, Any]]:
        return [frame for frame in self.got if frame["t"] == "action_card"]


async def many_pages(world: World, ana: Member) -> list[Page]:
    def move_in(tx: Tx) -> None:
        for number in range(MANY):
            account = AccountId(f"account-of-{number:05}")
            tx.accounts.add(
                Account(account, f"many {number}", "", "", False, False, "", 1, False), f"many{number}", (), 1
            )
            tx.accounts.add_device(DeviceId(f"device--of-{number:05}"), account, f"token {number}", 1)
            tx.groups.add_member(
                Membership(
                    MemberId(f"member--of-{number:05}"), account, GroupId(ana.group), f"Many {number}", Role.MEMBER,
                    State.ACTIVE, Quiet(), introduced=False, rung_when_away=False, hidden=False, joined_at=1,
                ),
                f"many {number}",
            )  # fmt: skip

    await world.beside.services.store.write(move_in)
    return [Page(world, number) for number in range(MANY)]


async def told(world: World) -> None:
    """Everything that was to be announced is on its way."""
    announcer = world.beside.announcer
    while not announcer.idle:  # noqa: ASYNC110  the server has no event for it
        await asyncio.sleep(0.01)


@pytest.fixture
async def a_large_group(world: World, a_group: list[Member]) -> tuple[Member, list[Page]]:
    _maria, ana = a_group
    return ana, await many_pages(world, ana)


def new_key(number: int) -> str:
    return f"key-of-{number:05}"


async def test_wa05_thirty_who_say_im_with_you_cost_few_views_and_none_of_who_did_not_join(
    world: World, a_large_group: tuple[Member, list[Page]], monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, pages = a_large_group
    action = await declares(ana)
    await told(world)
    assert all(len(page.cards()) == 1 for page in pages)
    watching, outside = pages[:WATCHING], pages[WATCHING:]
    for page in watching:
        await page.do(w.JoinAction(k=new_key(1), action=action, key=PUBLIC_KEY))
    await told(world)
    for page in pages:
        page.got.clear()
    mine_told: Counter[str] = Counter()
    ana.page._on_event = lambda event: mine_told.update([event["t"]])
    await asyncio.gather(*(page.do(w.WithYou(k=new_key(2), action=action)) for page in watching))
    await told(world)
    view = await ana.page.until(
        lambda s: s.my_actions[action] if all(x["with_you"] for x in s.my_actions[action]["witnesses"]) else {}
    )
    cards = [len(page.cards()) for page in watching]
    print(f"{WATCHING} taps: {sum(cards)} cards for {WATCHING}, {mine_told['my_action']} views of the member")
    assert max(cards) <= 3
    assert mine_told["my_action"] <= 3
    assert len(view["witnesses"]) == WATCHING
    assert not any(page.cards() for page in outside)


async def test_wa01_whoever_did_not_join_hears_what_changes_for_them(
    world: World, a_large_group: tuple[Member, list[Page]]
) -> None:
    ana, pages = a_large_group
    action = await declares(ana)
    await told(world)
    await ana.page.go_live(action, anyway=True)
    await told(world)
    assert all(page.cards()[-1]["stage"] == "live" for page in pages)
    await ana.page.stop_action(action)
    await told(world)
    assert all(page.got[-1]["t"] == "action_gone" for page in pages)


async def test_wa01_the_thirty_first_hears_kindly_that_there_are_enough(
    world: World, a_large_group: tuple[Member, list[Page]]
) -> None:
    ana, pages = a_large_group
    action = await declares(ana)
    for page in pages[:WATCHING]:
        await page.do(w.JoinAction(k=new_key(1), action=action, key=PUBLIC_KEY))
    with pytest.raises(Refused) as no:
        await pages[WATCHING].do(w.JoinAction(k=new_key(1), action=action, key=PUBLIC_KEY))
    assert no.value.code is Refusal.WITNESSES_FULL


async def test_wa_no_reader_gets_an_older_view_after_a_newer_one(
    world: World, a_large_group: tuple[Member, list[Page]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everyone acts at once and without a moment's rest between views; pages come anew in the middle."""
    monkeypatch.setattr("server.gateway.announcer.ACTIONS_SOON_SECONDS", 0)
    ana, pages = a_large_group
    action = await declares(ana)
    await told(world)
    views: list[int] = []
    ana.page._on_event = lambda event: views.append(event["version"]) if event["t"] == "my_action" else None
    watching = pages[:WATCHING]

    async def lives(page: Page) -> None:
        await page.do(w.JoinAction(k=new_key(1), action=action, key=PUBLIC_KEY))
        await page.do(w.WithYou(k=new_key(2), action=action))
        await presence.arrived(page.services, page.who)
        await page.do(w.Look(k=new_key(3), action=action, looking=True))
        await page.do(w.Got(action=action, medium="video"))
        await presence.arrived(page.services, page.who)
        await page.do(w.LeaveAction(k=new_key(4), action=action))

    async def acts() -> None:
        await ana.page.go_live(action, anyway=True)
        for number in range(20):
            await ana.page.say_step(action, f"step {number}")

    await asyncio.gather(acts(), *(lives(page) for page in watching))
    await told(world)
    found = await world.beside.store.read(lambda tx: tx.actions.get(ActionId(action)))
    assert found is not None
    await mine(ana, action, version=found.version)
    assert views == sorted(views)
    for page in pages:
        versions = [card["version"] for card in page.cards()]
        assert versions == sorted(versions)
    assert all(page.cards()[-1]["version"] == found.version for page in watching)
