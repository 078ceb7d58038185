"""Web Push: sealed notifications with neutral text, sent from rows that the ring's own transaction wrote.

The push service learns that a device was woken, nothing else (promise 3): the payload is encrypted for the device
(RFC 8291), and even inside it there is no name, group or word, only a token that says which page this is.
A dead subscription (404, 410) is pruned. Until the device says "shown", the page is sent again after 1, 2 and 4 s.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import socket
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import msgspec
import structlog
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02
from pywebpush import WebPushException, webpush_async

from presence.ids import DeviceId, Millis
from server.clock import Clock
from server.ids import digest
from server.metrics import PAGES
from server.ports import Store, Tx
from server.records import DuePage, Page

log = structlog.get_logger("webpush")
RESEND_AFTER_MS = (1_000, 2_000, 4_000, 30_000, 60_000)
TTL_SECONDS = 600
TIMEOUT_SECONDS = 5
ANOTHERS_MS = 6_000
"""For so long one try of a notification is another node's: a bit longer than its push service may take."""
First = Callable[[str, Millis], Awaitable[bool | None]]
AT_ONCE = 40
PER_HOST_AT_ONCE = 8
"""Most phones share one or two push services, and those answer in 0.1 s: 80 a second."""
PER_SLOW_HOST_AT_ONCE = 1
"""A host that did not answer the last time. An endpoint is a member's word: it may be made to hang."""
SLOW_HOSTS_AT_MOST = 1_000
"""So many are remembered."""
PER_PERSON_AT_ONCE = 3
LOOK_AT = 500


def load_or_make_key(path: Path) -> Vapid02:
    """The server's VAPID key, made at first start, readable by its owner alone."""
    if path.exists():
        return Vapid02.from_file(str(path))
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(new_key())
    return Vapid02.from_file(str(path))


