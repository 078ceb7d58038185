"""The composition root of witnessed actions across nodes: keys, pictures, and tickets of media sockets (WA3)."""

from __future__ import annotations

from functools import partial

from presence.elsewhere import Node
from rooms.witness import Action
from server.gateway.media import MediaSockets
from server.handlers.services import Services
from server.handlers.witness_media import hand_out_keys
from server.handlers.witness_watching import devices_changed
from server.media.keyring import LocalKeyring
from server.media.keys_between import KeysBetween
from server.media.pictures_between import PicturesBetween
from server.media.relay import Relay
from server.media.tickets_between import TicketsBetween
from server.ports import Bus, StoreDown, StoreLate, Tx
from server.records import Device


class WitnessedElsewhere:
    """Nothing goes anywhere before `start`. `pictures` is a bus of its own: however many pictures wait, they stand
    before no card and no doorbell, neither in this process nor on the line."""

    def __init__(
        self, services: Services, keyring: LocalKeyring, relay: Relay, media: MediaSockets, bus: Bus, pictures: Bus
    ) -> None:
        self._keys = KeysBetween(keyring, bus, partial(devices_changed, services), partial(hand_out_keys, services))
        self._pictures = PicturesBetween(relay, bus, pictures, services.clock)
        self._tickets = TicketsBetween(relay, bus)
        self._services, self._relay, self._media = services, relay, media

    def start(self, me: Node) -> None:
        self._tickets.start()
        self._media.ask_others = self._ask_for_ticket
        self._keys.start(me)
        self._pictures.start(me)

    async def _ask_for_ticket(self, ticket: str) -> None:
        """Whoever has it comes in by what this node knows: of the action, and whether their device may see it (CB4)."""
        given = await self._tickets.ask(ticket)
        if given is None:
            return

        def read(tx: Tx) -> tuple[Action | None, Device | None]:
            return tx.actions.get(given.action), tx.accounts.device(given.who.device)

        try:
            action, device = await self._services.store.read(read)
        except (StoreDown, StoreLate):
            return
        if action is not None and device is not None and not device.locked:
            self._relay.follow(action)
            self._relay.accept(ticket, given)

    async def stop(self) -> None:
        """To be called before the buses close."""
        await self._keys.stop()
        await self._pictures.stop()
