"""The browser's side of live media, through the real server: camera → sealed chunks → relay → another browser's canvas.

Without the screens: clients/web/src/witness/harness.ts gives what they use, under the server's own policy and address.
The camera is Chromium's false one.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, Route, WebSocketRoute

from tests.journeys.world import FALSE_CAMERA, REPO, Someone, World, a_world

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MIME = {".js": "text/javascript", ".css": "text/css"}
WITHIN_MS = 15_000

WATCHES_ITSELF = """
window.broken = []; window.mediaSent = 0; window.heard = 0;
document.addEventListener("securitypolicyviolation", (e) => broken.push(`${e.violatedDirective} ${e.blockedURI}`));
const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (data) {
  if (this.url.endsWith("/media")) window.mediaSent++;
  return send.call(this, data);
};
const begin = AudioBufferSourceNode.prototype.start;
AudioBufferSourceNode.prototype.start = function (...when) {
  const samples = this.buffer.getChannelData(0);
  if (samples.some((one) => Math.abs(one) > 0.001)) window.heard++;
  return begin.apply(this, when);
};
"""
NO_ENCODER = "delete window.VideoEncoder"
NO_CAMERA = "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotFoundError'))"
REFUSED = "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'))"

SEND = """(id) => {
  const preview = window.preview = document.createElement("video");
  document.body.append(preview);
  window.keys = harness.memberKeys(id);
  window.sending = harness.send(window.mine = harness.mine(id), { preview });
}"""
WATCH = """(id) => {
  const canvas = window.canvas = document.createElement("canvas");
  document.body.append(canvas);
  window.card = harness.card(id);
  window.keys = harness.witnessKeys(id);
  window.attending = harness.attend(window.card);
  window.watching = harness.watch(window.card, canvas);
  return window.keys.joined;
}"""
GRID = """(from) => {
  const small = document.createElement("canvas");
  small.width = small.height = 4;
  const pen = small.getContext("2d");
  pen.drawImage(from, 0, 0, 4, 4);
  return [...pen.getImageData(0, 0, 4, 4).data].filter((_, at) => at % 4 < 3);
}"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("media")
    subprocess.run([sys.executable, str(REPO / "do"), "gallery", str(folder)], check=True, stdout=subprocess.DEVNULL)
    return folder


@dataclass(slots=True)
class Stage:
    """A group of two, Ana with something to do and Maria who may watch, each on a page without screens."""

    world: World
    built: Path
    ana: Someone
    maria: Someone
    action: str = ""

    async def page(self, person: Someone, *before: str) -> Page:
        """A page of the server's own, under its policy, into which the build is loaded. Not an answer made up here as a
        whole: Chromium lets none of those open a socket to this machine."""

        async def give(route: Route) -> None:
            path = self.built / "assets" / route.request.url.rpartition("/")[2]
            await route.fulfill(path=path, content_type=MIME.get(path.suffix))

        await person.context.route("**/assets/**", give)
        for script in (WATCHES_ITSELF, *before):
            await person.context.add_init_script(script)
        page = await person.open("/weather")
        await self.wake(page)
        return page

    async def wake(self, page: Page) -> None:
        entry = re.search(r"assets/media-[\w-]+\.js", (self.built / "media.html").read_text())
        assert entry
        await page.evaluate(f"() => import('/{entry[0]}').then(() => null)")
        await until(page, "harness.live.value")

    async def declare(self, **more: Any) -> None:
        said = {"t": "declare_action", "group": self.world.group, "deed": "pour_out", "medium": "video", **more}
        answer = await self.ana.p.evaluate("(said) => harness.ask(said)", said)
        self.action = answer["ok"]["action"]
        await until(self.ana.p, f"harness.actions.value.has('{self.action}')")
        await self.ana.p.evaluate(SEND, self.action)

    async def join(self, person: Someone) -> None:
        await until(person.p, f"harness.actions.value.has('{self.action}')")
        assert await person.p.evaluate(WATCH, self.action)

    async def look(self, person: Someone, *, looking: bool = True) -> None:
        await person.p.evaluate(
            f"harness.ask({{ t: 'look', action: '{self.action}', looking: {str(looking).lower()} }})"
        )

    async def go_live(self) -> None:
        await self.ana.p.evaluate(f"harness.ask({{ t: 'go_live', action: '{self.action}', anyway: true }})")

    async def begin(self, **more: Any) -> None:
        """Declared, joined, looked at and live."""
        await self.declare(**more)
        await self.join(self.maria)
        await self.look(self.maria)
        await self.go_live()


