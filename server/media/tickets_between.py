"""A media socket may come to another node than the page that has its ticket: a balancer knows of no page.

The node that gets it asks the others, by the digest of the ticket; the one that gave it hands it over, once, and knows
it no more. So it stays single-use, and goes with its device. While the bus is down it is refused: the page asks for
another, and no picture goes from node to node then anyway.
"""

from __future__ import annotations

import asyncio

import msgspec

from presence.ids import AccountId, ActionId, ConnectionId, DeviceId, MemberId
from server.ids import digest
from server.media.relay import Relay, Ticket
from server.ports import Bus
from server.who import Who

ASK, ANSWER = "media-ticket?", "media-ticket"
WITHIN_SECONDS = 0.5
ASKING_AT_MOST = 100
"""Sockets with made-up tickets cost the other nodes a look each."""


class _Given(msgspec.Struct, array_like=True, frozen=True):
    digest: str
    action: str
    member: str
    account: str
    device: str
    connection: str
    sends: bool
    expires_at: int


class TicketsBetween:
    def __init__(self, relay: Relay, bus: Bus) -> None:
        self._relay, self._bus = relay, bus
        self._asked: dict[str, asyncio.Future[Ticket]] = {}
        self._decode = msgspec.msgpack.Decoder(_Given).decode

    def start(self) -> None:
        self._bus.subscribe(ASK, self._give)
        self._bus.subscribe(ANSWER, self._given)

    async def ask(self, ticket: str) -> Ticket | None:
        """What another node gave this ticket for, now this node's to let in. None when nobody says so in 500 ms."""
        name = digest(ticket)
        if not self._bus.up or name in self._asked or len(self._asked) >= ASKING_AT_MOST:
            return None
        answer: asyncio.Future[Ticket] = asyncio.get_running_loop().create_future()
        self._asked[name] = answer
        try:
            self._bus.publish(ASK, name.encode())
            async with asyncio.timeout(WITHIN_SECONDS):
                return await answer
        except TimeoutError:
            return None
        finally:
            del self._asked[name]

    def _give(self, data: bytes) -> None:
        name = data.decode()
        found = self._relay.hand_over(name)
        if found is not None:
            who = found.who
            given = _Given(
                name, found.action, found.member, who.account, who.device, who.connection, found.sends, found.expires_at
            )
            self._bus.publish(ANSWER, msgspec.msgpack.encode(given))

    def _given(self, data: bytes) -> None:
        given = self._decode(data)
        answer = self._asked.get(given.digest)
        if answer is not None and not answer.done():
            who = Who(AccountId(given.account), DeviceId(given.device), ConnectionId(given.connection))
            answer.set_result(
                Ticket(ActionId(given.action), who, MemberId(given.member), given.sends, given.expires_at)
            )
