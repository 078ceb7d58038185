"""A world for journeys: the real server as its own process, a real Chromium, and people with pages.

People are signed up and brought into their group over HTTP and the socket, so that a journey begins where its story
does.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgpack
from playwright.async_api import Browser, BrowserContext, Page, ViewportSize, async_playwright
from websockets.asyncio.client import connect

REPO = Path(__file__).resolve().parents[2]
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]
FALSE_CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
# Times of the policy, short enough to wait for. They are ordinary settings of `beside serve`.
SHORT = {
    "AWAY_AFTER_MS": 4_000,
    "VOLUNTEERS_AFTER_MS": 6_000,
    "BACKUP_AFTER_MS": 9_000,
    "UNDELIVERED_IS_EMPTY_AFTER_MS": 3_000,
    "PLEDGE_MS": 5_000,
    "VOLUNTEERS_WAIT_FOR_PLEDGE_UNTIL_MS": 7_000,
}
PASSPHRASE = "a few plain words"
PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1280, "height": 800}


@dataclass(slots=True)
class Server:
    """`beside serve` as a process of its own."""

    data: Path
    port: int
    policy: dict[str, int]
    environment: Mapping[str, str] = field(default_factory=dict)
    words: tuple[str, ...] = ("serve",)
    process: asyncio.subprocess.Process | None = None
    first_link: str = ""
    lines: list[str] = field(default_factory=list)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        with (self.data.parent / "serve.log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "server.cli", *self.words, "--port", str(self.port), "--data", str(self.data),
                cwd=REPO, env=self._env, stdout=asyncio.subprocess.PIPE, stderr=log,
            )  # fmt: skip
        assert self.process.stdout is not None
        while True:
            line = (await asyncio.wait_for(self.process.stdout.readline(), 20)).decode()
            assert line, "the server ended before it was ready"
            self.lines.append(line)
            if line.startswith("Beside is ready"):
                break
        if not self.first_link:
            await self._read_first_link()

    @property
    def _env(self) -> dict[str, str]:
        policy = {f"BESIDE_POLICY_{name}": str(ms) for name, ms in self.policy.items()}
        return {**os.environ, **policy, **self.environment}

    async def _read_first_link(self) -> None:
        """Two more lines come when nobody runs this server yet."""
        assert self.process is not None
        assert self.process.stdout is not None
        try:
            for _ in range(2):
                line = (await asyncio.wait_for(self.process.stdout.readline(), 0.5)).decode()
                self.lines.append(line)
                if found := re.search(r"(/#first=\S+)", line):
                    self.first_link = found[1]
        except TimeoutError:
            pass

    async def command(self, *words: str) -> None:
        """`beside WORDS --data …` beside the running server."""
        done = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "server.cli", *words, "--data", str(self.data), cwd=REPO, env=self._env,
            stdout=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        assert await done.wait() == 0

    async def kill(self) -> None:
        """kill -9, by its own process id."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()

    async def stop(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.terminate()
            try:
                await asyncio.wait_for(self.process.wait(), 10)
            except TimeoutError:
                self.process.kill()
                await self.process.wait()


@dataclass(slots=True)
class Someone:
    """A person with a browser of their own."""

    name: str
    context: BrowserContext
    server: Server
    member: str = ""
    page: Page | None = None
    errors: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    @property
    def p(self) -> Page:
        assert self.page is not None, "open a page first"
        return self.page

    async def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        response = await self.context.request.post(
            self.server.base + path, data=body, headers={"Origin": self.server.base, "Content-Type": "application/json"}
        )
        answer: dict[str, Any] = await response.json()
        assert response.ok, f"{path}: {answer}"
        return answer

    async def do(self, *commands: dict[str, Any]) -> list[dict[str, Any]]:
        """Commands over a socket of their own; returns the replies. For what happened before the story."""
        ticket = (await self.post("/api/ticket", {}))["ticket"]
        replies = []
        async with connect(f"ws://127.0.0.1:{self.server.port}/ws") as ws:
            await ws.send(
                msgpack.packb({"t": "hello", "k": "hello-key", "ticket": ticket, "version": 1, "page": "client"})
            )
            for number, command in enumerate([{}, *commands]):
                key = "hello-key" if number == 0 else f"setup-{os.urandom(6).hex()}"
                if number:
                    await ws.send(msgpack.packb({**command, "k": key}))
                while True:
                    frame = msgpack.unpackb(await asyncio.wait_for(ws.recv(), 5))
                    if frame.get("re") == key and frame["t"] in ("ok", "refused", "welcome"):
                        break
                assert frame["t"] != "refused", frame
                if number:
                    replies.append(frame)
        return replies

    async def open(self, path: str = "/") -> Page:
        self.page = await self.context.new_page()
        self.page.on("pageerror", lambda e: self.errors.append(str(e)))
        self.page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        self.page.on("request", lambda r: self.foreign.append(r.url) if not self._own(r.url) else None)
        await self.page.goto(self.server.base + path)
        return self.page

    def _own(self, url: str) -> bool:
        return url.startswith((self.server.base, f"ws://127.0.0.1:{self.server.port}", "data:", "blob:"))

    async def in_the_room(self) -> None:
        """The member page, in the room of the first group."""
        await self.open("/")
        await self.p.get_by_text("Sober evenings").first.click()
        await self.screen("room")

    async def settle(self) -> None:
        """Buttons ignore input for 600 ms after a card or a confirm screen appears (page.md): a person waits too."""
        await self.p.wait_for_timeout(700)

    async def screen(self, name: str, within_ms: float = 15_000) -> None:
        """Wait until the page shows a screen."""
        await self.p.locator(f'[data-screen="{name}"]').first.wait_for(timeout=within_ms)


@dataclass(slots=True)
class World:
    server: Server
    browser: Browser
    people: list[Someone] = field(default_factory=list)
    group: str = ""
    room: str = ""

    async def someone(
        self,
        name: str,
        *,
        coordinator: bool = False,
        viewport: ViewportSize | None = None,
        server: Server | None = None,
        **kw: Any,
    ) -> Someone:
        """A new account with a browser of its own; of another node where one is named."""
        context = await self.browser.new_context(viewport=viewport or PHONE, locale="en-GB", **kw)
        person = Someone(name, context, server or self.server)
        body = {"login": f"login {name}", "passphrase": PASSPHRASE, "adult": True}
        if coordinator:
            await person.post("/api/coordinator", {**body, "token": self.server.first_link.partition("=")[2]})
            await self.server.command("user", "volunteer", str(body["login"]), "--name", name)
        else:
            await person.post("/api/sign-up", body)
        self.people.append(person)
        return person

    async def a_group(self, founder: Someone, *members: Someone, name: str = "Sober evenings") -> None:
        """A group with these people in it."""
        made = await founder.do(
            {"t": "create_group", "name": name, "blurb": "Evenings without a drink.", "rules": "Be kind. Stay honest.",
             "my_name": founder.name, "tags": ["alcohol"], "questions": []}
        )  # fmt: skip
        self.group = made[0]["group"]
        for member in members:
            invite = (await founder.do({"t": "make_invite", "group": self.group}))[0]["invite"]
            await member.do({"t": "use_invite", "invite": invite, "my_name": member.name, "pledged": True})

    async def open_to_calls(self, *people: Someone) -> None:
        for person in people:
            await person.do(
                {"t": "finish_introduction", "group": self.group},
                {"t": "set_availability", "group": self.group, "state": "open"},
            )

    async def on_shift(self, *people: Someone, backup: bool = False) -> None:
        for person in people:
            await person.do({"t": "set_shift", "on": True, "backup": backup})


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@asynccontextmanager
async def a_world(data: Path, policy: dict[str, int] | None = None, args: Sequence[str] = ()) -> AsyncIterator[World]:
    """A running server and a browser; both end with the story."""
    server = Server(data, free_port(), SHORT if policy is None else policy)
    await server.start()
    try:
        async with async_playwright() as playwright:
            path = os.environ.get("BESIDE_CHROMIUM") or "/usr/bin/chromium"
            browser = await playwright.chromium.launch(executable_path=path, args=[*CHROMIUM_ARGS, *args])
            world = World(server, browser)
            yield world
            await browser.close()
    finally:
        await server.stop()
