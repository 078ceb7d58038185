"""Many devices ack one call: it costs a few commits, not one each (UC2, UC8)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from presence.ids import AccountId, CallId, ConnectionId, DeviceId, MemberId
from rooms.call import Part, Reached, Recipient, Ring, delivered
from rooms.refusals import Refused
from server.handlers.dispatch import handle
from server.ports import Tx
from server.who import Who
from server.wire import frames as f
from tests.server.test_store_down import lifeboat
from tests.worlds import Member, World

MANY = 200


async def test_uc02_many_acks_at_once_share_commits(
    world: World, two_peers_available: list[Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, _maria, _tom = two_peers_available
    raised = await ana.page.ask("raise_call", group=ana.group)
    call_id, services, boat = CallId(raised["call"]), world.beside.services, lifeboat(world)
    await ana.page.until(lambda s: s.my_call_when(asked=2))
    await world.beside.timers.stop()

    def ask_many(tx: Tx) -> None:
        call = tx.calls.get(call_id)
        assert call is not None
        many = {r.member: r for r in (_recipient(number) for number in range(MANY))}
        after = replace(call, recipients={**call.recipients, **many}, version=call.version + 1)
        tx.calls.save(after, call.waiting_since + 60_000)

    await services.store.write(ask_many)
    commits = 0
    write = boat.write_call

    async def counted(work: Callable[[Tx], Any]) -> Any:
        nonlocal commits
        commits += 1
        return await write(work)

    monkeypatch.setattr(boat, "write_call", counted)
    say = [
        handle(services, _who(number), f.CardDelivered(k=f"ack-{number:012}", call=call_id)) for number in range(MANY)
    ]
    stranger = handle(services, _who(MANY + 1), f.CardDelivered(k="ack-of-a-stranger", call=call_id))
    *heard, refused = await asyncio.gather(*say, stranger, return_exceptions=True)
    assert all(isinstance(h, f.Ok) for h in heard)
    assert isinstance(refused, Refused)
    assert commits < 10
    call = await services.store.read(lambda tx: tx.calls.get(call_id))
    assert call is not None
    assert delivered(call) == MANY + 2
    assert not boat.afloat
    assert services.acks == {}


def _recipient(number: int) -> Recipient:
    member, account = MemberId(f"member{number:010}"), AccountId(f"account{number:09}")
    return Recipient(member, account, f"N{number}", Part.PEER, Ring.PEERS, 2**50, 1, reached=Reached.TARGETED)


def _who(number: int) -> Who:
    return Who(AccountId(f"account{number:09}"), DeviceId(f"device{number:010}"), ConnectionId(f"c{number}"))
