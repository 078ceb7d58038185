"""The composition root of witnessed actions across nodes: keys and pictures, to and from pages of other nodes (WA3)."""

from __future__ import annotations

from functools import partial

from presence.elsewhere import Node
from server.handlers.services import Services
from server.handlers.witness_media import hand_out_keys
from server.handlers.witness_watching import devices_changed
from server.media.keyring import LocalKeyring
from server.media.keys_between import KeysBetween
from server.media.pictures_between import PicturesBetween
from server.media.relay import Relay
from server.ports import Bus


class WitnessedElsewhere:
    """Nothing goes anywhere before `start`. `pictures` is a bus of its own: however many pictures wait, they stand
    before no card and no doorbell, neither in this process nor on the line."""

    def __init__(self, services: Services, keyring: LocalKeyring, relay: Relay, bus: Bus, pictures: Bus) -> None:
        self._keys = KeysBetween(keyring, bus, partial(devices_changed, services), partial(hand_out_keys, services))
        self._pictures = PicturesBetween(relay, bus, pictures, services.clock)

    def start(self, me: Node) -> None:
        self._keys.start(me)
        self._pictures.start(me)

    async def stop(self) -> None:
        """To be called before the buses close."""
        await self._keys.stop()
        await self._pictures.stop()
