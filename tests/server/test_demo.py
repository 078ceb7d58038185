"""`beside demo`: one person alone presses, and somebody simulated comes, marked as such."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import aiohttp
import pytest

from beside_client import Account, Client, Refused, State, connect, sign_in
from server.demo import Demo, start_demo
from server.settings import BadSetting, Settings
from tests.fakes import cheap_passphrases

FASTER = 20.0
"""A peer comes after 0.2 to 0.4 s: far enough apart that the second sees the first."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(port=0, data=tmp_path / "demo", drain_spread_seconds=0)


@pytest.fixture
async def demo(settings: Settings) -> AsyncIterator[Demo]:
    running = await start_demo(settings, faster=FASTER, passphrases=cheap_passphrases())
    yield running
    await running.stop()


@pytest.fixture
async def robin(demo: Demo) -> AsyncIterator[Client]:
    """The one real person, signed in with what was printed."""
    login, passphrase = demo.logins[0].split(" / ")
    async with connect(await sign_in(f"http://127.0.0.1:{demo.beside.port}", login, passphrase), "member") as page:
        yield page


async def test_uc01_whoever_presses_alone_sees_a_peer_come_and_stay(robin: Client) -> None:
    group = robin.state.group_named("Sober evenings")
    await robin.open_room(group["room"])
    await robin.until(lambda state: state.presence.get(group["group"], {}).get("can_come") == 3)
    assert len(robin.state.said_in(group["room"])) == 3

    call = await robin.raise_call(group["group"], "I want to drink.")
    mine = await robin.until(lambda state: state.my_call if state.my_call.get("helpers") else {})
    assert len(mine["helpers"]) == 1, "one comes; the others see that and stay ready"
    assert mine["helpers"][0]["person"]["simulated"] is True
    await robin.open_room(mine["room"])
    await robin.until(lambda state: state.said_in(mine["room"]))
    await robin.say(mine["room"], "thank you for coming")
    held = await robin.until(lambda state: state.my_call_when(standing="held"))
    await robin.until(lambda state: len(state.said_in(mine["room"])) >= 3)
    assert len(held["helpers"]) == 1

    await robin.close_call(call, "better")
    second = await robin.raise_call(group["group"])
    await robin.until(lambda state: state.my_call_when(call=second).get("helpers"))


async def test_wa01_whoever_declares_alone_has_simulated_witnesses_who_attest_what_was_told(robin: Client) -> None:
    group = robin.state.group_named("Sober evenings")["group"]
    action = await robin.declare_action(group, "pour_out", medium="text", wanted=2)
    mine = await robin.until(lambda s: s.my_action_when(action, present=3))
    assert all(w["person"]["simulated"] for w in mine["witnesses"])
    await robin.go_live(action)
    await robin.say_step(action, "It is in the sink.")
    await robin.until(lambda s: all(w["with_you"] for w in s.my_actions[action]["witnesses"]))
    await robin.declare_done(action)
    over = await robin.until(lambda s: s.my_action_when(action, stage="ended", ended="completed"))
    assert {w["word"] for w in over["witnesses"]} == {"saw"}


async def test_both_groups_have_people_and_a_volunteer_stands_by(robin: Client) -> None:
    for name, people in (("Sober evenings", 3), ("After a loss", 2)):
        group = robin.state.group_named(name)
        await robin.open_room(group["room"])
        await robin.until(partial(sees, group["group"], {"can_come": people, "volunteers": 1}))


def sees(group: str, wanted: dict[str, int], state: State) -> bool:
    return wanted.items() <= state.presence.get(group, {}).items()


async def test_the_links_sign_in_with_one_click_and_only_with_their_token(demo: Demo) -> None:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        for link, page, login in ((demo.member_link, "/", "robin"), (demo.oncall_link, "/oncall", "vera")):
            async with http.get(link.replace("localhost", "127.0.0.1"), allow_redirects=False) as answer:
                assert (answer.status, answer.headers["Location"]) == (303, page)
                cookie = answer.cookies["beside-local"]
            account = Account(f"http://127.0.0.1:{demo.beside.port}", login, (cookie.key, cookie.value))
            me = await account.whoami()
            assert (me["login"], me["coordinator"]) == (login, login == "vera")
        async with http.get(demo.member_link + "x", allow_redirects=False) as answer:
            assert answer.status == 404
            assert not answer.cookies


async def test_nobody_signs_in_as_someone_simulated(demo: Demo) -> None:
    with pytest.raises(Refused, match="wrong_words"):
        await sign_in(f"http://127.0.0.1:{demo.beside.port}", "sim-maria", "whatever it may be")


async def test_a_demo_that_is_started_again_finds_its_people(settings: Settings) -> None:
    for _ in range(2):
        running = await start_demo(settings, faster=FASTER, passphrases=cheap_passphrases())
        login, passphrase = running.logins[0].split(" / ")
        async with connect(await sign_in(f"http://127.0.0.1:{running.beside.port}", login, passphrase)) as robin:
            assert sorted(g["name"] for g in robin.state.groups.values()) == ["After a loss", "Sober evenings"]
            people = await robin.list_members(robin.state.group_named("After a loss")["group"])
            assert [(p["name"], p["simulated"]) for p in people] == [("Ruth", True), ("Samir", True), ("Robin", False)]
        await running.stop()


@pytest.mark.parametrize("change", [{"host": "0.0.0.0"}, {"public_origin": "https://beside.example.org"}])
async def test_a_demo_is_refused_where_others_could_reach_it(settings: Settings, change: dict[str, str]) -> None:
    with pytest.raises(BadSetting, match="this machine alone"):
        await start_demo(replace(settings, **change))  # type: ignore[arg-type]
    assert not settings.data.exists()


async def test_a_demo_never_touches_the_data_of_a_real_server(settings: Settings) -> None:
    from server.storage import upgrade_database

    upgrade_database(settings)
    with pytest.raises(BadSetting, match="not of a demo"):
        await start_demo(settings)
