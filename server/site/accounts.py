"""Accounts over HTTP: sign up, in, out, recover, devices. Pseudonym and passphrase; no e-mail.

Unknown and known names are answered alike, in words and in time: a wrong name costs the same hash as a wrong
passphrase.
"""

from __future__ import annotations

import asyncio

from aiohttp import web
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from presence.ids import AccountId, DeviceId
from rooms.refusals import Refusal, Refused
from server.handlers.services import Services
from server.ids import digest, new_id, new_recovery_code, new_secret
from server.names import clean_name, name_key
from server.ports import Tx
from server.records import Account
from server.settings import Settings
from server.site import first_link
from server.site.guard import answer, body, clear_cookie, set_cookie, signed_in
from server.tries import Tries
from server.wire import http

RECOVERY_CODES = 8
HASHES_AT_ONCE = 2


class Passphrases:
    """argon2id off the event loop (argon2 releases the GIL), at most two at a time so that a flood of sign-ins does
    not take the machine from those who are in a call."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._gate = asyncio.Semaphore(HASHES_AT_ONCE)
        self._decoy = self._hasher.hash(new_secret())

    async def hash(self, passphrase: str) -> str:
        async with self._gate:
            return await asyncio.to_thread(self._hasher.hash, passphrase)

    async def fits(self, stored: str | None, passphrase: str) -> bool:
        """With no stored hash the same work is done in vain."""
        async with self._gate:
            return await asyncio.to_thread(self._verify, stored or self._decoy, passphrase) and stored is not None

    def _verify(self, stored: str, passphrase: str) -> bool:
        try:
            return self._hasher.verify(stored, passphrase)
        except (VerifyMismatchError, InvalidHashError):
            return False


class AccountPages:
    """The handlers of `/api/sign-up` and its neighbours."""

    def __init__(self, services: Services, settings: Settings, passphrases: Passphrases) -> None:
        self._s = services
        self._settings = settings
        self._passphrases = passphrases
        self._tries = Tries()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/api/sign-up", self.sign_up),
            web.post("/api/sign-in", self.sign_in),
            web.post("/api/recover", self.recover),
            web.post("/api/sign-out", self.sign_out),
            web.post("/api/coordinator", self.first_coordinator),
            web.post("/api/unlock", self.unlock),
            web.get("/api/me", self.me),
            web.get("/api/devices", self.devices),
            web.post("/api/devices/revoke", self.revoke),
        ]

    async def sign_up(self, request: web.Request) -> web.Response:
        asked = await body(request, http.SignUp)
        return await self._new_account(asked.login, asked.passphrase, adult=asked.adult)

    async def first_coordinator(self, request: web.Request) -> web.Response:
        """The one-time link that every start prints until somebody came by one."""
        asked = await body(request, http.FirstCoordinator)
        return await self._new_account(asked.login, asked.passphrase, adult=asked.adult, first_token=asked.token)

    async def _new_account(self, login: str, passphrase: str, *, adult: bool, first_token: str = "") -> web.Response:
        if not adult:
            raise Refused(Refusal.UNDER_AGE)
        shown, key = clean_name(login), name_key(login)
        hashed = await self._passphrases.hash(passphrase)
        account = Account(AccountId(new_id()), shown, hashed, "", False, False, "", 0, False)
        codes = [new_recovery_code() for _ in range(RECOVERY_CODES)]
        token, now = new_secret(), self._s.clock.now()

        def make(tx: Tx) -> None:
            if tx.accounts.by_login(key) is not None:
                raise Refused(Refusal.NAME_TAKEN)
            tx.accounts.add(account, key, [digest(c) for c in codes], now)
            if first_token:
                first_link.spend(tx, first_token)
                tx.accounts.set_staff(account.id, volunteer=True, coordinator=True, volunteer_name="")
                tx.care.add_audit(account.id, "first_coordinator", account.id, now)
            tx.accounts.add_device(DeviceId(new_id()), account.id, digest(token), now)

        await self._s.store.write(make)
        return await self._signed_in(account.id, token, codes)

    async def sign_in(self, request: web.Request) -> web.Response:
        asked = await body(request, http.SignIn)
        key = _key_or_nothing(asked.login)
        self._tries.take(key, self._s.clock.now())
        account = await self._s.store.read(lambda tx: tx.accounts.by_login(key))
        if not await self._passphrases.fits(account.passphrase_hash if account else None, asked.passphrase):
            raise Refused(Refusal.WRONG_WORDS)
        assert account is not None  # noqa: S101  fits() is false without one
        self._tries.forget(key)
        return await self._new_device(account.id)

    async def recover(self, request: web.Request) -> web.Response:
        asked = await body(request, http.Recover)
        key = _key_or_nothing(asked.login)
        self._tries.take(key, self._s.clock.now())
        hashed = await self._passphrases.hash(asked.new_passphrase)

        def spend(tx: Tx) -> AccountId:
            account = tx.accounts.by_login(key)
            if account is None or not tx.accounts.spend_recovery_code(account.id, digest(asked.code.strip().lower())):
                raise Refused(Refusal.WRONG_WORDS)
            tx.accounts.set_passphrase(account.id, hashed)
            return account.id

        return await self._new_device(await self._s.store.write(spend))

    async def _new_device(self, account: AccountId) -> web.Response:
        token, now = new_secret(), self._s.clock.now()
        await self._s.store.write(lambda tx: tx.accounts.add_device(DeviceId(new_id()), account, digest(token), now))
        return await self._signed_in(account, token, [])

    async def _signed_in(self, account: AccountId, token: str, codes: list[str]) -> web.Response:
        response = answer(http.SignedIn(me=await self._me(account, locked=False), recovery_codes=codes))
        set_cookie(self._settings, response, token)
        return response

    async def _me(self, account_id: AccountId, *, locked: bool) -> http.Me:
        def read(tx: Tx) -> http.Me:
            account = tx.accounts.by_id(account_id)
            if account is None:
                raise Refused(Refusal.NOT_SIGNED_IN)
            return http.Me(
                login="" if locked else account.login,
                volunteer=account.volunteer,
                coordinator=account.coordinator,
                locked=locked,
                groups=len(tx.groups.groups_of(account_id)),
            )

        return await self._s.store.read(read)

    async def sign_out(self, request: web.Request) -> web.Response:
        who = await signed_in(self._s, self._settings, request)
        now = self._s.clock.now()
        await self._s.store.write(lambda tx: tx.accounts.revoke_device(who.account, who.device, now))
        self._s.changes.device_changed(who.device)
        response = answer({})
        clear_cookie(self._settings, response)
        return response

    async def me(self, request: web.Request) -> web.Response:
        who = await signed_in(self._s, self._settings, request)
        return answer(await self._me(who.account, locked=who.locked))

    async def unlock(self, request: web.Request) -> web.Response:
        """Reading again after quick exit (CB4)."""
        who = await signed_in(self._s, self._settings, request)
        asked = await body(request, http.Unlock)
        self._tries.take(f"unlock {who.account}", self._s.clock.now())
        account = await self._s.store.read(lambda tx: tx.accounts.by_id(who.account))
        if not await self._passphrases.fits(account.passphrase_hash if account else None, asked.passphrase):
            raise Refused(Refusal.WRONG_WORDS)
        await self._s.store.write(lambda tx: tx.accounts.lock_device(who.device, locked=False))
        self._s.changes.device_changed(who.device)
        return answer(await self._me(who.account, locked=False))

    async def devices(self, request: web.Request) -> web.Response:
        who = await signed_in(self._s, self._settings, request)
        _must_be_unlocked(who.locked)
        found = await self._s.store.read(lambda tx: tx.accounts.devices(who.account))
        views = [http.Device(device=d.id, made_at=d.made_at, seen_at=d.seen_at, this=d.id == who.device) for d in found]
        return answer(http.Devices(devices=views))

    async def revoke(self, request: web.Request) -> web.Response:
        """Closes that device's sockets within 2 s."""
        who = await signed_in(self._s, self._settings, request)
        _must_be_unlocked(who.locked)
        asked = await body(request, http.RevokeDevice)
        now = self._s.clock.now()
        device = DeviceId(asked.device)
        if not await self._s.store.write(lambda tx: tx.accounts.revoke_device(who.account, device, now)):
            raise Refused(Refusal.NOT_FOUND)
        self._s.changes.device_changed(device)
        return answer({})


def _must_be_unlocked(locked: bool) -> None:
    if locked:
        raise Refused(Refusal.LOCKED)


def _key_or_nothing(login: str) -> str:
    """A name that cannot exist is looked up all the same, so that it takes as long."""
    try:
        return name_key(login)
    except Refused:
        return "\x00"
