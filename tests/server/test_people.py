"""`beside user …`: what an operator does to people, also while the server runs on the same data."""

from __future__ import annotations

from pathlib import Path

import pytest

from beside_client import Over, Refused
from server.commands.people import coordinator, list_people, revoke_devices, volunteer
from server.settings import BadSetting
from tests.by_hand import only_on_sqlite
from tests.worlds import Member, World


@pytest.fixture
def data(world: World, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DATABASE_URL", world.beside.settings.database_url)  # empty: the file in the folder
    return world.beside.settings.data


async def test_gr07_a_volunteer_is_made_while_the_server_runs_and_may_watch_the_desk(
    world: World, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    vera = await world.person("Vera", page="oncall")
    with pytest.raises(Refused, match="not_found"):
        await vera.watch_desk()
    volunteer("vera", name="Vee", data=data)
    assert capsys.readouterr().out == "Vera is now a volunteer.\n"
    assert await vera.watch_desk()
    await vera.set_shift(on=True)

    list_people(data=data)
    assert capsys.readouterr().out.splitlines() == [
        "Vera: volunteer, shown to callers as “Vee”, on shift",
        "1 with a role, 1 accounts in all.",
    ]
    volunteer("vera", off=True, data=data)
    with pytest.raises(Refused, match="not_found"):
        await vera.set_shift(on=True)
    list_people(data=data)
    assert "0 with a role" in capsys.readouterr().out


async def test_oc02_what_the_operator_does_is_in_the_audit_log(world: World, data: Path) -> None:
    cora = await world.person("Cora", page="oncall")
    coordinator("Cora", name="Cora K", data=data)
    volunteer("Cora", data=data)
    audit = await cora.read_audit()
    assert [(line["actor"], line["action"]) for line in audit["lines"]] == [
        ("operator", "coordinator_on"),
        ("operator", "volunteer_on"),
        (audit["lines"][-1]["actor"], "audit_read"),
    ]
    assert audit["intact"] is True


async def test_the_last_coordinator_may_go_and_the_operator_hears_it(
    world: World, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await world.account("Cora", first_token=world.first_token)
    coordinator("cora", off=True, data=data)
    assert capsys.readouterr().out == (
        "Cora is no longer a coordinator. Nobody is coordinator now: name another one.\n"
    )


async def test_gr06_a_volunteer_without_a_name_is_not_shown_by_login(
    world: World, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await world.account("Vera")
    volunteer("vera", data=data)
    list_people(data=data)
    assert "shown to callers as “Volunteer”" in capsys.readouterr().out


async def test_what_cannot_be_done_is_said_in_one_line(world: World, data: Path) -> None:
    await world.account("Vera")
    with pytest.raises(BadSetting, match="cannot be used"):
        volunteer("vera", name="Doctor", data=data)
    with pytest.raises(BadSetting, match="Nobody here"):
        volunteer("somebody", name="Some", data=data)


@only_on_sqlite("a folder may be the wrong one; a DATABASE_URL that is wrong is in tests/server/test_database_url.py")
async def test_a_folder_without_a_database_is_said_in_one_line(data: Path) -> None:
    with pytest.raises(BadSetting, match="no database"):
        list_people(data=data / "elsewhere")


async def test_signing_someone_out_everywhere_ends_their_cookies_and_their_sockets(
    world: World, a_group: list[Member], data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    maria, ana = a_group
    revoke_devices("ana", data=data)
    assert capsys.readouterr().out == "ana is signed out of 1 device.\n"
    with pytest.raises(Refused, match="not_signed_in"):
        await ana.page.account.ticket()
    await world.pass_time(2)
    over = await ana.page.over()
    assert isinstance(over, Over)
    assert over.code == 4001
    assert maria.page.closes == []
