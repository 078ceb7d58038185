"""`./do bench video`: live pictures through a real server, from a canvas with a clock in it to canvases elsewhere.

The sender and two viewers are the page's own code in Chromium (`media.html`: live media without screens); the camera
is a canvas that paints the time of day into its picture, and a viewer reads it off what was drawn. Beside them a viewer
that reads nothing, and 10, 100 and 300 that only drain their sockets. Server, browser and drains share this machine, so
the load it had is printed with the figures.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.request import urlopen

from playwright.async_api import Page, Route

from bench.drain import Drain, open_drain
from beside_client import Account, Client, Refused, sign_in, sign_up
from beside_client.seal import KeyPair
from tests.journeys.world import PASSPHRASE, REPO, Someone, World, a_world

T = TypeVar("T")
STEPS = (10, 100, 300)
WITNESSES_AT_MOST = 100
"""Above so many viewers some are further pages of the same witness: signing up takes its time, the relay sees no
difference."""
WINDOW_SECONDS = 6.0
LATE_JOINS = 9
WITHIN_MS = 20_000
WITHIN_SECONDS = 220
TICKS = os.sysconf("SC_CLK_TCK")
MIME = {".js": "text/javascript", ".css": "text/css"}
BROWSER = [
    "--use-fake-ui-for-media-stream",
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
]
AIMS = {"latency_p95_ms": 60, "late_joiner_ms": 150, "cpu_core_percent_per_viewer": 0.05, "kb_per_viewer": 128}

CAMERA = """
const CELL = 32;
navigator.mediaDevices.getUserMedia = async () => {
  const canvas = document.createElement("canvas");
  canvas.width = 640; canvas.height = 360;
  const pen = canvas.getContext("2d");
  let n = 0;
  const paint = () => {
    n++;
    for (let i = 0; i < 60; i++) {
      pen.fillStyle = `hsl(${(i * 37 + n) % 360} 60% ${30 + (i * 7) % 40}%)`;
      pen.fillRect((i * 97 + n * (1 + i % 3)) % 640, 40 + (i * 53) % 320, 60, 40);
    }
    const time = Math.round(performance.timeOrigin + performance.now()) & 0xffff;
    for (let i = 0; i < 16; i++) {
      pen.fillStyle = (time >> i) & 1 ? "#fff" : "#000";
      pen.fillRect(i * CELL, 0, CELL, CELL);
    }
  };
  setInterval(paint, 1000 / 24);
  paint();
  return canvas.captureStream(24);
};
"""
READS = """
const draw = CanvasRenderingContext2D.prototype.drawImage;
const strip = new OffscreenCanvas(512, 1).getContext("2d", { willReadFrequently: true });
window.latencies = []; window.firstAt = null;
CanvasRenderingContext2D.prototype.drawImage = function (...how) {
  const done = draw.apply(this, how);
  if (this.canvas === window.canvas) {
    strip.drawImage(window.canvas, 0, 16, 512, 1, 0, 0, 512, 1);
    const row = strip.getImageData(0, 0, 512, 1).data;
    let time = 0;
    for (let i = 0; i < 16; i++) if (row[(i * 32 + 16) * 4] > 128) time |= 1 << i;
    const late = (Math.round(performance.timeOrigin + performance.now()) - time) & 0xffff;
    if (late < 20_000) window.latencies.push(late);
    window.firstAt ??= performance.now();
  }
  return done;
};
"""
SEND = """(id) => {
  const preview = document.createElement("video");
  document.body.append(preview);
  window.keys = harness.memberKeys(id);
  window.sending = harness.send(window.mine = harness.mine(id), { preview });
}"""
JOIN = "(id) => { window.card = harness.card(id); return (window.keys = harness.witnessKeys(id)).joined; }"
WATCH = """async () => {
  window.watching?.close();
  window.canvas?.remove();
  await new Promise((done) => setTimeout(done, 300 + Math.random() * 400));
  window.canvas = document.createElement("canvas");
  document.body.append(window.canvas);
  window.firstAt = null;
  const begun = performance.now();
  window.watching = harness.watch(window.card, window.canvas);
  while (window.firstAt === null) await new Promise((done) => setTimeout(done, 1));
  return window.firstAt - begun;
}"""


@dataclass(frozen=True, slots=True)
class Use:
    """What the server has used of a core, and holds of memory, at an instant."""

    at: float
    cpu_seconds: float
    private_kb: int


def use_of(pid: int) -> Use:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    private = sum(int(kb) for kb in re.findall(r"^Private_\w+:\s+(\d+) kB", rollup, re.MULTILINE))
    return Use(time.monotonic(), (int(fields[11]) + int(fields[12])) / TICKS, private)


@dataclass(slots=True)
class Row:
    """One window of time with so many draining viewers."""

    viewers: int
    core_percent: float
    private_kb: int
    latencies: list[int]
    chunks_per_viewer: float


@dataclass(slots=True)
class Bench:
    world: World
    built: Path
    action: str = ""
    people: list[Account] = field(default_factory=list)
    drains: list[Drain] = field(default_factory=list)

    @property
    def base(self) -> str:
        return self.world.server.base

    @property
    def pid(self) -> int:
        assert self.world.server.process is not None
        return self.world.server.process.pid

    # ---- the story before

    async def viewers_join(self, founder: Someone, count: int) -> None:
        """Accounts of their own, in the group, joined and looking. Their pages are closed again."""
        invites: list[str] = []
        while len(invites) < count:  # a socket may ask for some fifty things at once
            wanted = min(50, count - len(invites))
            asked = [{"t": "make_invite", "group": self.world.group}] * wanted
            invites += [reply["invite"] for reply in await founder.do(*asked)]
        key, gate = KeyPair.make().text, asyncio.Semaphore(3)

        async def join(number: int) -> Account:
            async with gate:
                account = await patient(lambda: self.account(f"viewer {number}"))
                async with Client(account, acks_cards=False) as me:
                    await me.use_invite(invites[number], f"Viewer {number}")
                    await me.join_action(self.action, key)
                    await me.look(self.action)
                return account

        self.people = await asyncio.gather(*(join(number) for number in range(count)))

    async def account(self, login: str) -> Account:
        try:
            return await sign_up(self.base, login, PASSPHRASE)
        except Refused as no:
            if no.code != "name_taken":
                raise
            return await sign_in(self.base, login, PASSPHRASE)  # it was saved after all

    async def open_viewers(self, until: int) -> None:
        gate = asyncio.Semaphore(4)

        async def view(account: Account) -> Drain:
            async with gate, Client(account, acks_cards=False) as me:
                return await open_drain(self.world.server.port, await me.open_media(self.action))

        people = [self.people[number % len(self.people)] for number in range(len(self.drains), until)]
        self.drains += await asyncio.gather(*(view(account) for account in people))

    async def page(self, person: Someone, script: str) -> Page:
        """A page of the server's own, under its policy and address, with live media and no screen."""

        async def give(route: Route) -> None:
            path = self.built / "assets" / route.request.url.rpartition("/")[2]
            if path.exists():
                await route.fulfill(path=path, content_type=MIME.get(path.suffix))
            else:
                await route.continue_()

        await person.context.route("**/assets/**", give)
        await person.context.add_init_script(script)
        page = await person.open("/weather")
        entry = re.search(r"assets/media-[\w-]+\.js", (self.built / "media.html").read_text())
        if entry is None:
            raise SystemExit("the build has no media.html")
        await page.evaluate(f"() => import('/{entry[0]}').then(() => null)")
        await page.wait_for_function(
            f"() => harness.live.value && harness.actions.value.has('{self.action}')", timeout=WITHIN_MS
        )
        return page

    # ---- measuring

    async def window(self, page: Page) -> Row:
        await page.evaluate("window.latencies = []")
        before, chunks = use_of(self.pid), sum(drain.chunks for drain in self.drains)
        await asyncio.sleep(WINDOW_SECONDS)
        after = use_of(self.pid)
        latencies: list[int] = await page.evaluate("window.latencies")
        got = sum(drain.chunks for drain in self.drains) - chunks
        return Row(
            len(self.drains),
            100 * (after.cpu_seconds - before.cpu_seconds) / (after.at - before.at),
            after.private_kb,
            latencies,
            got / len(self.drains) if self.drains else 0.0,
        )

    def metric(self, name: str) -> float:
        with urlopen(f"{self.base}/metrics") as answer:
            found = re.search(rf"^{name} (\S+)$", answer.read().decode(), re.MULTILINE)
        return float(found[1]) if found else 0.0

    async def stalled(self) -> Drain:
        """One more viewer: takes the handshake and then reads nothing, with next to no room in its kernel."""
        async with Client(self.people[-1], acks_cards=False) as me:
            return await open_drain(self.world.server.port, await me.open_media(self.action), reads=False)


