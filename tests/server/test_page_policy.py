"""What the server tells a browser about its pages: who may use the camera, and where anything may come from (WA3)."""

from __future__ import annotations

import aiohttp
import pytest

from tests.worlds import World

PATHS = ["/", "/oncall", "/weather", "/api/me", "/nothing-here", "/assets/nothing.js"]


async def _headers(world: World, path: str) -> dict[str, str]:
    async with aiohttp.ClientSession() as http, http.get(world.url + path) as response:
        return dict(response.headers)


def _allowed(policy: str, between: str) -> dict[str, str]:
    """`{feature: who}` or `{directive: sources}`."""
    parts = [part.strip().partition(between) for part in policy.split(";" if between == " " else ",")]
    return {name: rest for name, _, rest in parts}


@pytest.mark.parametrize("path", PATHS)
async def test_wa03_camera_and_microphone_are_for_this_site_alone_and_nothing_else_is_for_anyone(
    world: World, path: str
) -> None:
    allowed = _allowed((await _headers(world, path))["Permissions-Policy"], "=")
    assert {name for name, who in allowed.items() if who == "(self)"} == {"camera", "microphone"}
    assert {who for name, who in allowed.items() if name not in ("camera", "microphone")} == {"()"}
    assert {"display-capture", "geolocation"} <= set(allowed)


@pytest.mark.parametrize("path", PATHS)
async def test_wa03_live_media_opens_nothing_in_the_policy(world: World, path: str) -> None:
    """A picture needs no address, so no source but this server is allowed for anything, and none at all for media."""
    allowed = _allowed((await _headers(world, path))["Content-Security-Policy"], " ")
    assert allowed.pop("require-trusted-types-for") == "'script'"
    assert allowed.pop("trusted-types") == "beside"
    assert allowed["default-src"] == "'none'"
    assert {"script-src", "connect-src", "worker-src"} <= set(allowed)
    assert "media-src" not in allowed
    assert set(allowed.values()) == {"'self'", "'none'"}
