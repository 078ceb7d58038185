"""What must stay inside: no word, token or address in a log, a metric or a close; no page of another origin; no ticket
twice; no device after it was signed out; no telling who has an account; and no way to move the clock of `beside serve`.
"""

from __future__ import annotations

import inspect
import io
import json
import statistics
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import structlog
from aiohttp.test_utils import make_mocked_request
from argon2 import PasswordHasher
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from beside_client import Account, sign_in, sign_up
from server import app, cli, logs
from server.clock import SystemClock
from server.settings import LIMITS, BadSetting, Settings, from_environment
from server.site.accounts import Passphrases
from server.site.scraper import is_of_this_machine
from server.wire.codes import BAD_TICKET, REVOKED
from tests.fakes import MovableClock
from tests.server.child import a_child
from tests.server.raw import Line, a_line, joined, say_hello
from tests.worlds import PASSPHRASE, Member, World, a_world

WORDS, TALK = "planted words of a call", "planted talk in a room"
SECRET_PASSPHRASE, WRONG_PASSPHRASE = "planted passphrase, the right one", "planted passphrase, a wrong one"
LOGIN = "planted login"
PUBLIC_ORIGIN = "https://beside.example.org"


# ---------------------------------------------------------------- logs, metrics, closes


async def test_nothing_planted_is_in_the_log_the_metrics_or_a_close(tmp_path: Path) -> None:
    """A server process through an ordinary evening with a few things going wrong, and then its end."""
    async with a_child(tmp_path / "data") as child:
        account = await sign_up(child.url, LOGIN, SECRET_PASSPHRASE)
        tickets = [await account.ticket() for _ in range(2)]
        with pytest.raises(Exception, match="wrong_words"):
            await sign_in(child.url, LOGIN, WRONG_PASSPHRASE)
        reasons = await _an_evening(account, tickets)
        metrics = await _get(child.url + "/metrics")
        planted = [WORDS, TALK, SECRET_PASSPHRASE, WRONG_PASSPHRASE, LOGIN, account.cookie[1], *tickets]
        planted += [child.first_token, "127.0.0.1", *account.recovery_codes]
        await child.stop()
        told = {"the log": child.log(), "the metrics": metrics, "a close": " ".join(reasons)}
    assert "ready" in told["the log"]
    assert "beside_commands" in told["the metrics"]
    assert len(reasons) == 2
    for where, text in told.items():
        assert not [secret for secret in planted if secret in text], where
        assert "planted" not in text, where


async def _an_evening(account: Account, tickets: list[str]) -> list[str]:
    """Words, a call, broken frames, a spent ticket; returns the reasons of the closes."""
    port = int(account.base_url.rsplit(":", 1)[1])
    line = await say_hello(port, tickets[0])
    await line.reply_to("hello-hello")
    group = (await line.ask("create_group", name="Evenings", blurb=TALK, rules=TALK, my_name="Ana"))["group"]
    await line.wait_for(lambda f: f["t"] == "groups_now")
    room = line.last("groups_now")["groups"][0]["room"]
    await line.ask("say", room=room, text=TALK)
    await line.ask("raise_call", group=group, words=WORDS)
    for _ in range(21):
        await line.send({"t": "say", "k": "planted-key-of-a-frame", "room": TALK, "text": 7, WORDS: TALK})
    await line.closed()
    again = await say_hello(port, tickets[0])
    assert await again.closed() == BAD_TICKET.code
    return [str(line.socket.close_reason), str(again.socket.close_reason)]


async def _get(url: str) -> str:
    async with aiohttp.ClientSession() as http, http.get(url) as response:
        return await response.text()


TOKEN = "a token for the scraper"


async def _metrics(world: World, headers: dict[str, str]) -> int:
    async with aiohttp.ClientSession() as http, http.get(world.url + "/metrics", headers=headers) as response:
        assert ("beside_" in await response.text()) == (response.status == 200)
        return response.status


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
async def test_metrics_are_for_this_machine_and_for_no_proxy_on_it(world: World, header: str) -> None:
    assert await _metrics(world, {}) == 200
    assert await _metrics(world, {header: "192.0.2.1"}) == 404
    assert await _metrics(world, {header: ""}) == 404
    assert await _metrics(world, {header: "127.0.0.1", "Authorization": "Bearer "}) == 404