def build(folder: Path) -> Path:
    """Live media without screens, built as the pages are."""
    say("building live media without screens")
    built = folder / "built"
    subprocess.run([sys.executable, str(REPO / "do"), "gallery", str(built)], check=True, stdout=subprocess.DEVNULL)
    return built


@asynccontextmanager
async def a_bench(folder: Path, built: Path) -> AsyncIterator[Bench]:
    os.environ["BESIDE_WITNESSES_AT_MOST"] = str(WITNESSES_AT_MOST + 10)
    async with a_world(folder / "data", {}, BROWSER) as world:
        yield Bench(world, built)


async def measure(folder: Path, built: Path, steps: Sequence[int]) -> dict[str, Any]:
    load_before = os.getloadavg()[0]
    async with a_bench(folder, built) as bench:
        world = bench.world
        ana, maria, tom = [await world.someone(name) for name in ("Ana", "Maria", "Tom")]
        await world.a_group(ana, maria, tom)
        said = {"t": "declare_action", "group": world.group, "deed": "pour_out", "medium": "video"}
        bench.action = (await ana.do(said))[0]["action"]
        witnesses = min(max(steps), WITNESSES_AT_MOST)
        say(f"{witnesses} witnesses sign up, join and choose to look")
        await bench.viewers_join(ana, witnesses)
        sender = await bench.page(ana, CAMERA)
        await sender.evaluate(SEND, bench.action)
        pages = [await bench.page(person, READS) for person in (maria, tom)]
        for page in pages:
            assert await page.evaluate(JOIN, bench.action)
            await page.evaluate(f"harness.ask({{ t: 'look', action: '{bench.action}', looking: true }})")
            await page.wait_for_function("() => keys.state.value === 'ready'", timeout=WITHIN_MS)
        await sender.evaluate(f"harness.ask({{ t: 'go_live', action: '{bench.action}', anyway: true }})")
        await pages[0].evaluate(WATCH)
        say("late joins")
        joins = sorted([await pages[1].evaluate(WATCH) for _ in range(LATE_JOINS)])
        await asyncio.sleep(1)
        rows = [await bench.window(pages[0])]
        for step in steps:
            say(f"{step} viewers")
            await bench.open_viewers(step)
            await asyncio.sleep(1)
            rows.append(await bench.window(pages[0]))
        say("a viewer who reads nothing")
        stalled = await bench.stalled()
        await asyncio.sleep(8)
        worst = bench.metric("beside_media_unsent_worst_bytes")
        dropped = bench.metric('beside_media_dropped_total{why="slow"}')
        cut_ms = await cut(bench, sender)
        lost = [drain for drain in bench.drains if drain.closed]
        stalled.close()
        for drain in bench.drains:
            drain.close()
        return report(rows, joins, worst, dropped, cut_ms, len(lost), load_before)