@pytest.fixture
async def stage(tmp_path: Path, built: Path) -> AsyncIterator[Stage]:
    async with a_world(tmp_path / "data", args=FALSE_CAMERA) as world:
        ana, maria = await world.someone("Ana"), await world.someone("Maria")
        await world.a_group(ana, maria)
        yield Stage(world, built, ana, maria)
        for person in world.people:
            for page in person.context.pages:
                assert await page.evaluate("window.broken") == [], f"{person.name}'s page broke its policy"
            assert person.errors == []
            assert person.foreign == []


async def until(page: Page, fact: str, within_ms: int = WITHIN_MS) -> None:
    try:
        await page.wait_for_function(f"() => {fact}", timeout=within_ms)
    except Exception as error:
        states = (
            "[window.sending, window.watching, window.keys].map((one) => one && Object.fromEntries(Object.entries(one)"
        )
        states += ".filter(([, s]) => s?.peek).map(([name, s]) => [name, String(s.peek())])))"
        raise AssertionError(f"in vain: {fact}; {await page.evaluate(states)}") from error


async def same_picture(one: Page, other: Page) -> bool:
    """What the camera shows the one, and what the other's canvas shows, in 16 patches: the same but for the coding."""
    mine = await one.evaluate(f"({GRID})(window.preview)")
    theirs = await other.evaluate(f"({GRID})(window.canvas)")
    apart = sum(abs(a - b) for a, b in zip(mine, theirs, strict=True)) / len(mine)
    return bool(max(mine) - min(mine) > 60 and apart < 25)


async def is_empty(page: Page) -> bool:
    return bool(await page.evaluate(f"({GRID})(window.canvas).every((one) => one === 0)"))


async def test_wa03_a_picture_reaches_who_chose_to_look_and_a_cut_ends_it(stage: Stage) -> None:
    ana, maria = await stage.page(stage.ana), await stage.page(stage.maria)
    await stage.declare()
    await until(ana, "sending.state.value === 'ready' && preview.videoWidth > 0")
    await stage.join(stage.maria)
    await until(maria, "keys.state.value === 'ready' && keys.word.value")
    await until(ana, "keys.word.value")
    words = [await page.evaluate("keys.word.value.join(' ')") for page in (ana, maria)]
    assert words[0] == words[1], "the safety words of an honest server"
    await stage.go_live()
    await until(ana, "sending.state.value === 'alone'")
    assert await maria.evaluate("watching.state.value") == "off"
    assert await ana.evaluate("window.mediaSent") == 1, "the ticket; nothing is encoded while nobody looks"
    await stage.look(stage.maria)
    await until(ana, "sending.state.value === 'sending'")
    await until(maria, "watching.state.value === 'live' && watching.shows.value === 'video'")
    assert await same_picture(ana, maria)
    await until(ana, "mine.value.present === 1")

    sent = await ana.evaluate("(window.cutting = sending.cut(), window.mediaSent)")
    assert await ana.evaluate("sending.state.value") == "cut"
    await ana.evaluate("window.cutting")
    await until(maria, "watching.state.value === 'cut'")
    assert await is_empty(maria)
    await until(ana, "mine.value.cut")
    assert await ana.evaluate("window.mediaSent") == sent, "nothing left after the cut"
    await ana.evaluate("sending.uncut()")
    await until(maria, "watching.state.value === 'live'")

    await stage.look(stage.maria, looking=False)
    await until(maria, "watching.state.value === 'off'")
    assert await is_empty(maria)
    await until(ana, "sending.state.value === 'alone'")
    await ana.evaluate(f"harness.ask({{ t: 'stop_action', action: '{stage.action}' }})")
    await until(ana, "sending.state.value === 'ended' && preview.srcObject === null")
    await until(maria, "watching.state.value === 'ended'")