def new_key() -> bytes:
    """A VAPID key as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def key_from(pem: bytes) -> Vapid02:
    return Vapid02.from_pem(pem)


def public_key(key: Vapid02) -> str:
    """What a browser subscribes with: the uncompressed point, url-safe base64."""
    import base64

    point = key.public_key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()


def public_socket(address: tuple[Any, ...]) -> socket.socket:
    """A socket to an address on the open internet. The endpoint is a member's word: its name may mean this machine or
    its neighbours, whatever it meant when it was checked. Raises OSError then."""
    family, kind, protocol, _, target = address
    ip = ipaddress.ip_address(target[0])
    ip = getattr(ip, "ipv4_mapped", None) or ip
    if not ip.is_global or ip.is_multicast:
        raise OSError("not a public address")
    return socket.socket(family, kind, protocol)


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    reason: str = ""

    async def text(self) -> str:
        return ""


class _Poster:
    """What pywebpush posts with: follows no redirect (to anywhere), and reads no answer (of any length)."""

    def __init__(self, *, local: bool) -> None:
        connector = aiohttp.TCPConnector() if local else aiohttp.TCPConnector(socket_factory=public_socket)
        self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())

    async def post(self, url: str, *, data: bytes, headers: dict[str, str], timeout: object) -> _Answer:  # noqa: ASYNC109
        async with self._session.post(url, data=data, headers=headers, allow_redirects=False) as response:
            return _Answer(response.status)

    async def close(self) -> None:
        await self._session.close()


class WebPush:
    """Sends what is due. At least once until shown or given up; a row that is not due is not touched."""

    def __init__(
        self, store: Store, clock: Clock, key: Vapid02, contact: str, on_sent: Callable[[Page], Awaitable[None]],
        first: First, *, local: bool = False,
    ) -> None:  # fmt: skip
        """`first`: see `server.ports.Bus`. `local`: push services on this machine are allowed, for tests."""
        self._first = first
        self._on_sent = on_sent
        self._store = store
        self._clock = clock
        self._key = key
        self._contact = contact or "mailto:operator@localhost.invalid"
        self._sending: set[asyncio.Task[None]] = set()
        self._in_flight: dict[str, str] = {}
        """Token → host."""
        self._slow: dict[str, None] = {}
        """Hosts that did not answer the last time, in that order."""
        self._local = local
        self._poster: _Poster | None = None

    async def send_due(self) -> None:
        """Start what is due, without waiting for any push service. One that hangs takes no more than its share."""
        now = self._clock.now()
        due = await self._store.read(lambda tx: tx.calls.due_pages(now, LOOK_AT, per_person=PER_PERSON_AT_ONCE))
        busy = Counter(self._in_flight.values())
        for page in due:
            host = host_of(page.target.endpoint)
            share = PER_SLOW_HOST_AT_ONCE if host in self._slow else PER_HOST_AT_ONCE
            if page.page.token not in self._in_flight and len(self._in_flight) < AT_ONCE and busy[host] < share:
                self._in_flight[page.page.token] = host
                busy[host] += 1
                task = asyncio.get_running_loop().create_task(self._send(page, host))
                self._sending.add(task)
                task.add_done_callback(self._sending.discard)

    async def _send(self, due: DuePage, host: str) -> None:
        try:
            if await self._first(f"page:{digest(due.page.token)}:{due.tries}", ANOTHERS_MS) is False:
                return  # another node sends it; should it die over that, this one does when the name is free again
            status = await self._post(due)
            self._note(host, answered=status != 0)
            await self._record(due, status)
        except Exception:
            log.exception("push_failed")
        finally:
            self._in_flight.pop(due.page.token, None)

    def _note(self, host: str, *, answered: bool) -> None:
        self._slow.pop(host, None)
        if not answered:
            self._slow[host] = None
            if len(self._slow) > SLOW_HOSTS_AT_MOST:
                del self._slow[next(iter(self._slow))]

    async def _post(self, due: DuePage) -> int:
        """The push service's status; 0 when it could not be reached."""
        target = due.target
        if self._poster is None:
            self._poster = _Poster(local=self._local)
        payload = msgspec.json.encode({"token": due.page.token, "kind": due.page.kind})
        try:
            response = await asyncio.wait_for(
                webpush_async(
                    {"endpoint": target.endpoint, "keys": {"p256dh": target.p256dh, "auth": target.auth}},
                    payload,
                    vapid_private_key=self._key,
                    vapid_claims={"sub": self._contact, "aud": _origin(target.endpoint)},
                    ttl=TTL_SECONDS,
                    headers={"Urgency": "high"},
                    aiohttp_session=self._poster,
                ),
                TIMEOUT_SECONDS,
            )
        except WebPushException as error:
            return _status(error.response)
        except Exception:
            # A network that is down, a name that does not resolve, bytes that are no key: all mean "not reached".
            return 0
        return _status(response)

    async def _record(self, due: DuePage, status: int) -> None:
        now = self._clock.now()
        outcome = "sent" if 200 <= status < 300 else "gone" if status in (404, 410) else "failed"
        PAGES.labels(outcome=outcome).inc()
        if outcome == "gone":
            await self._store.write_call(lambda tx: _prune(tx, due.page.device, due.page.token))
            return
        if outcome == "sent" and due.tries == 0:
            await self._on_sent(due.page)
        again = now + RESEND_AFTER_MS[due.tries] if due.tries < len(RESEND_AFTER_MS) else None
        await self._store.write_call(lambda tx: tx.calls.page_tried(due.page.token, next_try_at=again))

    async def close(self) -> None:
        if self._sending:
            await asyncio.wait(self._sending, timeout=TIMEOUT_SECONDS)
        poster, self._poster = self._poster, None
        if poster is not None:
            await poster.close()


def _prune(tx: Tx, device: DeviceId, token: str) -> None:
    tx.accounts.set_push(device, None)
    tx.calls.page_tried(token, next_try_at=None)


def host_of(endpoint: str) -> str:
    """Whom this server would talk to, in one spelling."""
    parts = urlsplit(endpoint)
    return f"{parts.hostname}:{parts.port or ''}"


def _origin(endpoint: str) -> str:
    parts = urlsplit(endpoint)
    return f"{parts.scheme}://{parts.netloc}"


def _status(response: object) -> int:
    status = getattr(response, "status", None) or getattr(response, "status_code", None)
    return int(status) if status is not None else 0
