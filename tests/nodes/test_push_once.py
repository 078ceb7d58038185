"""A notification goes out once, though every node looks for those that are due (PR4)."""

from __future__ import annotations

from server.app import start
from tests.fakes import cheap_passphrases
from tests.nodes.world import Deployment
from tests.server.test_push import PushService, a_sleeping_peer, push_service
from tests.worlds import World

__all__ = ["push_service"]


async def test_pr4_two_nodes_send_one_notification(two: Deployment, push_service: PushService) -> None:
    for number, node in enumerate(two.nodes):
        settings = node.beside.settings
        await node.beside.stop()
        beside = await start(settings, two.clock, passphrases=cheap_passphrases(), local_push=True)
        two.nodes[number] = World(beside, two.clock)
    ana, _maria, _phone = await a_sleeping_peer(two.nodes[0], push_service)
    await ana.page.raise_call(ana.group)
    for tries in (1, 2, 3):
        while len(push_service.got) < tries:
            for node in two.nodes:
                await node.beside.push.send_due()
            for node in two.nodes:
                await node.beside.push.close()
        assert len(push_service.got) == tries
        two.clock.advance(5_000)
