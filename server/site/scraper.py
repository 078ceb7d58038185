"""Who may read the figures."""

from __future__ import annotations

import hmac
import ipaddress

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest

FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via", "X-Forwarded-Host", "X-Forwarded-Proto")
"""What proxies say of those they speak for."""


def figures(request: web.Request, token: str, registry: CollectorRegistry) -> web.Response:
    """For the machine's own scraper, not for the world: everyone else gets the answer of a page that is not there.
    With a token set, only who shows it, wherever they are; without, only who comes straight from this machine."""
    if not (_shows(request, token) if token else is_of_this_machine(request)):
        raise web.HTTPNotFound
    return web.Response(body=generate_latest(registry), headers={"Content-Type": "text/plain; version=0.0.4"})


def _shows(request: web.Request, token: str) -> bool:
    shown = request.headers.get("Authorization", "").encode()
    return hmac.compare_digest(shown, f"Bearer {token}".encode())


def is_of_this_machine(request: web.Request) -> bool:
    """A proxy on this machine is of it too, so whoever it speaks for is not."""
    if any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.remote or "").is_loopback
    except ValueError:
        return False
