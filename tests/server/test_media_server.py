"""Live pictures through the whole server: from the declaration to the last byte, and nothing of them stays (WA3)."""

from __future__ import annotations

import asyncio
import os
import struct
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from beside_client import Account, Client, Refused, sign_up
from beside_client.media import KEY_WANTED, MediaSocket, NotLetIn
from beside_client.seal import (
    Between,
    Content,
    KeyPair,
    Kind,
    Opener,
    Sealer,
    make_session_key,
    safety_word,
    unwrap,
    wrap,
)
from beside_client.wire import View
from server.wire.codes import BAD_FRAME, BAD_TICKET, NO_RIGHT
from tests.server.child import REPO, Child, a_child

PASSPHRASE = "a long enough passphrase"


@dataclass
class Scene:
    """Ana shows Maria something; both are clients of a server in a process of its own."""

    child: Child
    ana: Client
    maria: Client
    group: str
    action: str
    keys: dict[str, KeyPair]
    came: dict[str, list[View]]

    async def media(self, person: Client) -> MediaSocket:
        return await MediaSocket.open(self.child.url, await person.open_media(self.action))

    async def frame(self, person: str, t: str) -> View:
        """The newest frame of this name that came to them."""
        async with asyncio.timeout(10):
            while not (found := [view for view in self.came[person] if view["t"] == t]):  # noqa: ASYNC110  no event
                await asyncio.sleep(0.01)
        return found[-1]


@asynccontextmanager
async def a_scene(data: Path) -> AsyncIterator[Scene]:
    """Live on video, and Maria chose to look."""
    came: dict[str, list[View]] = {"ana": [], "maria": []}
    keys = {name: KeyPair.make() for name in came}
    async with a_child(data) as child:
        accounts: list[Account] = [await sign_up(child.url, name, PASSPHRASE) for name in came]
        async with (
            Client(accounts[0], on_event=came["ana"].append) as ana,
            Client(accounts[1], on_event=came["maria"].append) as maria,
        ):
            group = (await maria.create_group("Sober evenings", "Maria"))["group"]
            await ana.use_invite(await maria.make_invite(group), "Ana")
            action = await ana.declare_action(group, "pour_out", "the bottle")
            await maria.until(lambda state: state.action_when(action))
            await maria.join_action(action, keys["maria"].text)
            await maria.look(action)
            await ana.go_live(action, anyway=True)
            yield Scene(child, ana, maria, group, action, keys, came)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with a_scene(tmp_path / "data") as scene:
        yield scene


async def next_of(socket: MediaSocket, *, longer_than: int = 1) -> bytes:
    async with asyncio.timeout(10):
        async for data in socket:
            if len(data) > longer_than:
                return data
    raise AssertionError(f"closed with {socket.close_code}")


async def end_of(socket: MediaSocket) -> int | None:
    async with asyncio.timeout(10):
        async for _ in socket:
            pass
    return socket.close_code


async def test_wa3_a_sealed_picture_arrives_and_no_byte_of_it_stays_anywhere(scene: Scene) -> None:
    session, mine, theirs = make_session_key(), scene.keys["ana"], scene.keys["maria"]
    devices = (await scene.frame("ana", "devices_now"))["devices"]
    between = Between(scene.action, 1, mine.text, theirs.text)
    assert [device["key"] for device in devices] == [theirs.text]
    wrapped = wrap(session, mine, between)
    share = {"device": devices[0]["device"], "wrapped": wrapped}
    await scene.ana.ask("share_keys", more={"key": mine.text}, action=scene.action, epoch=1, shares=[share])
    told = await scene.frame("maria", "keys_now")
    opener, sealer = Opener(scene.action), Sealer(scene.action)
    opener.take(told["key"], told["epoch"], unwrap(told["wrapped"], theirs, between))
    sealer.use(session, 1)
    listed = [device["key"] for device in told["devices"]]
    assert safety_word(told["key"], listed) == safety_word(mine.text, [theirs.text])

    planted = os.urandom(400)
    async with await scene.media(scene.ana) as sender, await scene.media(scene.maria) as watcher:
        assert sender.sends
        assert not watcher.sends
        while await next_of(sender, longer_than=0) != KEY_WANTED:
            pass
        chunk = sealer.seal(Kind.KEY, Content(1.0, planted, "vp8", 640, 360).packed(Kind.KEY))
        await sender.send(chunk)
        arrived = await next_of(watcher)
        assert arrived == chunk
        assert Content.unpacked(*opener.open(arrived)).data == planted
        secrets = {
            "picture": planted[:24], "chunk": chunk[40:64], "session key": session, "wrapped key": wrapped.encode(),
            "public key": theirs.text.encode(), "member's key": mine.text.encode(),
        }  # fmt: skip
        for name, held in everything_kept(scene.child):
            assert [what for what, secret in secrets.items() if secret in held] == [], name
    await scene.child.stop()
    for name, held in everything_kept(scene.child):
        assert [what for what, secret in secrets.items() if secret in held] == [], name


