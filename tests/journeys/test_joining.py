"""Coming into a group, in real browsers: by a link, by asking, and asking a second group in need."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.journeys.stories import come, press
from tests.journeys.world import DESKTOP, PASSPHRASE, World

pytestmark = pytest.mark.browser
RULES = "Be kind. Stay honest."


async def test_gr02_a_link_leads_from_no_account_to_the_rules_and_then_into_the_group(world: World) -> None:
    maria, eve, late = [await world.someone(name) for name in ("Maria", "Eve", "Late")]
    await world.a_group(maria)
    invite = (await maria.do({"t": "make_invite", "group": world.group}))[0]["invite"]
    await eve.context.clear_cookies()  # nobody yet: whoever gets a link has no account
    await eve.open(f"/#join={invite}")
    await eve.p.get_by_role("button", name="Make an account").click()
    await eve.p.get_by_label("A name to sign in with").fill("somebody new")
    await eve.p.get_by_label("Passphrase").fill(PASSPHRASE)
    await eve.p.get_by_role("radio", name="Yes").check()
    await eve.p.get_by_role("button", name="Make my account").click()
    await eve.p.get_by_role("button", name="I have kept them").click()
    await eve.screen("invite")
    await expect(eve.p.get_by_role("heading", name="Join Sober evenings")).to_be_visible()
    await expect(eve.p.locator("body")).to_contain_text(RULES)
    await eve.p.get_by_label("What name should we use here?").fill("Eve")
    await eve.p.get_by_role("button", name="Join", exact=True).click()
    await expect(eve.p.get_by_role("alert").first).to_contain_text("agree to its guidelines first")
    await eve.p.get_by_role("checkbox").check()
    await eve.p.get_by_role("button", name="Join", exact=True).click()
    await eve.screen("room")

    await late.open(f"/#join={invite}")  # the same link a second time
    await expect(late.p.locator("[data-screen=invite]")).to_contain_text("That link was used or has run out.")
    await expect(late.p.get_by_label("What name should we use here?")).to_have_count(0)


async def test_gr02_a_moderator_says_no_with_a_reason_and_the_asker_reads_it(world: World) -> None:
    maria, eve = await world.someone("Maria", viewport=DESKTOP), await world.someone("Eve")
    await world.a_group(maria)
    await eve.do({"t": "ask_to_join", "group": world.group, "my_name": "Eve", "answers": [], "pledged": True})
    await eve.open("/")
    await expect(eve.p.locator("body")).to_contain_text("Waiting for a moderator")
    await maria.in_the_room()
    await maria.p.get_by_role("button", name="Look after this group").click()
    await maria.screen("moderate")
    await maria.p.get_by_role("button", name="Decline", exact=True).click()
    await maria.p.get_by_label("Why? You can leave this empty.").fill("This group is full.")
    await maria.p.get_by_role("button", name="Decline now").click()
    said = "Sober evenings said no: “This group is full.”"
    await expect(eve.p.locator("body")).to_contain_text(said)
    await eve.p.reload()
    await expect(eve.p.locator("body")).to_contain_text(said)
    await eve.p.get_by_role("button", name="Close").click()
    await expect(eve.p.locator("body")).not_to_contain_text("Sober evenings")
    await eve.p.reload()
    await expect(eve.p.locator("body")).to_contain_text("You are in no group yet.")
    await expect(eve.p.locator("body")).not_to_contain_text("Sober evenings")


async def test_uc18_the_caller_also_asks_another_group_and_sees_who_comes_in_both(unhurried_world: World) -> None:
    world = unhurried_world
    maria, bea, ana = [await world.someone(name) for name in ("Maria", "Bea", "Ana")]
    await world.a_group(maria, ana)
    await world.open_to_calls(maria)
    first = world.group
    await world.a_group(bea, name="After a loss")
    await world.open_to_calls(bea)
    invite = (await bea.do({"t": "make_invite", "group": world.group}))[0]["invite"]
    await ana.do({"t": "use_invite", "invite": invite, "my_name": "Nell", "pledged": True})
    assert first != world.group
    await ana.in_the_room()
    await maria.in_the_room()
    await bea.open("/")
    await expect(ana.p.locator("body")).to_contain_text("1 can be here now")
    await press(ana, "Words for the first group.")
    await expect(maria.p.get_by_role("alertdialog")).to_contain_text("Ana is asking you, Maria")
    also = ana.p.get_by_role("button", name="Also ask After a loss")
    await expect(also).to_be_visible()
    await ana.settle()
    await also.click()
    card = bea.p.get_by_role("alertdialog")
    await expect(card).to_contain_text("Nell is asking you, Bea")
    await expect(card).not_to_contain_text("first group")
    await come(bea)
    await expect(ana.p.locator("[data-screen=ringing]")).to_contain_text(
        "Your call in After a loss is open. Bea is coming."
    )
    await ana.p.get_by_role("button", name="Go there").click()
    await ana.screen("coming")
    await expect(ana.p.locator("body")).to_contain_text("Your call in Sober evenings is open.")
    await ana.settle()
    await ana.p.get_by_role("button", name="It was a mistake").click()
    await ana.screen("stopped")
    await expect(ana.p.locator("body")).to_contain_text("Everyone we asked knows that it was a mistake.")
    await expect(bea.p.locator("[data-screen=stood-down]")).to_contain_text("It was a mistake. Nobody is needed.")
    await expect(maria.p.get_by_role("alertdialog")).to_contain_text("Ana is asking you, Maria")
    await ana.settle()
    await ana.p.get_by_role("button", name="Back to the room").last.click()
    await ana.p.get_by_role("button", name="Your call is open").click()
    await ana.screen("ringing")