@pytest.mark.parametrize("remote", ["192.0.2.1", "10.0.0.7", "2001:db8::1", "::ffff:192.0.2.1", "", "unix"])
def test_metrics_are_not_for_another_machine(remote: str) -> None:
    """Looked at without a socket: the tests listen on this machine alone."""
    request = make_mocked_request("GET", "/metrics")
    assert not is_of_this_machine(request.clone(remote=remote))
    assert is_of_this_machine(request.clone(remote="127.0.0.1"))
    assert is_of_this_machine(request.clone(remote="::1"))


async def test_with_a_token_nobody_reads_metrics_without_it(tmp_path: Path) -> None:
    async with a_world(tmp_path / "data", MovableClock(), replace(Settings(), metrics_token=TOKEN)) as world:
        for wrong in ({}, {"Authorization": "Bearer"}, {"Authorization": f"Bearer {TOKEN}x"}, {"Authorization": "é"}):
            assert await _metrics(world, wrong) == 404
        assert await _metrics(world, {"Authorization": f"Bearer {TOKEN}"}) == 200
        assert await _metrics(world, {"Authorization": f"Bearer {TOKEN}", "X-Forwarded-For": "192.0.2.1"}) == 200
    assert TOKEN not in repr(replace(Settings(), metrics_token=TOKEN))


def test_a_token_that_can_be_guessed_is_no_setting() -> None:
    with pytest.raises(BadSetting, match="16 characters"):
        from_environment({"BESIDE_METRICS_TOKEN": "short"})


def test_an_exception_is_logged_by_its_kind_and_place_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception's own text may quote what a person wrote; so may a key that somebody logs by mistake."""
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", written)
    before = structlog.get_config()
    try:
        logs.set_up_logs()
        log = structlog.get_logger("test")
        try:
            raise ValueError(WORDS)
        except ValueError:
            log.exception("it_failed", words=WORDS, address="192.0.2.1", call="an-id")
    finally:
        structlog.configure(**before)
    line = json.loads(written.getvalue())
    assert WORDS not in written.getvalue()
    assert "192.0.2.1" not in written.getvalue()
    assert (line["error"], line["call"], line["dropped_keys"]) == ("ValueError", "an-id", 2)


# ---------------------------------------------------------------- other origins


@pytest.mark.parametrize("origin", ["https://evil.example", "null", None, "http://127.0.0.1.evil.example", ""])
async def test_a_socket_with_a_cookie_wants_an_allowed_origin(
    world: World, a_group: list[Member], origin: str | None
) -> None:
    _maria, ana = a_group
    name, value = ana.page.account.cookie
    headers = {"Cookie": f"{name}={value}"} | ({} if origin is None else {"Origin": origin})
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"ws://127.0.0.1:{world.beside.port}/ws", additional_headers=headers, proxy=None)
    assert refused.value.response.status_code == 403


async def test_a_socket_of_an_allowed_origin_opens(world: World, a_group: list[Member]) -> None:
    _maria, ana = a_group
    name, value = ana.page.account.cookie
    headers = {"Cookie": f"{name}={value}", "Origin": world.url}
    line = Line(await connect(f"ws://127.0.0.1:{world.beside.port}/ws", additional_headers=headers, proxy=None))
    await line.close()