def everything_kept(child: Child) -> Iterator[tuple[str, bytes]]:
    """Every file of the server: its data, its log, and whatever else it holds open, deleted files included."""
    seen = 0
    for path in [child.log_path, *(p for p in child.data.rglob("*") if p.is_file())]:
        seen += 1
        yield str(path), path.read_bytes()
    assert seen >= 4, "the log, the database, a key and the journal"
    assert child.process is not None
    if child.process.returncode is None:
        for link in Path(f"/proc/{child.pid}/fd").iterdir():
            if link.exists() and link.stat().st_mode & 0o170000 == 0o100000:
                yield f"{link} ({link.readlink()})", link.read_bytes()


def a_chunk(kind: Kind = Kind.KEY, number: int = 1) -> bytes:
    return struct.pack(">BHQ", kind, 1, number) + os.urandom(200)


async def test_wa3_a_cut_and_an_end_by_command(scene: Scene) -> None:
    first, hidden, last = [a_chunk(number=number) for number in (1, 2, 3)]
    async with await scene.media(scene.maria) as watcher:
        async with await scene.media(scene.ana) as sender:
            await sender.send(first)
            assert await next_of(watcher) == first
            await scene.ana.cut_picture(scene.action)
            await sender.send(hidden)
            await sender.send(b"no chunk")  # closes this socket: what went before it was judged
            assert await end_of(sender) == BAD_FRAME.code
        async with await scene.media(scene.ana) as sender:
            await scene.ana.cut_picture(scene.action, cut=False)
            await sender.send(last)
            assert await next_of(watcher) == last
            await scene.ana.stop_action(scene.action)
            assert await end_of(sender) == await end_of(watcher) == NO_RIGHT.code
    for person in (scene.ana, scene.maria):
        with pytest.raises(Refused):
            await scene.media(person)


async def test_wa3_whoever_looks_away_or_reports_it_gets_no_more(scene: Scene) -> None:
    watcher = await scene.media(scene.maria)
    unused = await scene.maria.open_media(scene.action)
    await scene.maria.look(scene.action, looking=False)
    assert await end_of(watcher) == NO_RIGHT.code
    with pytest.raises(NotLetIn, match=str(NO_RIGHT.code)):
        await MediaSocket.open(scene.child.url, unused)
    with pytest.raises(Refused):
        await scene.media(scene.maria)
    await scene.maria.look(scene.action)
    watcher = await scene.media(scene.maria)
    await scene.maria.report_action(scene.action, "pressuring")
    assert await end_of(watcher) == NO_RIGHT.code
    with pytest.raises(Refused):
        await scene.media(scene.maria)


async def test_wa3_a_device_that_was_signed_out_loses_its_pictures(scene: Scene) -> None:
    """Also when its other socket is away and another process signed it out."""
    watcher = await scene.media(scene.maria)
    unused = await scene.maria.open_media(scene.action)
    await scene.maria.close()
    words = ["-m", "server.cli", "user", "revoke-devices", "maria", "--data", str(scene.child.data)]
    done = await asyncio.create_subprocess_exec(sys.executable, *words, cwd=REPO, stdout=asyncio.subprocess.DEVNULL)
    assert await done.wait() == 0
    assert await end_of(watcher) == NO_RIGHT.code
    with pytest.raises(NotLetIn, match=str(BAD_TICKET.code)):
        await MediaSocket.open(scene.child.url, unused)
