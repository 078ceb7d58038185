"""The witnessed action in real browsers, with a camera: one member and five witnesses, one late, one stalled (WA1–WA7).

The camera is Chromium's own fake one, through getUserMedia. What a witness sees is read back from their canvas.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from playwright.async_api import expect

from presence.ids import ActionId
from rooms.record import Entry
from server.record_key import RecordKey
from tests.journeys import outside
from tests.journeys.witnessing import (
    a_member_and,
    attest,
    be_with,
    begin,
    declare,
    download,
    finish,
    look,
    pictures,
    say_step,
    sees_a_new_picture,
    sees_a_picture,
)
from tests.journeys.world import FALSE_CAMERA, REPO, Someone, World, a_world

pytestmark = pytest.mark.browser
KEEP_FRAMES = """
window.frames_kept = [];
const Real = window.VideoEncoder;
window.VideoEncoder = class extends Real {
    constructor(init) {
        super({...init, output: (chunk, more) => {
            const all = new Uint8Array(chunk.byteLength);
            chunk.copyTo(all);
            if (all.length > 200 && window.frames_kept.length < 100) window.frames_kept.push([...all.slice(64, 104)]);
            init.output(chunk, more);
        }});
    }
};
"""
"""Forty bytes from the middle of each frame, as they were before they were sealed."""


@pytest.fixture
async def filmed(tmp_path: Path) -> AsyncIterator[World]:
    """A world whose browsers have a camera."""
    async with a_world(tmp_path / "data", args=FALSE_CAMERA) as made:
        yield made
        for person in made.people:
            assert person.foreign == [], f"{person.name}'s page asked another host"


def read(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def beside(file: Path, name: str, text: str) -> Path:
    other = file.with_name(name)
    other.write_text(text, encoding="utf-8")
    return other


async def verify(file: Path, key: str) -> tuple[int, str]:
    """`beside verify`, as a process of its own."""
    done = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server.cli", "verify", str(file), "--key", key, cwd=REPO,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await done.communicate()
    return done.returncode or 0, said.decode()


async def test_five_witnesses_one_late_one_stalled(filmed: World, tmp_path: Path) -> None:
    """WA1–WA6: declared, asked without alarm, seen only by those who look, cut, told, done, attested by those present
    alone; the record verifies without the server, and whatever is done to it is found."""
    ana, (maria, jo, kit, wren, sol) = await a_member_and(filmed, "Maria", "Jo", "Kit", "Wren", "Sol")
    await declare(ana, "Live video", people=3)
    await ana.p.locator("[data-screen]").first.wait_for()
    for witness in (maria, jo, kit, wren):  # Sol comes late
        await be_with(witness)
    await expect(ana.p.locator("body")).to_contain_text("4 of 4 are with you.")
    await expect(ana.p.locator("body")).to_contain_text("Only you see this. Nothing is sent before you begin.")
    await begin(ana)

    await expect(maria.p.locator("body")).to_contain_text("You see nothing until you choose to look.")
    for witness in (maria, jo, wren):
        await look(witness)
    for witness in (maria, jo, wren):
        await sees_a_picture(witness, within_seconds=15)
    await expect(ana.p.locator("body")).to_contain_text("Only those who chose to look see it.")
    assert await pictures(kit) == 0, "Kit did not choose to look"

    # One late: asked while it is live, and sees it at once. One stalled: its page hangs, and no other picture does.
    await be_with(sol)
    await look(sol)
    await sees_a_picture(sol)
    hung = asyncio.ensure_future(wren.p.evaluate("() => { const end = Date.now() + 26000; while (Date.now() < end); }"))
    await maria.p.get_by_role("button", name="I’m with you").click()
    await expect(ana.p.locator("body")).to_contain_text("Maria: “I’m with you.”")
    await say_step(ana, "I am pouring.")
    for witness in (maria, jo, sol):
        await expect(witness.p.locator("body")).to_contain_text("I am pouring.")
        await sees_a_picture(witness)

    # The member cuts: every picture is gone, and comes back only by their own tap.
    await ana.p.get_by_role("button", name="Cut the picture").click()
    for witness in (maria, jo, sol):
        await expect(witness.p.locator("body")).to_contain_text("They cut the picture.")
        assert await pictures(witness) == 0
    await ana.p.get_by_role("button", name="Show it again").click()
    for witness in (maria, jo, sol):
        await sees_a_picture(witness)

    # WA4: a page that hangs is not present. Done: only those who were are asked (WA6).
    await expect(ana.p.locator("body")).to_contain_text("3 are truly with you", timeout=20_000)
    await finish(ana)
    assert await kit.p.get_by_role("dialog").count() == 0, "Kit got nothing, so nothing is asked"
    await attest(maria, "I saw it live")
    await attest(jo, "I saw it live")
    await attest(sol, "I couldn’t see")
    await ana.screen("action-ended")
    await expect(ana.p.locator("body")).to_contain_text("It is done.")
    await hung
    await expect(wren.p.locator("body")).not_to_contain_text("Say only what reached you.")

    file, key = await take_out(ana, tmp_path)
    await the_record_holds(file, key)
    await whatever_is_done_to_it_is_found(file, key)


async def take_out(member: Someone, folder: Path) -> tuple[Path, str]:
    """The exported record, by the page's own download, and the fingerprint that the page shows."""
    await member.p.get_by_role("button", name="Look at your record").click()
    await member.screen("record")
    key = await member.p.locator(".fingerprint").inner_text()
    return await download(member, folder), key