def _posts(world: World) -> list[tuple[str, str]]:
    routes = [r for r in world.beside.runner.app.router.routes() if r.method not in ("GET", "HEAD")]
    return sorted((r.method, r.resource.canonical) for r in routes if r.resource is not None)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example", "Content-Type": "application/json"},
        {"Origin": "null", "Content-Type": "application/json"},
        {"Content-Type": "application/json"},
        {"Origin": "OURS", "Content-Type": "application/x-www-form-urlencoded"},
        {"Origin": "OURS", "Content-Type": "multipart/form-data; boundary=x"},
        {"Origin": "OURS", "Content-Type": "text/plain"},
        {"Origin": "OURS"},
    ],
    ids=lambda h: f"{h.get('Origin', 'none')} {h.get('Content-Type', 'none')}",
)
async def test_whatever_changes_something_wants_our_origin_and_json(
    world: World, a_group: list[Member], headers: dict[str, str]
) -> None:
    """What a page of another origin can send with the cookie: a form, a beacon, a fetch without a preflight."""
    _maria, ana = a_group
    name, value = ana.page.account.cookie
    sent = {k: world.url if v == "OURS" else v for k, v in headers.items()} | {"Cookie": f"{name}={value}"}
    body = json.dumps({"k": "a-key-of-mine", "group": ana.group, "words": WORDS}).encode()
    posts = _posts(world)
    assert ("POST", "/api/urgent") in posts
    async with aiohttp.ClientSession(skip_auto_headers=["Content-Type"]) as http:
        for method, path in posts:
            async with http.request(method, world.url + path, data=body, headers=sent) as response:
                assert response.status == 403, f"{method} {path}"
                assert (await response.json())["code"] == "not_allowed"
    assert await world.beside.services.store.read(lambda tx: tx.calls.live()) == []


# ---------------------------------------------------------------- tickets and devices


async def test_a_ticket_opens_one_socket_for_thirty_seconds(
    world: World, a_group: list[Member], clock: MovableClock
) -> None:
    _maria, ana = a_group
    port = world.beside.port
    first, late, fresh = [await ana.page.account.ticket() for _ in range(3)]
    good = await say_hello(port, first)
    await good.reply_to("hello-hello")
    await _is_no_ticket(port, first, "replayed")
    clock.advance(29_999)
    just_in_time = await say_hello(port, fresh)
    await just_in_time.reply_to("hello-hello")
    clock.advance(1)
    await _is_no_ticket(port, late, "too old")
    await _is_no_ticket(port, "A" * 32, "made up")
    for line in (good, just_in_time):
        await line.close()


async def _is_no_ticket(port: int, ticket: str, what: str) -> None:
    line = await say_hello(port, ticket)
    assert await line.closed() == BAD_TICKET.code, what
    assert line.frames == [], what


async def test_a_ticket_says_who_one_is_and_nothing_else_does(a_group: list[Member]) -> None:
    """A ticket of Ana's in the hands of Maria makes a socket of Ana's: the cookie of whoever brings it is not looked
    at, and no frame carries a name of its own choosing."""
    maria, ana = a_group
    port = int(ana.page.account.base_url.rsplit(":", 1)[1])
    line = await say_hello(port, await ana.page.account.ticket())
    welcome = await line.reply_to("hello-hello")
    assert [g["me"] for g in welcome["groups"]] == [ana.id]
    reply = await line.ask("say", room=ana.room, text="hi", author=maria.id)
    assert reply["code"] == "bad_frame"
    await line.close()


async def test_a_revoked_device_is_out_within_two_seconds(world: World, a_group: list[Member]) -> None:
    _maria, ana = a_group
    other = await sign_in(world.url, "ana", PASSPHRASE)
    lines = [await joined(other) for _ in range(3)]
    unused = await other.ticket()
    (device,) = [d["device"] for d in await other.devices() if d["this"]]
    began = time.monotonic()
    await ana.page.account.revoke_device(device)
    assert [await line.closed(2) for line in lines] == [REVOKED.code] * 3
    seconds = time.monotonic() - began
    late = await say_hello(world.beside.port, unused)
    assert await late.closed() == REVOKED.code
    assert late.frames == []
    with pytest.raises(Exception, match="not_signed_in"):
        await other.ticket()
    async with a_line(ana.page.account) as line:
        assert (await line.ask("visible", visible=True))["t"] == "ok", "the other device stays"
    print(f"three sockets out after {seconds * 1000:.0f} ms")
    assert seconds < 2


# ---------------------------------------------------------------- who has an account


