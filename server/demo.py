"""`beside demo`: a server with simulated people in it, so that one person alone can press the button and see someone
come. Simulated people are marked wherever they are shown, and the demo listens to this machine only: nobody who needs
someone may meet it by mistake.

The people are driven by the Python client over real sockets, so the demo also shows the protocol from outside.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from aiohttp import web

from beside_client import Account as ClientAccount
from beside_client import Client, connect
from beside_client.crowd import PEER, VOLUNTEER, SimulatedPerson
from presence.ids import AccountId, DeviceId
from server.app import Beside, start
from server.handlers.services import Services
from server.ids import digest, new_id, new_recovery_code, new_secret
from server.names import name_key
from server.offline import offline
from server.ports import Tx
from server.records import Account
from server.settings import BadSetting, Settings
from server.site.accounts import Passphrases
from server.site.guard import cookie_name, set_cookie
from server.storage import upgrade_database

DEMO = "demo"
"""The fact by which a data folder is known as one of the demo's."""
ROBIN, VERA = "robin", "vera"


@dataclass(frozen=True, slots=True)
class SampleGroup:
    name: str
    blurb: str
    rules: str
    tags: tuple[str, ...]
    people: tuple[tuple[str, str], ...]
    """`(login, pseudonym)` of those who are simulated; the first made the group."""
    words: tuple[str, ...]
    """What they said before anyone came, in turn."""


GROUPS = (
    SampleGroup(
        name="Sober evenings",
        blurb="For evenings without a drink, and for the ones that went otherwise.",
        rules="What is said here stays here. Speak of yourself. No advice unless someone asks. No numbers, no brands.",
        tags=("alcohol", "sobriety", "evenings"),
        people=(("sim-maria", "Maria"), ("sim-tom", "Tom"), ("sim-ana", "Ana")),
        words=("Made tea instead. Third evening.", "Same here, and a long walk.", "Around till midnight."),
    ),
    SampleGroup(
        name="After a loss",
        blurb="For people who miss someone. Last week or ten years ago.",
        rules="There is no right way to grieve. Listen first. What is said here stays here.",
        tags=("grief", "loss", "bereavement"),
        people=(("sim-ruth", "Ruth"), ("sim-samir", "Samir")),
        words=("His birthday today. I baked the cake anyway.", "That sounds right. Which one was it?"),
    ),
)  # fmt: skip


@dataclass(slots=True)
class Demo:
    """A running demo. The links sign in with one click, on this machine only and while it runs."""

    beside: Beside
    member_link: str
    oncall_link: str
    logins: list[str]
    """“login / passphrase”, for whoever would rather type."""
    _people: list[asyncio.Task[None]] = field(default_factory=list)

    async def stop(self) -> None:
        for task in self._people:
            task.cancel()
        await asyncio.gather(*self._people, return_exceptions=True)
        await self.beside.stop()


async def start_demo(settings: Settings, *, faster: float = 1.0, passphrases: Passphrases | None = None) -> Demo:
    """Start a server on `settings` with its people. Raises :class:`BadSetting` on an address that others can reach, and
    on a data folder that is not the demo's own. `faster` makes the people quicker, for tests."""
    if not settings.is_local or settings.public_origin:
        raise BadSetting(
            "The demo is for this machine alone: its people are simulated. Leave out --host and the origin."
        )
    settings = replace(settings, database_url="", redis_url="")  # it lives in a folder of its own, whatever else is set
    _claim(settings)
    passphrases = passphrases or Passphrases()
    door = _Door(new_secret())
    beside = await start(settings, passphrases=passphrases, more_pages=door.pages)
    try:
        seeding = _Seeding(beside, passphrases)
        people = await seeding.people(faster)
        logins = [await seeding.login(ROBIN), await seeding.login(VERA)]
        door.accounts.update(seeding.visitors)
    except BaseException:
        await beside.stop()
        raise
    tasks = [asyncio.create_task(person.live()) for person in people]
    # Two names of one machine: cookies go by host, so that both pages can be open in one browser.
    member = f"http://127.0.0.1:{beside.port}/demo/{ROBIN}/{door.token}"
    oncall = f"http://localhost:{beside.port}/demo/{VERA}/{door.token}"
    return Demo(beside, member, oncall, logins, tasks)


def _claim(settings: Settings) -> None:
    """Mark a new data folder as the demo's. One with real people in it is never touched."""
    is_new = not (settings.data / "beside.db").exists()
    if is_new:
        upgrade_database(settings)
    with offline(settings) as (tx, _now):
        if is_new:
            tx.accounts.set_fact(DEMO, "yes")
        elif tx.accounts.fact(DEMO) != "yes":
            raise BadSetting(f"{settings.data} is not of a demo. Leave out --data, or name an empty folder.")