async def test_wa02_without_webcodecs_it_is_stills(stage: Stage) -> None:
    ana, maria = await stage.page(stage.ana, NO_ENCODER), await stage.page(stage.maria)
    await stage.begin()
    await until(maria, "card.value.medium === 'stills' && card.value.medium_why === 'device'")
    await until(maria, "watching.state.value === 'live' && watching.shows.value === 'stills'")
    assert await same_picture(ana, maria)
    await until(ana, "mine.value.present === 1")


@pytest.mark.parametrize(("why", "state"), [(NO_CAMERA, "missing"), (REFUSED, "refused")])
async def test_wa02_without_a_camera_it_is_text_and_a_visible_page_counts(stage: Stage, why: str, state: str) -> None:
    ana, maria = await stage.page(stage.ana, why), await stage.page(stage.maria)
    await stage.begin()
    await until(maria, "card.value.medium === 'text' && card.value.medium_why === 'camera'")
    assert await ana.evaluate("[sending.state.value, sending.camera.value]") == ["none", state]
    await until(ana, "mine.value.present === 1")
    assert await ana.evaluate("window.mediaSent") <= 1


async def test_wa02_one_photo_bare_of_what_the_file_held(stage: Stage) -> None:
    ana, maria = await stage.page(stage.ana), await stage.page(stage.maria)
    await stage.begin(medium="photo")
    size = await ana.evaluate(
        """async () => {
          const big = document.createElement("canvas");
          big.width = 2000; big.height = 1000;
          const pen = big.getContext("2d");
          pen.fillStyle = "#c03020"; pen.fillRect(0, 0, 1000, 1000);
          pen.fillStyle = "#2040c0"; pen.fillRect(1000, 0, 1000, 1000);
          const blob = await new Promise((done) => big.toBlob(done, "image/jpeg", 0.9));
          const plain = new Uint8Array(await blob.arrayBuffer());
          const place = new TextEncoder().encode("Exif\\0\\0 47.37 N 8.54 E, phone of Ana");
          const head = Uint8Array.of(0xff, 0xe1, 0, place.length + 2);
          const file = new Blob([plain.slice(0, 2), head, place, plain.slice(2)]);
          window.photo = await sending.photo(file);
          sending.sendPhoto(photo);
          const text = new TextDecoder("latin1").decode(photo.jpeg);
          return [photo.width, photo.height, text.includes("Exif"), text.includes("phone of Ana")];
        }"""
    )
    assert size == [1280, 640, False, False]
    await until(maria, "watching.shows.value === 'photo' && watching.state.value === 'live'")
    left, right = await maria.evaluate(
        f"(() => {{ const g = ({GRID})(canvas); return [g.slice(0, 3), g.slice(9, 12)] }})()"
    )
    assert left[0] > 150 > left[2]
    assert right[2] > 150 > right[0]
    # Whoever looks later sees it too.
    await stage.look(stage.maria, looking=False)
    await until(maria, "watching.shows.value === null")
    await stage.look(stage.maria)
    await until(maria, "watching.shows.value === 'photo'")
    refused = "sending.photo(new Blob(['no picture'])).then(() => 'taken', (e) => e instanceof harness.NotAPhoto)"
    assert await ana.evaluate(refused) is True


