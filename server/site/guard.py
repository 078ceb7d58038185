"""What every HTTP request passes: security headers, Origin, content type, size, and who is asking."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
import structlog
from aiohttp import web

from presence.ids import AccountId, DeviceId
from rooms.refusals import Refusal, Refused
from server.handlers.services import Services
from server.ids import digest
from server.ports import StoreDown, StoreLate
from server.settings import Settings
from server.wire.http import Problem

T = TypeVar("T")
log = structlog.get_logger("site")
BODY_AT_MOST_BYTES = 16 * 1024
COOKIE_FOR_SECONDS = 180 * 24 * 3600

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types beside"
)
"""No `blob:` and no `data:` anywhere: pictures are drawn on a canvas, a camera's stream is no address, and the one
script that runs beside the page (the microphone's) is a file of ours. So there is no media-src either."""
PERMISSIONS = (
    "camera=(self), microphone=(self), display-capture=(), geolocation=(), bluetooth=(), usb=(), serial=(), hid=(), "
    "midi=(), payment=(), interest-cohort=()"
)
"""Camera and microphone for the witnessed action, in no foreign frame (WA3); nobody's screen is ever taken."""
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": PERMISSIONS,
    "X-Frame-Options": "DENY",
}
STATUS = {
    Refusal.NOT_SIGNED_IN: 401,
    Refusal.WRONG_WORDS: 401,
    Refusal.NOT_ALLOWED: 403,
    Refusal.LOCKED: 403,
    Refusal.NOT_FOUND: 404,
    Refusal.NAME_TAKEN: 409,
    Refusal.KEY_REUSED: 409,
    Refusal.TOO_FAST: 429,
    Refusal.NOT_SAVED: 503,
}


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Whoever sent this request, by the cookie."""

    account: AccountId
    device: DeviceId
    locked: bool


def cookie_name(settings: Settings) -> str:
    """`__Host-` binds the cookie to this origin and to TLS; plain loopback has no TLS, so there it has another name."""
    return "__Host-beside" if settings.is_secure else "beside-local"


def set_cookie(settings: Settings, response: web.StreamResponse, token: str) -> None:
    response.set_cookie(
        cookie_name(settings),
        token,
        max_age=COOKIE_FOR_SECONDS,
        path="/",
        httponly=True,
        secure=settings.is_secure,
        samesite="Lax",
    )


def clear_cookie(settings: Settings, response: web.StreamResponse) -> None:
    response.del_cookie(cookie_name(settings), path="/", secure=settings.is_secure, httponly=True, samesite="Lax")


async def signed_in(services: Services, settings: Settings, request: web.Request) -> SignedIn:
    """The person behind the cookie, or `not_signed_in`."""
    token = request.cookies.get(cookie_name(settings), "")
    device = await services.store.read(lambda tx: tx.accounts.device_by_token(digest(token))) if token else None
    if device is None:
        raise Refused(Refusal.NOT_SIGNED_IN)
    return SignedIn(device.account, device.id, device.locked)


async def body(request: web.Request, kind: type[T]) -> T:
    """The typed body, or `bad_frame`."""
    try:
        return msgspec.json.decode(await request.read(), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refused(Refusal.BAD_FRAME) from None


def answer(value: object, status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), status=status, content_type="application/json")


def problem(refused: Refused) -> web.Response:
    value = Problem(code=refused.code.value, sentence=refused.sentence, do=refused.what_to_do)
    return answer(value, STATUS.get(refused.code, 400))


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def middleware(settings: Settings) -> Any:
    """Headers on everything; Origin and content type on everything that changes something; typed refusals."""

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            _check(settings, request)
            response = await handler(request)
        except Refused as refused:
            response = problem(refused)
        except (StoreDown, StoreLate):
            response = problem(Refused(Refusal.NOT_SAVED))
        except web.HTTPRequestEntityTooLarge:
            response = problem(Refused(Refusal.BAD_FRAME))
        except web.HTTPException as found:
            found.headers.update(HEADERS)
            found.force_close()
            raise
        except Exception:
            log.exception("request_failed")
            response = problem(Refused(Refusal.NOT_SAVED))
        response.force_close()  # one request a connection: nobody holds an open file by asking for nothing more
        if not response.prepared:
            response.headers.update(HEADERS)
            if request.path.startswith("/api"):
                response.headers["Cache-Control"] = "no-store"
        return response

    return guard


def _check(settings: Settings, request: web.Request) -> None:
    if request.method in ("GET", "HEAD"):
        return
    if not settings.allows_origin(request.headers.get("Origin")):
        raise Refused(Refusal.NOT_ALLOWED, "origin")
    if request.content_type != "application/json":
        raise Refused(Refusal.NOT_ALLOWED, "content type")  # a plain form or beacon cannot send this cross-site
