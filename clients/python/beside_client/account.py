"""Accounts over HTTP: sign up, sign in, and the few requests that do not go over the socket."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import aiohttp

from beside_client.failures import Refused
from beside_client.wire import View, new_key

COOKIES = ("__Host-beside", "beside-local")
"""The name says how it was made: with TLS, or on plain loopback."""
ANSWER_WITHIN_SECONDS = 15.0
ANSWER_AT_MOST_BYTES = 1024 * 1024


@dataclass(slots=True)
class Account:
    """One signed-in device of one person. It holds the cookie and nothing that needs closing.

    Every method raises :class:`Refused` when the server says no, and `aiohttp.ClientError` or `TimeoutError` when it
    cannot be reached.
    """

    base_url: str
    login: str
    cookie: tuple[str, str] = field(repr=False)
    """`(name, value)`. The value is a secret."""
    me: View = field(default_factory=dict)
    recovery_codes: list[str] = field(default_factory=list, repr=False)
    """Shown once, after signing up."""

    async def ticket(self) -> str:
        """A single-use ticket, 30 s long, for the first frame of a socket."""
        return str((await self.post("ticket"))["ticket"])

    async def urgent_post(
        self,
        group: str,
        words: str = "",
        *,
        key: str | None = None,
        only: list[str] | None = None,
        volunteers_too: bool = True,
    ) -> View:
        """The call without a socket (UC1): `{"call", "saved"}`. Under the key of a `raise_call` it is the same call."""
        asked = {"k": key or new_key(), "group": group, "words": words, "volunteers_too": volunteers_too, "only": only}
        return await self.post("urgent", asked)

    async def leave(self, call: str | None = None) -> None:
        """Quick exit (CB4): locks this device; a call of one's own goes on as "stepped away"."""
        await self.post("leave", {"call": call})

    async def unlock(self, passphrase: str) -> View:
        """Read again after quick exit."""
        self.me = await self.post("unlock", {"passphrase": passphrase})
        return self.me

    async def sign_out(self) -> None:
        """Sign this device out."""
        await self.post("sign-out")

    async def whoami(self) -> View:
        """`{"login", "volunteer", "coordinator", "locked", "groups"}`, read anew."""
        self.me = await self.get("me")
        return self.me

    async def devices(self) -> list[View]:
        """Where this person is signed in; `this` marks the device that asks."""
        return list((await self.get("devices"))["devices"])

    async def revoke_device(self, device: str) -> None:
        """Sign another device out: its sockets close within 2 s."""
        await self.post("devices/revoke", {"device": device})

    async def get(self, path: str) -> View:
        """Any GET under `/api/`."""
        return (await _request(self.base_url, "GET", path, None, self.cookie))[0]

    async def post(self, path: str, body: View | None = None) -> View:
        """Any POST under `/api/`."""
        return (await _request(self.base_url, "POST", path, body or {}, self.cookie))[0]


async def sign_up(base_url: str, login: str, passphrase: str, *, adult: bool = True, first_token: str = "") -> Account:
    """Make an account. `base_url` is what people type: `http://127.0.0.1:8765`, `https://beside.example.org`.

    With the token of the one-time link that a new server prints, it becomes the server's first coordinator.
    """
    body: View = {"login": login, "passphrase": passphrase, "adult": adult}
    if first_token:
        return await _enter(base_url, "coordinator", {**body, "token": first_token})
    return await _enter(base_url, "sign-up", body)


async def sign_in(base_url: str, login: str, passphrase: str) -> Account:
    """Sign in on a new device."""
    return await _enter(base_url, "sign-in", {"login": login, "passphrase": passphrase})


async def recover(base_url: str, login: str, code: str, new_passphrase: str) -> Account:
    """Spend a recovery code: a new passphrase, and signed in on a new device."""
    return await _enter(base_url, "recover", {"login": login, "code": code, "new_passphrase": new_passphrase})


async def _enter(base_url: str, path: str, body: View) -> Account:
    base_url = base_url.rstrip("/")
    answer, cookie = await _request(base_url, "POST", path, body, None)
    if cookie is None:
        raise Refused("not_signed_in", "The server set no cookie.", "Is this address a Beside server?")
    return Account(base_url, str(answer["me"]["login"]), cookie, answer["me"], list(answer["recovery_codes"]))


async def _request(
    base_url: str, method: str, path: str, body: View | None, cookie: tuple[str, str] | None
) -> tuple[View, tuple[str, str] | None]:
    """`(answer, cookie that was set)`. The cookie is kept by hand: a jar would not send a `__Host-` cookie of one
    account beside that of another, and many accounts live in one process here."""
    headers = {"Origin": base_url} if method != "GET" else {}
    if cookie is not None:
        headers["Cookie"] = f"{cookie[0]}={cookie[1]}"
    timeout = aiohttp.ClientTimeout(total=ANSWER_WITHIN_SECONDS)
    async with (
        aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as http,
        http.request(method, f"{base_url}/api/{path}", json=body, headers=headers, allow_redirects=False) as response,
    ):
        answer = await _answer_of(response)
        if response.status >= 400:
            raise _refused(answer, response.status)
        made = next((m for name in COOKIES if (m := response.cookies.get(name)) is not None and m.value), None)
        return answer, (made.key, made.value) if made is not None else None


async def _answer_of(response: aiohttp.ClientResponse) -> View:
    if response.content_type != "application/json" or (response.content_length or 0) > ANSWER_AT_MOST_BYTES:
        return {}  # a proxy's error page, or not a Beside server
    answer: Any = await response.json()
    return answer if isinstance(answer, dict) else {}


def _refused(problem: View, status: int) -> Refused:
    code = str(problem.get("code") or f"http_{status}")
    sentence = str(problem.get("sentence") or "The server did not answer as Beside does.")
    return Refused(code, sentence, str(problem.get("do") or ""), status=status)