async def test_wa03_sound_is_heard_after_a_tap(stage: Stage) -> None:
    ana, maria = await stage.page(stage.ana), await stage.page(stage.maria)
    await stage.begin(sound=True)
    await until(ana, "sending.sound.value")
    await until(maria, "watching.sound.value === 'off' && watching.state.value === 'live'")
    assert await maria.evaluate("window.heard") == 0
    assert await maria.evaluate("watching.soundOn()")
    await until(maria, "window.heard > 5 && watching.sound.value === 'on'")


async def test_wa03_the_member_comes_back_with_new_keys_and_the_picture_goes_on(stage: Stage) -> None:
    ana, maria = await stage.page(stage.ana), await stage.page(stage.maria)
    await stage.begin()
    await until(maria, "watching.state.value === 'live' && keys.word.value")
    before = await maria.evaluate("keys.word.value.join(' ')")
    await ana.reload()
    await stage.wake(ana)
    await until(ana, f"harness.actions.value.has('{stage.action}')")
    await ana.evaluate(SEND, stage.action)
    await until(ana, "sending.state.value === 'sending' && keys.word.value")
    after = await ana.evaluate("keys.word.value.join(' ')")
    assert after != before
    await until(maria, f"keys.word.value?.join(' ') === '{after}' && watching.state.value === 'live'")
    await until(maria, "watching.arrivedAt.value > performance.now() - 500")


async def test_wa03_a_witness_who_comes_back_is_a_new_device(stage: Stage) -> None:
    ana, maria = await stage.page(stage.ana), await stage.page(stage.maria)
    await stage.begin()
    await until(maria, "watching.state.value === 'live'")
    before = await ana.evaluate("keys.word.value.join(' ')")
    await maria.reload()
    await stage.wake(maria)
    await until(maria, f"harness.actions.value.has('{stage.action}')")
    assert await maria.evaluate(WATCH, stage.action)
    await until(maria, "watching.state.value === 'live' && keys.state.value === 'ready'")
    await until(ana, f"keys.word.value && keys.word.value.join(' ') !== '{before}' && keys.devices.value === 1")
    assert await ana.evaluate("keys.word.value.join(' ')") == await maria.evaluate("keys.word.value.join(' ')")


@dataclass(slots=True)
class Liar:
    """A server in between, on one person's media socket: passes chunks on, changed, or only the first."""

    how: str = "pass"
    first: bytes = b""

    async def stand(self, person: Someone) -> None:
        def between(socket: WebSocketRoute) -> None:
            there = socket.connect_to_server()

            def chunk(message: str | bytes) -> None:
                assert isinstance(message, bytes)
                if len(message) > 1:
                    self.first = self.first or message
                    if self.how == "change":
                        message = message[:-1] + bytes([message[-1] ^ 1])
                    elif self.how == "again":
                        message = self.first
                socket.send(message)

            there.on_message(chunk)
            socket.on_message(there.send)

        await person.context.route_web_socket("**/media", between)


async def test_wa03_what_the_server_changed_is_not_shown_and_the_page_says_so(stage: Stage) -> None:
    liar = Liar()
    await liar.stand(stage.maria)
    ana, maria = await stage.page(stage.ana), await stage.page(stage.maria)
    liar.how = "change"
    await stage.begin()
    await until(maria, "watching.state.value === 'sealed-wrong'")
    assert await is_empty(maria)
    # While people gathered, her page may have said that it has the words. Of the pictures it says nothing: that ends.
    await until(ana, "mine.value.present === 0", 2 * WITHIN_MS)
    liar.how = "pass"
    await until(maria, "watching.state.value === 'live'")
    await until(ana, "mine.value.present === 1")


async def test_wa03_what_the_server_plays_again_is_not_shown(stage: Stage) -> None:
    liar = Liar()
    await liar.stand(stage.maria)
    _ana, maria = await stage.page(stage.ana), await stage.page(stage.maria)
    await stage.begin()
    await until(maria, "watching.state.value === 'live'")
    liar.how = "again"
    await until(maria, "watching.state.value === 'behind'")