async def the_record_holds(file: Path, key: str) -> None:
    """Three who were there are in it, in their own words, by number and not by name; and no picture."""
    code, said = await verify(file, key)
    assert code == 0, said
    text = read(file)
    record = json.loads(text)
    words = [e["more"] for e in record["entries"] if e["what"] == "attested"]
    assert sorted((w["witness"], w["saw"], w["perceived"]) for w in words) == [
        (1, True, "video"), (2, True, "video"), (5, False, None),
    ]  # fmt: skip
    assert all(w["since"] < w["until"] for w in words)
    assert not [name for name in ("Maria", "Jo", "Kit", "Wren", "Sol", "Ana") if name in text]
    assert len(text) < 20_000


async def whatever_is_done_to_it_is_found(file: Path, key: str) -> None:
    """A flipped byte, a dropped, a reordered entry, a truncated tail, and a forged record with another key."""
    whole: dict[str, Any] = json.loads(read(file))
    entries = whole["entries"]
    middle = len(entries) // 2
    spoilt = {
        "flipped": [*entries[:middle], {**entries[middle], "at": entries[middle]["at"] ^ 1}, *entries[middle + 1 :]],
        "dropped": entries[:middle] + entries[middle + 1 :],
        "reordered": [*entries[:middle], entries[middle + 1], entries[middle], *entries[middle + 2 :]],
        "cut off": entries[:-1],
    }
    for what, changed in spoilt.items():
        copy = beside(file, f"{what}.json", json.dumps({**whole, "entries": changed}))
        code, said = await verify(copy, key)
        at = len(entries) if what == "cut off" else middle + 1
        assert (code, f"{at}" in said) == (1, True), f"{what}: {said}"
    other = RecordKey(Ed25519PrivateKey.generate())
    chain = [Entry(e["n"], e["at"], e["what"], e["more"], e["hash"]) for e in entries]
    forged = beside(file, "forged.json", other.file(ActionId(whole["record"]), chain, 0))
    code, said = await verify(forged, key)
    assert (code, "another key" in said) == (1, True), said