async def cut(bench: Bench, sender: Page) -> float:
    """From the tap on the sender's page to the last byte at any viewer."""
    began = time.monotonic()
    await sender.evaluate("window.sending.cut()")
    await asyncio.sleep(1)
    return 1000 * max(0.0, max(drain.chunk_at for drain in bench.drains) - began)


def report(
    rows: Sequence[Row], joins: Sequence[float], worst: float, dropped: float, cut_ms: float, lost: int, load: float
) -> dict[str, Any]:
    base, last = rows[0], rows[-1]
    print("\n viewers   latency p50    p95   core %   % a viewer  KB a viewer  chunks/s")
    for row in rows:
        each = max(1, row.viewers)
        share, kb = (row.core_percent - base.core_percent) / each, (row.private_kb - base.private_kb) / each
        p50, p95 = at(row.latencies, 0.5), at(row.latencies, 0.95)
        print(
            f"{row.viewers:>8} {p50:>9} ms {p95:>6} {row.core_percent:>8.1f} {share:>11.3f} {kb:>12.1f}"
            f" {row.chunks_per_viewer / WINDOW_SECONDS:>9.1f}"
        )
    latencies = [late for row in rows[1:] for late in row.latencies]
    result: dict[str, Any] = {
        "latency_p50_ms": at(latencies, 0.5),
        "latency_p95_ms": at(latencies, 0.95),
        "late_joiner_ms": round(statistics.median(joins)),
        "viewers": last.viewers,
        "cpu_core_percent_per_viewer": round((last.core_percent - base.core_percent) / last.viewers, 4),
        "kb_per_viewer": round((last.private_kb - base.private_kb) / last.viewers, 1),
        "worst_backlog_kb": round(worst / 1024, 1),
        "latency_p50_ms_at_most_viewers": at(last.latencies, 0.5),
        "latency_p95_ms_at_most_viewers": at(last.latencies, 0.95),
        "pictures_measured": len(latencies),
        "chunks_per_second": round(last.chunks_per_viewer / WINDOW_SECONDS, 1),
        "late_joins_ms": [round(join) for join in joins],
        "cut_to_last_byte_ms": round(cut_ms),
        "viewers_lost": lost,
        "chunks_dropped_for_slow": round(dropped),
        "load_before": round(load, 2),
        "load_after": round(os.getloadavg()[0], 2),
        "cores": os.cpu_count(),
    }
    print()
    print(
        f"first picture of a late joiner: {result['late_joiner_ms']} ms (median of {len(joins)}, worst {joins[-1]:.0f})"
    )
    print(f"most that waited in the server for the viewer who reads nothing: {result['worst_backlog_kb']} KB")
    print(f"after a cut the last byte came within {cut_ms:.0f} ms; viewers lost: {lost}")
    print(f"{os.cpu_count()} cores shared by server, browser and viewers; load {load:.1f} before")
    for name, aim in AIMS.items():
        print(f"  {name}: {result[name]} (aim: at most {aim}){'' if result[name] <= aim else '  MISSED'}")
    return result


async def patient(work: Callable[[], Awaitable[T]], tries: int = 8) -> T:
    """A machine that is busy with other things may keep the disk waiting: what was not saved is tried again."""
    for left in reversed(range(tries)):
        try:
            return await work()
        except (Refused, TimeoutError) as no:
            if not left or (isinstance(no, Refused) and no.code != "not_saved"):
                raise
            await asyncio.sleep(0.5)
    raise AssertionError("unreachable")


def at(values: Sequence[int], share: float) -> int:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else -1


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--json", action="store_true", help="the last line is one JSON object")
    words.add_argument("--viewers", type=int, nargs="+", default=list(STEPS), help="steps of draining viewers")
    asked = words.parse_args()
    with tempfile.TemporaryDirectory(prefix="beside-video-") as name:
        folder = Path(name)
        built = build(folder)
        result = asyncio.run(asyncio.wait_for(measure(folder, built, asked.viewers), WITHIN_SECONDS))
    if asked.json:
        print(json.dumps(result))


if __name__ == "__main__":
    main()