class _Door:
    """`/demo/<who>/<token>`: signs in on a fresh device and goes to the page."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.accounts: dict[str, AccountId] = {}
        self._services: Services | None = None
        self._settings = Settings()

    def pages(self, services: Services, settings: Settings) -> Iterable[web.RouteDef]:
        self._services, self._settings = services, settings
        return [web.get("/demo/{who}/{token}", self.enter)]

    async def enter(self, request: web.Request) -> web.StreamResponse:
        account = self.accounts.get(request.match_info["who"])
        if self._services is None or account is None or digest(request.match_info["token"]) != digest(self.token):
            raise web.HTTPNotFound
        response = web.Response(
            status=303, headers={"Location": "/oncall" if request.match_info["who"] == VERA else "/"}
        )
        set_cookie(self._settings, response, await _new_device(self._services, account))
        return response


class _Seeding:
    """Makes whoever and whatever is not there yet; a demo that is started again finds its people."""

    def __init__(self, beside: Beside, passphrases: Passphrases) -> None:
        self._beside = beside
        self._services = beside.services
        self._passphrases = passphrases
        self._unusable = ""
        self.visitors: dict[str, AccountId] = {}

    async def people(self, faster: float) -> list[SimulatedPerson]:
        """Everyone simulated, each in their group, and the two real people's places."""
        self._unusable = await self._passphrases.hash(new_secret())  # nobody signs in as someone simulated
        self.visitors = {
            ROBIN: await self._account(ROBIN, simulated=False),
            VERA: await self._account(VERA, simulated=False, volunteer_name="Vera", coordinator=True),
        }
        robin = await self._page(self.visitors[ROBIN])
        found: list[SimulatedPerson] = []
        async with connect(robin) as visitor:
            for sample in GROUPS:
                found += await self._group(sample, visitor, faster)
        await robin.sign_out()
        volunteer = await self._account("sim-noor", simulated=True, volunteer_name="Noor")
        found.append(
            SimulatedPerson(await self._page(volunteer), None, VOLUNTEER.faster(faster), random.Random("noor"))  # noqa: S311
        )
        return found

    async def login(self, login: str) -> str:
        """A fresh passphrase for one of the two real people, at every start."""
        passphrase = new_recovery_code()
        hashed = await self._passphrases.hash(passphrase)
        account = self.visitors[login]
        await self._services.store.write(lambda tx: tx.accounts.set_passphrase(account, hashed))
        return f"{login} / {passphrase}"

    async def _group(self, sample: SampleGroup, visitor: Client, faster: float) -> list[SimulatedPerson]:
        accounts = [await self._page(await self._account(login, simulated=True)) for login, _ in sample.people]
        async with connect(accounts[0]) as founder:
            known = [g for g in founder.state.groups.values() if g["name"] == sample.name]
            if known:
                group = known[0]["group"]
            else:
                group = await self._new_group(sample, founder, accounts, visitor)
        return [
            SimulatedPerson(account, group, PEER.faster(faster), random.Random(login))  # noqa: S311  no secret
            for account, (login, _) in zip(accounts, sample.people, strict=True)
        ]

    @staticmethod
    async def _new_group(sample: SampleGroup, founder: Client, accounts: list[ClientAccount], visitor: Client) -> str:
        names = [name for _, name in sample.people]
        made = await founder.create_group(
            sample.name, names[0], blurb=sample.blurb, rules=sample.rules, tags=list(sample.tags)
        )
        group, room = str(made["group"]), str(made["room"])
        await founder.say(room, sample.words[0])
        for account, name, words in zip(accounts[1:], names[1:], sample.words[1:], strict=True):
            async with connect(account) as page:
                await page.use_invite(await founder.make_invite(group), name)
                await page.say(room, words)
        await visitor.use_invite(await founder.make_invite(group), "Robin")
        return group

    async def _account(
        self, login: str, *, simulated: bool, volunteer_name: str = "", coordinator: bool = False
    ) -> AccountId:
        made = AccountId(new_id())
        now = self._services.clock.now()

        def make(tx: Tx) -> AccountId:
            before = tx.accounts.by_login(name_key(login))
            if before is not None:
                return before.id
            volunteer = volunteer_name != ""
            account = Account(made, login, self._unusable, volunteer_name, volunteer, coordinator, "", 0, simulated)
            tx.accounts.add(account, name_key(login), [], now)
            return made

        return await self._services.store.write(make)

    async def _page(self, account: AccountId) -> ClientAccount:
        """A signed-in device for one of the demo's own people."""
        token = await _new_device(self._services, account)
        url = f"http://127.0.0.1:{self._beside.port}"
        return ClientAccount(url, account, (cookie_name(self._beside.settings), token))


async def _new_device(services: Services, account: AccountId) -> str:
    """The secret of a new device's cookie."""
    token, now = new_secret(), services.clock.now()
    await services.store.write(lambda tx: tx.accounts.add_device(DeviceId(new_id()), account, digest(token), now))
    return token