async def test_a_wrong_passphrase_and_an_unknown_name_are_answered_alike(tmp_path: Path, clock: MovableClock) -> None:
    """Same status, same body, same headers, and the same work: medians of interleaved tries within a third."""
    some_work = Passphrases(PasswordHasher(time_cost=2, memory_cost=8 * 1024, parallelism=1))
    beside = await app.start(Settings(port=0, data=tmp_path, drain_spread_seconds=0), clock, passphrases=some_work)
    url = f"http://127.0.0.1:{beside.port}"
    answers = set()
    took: dict[str, list[float]] = {"known": [], "nobody has this name": []}
    try:
        await sign_up(url, "known", PASSPHRASE)
        async with aiohttp.ClientSession(headers={"Origin": url, "Content-Type": "application/json"}) as http:
            for _ in range(25):
                for name, times in took.items():
                    clock.advance(30_000)  # a name may be tried once in 30 s
                    body = json.dumps({"login": name, "passphrase": WRONG_PASSPHRASE}).encode()
                    began = time.perf_counter()
                    async with http.post(url + "/api/sign-in", data=body) as response:
                        answers.add((response.status, await response.text(), tuple(sorted(response.headers))))
                    times.append(time.perf_counter() - began)
    finally:
        await beside.stop()
    known, unknown = (statistics.median(times) for times in took.values())
    print(f"a wrong passphrase {known * 1000:.1f} ms, an unknown name {unknown * 1000:.1f} ms")
    assert len(answers) == 1
    assert 0.67 < known / unknown < 1.5


# ---------------------------------------------------------------- the clock


class Asked(dict[str, str]):
    """An environment that remembers what was looked for in it."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.names.add(name)
        return default

    def __contains__(self, name: object) -> bool:
        self.names.add(str(name))
        return False

    def __iter__(self) -> Iterator[str]:
        return iter(())


def test_serve_has_no_way_to_move_the_clock(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Not by an option, not by a variable, not by a setting: `start` gets settings alone and makes its own clock."""
    assert set(inspect.signature(cli.serve).parameters) == {"host", "port", "data", "public_origin"}
    environment = Asked()
    from_environment(environment)
    policy = {name for name in environment.names if name.startswith("BESIDE_POLICY_")}
    assert environment.names - policy - set(LIMITS) == {
        "PORT", "BESIDE_DATA", "BESIDE_HOST", "BESIDE_PUBLIC_ORIGIN", "BESIDE_EXIT_TARGET", "BESIDE_CONTACT",
            "BESIDE_METRICS_TOKEN", "BESIDE_AUDITOR_EXPECTED", "BESIDE_AUDITOR_HOST", "BESIDE_SWITCH_URL",
            "DATABASE_URL", "REDIS_URL", "BESIDE_REDIS_NAMESPACE",
    }  # fmt: skip
    assert not [n for n in environment.names | set(Settings.__slots__) if _smells_of_a_clock(n)]
    handed: list[tuple[tuple[Any, ...], dict[str, Any]]] = []

    class Enough(Exception): ...

    async def spy(*args: Any, **more: Any) -> None:
        handed.append((args, more))
        raise Enough

    monkeypatch.setattr(app, "start", spy)
    monkeypatch.setattr(logs, "set_up_logs", lambda: None)
    with pytest.raises(Enough):
        cli.serve(data=tmp_path / "data", port=0)
    (((settings,), more),) = handed
    assert isinstance(settings, Settings)
    assert more == {}


def _smells_of_a_clock(name: str) -> bool:
    return any(part in name.lower() for part in ("clock", "offset", "skew", "now", "time_travel", "epoch"))


def test_the_system_clock_never_runs_backwards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever happens to the machine's clock while it runs, and however far it was set back before the start."""
    wall = 1_900_000_000_000_000_000
    monkeypatch.setattr(time, "time_ns", lambda: wall)
    clock = SystemClock()
    seen = [clock.now()]
    for jump in (-3_600, 86_400, -7 * 86_400):
        wall += jump * 1_000_000_000
        seen.append(clock.now())
    assert seen == sorted(seen)
    assert seen[-1] - seen[0] < 5_000, "a jump of the machine's clock moves no deadline"
    assert SystemClock(not_before=seen[-1]).now() >= seen[-1]
