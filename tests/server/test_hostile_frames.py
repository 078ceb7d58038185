"""Bytes from strangers and from members who mean harm: a typed refusal or a close code each, and nothing else happens.

The server is a process of its own; what it holds (descriptors, memory) and what it logged are looked at from outside.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import msgpack
import pytest
from websockets.asyncio.client import ClientConnection, connect

from beside_client import Account, Client, new_key, sign_up
from server.gateway import outbox
from server.gateway.session import ORDINARY_BURST, REFUSALS_BEFORE_CLOSE
from server.wire.codes import ALL, TOO_FAST
from server.wire.frames import Beat, Command, Hello, Typing
from server.wire.witness import Got
from tests.fakes import MovableClock
from tests.server.child import Child, a_child
from tests.server.hostile import HANDSHAKE, Frame, Gunner, Shot, http_bytes, websocket_bytes
from tests.server.raw import Line, LineClosed, a_line, joined
from tests.worlds import PASSPHRASE, Member, World

SEED = "beside, the first volley"
SHOTS, WARM_UP, GUNNERS = 10_000, 1_500, 4
RESIDENT_GROWTH_AT_MOST = 16 * 1024 * 1024
DESCRIPTORS_MORE_AT_MOST = 2
CODES = {code.code for code in ALL} | {1002, 1003, 1007, 1009}
"""Ours, and those by which the websocket protocol names a broken frame, bad text and too much of it."""
ANSWERS = (101, 400, 403, 404, 426)
"""101: what was wrong with the handshake did not matter; the hello that never comes closes it."""
PLANTED = "planted-words-of-another-group"
NEVER_WAS = "never-was-there_"


# ---------------------------------------------------------------- ten thousand frames


@pytest.mark.slow
async def test_ten_thousand_hostile_frames_of_members(tmp_path: Path) -> None:
    """Every frame is answered or the socket closed by name; nothing crashes, leaks or grows; a call works after it."""
    async with a_child(tmp_path / "data") as child, a_town(child) as town:
        gunners = [town.gunner(number) for number in range(GUNNERS)]
        tally: Counter[str] = Counter()
        mutated = 0

        async def fire(shots: int) -> None:
            nonlocal mutated
            volleys = [volley(account, gunner, shots // GUNNERS, town, tally) for account, gunner in gunners]
            mutated += sum(await asyncio.gather(*volleys))

        await fire(WARM_UP)
        descriptors, resident = await settled(child, None)
        began = time.monotonic()
        await fire(SHOTS)
        seconds = time.monotonic() - began
        now_descriptors, now_resident = await settled(child, descriptors)
        town.must_not_have_leaked()
        await town.a_call_still_works()
        print(f"{SHOTS} frames in {seconds:.1f} s, {mutated} with one mutation; {dict(tally.most_common())}")
        print(f"descriptors {descriptors} → {now_descriptors}; resident {resident >> 10} → {now_resident >> 10} KiB")
        assert mutated >= 0.8 * (SHOTS + WARM_UP)
        assert abs(now_descriptors - descriptors) <= DESCRIPTORS_MORE_AT_MOST
        assert now_resident - resident < RESIDENT_GROWTH_AT_MOST
        must_be_free_of_errors(child)


async def volley(account: Account, gunner: Gunner, shots: int, town: Town, tally: Counter[str]) -> int:
    """Fire, and come back whenever the server closes. Returns how many were valid frames with one mutation."""
    fired = mutated = 0
    while fired < shots:
        line = await joined(account)
        while fired < shots:
            shot = gunner.shot()
            fired += 1
            mutated += shot.valid
            heard = await answer_to(line, shot)
            tally[heard] += 1
            if line.close_code is not None:
                break
        town.read_by_hostile += line.frames
        await line.close()
    return mutated


async def answer_to(line: Line, shot: Shot) -> str:
    """What the server made of it. Fails the test when it was silence."""
    before, fence = len(line.frames), new_key()
    try:
        await line.send_bytes(shot.data)
        await line.send({"t": "card_seen", "k": fence, "call": NEVER_WAS})
        await line.reply_to(fence, 10, before)
    except LineClosed:
        code = await line.closed()
        assert code in CODES, f"closed with {code} after {shot}"
        return f"closed {code}"

    def is_reply(frame: Frame) -> bool:
        return frame["t"] in ("ok", "refused") and frame["re"] != fence

    replies = [f for f in line.frames[before:] if is_reply(f)]
    if not replies and shot.tag in ("beat", "typing", "got"):
        return "needs no answer"
    if not replies:  # on a slow machine the fence, which is urgent, goes ahead of it
        try:
            replies = [await line.wait_for(is_reply, 10, before)]
        except TimeoutError:
            raise AssertionError(f"silence after {shot}") from None
    assert len(replies) == 1, f"{replies} after {shot}"
    named = (shot.key,) if shot.key is not None else (None, shot.meant)
    assert replies[0]["re"] in named, f"{replies} after {shot}"
    return str(replies[0].get("code", "ok"))


async def settled(child: Child, wanted: int | None) -> tuple[int, int]:
    """Descriptors and resident memory once the server holds no socket whose other end is gone, and no more than
    `wanted` (or 10 s went by)."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(10):
            while _ends(child.port, theirs=True) != _ends(child.port, theirs=False) or (  # noqa: ASYNC110  the kernel has no event for it
                wanted is not None and abs(child.descriptors() - wanted) > DESCRIPTORS_MORE_AT_MOST
            ):
                await asyncio.sleep(0.05)
    return child.descriptors(), child.resident_bytes()


