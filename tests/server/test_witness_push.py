"""A plan is told to the member's phones ten minutes before and at its hour: neutral, once, and not to a page that is
being looked at (WA1, PR4)."""

from __future__ import annotations

from tests.server.action_world import DEED, declares, in_local_time, mine
from tests.server.test_push import Phone, PushService, push_service, world  # noqa: F401  fixtures
from tests.worlds import Member, World, a_group_with


async def a_plan_and_a_phone(world: World, service: PushService) -> tuple[Member, str, Phone]:  # noqa: F811
    """Ana has planned something in an hour, and her phone takes notifications."""
    _maria, ana = await a_group_with(world, "Maria", "Ana")
    phone = Phone(f"http://127.0.0.1:{service.port}/push/ana")
    await ana.page.account.post("push", phone.subscription())
    action = await declares(ana, plan=in_local_time(world, "UTC", hours=1))
    await mine(ana, action, stage="planned")
    return ana, action, phone


async def hears(world: World, service: PushService, phone: Phone) -> list[str]:  # noqa: F811
    """The kinds of all notifications so far, once all that is due has been sent."""
    await world.beside.timers.look_at_actions()
    await world.beside.push.send_due()
    await world.beside.push.close()
    return [phone.opened(body)["kind"] for _path, _headers, body in service.got]


def until_before(world: World, ana: Member, action: str, seconds: int) -> None:  # noqa: F811
    at = ana.page.state.my_actions[action]["since"]
    world.clock.advance(at - seconds * 1000 - world.clock.now())


async def test_wa01_a_plan_is_told_before_and_at_its_hour(world: World, push_service: PushService) -> None:  # noqa: F811
    ana, action, phone = await a_plan_and_a_phone(world, push_service)
    await ana.page.close()
    until_before(world, ana, action, 601)
    assert await hears(world, push_service, phone) == []
    world.clock.advance(1_000)
    assert await hears(world, push_service, phone) == ["plan"]
    body = push_service.got[0][2]
    inside = phone.opened(body)
    assert set(inside) == {"kind", "token"}, "no word of it, not even sealed"
    assert DEED not in str(inside)
    assert action not in str(inside)
    await ana.page.account.post("push/shown", {"token": inside["token"]})
    world.clock.advance(599_000)
    assert await hears(world, push_service, phone) == ["plan"], "shown is not sent again"
    world.clock.advance(1_000)
    assert await hears(world, push_service, phone) == ["plan", "plan_now"]


async def test_wa01_who_has_the_page_in_view_is_told_there(world: World, push_service: PushService) -> None:  # noqa: F811
    ana, action, phone = await a_plan_and_a_phone(world, push_service)
    until_before(world, ana, action, 0)
    await world.pass_time(1)
    await mine(ana, action, stage="due")
    assert await hears(world, push_service, phone) == []


async def test_wa01_a_page_that_closes_at_that_very_moment_is_told_by_phone(
    world: World,  # noqa: F811
    push_service: PushService,  # noqa: F811
) -> None:
    """Whatever else is written of a plan that is due, the reminder is written with the step that it stands for."""
    ana, action, phone = await a_plan_and_a_phone(world, push_service)
    await world.beside.timers.stop()
    until_before(world, ana, action, 600)
    await ana.page.close()
    await world.beside.arrivals.drain(0)
    await world.beside.announcer.close()
    assert await hears(world, push_service, phone) == ["plan"]


async def test_wa01_a_hidden_page_is_no_view(world: World, push_service: PushService) -> None:  # noqa: F811
    ana, action, phone = await a_plan_and_a_phone(world, push_service)
    await ana.page.set_visible(False)
    until_before(world, ana, action, 600)
    assert await hears(world, push_service, phone) == ["plan"]


async def test_wa01_after_a_stop_only_the_hour_is_told(world: World, push_service: PushService) -> None:  # noqa: F811
    """The server was down from before the reminder until after the hour."""
    ana, action, phone = await a_plan_and_a_phone(world, push_service)
    await ana.page.close()
    await world.beside.timers.stop()
    until_before(world, ana, action, -5)
    assert await hears(world, push_service, phone) == ["plan_now"]


async def test_wa01_a_plan_that_began_or_was_stopped_reminds_nobody(world: World, push_service: PushService) -> None:  # noqa: F811
    ana, action, phone = await a_plan_and_a_phone(world, push_service)
    await ana.page.set_visible(False)
    push_service.status = 500  # the push service takes nothing just now: it would be tried again
    until_before(world, ana, action, 600)
    await hears(world, push_service, phone)
    await ana.page.stop_action(action)
    push_service.got.clear()
    push_service.status = 201
    world.clock.advance(60_000)
    assert await hears(world, push_service, phone) == []