async def test_wa03_from_outside_the_server_holds_and_writes_nothing_to_see(filmed: World) -> None:
    """Every frame that the page encodes is kept by the page for this test. Of none of them is anything in the memory of
    the server's process, in its folder, in its log or in a file that it has open."""
    ana, (maria, jo) = await a_member_and(filmed, "Maria", "Jo")
    await ana.context.add_init_script(KEEP_FRAMES)
    await ana.in_the_room()
    await declare(ana, "Live video")
    for witness in (maria, jo):
        await be_with(witness)
    await expect(ana.p.locator("body")).to_contain_text("Only you see this. Nothing is sent before you begin.")
    open_before = outside.open_files(filmed.server)
    await begin(ana)
    for witness in (maria, jo):
        await look(witness)
        await sees_a_picture(witness)
    await kept_frames(ana, 30)
    slices = [bytes(one) for one in await ana.p.evaluate("window.frames_kept")]
    in_memory = outside.found_in_memory(filmed.server, [*slices, filmed.group.encode()])
    assert in_memory[-1], "the search finds what is there"
    assert not any(in_memory[:-1]), "a plaintext frame is in the server's memory"
    assert outside.found_in_files(filmed.server, slices) == []
    assert outside.open_files(filmed.server) - open_before == set(), "a file was opened during the session"
    print(f"{len(slices)} plaintext frames: none in the server's memory, its files or its log")


async def kept_frames(member: Someone, count: int) -> None:
    while await member.p.evaluate("window.frames_kept.length") < count:  # noqa: ASYNC110  nothing tells of it
        await asyncio.sleep(0.2)


async def test_a_server_that_is_killed_in_the_middle(filmed: World, tmp_path: Path) -> None:
    """Everyone is back by themselves, the picture goes on, and the chain of the record is unbroken."""
    ana, (maria, jo) = await a_member_and(filmed, "Maria", "Jo")
    await declare(ana, "Live video", people=2)
    for witness in (maria, jo):
        await be_with(witness)
    await begin(ana)
    for witness in (maria, jo):
        await look(witness)
        await sees_a_picture(witness)
    await say_step(ana, "I have it in my hand.")
    await expect(jo.p.locator("body")).to_contain_text("I have it in my hand.")
    await filmed.server.kill()
    await filmed.server.start()
    ready = asyncio.get_running_loop().time()
    for witness in (maria, jo):
        await sees_a_new_picture(witness)
    await expect(ana.p.locator("body")).to_contain_text("2 are truly with you")
    print(f"everyone back {asyncio.get_running_loop().time() - ready:.1f} s after the server was ready")
    await finish(ana)
    for witness in (maria, jo):
        await attest(witness, "I saw it live")
    await ana.screen("action-ended")
    file, key = await take_out(ana, tmp_path)
    code, said = await verify(file, key)
    assert code == 0, said


async def test_wa02_without_webcodecs_it_is_stills(filmed: World, tmp_path: Path) -> None:
    ana, (maria, jo) = await a_member_and(filmed, "Maria", "Jo")
    await ana.context.add_init_script("delete window.VideoEncoder; delete window.VideoDecoder;")
    await ana.in_the_room()
    await declare(ana, "Live video")
    for witness in (maria, jo):
        await be_with(witness)
    await begin(ana)
    for witness in (maria, jo):
        await look(witness)
        await sees_a_picture(witness)
        await expect(witness.p.locator("body")).to_contain_text("still pictures")
    await expect(ana.p.locator("body")).to_contain_text("This browser cannot do more, so it is still pictures now.")
    await finish(ana)
    await attest(maria, "I saw it in still pictures")
    await attest(jo, "I couldn’t see")
    await ana.screen("action-ended")
    file, key = await take_out(ana, tmp_path)
    code, said = await verify(file, key)
    assert code == 0, said


async def test_wa02_without_a_camera_it_is_text(tmp_path: Path) -> None:
    """The camera is not there: words carry it, and whoever read them says so."""
    async with a_world(tmp_path / "data") as world:
        ana, (maria, jo) = await a_member_and(world, "Maria", "Jo")
        await declare(ana, "Live video")
        for witness in (maria, jo):
            await be_with(witness)
        await begin(ana)
        await say_step(ana, "I am pouring.")
        for witness in (maria, jo):
            await expect(witness.p.locator("body")).to_contain_text("I am pouring.")
            await expect(witness.p.locator("body")).to_contain_text("It is words only now.")
        await expect(ana.p.locator("body")).to_contain_text("2 are truly with you", timeout=20_000)
        await finish(ana)
        for witness in (maria, jo):
            await attest(witness, "I read it")
        await ana.screen("action-ended")
        file, key = await take_out(ana, tmp_path)
        code, said = await verify(file, key)
        assert code == 0, said