def _ends(port: int, *, theirs: bool) -> int:
    """Open connections to a port of this machine as the kernel has them: the ends that the server holds, or those of
    its clients."""
    rows = [row.split() for row in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    listening, nobodys = "0A", "0"
    ends = [row[1] if theirs else row[2] for row in rows if row[3] != listening and row[9] != nobodys]
    return sum(1 for end in ends if int(end.rsplit(":", 1)[1], 16) == port)


LATE = ("store_down", "timers_waiting_for_store")


def must_be_free_of_errors(child: Child) -> None:
    """No line but plain information; that a commit took longer than 400 ms is the machine's doing, and not theirs."""
    lines = [json.loads(line) for line in child.log().splitlines()]
    bad = [line for line in lines if line["level"] != "info" and line["event"] not in LATE]
    assert not bad, bad[:5]


@dataclass
class Town:
    """Two groups that have nothing to do with each other, and those who mean harm in one of them."""

    child: Child
    people: list[Client] = field(default_factory=list)
    hostile: list[Account] = field(default_factory=list)
    home: dict[str, Any] = field(default_factory=dict)
    scratch: dict[str, Any] = field(default_factory=dict)
    foreign: list[str] = field(default_factory=list)
    foreign_place: list[str] = field(default_factory=list)
    """The other group and its room: whoever asks to join it gets these of it, and nothing more."""
    members: list[str] = field(default_factory=list)
    read_by_hostile: list[Frame] = field(default_factory=list)

    async def person(self, login: str) -> Client:
        page = Client(await sign_up(self.child.url, login, PASSPHRASE))
        self.people.append(page)
        return await page.start()

    def gunner(self, number: int) -> tuple[Account, Gunner]:
        frames = harmless_when_valid(self)
        return self.hostile[number], Gunner(f"{SEED} {number}", frames, [*self.foreign_place, *self.foreign])

    def must_not_have_leaked(self) -> None:
        for frame in self.read_by_hostile:
            words = repr({**frame, "re": None})  # which is the sender's own word
            assert PLANTED not in words, frame
            assert not [i for i in self.foreign if i in words], frame

    async def a_call_still_works(self) -> None:
        caller, peer = self.people[-2:]
        call = await caller.raise_call(self.home["group"])
        await peer.until(lambda state: state.card_of(call))
        await peer.answer_call(call, "coming")
        await caller.until(lambda state: state.my_call_when(call=call, standing="coming"))


@asynccontextmanager
async def a_town(child: Child) -> AsyncIterator[Town]:
    town = Town(child)
    try:
        await _a_group_apart(town)
        await _those_who_mean_harm(town)
        yield town
    finally:
        for person in town.people:
            await person.close()


async def _a_group_apart(town: Town) -> None:
    """Words, people and a running call that nobody else may see."""
    ana, tom = await town.person("ana apart"), await town.person("tom apart")
    made = await ana.create_group("Apart", f"Ana {PLANTED[:20]}", blurb="public", rules="public")
    joined_group = await tom.use_invite(await ana.make_invite(made["group"]), f"Tom {PLANTED[:20]}")
    await ana.say(made["room"], PLANTED)
    await tom.finish_introduction(made["group"])
    await tom.set_availability(made["group"], "open")
    call = await ana.raise_call(made["group"], PLANTED)
    mine = await ana.until(lambda state: state.my_call_when(call=call))
    town.foreign_place = [made["group"], made["room"]]
    town.foreign = [made["me"], joined_group["me"], call, mine["room"]]


async def _those_who_mean_harm(town: Town) -> None:
    """Members of `home` like others are, and of `scratch`, which their valid frames may spoil."""
    pages = [await town.person(f"hostile {number}") for number in range(GUNNERS)]
    for name in ("home", "scratch"):
        made = await pages[0].create_group(name, "Harm 0", blurb="public", rules="public")
        setattr(town, name, made)
        for number, page in enumerate(pages[1:], 1):
            theirs = await page.use_invite(await pages[0].make_invite(made["group"]), f"Harm {number}")
            if name == "scratch":
                town.members.append(theirs["me"])
    invites = [await pages[0].make_invite(town.home["group"]) for _ in range(2)]
    for page in pages:
        town.hostile.append(page.account)
        await page.close()
    town.people = town.people[:2]
    for name, invite in zip(("cal", "bea"), invites, strict=True):
        person = await town.person(f"{name} at home")
        await person.use_invite(invite, name.title())
    await town.people[-1].finish_introduction(town.home["group"])
    await town.people[-1].set_availability(town.home["group"], "open")


def harmless_when_valid(town: Town) -> list[Frame]:
    """Every command there is, aimed so that whoever sends it unchanged spoils no more than `scratch`."""
    home, scratch = town.home, town.scratch
    group, room, member = {"group": scratch["group"]}, {"room": home["room"]}, {"member": town.members[0]}
    call, action = {"call": NEVER_WAS}, {"action": NEVER_WAS}
    public, wrapped = "A" * 87, "A" * 80
    fields: dict[str, dict[str, Any]] = {
        "visible": {"visible": True},
        "find_groups": {"words": "public"},
        "create_group": {
            "name": "More",
            "blurb": "",
            "rules": "",
            "my_name": "Harm",
            "tags": ["a"],
            "questions": ["b"],
        },
        "make_invite": {**group, "role": "observer"},
        "look_at_invite": {"invite": "x" * 32},
        "use_invite": {"invite": "x" * 32, "my_name": "Harm", "pledged": True},
        "ask_to_join": {**group, "my_name": "Harm", "answers": ["a"], "pledged": True},
        "list_join_requests": group,
        "decide_join": {"request": NEVER_WAS, "admit": False, "reason": "no"},
        "dismiss_join_answer": {"request": NEVER_WAS},
        "list_members": group,
        "take_part": group,
        "set_role": {**member, "role": "observer"},
        "remove_member": {"member": town.members[1]},
        "leave_group": group,
        "finish_introduction": group,
        "open_room": {**room, "after": {"epoch": 1, "seq": 0}},
        "close_room": room,
        "fetch_entries": {**room, "after": 0, "before": 9, "limit": 5},
        "say": {**room, "text": "words", "reply_to": 1, "experience": False},
        "delete_entry": {**room, "seq": 1},
        "hide_entry": {**room, "seq": 9},
        "typing": room,
        "beat": {"n": 1},
        "set_availability": {**group, "state": "break", "until": 2**50},
        "set_rung_when_away": {**group, "on": False},
        "hide_presence": {**group, "hidden": False},
        "raise_call": {**group, "words": "words", "only": [town.members[0]], "volunteers_too": True},
        "card_delivered": call,
        "card_seen": call,
        "answer_call": {**call, "answer": "coming"},
        "enter_call": call,
        "leave_call": {**call, "parted_well": True},
        "confirm_here": call,
        "cancel_call": {**call, "why": "ok"},
        "undo_cancel": call,
        "close_call": {**call, "feeling": "better", "check_in": True},
        "still_need": {**call, "need": True},
        "answer_check_in": call,
        "narrow_call": {**call, "only": [], "volunteers_too": True},
        "refuse_helper": {**call, **member},
        "fetch_on_call": call,
        "danger_now": call,
        "step_away": call,
        "watch_desk": {},
        "set_shift": {"on": True, "backup": False},
        "close_as_volunteer": {**call, "reason": "no_answer"},
        "reopen_call": call,
        "read_audit": {"after": 0},
        "block_member": member,
        "unblock_member": member,
        "list_blocks": group,
        "report_member": {**member, "reason": "fixing", "room": home["room"], "seq": 1, "words": "w"},
        "list_reports": group,
        "resolve_report": {"report": NEVER_WAS},
        "declare_action": {
            **group,
            "deed": "delete",
            "words": "words",
            "medium": "stills",
            "wanted": 2,
            "only": [town.members[0]],
            "plan": {"local": "2039-03-27T02:30", "zone": "Europe/Paris"},
        },
        "ask_witnesses": action,
        "go_live": {**action, "anyway": True},
        "set_medium": {**action, "medium": "text", "why": "line"},
        "cut_picture": {**action, "cut": True},
        "say_step": {**action, "text": "words"},
        "declare_done": action,
        "stop_action": action,
        "remove_witness": {**action, **member},
        "share_keys": {**action, "epoch": 1, "key": public, "shares": [{"device": NEVER_WAS, "wrapped": wrapped}]},
        "join_action": {**action, "key": public},
        "leave_action": action,
        "look": {**action, "looking": True},
        "got": {**action, "medium": "video"},
        "with_you": action,
        "attest": {**action, "saw": True},
        "report_action": {**action, "reason": "unwanted", "words": "w"},
        "open_media": action,
        "turn_into_call": action,
        "end_for_safety": action,
        "list_records": {},
        "export_record": action,
        "delete_record": action,
    }
    assert fields.keys() == {c.__struct_config__.tag for c in get_args(Command) if c is not Hello}
    unanswered = {c.__struct_config__.tag for c in (Beat, Typing, Got)}
    return [{"t": t, **({} if t in unanswered else {"k": ""}), **more} for t, more in fields.items()]


@pytest.mark.parametrize("end", ["\n", "\r", "\x0b", "\u2028", " "])
async def test_an_id_a_key_and_a_secret_end_where_they_end(a_group: list[Member], end: str) -> None:
    """A pattern that ends in `$` takes a newline after the last character: one id, two spellings."""
    _maria, ana = a_group
    async with a_line(ana.page.account) as line:
        for spoilt in (
            {"t": "list_members", "k": "key-of-mine", "group": ana.group + end},
            {"t": "use_invite", "k": "key-of-mine", "invite": "x" * 32 + end, "my_name": "Ana", "pledged": True},
        ):
            before = len(line.frames)
            await line.send(spoilt)
            assert (await line.reply_to("key-of-mine", after=before))["code"] == "bad_frame"
        before = len(line.frames)
        await line.send({"t": "list_members", "k": "key-of-mine" + end, "group": ana.group})
        refused = await line.wait_for(lambda f: f["t"] in ("ok", "refused"), after=before)
        assert (refused["t"], refused["re"], refused["code"]) == ("refused", None, "bad_frame")


# ---------------------------------------------------------------- below the frames


async def test_bytes_that_are_no_websocket_end_in_a_close_and_leave_nothing(tmp_path: Path) -> None:
    """Handshakes with one thing wrong, then frames that no library would send, from strangers without a hello."""
    async with a_child(tmp_path / "data") as child:
        ends: Counter[str] = Counter()
        await asyncio.gather(*(_stranger(child.port, random.Random(f"{SEED} {n}"), ends) for n in range(60)))
        descriptors, _resident = await settled(child, None)
        for wave in range(6):
            await asyncio.gather(*(_stranger(child.port, random.Random(f"{wave} {n}"), ends) for n in range(60)))
        now, _resident = await settled(child, descriptors)
        print(f"{sum(ends.values())} strangers; descriptors {descriptors} → {now}; {dict(ends)}")
        assert now <= descriptors + DESCRIPTORS_MORE_AT_MOST
        assert ends.keys() <= {"closed", "waits", *(f"HTTP/1.{n} {status}" for n in (0, 1) for status in ANSWERS)}
        must_be_free_of_errors(child)
        account = await sign_up(child.url, "someone", PASSPHRASE)
        async with a_line(account) as line:
            assert (await line.ask("visible", visible=True))["t"] == "ok"


async def _stranger(port: int, r: random.Random, ends: Counter[str]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        if r.random() < 0.3:
            writer.write(http_bytes(r))
        else:
            writer.write(HANDSHAKE)
            await reader.readuntil(b"\r\n\r\n")
            for _ in range(r.randint(1, 3)):
                writer.write(websocket_bytes(r))
        async with asyncio.timeout(0.3):
            data = await reader.read(4096)
        ends[data[:12].decode("latin-1") if data.startswith(b"HTTP") else "closed"] += 1
    except (ConnectionError, asyncio.IncompleteReadError):
        ends["closed"] += 1
    except TimeoutError:
        ends["waits"] += 1  # a frame that is not whole yet
    finally:
        writer.transport.abort()


async def test_slow_headers_do_not_keep_a_call_waiting(tmp_path: Path) -> None:
    """200 connections that never finish their headers, and a call meanwhile: its ok within 1 s."""
    async with a_child(tmp_path / "data") as child, a_town(child) as town:
        slow = [await asyncio.open_connection("127.0.0.1", child.port) for _ in range(200)]
        for number, (_reader, writer) in enumerate(slow):
            writer.write(HANDSHAKE[: 20 + number % 100])
        began = time.monotonic()
        await town.a_call_still_works()
        seconds = time.monotonic() - began
        for _reader, writer in slow:
            writer.transport.abort()
        print(f"a call among 200 slow headers: {seconds * 1000:.0f} ms from the press to 'coming'")
        assert seconds < 1
        must_be_free_of_errors(child)


# ---------------------------------------------------------------- readers and floods


async def test_a_reader_who_stalls_is_put_out_while_the_others_read_on(
    world: World, a_group: list[Member], clock: MovableClock
) -> None:
    """The outbox drops for the stalled one, asks it to resync, and after 5 s puts it out (failure rule 1)."""
    maria, ana = a_group
    stalled = await _stalled(ana.page.account, ana.room)
    log = await ana.page.open_room(ana.room)
    connections = len(world.beside.door.open)
    said = 0
    while not _drops(world):
        assert (await maria.page.say(maria.room, f"{said} " + "x" * 3900)) is not None
        said += 1
        clock.advance(100)  # no faster than 10 a second
        assert said < 3_000, "nothing was ever dropped for the stalled reader"
    clock.advance(outbox.STALLED_AFTER_MS)
    async with asyncio.timeout(5):
        while len(world.beside.door.open) == connections:  # noqa: ASYNC110  the door has no event for it
            await asyncio.sleep(0.05)
    await maria.page.say(maria.room, "after it")
    await ana.page.until(lambda state: state.said_in(ana.room)[-1:] == ["after it"])
    assert [e["seq"] for e in log.entries][-said:] == list(range(log.last - said + 1, log.last + 1))
    assert ana.page.closes == []
    assert maria.page.closes == []
    print(f"put out after {said} entries of 4 KB")
    stalled.close()


async def test_pr06_a_reader_who_was_slow_learns_who_can_be_here_now(
    world: World, a_group: list[Member], clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The view that was dropped for it is not missing for good: once it reads again, it is told how things are then."""
    maria, ana = a_group
    await maria.page.finish_introduction(maria.group)
    slow = await _slow_reader(ana.page.account, ana.room)
    while not _drops(world):
        await maria.page.say(maria.room, "x" * 3900)
        clock.advance(100)  # no faster than 10 a second
    monkeypatch.setattr(outbox, "ORDINARY_LIMIT_BYTES", 1)  # not one small view more
    await maria.page.set_availability(maria.group, "open")
    async with asyncio.timeout(5):
        while f"presence:{ana.group}" not in _missed(world):  # noqa: ASYNC110  the outbox has no event for it
            await asyncio.sleep(0.01)
    line = Line(slow)  # which reads
    await line.wait_for(lambda f: f["t"] == "resync")
    await line.wait_for(lambda f: f["t"] == "presence_now" and f["presence"]["can_come"] == 1)
    await line.close()


async def _slow_reader(account: Account, room: str) -> ClientConnection:
    """A page that opens the room and, for now, reads no further than its small buffers."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.setblocking(False)
    port = int(account.base_url.rsplit(":", 1)[1])
    await asyncio.get_running_loop().sock_connect(raw, ("127.0.0.1", port))
    ticket = await account.ticket()
    slow = await connect(f"ws://127.0.0.1:{port}/ws", sock=raw, compression=None, proxy=None, max_queue=1)
    await slow.send(msgpack.packb({"t": "hello", "k": "hello-hello", "ticket": ticket, "version": 1, "page": "client"}))
    await slow.send(msgpack.packb({"t": "open_room", "k": "open-open", "room": room}))
    return slow


def _missed(world: World) -> set[str]:
    return {missed for c in world.beside.arrivals._connections.values() for missed in c._outbox.behind_rooms}


def _drops(world: World) -> int:
    return sum(c._outbox.dropped for c in world.beside.arrivals._connections.values())


async def _stalled(account: Account, room: str) -> socket.socket:
    """A socket that opens the room and never reads again. Its own buffer is small, so that it stalls early."""
    import msgpack
    from websockets.client import ClientProtocol
    from websockets.uri import parse_uri

    port = int(account.base_url.rsplit(":", 1)[1])
    ticket = await account.ticket()
    protocol = ClientProtocol(parse_uri(f"ws://127.0.0.1:{port}/ws"))
    loop = asyncio.get_running_loop()
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.setblocking(False)
    await loop.sock_connect(raw, ("127.0.0.1", port))
    protocol.send_request(protocol.connect())
    await loop.sock_sendall(raw, b"".join(protocol.data_to_send()))
    while b"\r\n\r\n" not in (data := await loop.sock_recv(raw, 4096)):
        pass
    protocol.receive_data(data)
    hello = {"t": "hello", "k": "hello-hello", "ticket": ticket, "version": 1, "page": "client"}
    for frame in (hello, {"t": "open_room", "k": "open-open", "room": room}):
        protocol.send_binary(msgpack.packb(frame))
    await loop.sock_sendall(raw, b"".join(protocol.data_to_send()))
    seen = b""
    while b"room_now" not in seen:
        seen += await loop.sock_recv(raw, 65536)
    return raw


async def test_uc09_a_flood_of_chat_is_slowed_and_a_call_is_not(a_group: list[Member]) -> None:
    _maria, ana = a_group
    async with a_line(ana.page.account) as line:
        heard = [await line.ask("say", room=ana.room, text="again") for _ in range(ORDINARY_BURST + 20)]
        assert [h["t"] for h in heard[:ORDINARY_BURST]] == ["ok"] * ORDINARY_BURST
        assert {h.get("code") for h in heard[ORDINARY_BURST:]} == {"too_fast"}
        assert heard[-1]["retry_after_ms"] > 0
        raised = await line.ask("raise_call", group=ana.group)
        assert raised["t"] == "ok"
        for _ in range(20):
            assert (await line.ask("cancel_call", call=raised["call"], why="mistake"))["t"] == "ok"
            assert (await line.ask("undo_cancel", call=raised["call"]))["t"] == "ok"
        assert (await line.ask("close_call", call=raised["call"], feeling="more"))["t"] == "ok"


async def test_far_too_much_closes_the_line_and_a_call_gets_in_by_the_next(a_group: list[Member]) -> None:
    _maria, ana = a_group
    line = await joined(ana.page.account)
    with contextlib.suppress(LineClosed):
        for _ in range(ORDINARY_BURST + REFUSALS_BEFORE_CLOSE + 1):
            await line.ask("say", room=ana.room, text="again")
    assert await line.closed() == TOO_FAST.code
    async with a_line(ana.page.account) as again:
        assert (await again.ask("raise_call", group=ana.group))["t"] == "ok"
    await line.close()


@pytest.mark.parametrize("frame", [{"t": "beat", "n": 1}, {"t": "typing", "room": NEVER_WAS}])
async def test_frames_without_a_key_cannot_flood_either(a_group: list[Member], frame: Frame) -> None:
    _maria, ana = a_group
    line = await joined(ana.page.account)
    with contextlib.suppress(LineClosed):
        for _ in range(ORDINARY_BURST + REFUSALS_BEFORE_CLOSE + 1):
            await line.send(frame)
    assert await line.closed() == TOO_FAST.code
    await line.close()
