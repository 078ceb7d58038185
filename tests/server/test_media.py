"""The media relay over real sockets: who gets pictures, and that nobody else gets one byte (WA2, WA3)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from presence.ids import CallId, MemberId
from rooms.witness import Attesting, Ended, Ending, Gathering, Turned
from server.gateway import media
from server.gateway.door import READ_AT_ONCE_BYTES
from server.media.lane import UNSENT_AT_MOST_BYTES
from server.wire.chunks import CHUNK_AT_MOST_BYTES, NOBODY_WATCHES, PHOTO_AT_MOST_BYTES, Kind
from server.wire.codes import (
    BAD_FRAME,
    BAD_TICKET,
    CROWDED,
    DRAINING,
    NO_HELLO,
    NO_RIGHT,
    TAKEN_OVER,
    TOO_FAST,
    TOO_MANY,
)
from tests.server.media_world import Studio, a_chunk, a_studio, a_witness, an_action, who_is

TOO_LONG, ABNORMAL = 1009, 1006


@pytest.fixture
async def studio() -> AsyncIterator[Studio]:
    """Ana is live; Maria and Tom joined and look."""
    async with a_studio(an_action("Maria", "Tom")) as studio:
        yield studio


# ---------------------------------------------------------------- the pipe


async def test_wa3_what_one_sends_all_get_as_it_was(studio: Studio) -> None:
    ana, maria, tom = await studio.sender(), await studio.watcher("Maria"), await studio.watcher("Tom")
    await ana.until(lambda _: ana.keys_wanted >= 1)
    sent = [await studio.send(ana, Kind.KEY, 12_000)]
    sent += [await studio.send(ana, kind) for kind in (Kind.DELTA, Kind.SOUND, Kind.DELTA, Kind.STILL, Kind.PHOTO)]
    for page in (maria, tom):
        await page.has(sent[-1])
        assert page.chunks == sent
    assert ana.chunks == []


async def test_wa2_a_late_joiner_begins_with_a_key_frame_that_was_asked_for_it(studio: Studio) -> None:
    ana, maria = await studio.sender(), await studio.watcher("Maria")
    await studio.send(ana, Kind.KEY)
    await maria.has(await studio.send(ana, Kind.DELTA))
    studio.clock.advance(250)
    asked = ana.keys_wanted
    tom = await studio.watcher("Tom")
    await ana.until(lambda _: ana.keys_wanted == asked + 1)
    await maria.has(await studio.send(ana, Kind.DELTA))
    key = await studio.send(ana, Kind.KEY)
    after = await studio.send(ana, Kind.DELTA)
    await tom.has(after)
    assert tom.chunks == [key, after]


async def test_wa2_however_many_wait_a_key_frame_is_asked_for_at_most_once_in_250_ms(studio: Studio) -> None:
    ana = await studio.sender()
    tabs = [await studio.watcher("Maria") for _ in range(6)]
    await ana.until(lambda _: ana.keys_wanted == 1)
    for _ in range(4):
        await studio.send(ana, Kind.DELTA)  # 42 ms each
    await studio.send(ana, Kind.PHOTO)
    for tab in tabs:
        await tab.until(lambda got: len(got) == 2)
    assert ana.keys_wanted == 1
    last = [await studio.send(ana, kind) for kind in (Kind.DELTA, Kind.DELTA, Kind.KEY)][-1]
    for tab in tabs:
        await tab.has(last)
    assert ana.keys_wanted == 2, "after a photo the picture is whole; for the delta frame after it a key frame lacks"


async def test_wa2_the_sender_hears_whether_anyone_watches(studio: Studio) -> None:
    ana = await studio.sender()
    assert ana.got[1] == NOBODY_WATCHES
    maria, tom = await studio.watcher("Maria"), await studio.watcher("Tom")
    await ana.until(lambda _: ana.says_someone_watches)
    await maria.close()
    await eventually(lambda: studio.watching() == ["Tom"])
    assert ana.says_someone_watches
    await tom.close()
    await ana.until(lambda _: not ana.says_someone_watches)


# ---------------------------------------------------------------- who may not


@pytest.mark.parametrize(
    "changes",
    [{"looking": False}, {"left": True}, {"frozen": True}, {"barred": True}],
    ids=["does not look", "left", "reported it", "removed or blocked"],
)
async def test_wa3_whoever_may_not_watch_gets_no_byte(studio: Studio, changes: dict[str, bool]) -> None:
    ana, maria, tom = await studio.sender(), await studio.watcher("Maria"), await studio.watcher("Tom")
    early = studio.ticket("Tom")
    await studio.send(ana, Kind.KEY)
    before = await studio.send(ana, Kind.DELTA)
    await asyncio.gather(maria.has(before), tom.has(before))
    studio.witness_becomes("Tom", **changes)
    after = [await studio.send(ana, Kind.DELTA) for _ in range(5)]
    await maria.has(after[-1])
    assert await tom.closed() == NO_RIGHT.code
    assert tom.chunks[-1] == before
    for ticket in (early, studio.ticket("Tom")):
        again = await studio.page_with(ticket)
        assert await again.closed() == NO_RIGHT.code
        assert again.got == []


async def test_wa3_whoever_never_joined_gets_no_byte_even_with_a_ticket(studio: Studio) -> None:
    stranger = await studio.page_with(studio.ticket("Eve"))
    assert await stranger.closed() == NO_RIGHT.code
    assert stranger.got == []


async def test_wa3_a_witness_cannot_send(studio: Studio) -> None:
    page = await studio.page_with(studio.ticket("Maria", sends=True))
    assert await page.closed() == NO_RIGHT.code
    assert page.got == []


@pytest.mark.parametrize("which", ["used", "foreign", "late", "of an action that is over", "empty", "text"])
async def test_wa3_a_ticket_that_is_not_one_opens_nothing(studio: Studio, which: str) -> None:
    ticket = studio.ticket("Tom")
    match which:
        case "used":
            await studio.page_with(ticket)
            await eventually(lambda: studio.watching() == ["Tom"])
        case "foreign":
            ticket = "A" * 32
        case "late":
            studio.clock.advance(30_000)
        case "of an action that is over":
            studio.becomes(stage=Ended(0, Ending.STOPPED))
        case "empty":
            ticket = ""
        case _:
            pass
    page = await studio.page()
    await page.socket.send(ticket if which == "text" else ticket.encode())
    page.read_on()
    assert await page.closed() == (NO_RIGHT if which == "of an action that is over" else BAD_TICKET).code
    assert page.got == []


async def test_wa3_a_ticket_is_good_until_its_30_s_are_over(studio: Studio) -> None:
    ticket = studio.ticket("Tom")
    studio.clock.advance(29_999)
    page = await studio.page_with(ticket)
    await page.until(lambda got: got == [b"\x02"])


async def test_wa3_before_it_is_live_and_after_it_is_over_nothing_passes(studio: Studio) -> None:
    studio.becomes(stage=Gathering(0))
    ana = await studio.sender()
    early = await studio.page_with(studio.ticket("Maria"))
    assert await early.closed() == NO_RIGHT.code
    await studio.send(ana, Kind.KEY)
    studio.becomes(stage=an_action().stage)
    maria = await studio.watcher("Maria")
    key = await studio.send(ana, Kind.KEY)
    await maria.has(key)
    for stage in (Attesting(0, 1, {}), Turned(0, CallId("a call"))):
        studio.becomes(stage=stage)
        await maria.has(await studio.send(ana, Kind.DELTA))
    studio.becomes(stage=Ended(0, Ending.TURNED))
    assert await maria.closed() == await ana.closed() == NO_RIGHT.code
    assert early.got == []
    assert maria.chunks[0] == key


async def test_wa3_news_that_come_late_give_no_right_back(studio: Studio) -> None:
    old = studio.action
    tom = await studio.watcher("Tom")
    studio.witness_becomes("Tom", left=True)
    assert await tom.closed() == NO_RIGHT.code
    ticket = studio.ticket("Tom")
    studio.relay.follow(old)
    assert await (await studio.page_with(ticket)).closed() == NO_RIGHT.code
    studio.becomes(stage=Ended(0, Ending.STOPPED))
    studio.action = replace(old, version=99)
    assert await (await studio.page_with(studio.ticket("Tom"))).closed() == NO_RIGHT.code


async def test_wa3_a_revoked_device_is_out_at_once_with_its_unused_tickets(studio: Studio) -> None:
    ana, maria, tom = await studio.sender(), await studio.watcher("Maria"), await studio.watcher("Tom")
    unused = studio.ticket("Tom")
    await maria.has(await studio.send(ana, Kind.KEY))
    studio.relay.device_gone(who_is("Tom").device)
    assert await tom.closed() == NO_RIGHT.code
    page = await studio.page_with(unused)
    assert await page.closed() == BAD_TICKET.code
    await maria.has(await studio.send(ana, Kind.DELTA))
    assert set(studio.relay.devices()) == {who_is("Ana").device, who_is("Maria").device}
    studio.relay.device_gone(who_is("Ana").device)
    assert await ana.closed() == NO_RIGHT.code


# ---------------------------------------------------------------- the cut


async def test_wa3_a_cut_holds_in_the_very_turn_of_the_loop_and_the_sockets_stay(studio: Studio) -> None:
    ana, maria, tom = await studio.sender(), await studio.watcher("Maria"), await studio.watcher("Tom")
    await studio.send(ana, Kind.KEY)
    before = await studio.send(ana, Kind.DELTA)
    await asyncio.gather(maria.has(before), tom.has(before))
    seat = studio.relay._streams[studio.action.id].sender
    assert seat is not None
    studio.becomes(cut=True)
    assert studio.relay.chunk(seat, a_chunk(Kind.KEY, 1_000)) is None  # no turn in between
    for _ in range(3):
        await studio.send(ana, Kind.KEY)
    studio.clock.advance(250)
    asked = ana.keys_wanted
    studio.becomes(cut=False)
    await ana.until(lambda _: ana.keys_wanted == asked + 1)
    await studio.send(ana, Kind.DELTA)
    key = await studio.send(ana, Kind.KEY)
    for page in (maria, tom):
        await page.has(key)
        assert page.chunks[-2:] == [before, key]


async def test_wa3_a_cut_is_with_thirty_witnesses_soon(capsys: pytest.CaptureFixture[str]) -> None:
    """How soon is printed and measured by `./do bench video`; here: nothing that was sent after it arrives."""
    names = [f"witness {n}" for n in range(30)]
    async with a_studio(an_action(*names)) as studio:
        ana = await studio.sender()
        pages = [await studio.watcher(name) for name in names]
        await studio.send(ana, Kind.KEY, 12_000)
        last = [await studio.send(ana, Kind.DELTA) for _ in range(24)][-1]
        began = time.monotonic()
        await asyncio.gather(*(page.has(last) for page in pages))
        studio.becomes(cut=True)
        for _ in range(24):
            await studio.send(ana, Kind.DELTA)
        studio.becomes(cut=False)
        key = await studio.send(ana, Kind.KEY)
        await asyncio.gather(*(page.has(key) for page in pages))
        took = time.monotonic() - began
        assert all(page.chunks[-2:] == [last, key] for page in pages)
    with capsys.disabled():
        print(f"\n30 witnesses: the last picture before the cut and the first after it within {took * 1000:.0f} ms")


async def test_wa3_what_waits_for_a_slow_witness_at_the_cut_is_thrown_away(studio: Studio) -> None:
    ana, maria = await studio.sender(), await studio.watcher("Maria")
    slow = await studio.page(small=True, max_queue=1)
    await slow.socket.send(studio.ticket("Tom").encode())
    await eventually(lambda: studio.watching() == ["Maria", "Tom"])
    sent = [await studio.send(ana, Kind.KEY, 12_000)]
    while studio.unsent("Tom") < 20_000:
        sent.append(await studio.send(ana, Kind.DELTA))
        await maria.has(sent[-1])
    studio.becomes(cut=True)
    await eventually(lambda: studio.watching() == ["Maria"])
    slow.read_on()
    assert await slow.closed() == 1006
    assert sent[-1] not in slow.got
    assert maria.socket.close_code is None


# ---------------------------------------------------------------- the sender's line


async def test_wa3_a_newer_page_of_the_sender_takes_over(studio: Studio) -> None:
    phone, maria = await studio.sender(), await studio.watcher("Maria")
    await studio.send(phone, Kind.KEY)
    before = await studio.send(phone, Kind.DELTA)
    await maria.has(before)
    studio.clock.advance(250)
    laptop = await studio.sender()
    assert await phone.closed() == TAKEN_OVER.code
    assert laptop.says_someone_watches
    await laptop.until(lambda _: laptop.keys_wanted == 1)
    await studio.send(laptop, Kind.DELTA)
    key = await studio.send(laptop, Kind.KEY)
    await maria.has(key)
    assert maria.chunks[-2:] == [before, key]


async def test_wa3_a_sender_whose_line_drops_leaves_the_stream_waiting(studio: Studio) -> None:
    ana, maria = await studio.sender(), await studio.watcher("Maria")
    before = await studio.send(ana, Kind.KEY)
    await maria.has(before)
    ana.socket.transport.abort()
    await eventually(lambda: studio.relay.devices() == [who_is("Maria").device])
    studio.clock.advance(250)
    again = await studio.sender()
    await again.until(lambda _: again.keys_wanted == 1)
    key = await studio.send(again, Kind.KEY)
    await maria.has(key)
    assert maria.chunks == [before, key]


# ---------------------------------------------------------------- slow and hostile


async def test_wa2_a_stalled_witness_is_bounded_costs_nobody_anything_and_begins_with_a_key_frame(
    studio: Studio,
) -> None:
    ana, maria = await studio.sender(), await studio.watcher("Maria")
    slow = await studio.page(small=True, max_queue=1)
    await slow.socket.send(studio.ticket("Tom").encode())
    await eventually(lambda: studio.watching() == ["Maria", "Tom"])
    sent, worst = [await studio.send(ana, Kind.KEY, 12_000)], 0
    for number in range(300):
        sent.append(await studio.send(ana, Kind.KEY if number % 50 == 49 else Kind.DELTA))
        await maria.has(sent[-1])
        worst = max(worst, studio.unsent("Tom"))
    assert 0 < worst <= UNSENT_AT_MOST_BYTES
    assert maria.chunks == sent
    slow.read_on()
    await eventually(lambda: studio.unsent("Tom") == 0)
    held = len(slow.chunks)
    asked = ana.keys_wanted
    await maria.has(await studio.send(ana, Kind.DELTA))
    await ana.until(lambda _: ana.keys_wanted > asked)
    key = await studio.send(ana, Kind.KEY, 12_000)
    after = await studio.send(ana, Kind.DELTA)
    await slow.has(after)
    assert slow.chunks[-2:] == [key, after]
    assert slow.chunks[: held - 2] == sent[: held - 2], "what it got before was without a gap"


async def test_wa2_a_slow_witness_is_asked_for_again_when_no_chunk_comes(studio: Studio) -> None:
    """In stills and photo nothing comes by itself: whoever caught up has the newest picture asked for them."""
    ana = await studio.sender()
    slow = await studio.page(small=True, max_queue=1)
    await slow.socket.send(studio.ticket("Tom").encode())
    await ana.until(lambda _: ana.keys_wanted == 1)
    await studio.send(ana, Kind.STILL, 30_000)
    while studio.seat("Tom").lane.has_picture:  # until one is left out
        await studio.send(ana, Kind.STILL, 30_000)
    asked = ana.keys_wanted
    studio.clock.advance(250)
    slow.read_on()
    await ana.until(lambda _: ana.keys_wanted > asked)


async def test_wa3_a_sender_who_is_too_fast_loses_chunks_and_goes_on_with_a_key_frame(studio: Studio) -> None:
    ana, maria = await studio.sender(), await studio.watcher("Maria")
    await ana.until(lambda _: ana.keys_wanted == 1)
    for _ in range(20):
        await studio.send(ana, Kind.KEY, 200_000, after_ms=0)
        await eventually(lambda: studio.unsent("Maria") == 0)
    passed = 3 * 1024 * 1024 // 200_011
    await maria.until(lambda _: len(maria.chunks) == passed)
    studio.clock.advance(1_000)
    await studio.send(ana, Kind.DELTA, after_ms=0)
    await ana.until(lambda _: ana.keys_wanted == 2)
    key = await studio.send(ana, Kind.KEY, after_ms=0)
    await maria.has(key)
    assert len(maria.chunks) == passed + 1
    for _ in range(400):  # tiny ones cost as much as a chunk of 4 KiB
        await studio.send(ana, Kind.SOUND, 24, after_ms=0)
    studio.clock.advance(250)
    key = await studio.send(ana, Kind.KEY, after_ms=0)
    await maria.has(key)
    assert 256 < len(maria.chunks) - passed < 300, "one second and what was left of the burst"


async def test_wa3_a_sender_gone_wild_is_told_to_go_and_not_let_in_again_at_once(studio: Studio) -> None:
    ana, maria = await studio.sender(), await studio.watcher("Maria")
    with contextlib.suppress(ConnectionClosed):
        for _ in range(4_000):
            await ana.socket.send(a_chunk(Kind.SOUND, 1, 24))
    assert await ana.closed() == TOO_FAST.code
    again = await studio.page_with(studio.ticket("Ana", sends=True))
    assert await again.closed() == TOO_FAST.code
    assert studio.watching() == ["Maria"], "who watches waits for the next"
    studio.clock.advance(10_000)
    ana = await studio.sender()
    await maria.has(await studio.send(ana, Kind.KEY))


async def test_wa3_a_stranger_s_thousands_of_small_frames_are_taken_apart_a_few_at_a_time(studio: Studio) -> None:
    """256 KiB of them at once held the loop, and every call with it, for half a second."""
    page, at_once = await studio.page(), []
    for connection in studio.media.door.open:
        taken_apart = connection.data_received

        def data_received(data: bytes, taken_apart: Callable[[bytes], None] = taken_apart) -> None:
            at_once.append(len(data))
            taken_apart(data)

        connection.data_received = data_received  # type: ignore[method-assign]
    page.socket.transport.write(b"\x82\xa0" + bytes(4 + 32) + b"\x82\x80\0\0\0\0" * 40_000)
    assert await page.closed() in {None, BAD_TICKET.code, ABNORMAL}
    assert at_once
    assert max(at_once) <= READ_AT_ONCE_BYTES


HOSTILE_TICKETS: list[str | bytes] = [
    b"",
    b"\x00",
    b"\xff" * 20,
    "ä".encode() * 10,
    b"A" * 64,
    b"\x01" + b"A" * 31,
    "A" * 32,
]
HOSTILE_CHUNKS: list[str | bytes] = [
    "text",
    b"",
    b"\x01",
    b"\x01" * 34,
    b"\x00" + b"A" * 100,
    b"\x06" + b"A" * 100,
    b"\xff" + b"A" * 100,
    b"{}" * 30,
    b"\x02" + b"A" * CHUNK_AT_MOST_BYTES,
    b"\x05" + b"A" * CHUNK_AT_MOST_BYTES,
]
HOSTILE_WORDS: list[str | bytes] = ["text", b"", b"\x10", b"\x01" + b"A" * 50]


async def test_wa3_whatever_a_socket_says_the_others_lose_nothing(studio: Studio) -> None:
    ana, maria = await studio.sender(), await studio.watcher("Maria")
    sent = [await studio.send(ana, Kind.KEY)]
    for said in HOSTILE_TICKETS:
        page = await studio.page()
        await page.socket.send(said)
        assert await page.read_on().closed() == BAD_TICKET.code
        assert page.got == []
    long = await studio.page()
    await long.socket.send(b"A" * 65)
    assert await long.read_on().closed() == TOO_LONG
    for said in HOSTILE_WORDS:
        tab = await studio.watcher("Tom")
        await tab.socket.send(said)
        assert await tab.closed() == BAD_FRAME.code
        sent.append(await studio.send(ana, Kind.KEY))
    await maria.has(sent[-1])
    assert maria.chunks == sent
    for said in HOSTILE_CHUNKS:
        studio.clock.advance(250)
        ana = await studio.sender()
        await ana.socket.send(said)
        assert await ana.closed() == BAD_FRAME.code, said[:10]
    ana = await studio.sender()
    await ana.socket.send(a_chunk(Kind.PHOTO, 1, PHOTO_AT_MOST_BYTES))
    assert await ana.closed() == TOO_LONG
    ana = await studio.sender()
    await maria.has(await studio.send(ana, Kind.KEY))
    assert len(maria.chunks) == len(sent) + 1


async def test_wa3_a_watcher_cannot_make_the_server_hold_a_long_message(studio: Studio) -> None:
    tab = await studio.watcher("Tom")
    await tab.socket.send(os.urandom(PHOTO_AT_MOST_BYTES))
    assert await tab.closed() == TOO_LONG


# ---------------------------------------------------------------- the door


@pytest.mark.parametrize("headers", [{"Origin": "https://elsewhere.example"}, {"Cookie": "beside-local=x"}])
async def test_wa3_a_foreign_page_is_not_let_in(studio: Studio, headers: dict[str, str]) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await connect(studio.url, additional_headers=headers, proxy=None)
    assert refused.value.response.status_code == 403


async def test_wa3_a_page_of_our_own_is_let_in(studio: Studio) -> None:
    origin = f"http://127.0.0.1:{studio.port}"
    async with connect(studio.url, additional_headers={"Origin": origin, "Cookie": "a=b"}, proxy=None) as socket:
        await socket.send(studio.ticket("Tom").encode())
        assert await socket.recv() == b"\x02"


async def test_wa3_who_shows_no_ticket_is_not_waited_for(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "TICKET_WITHIN_SECONDS", 0.05)
    page = await studio.page()
    assert await page.read_on().closed() == NO_HELLO.code


async def test_wa3_a_flood_without_tickets_keeps_no_witness_out() -> None:
    action = an_action("Maria")
    async with a_studio(action, media_connections_before_ticket_at_most=5) as studio:
        flood = [await studio.page() for _ in range(20)]
        maria, ana = await studio.watcher("Maria"), await studio.sender()
        await maria.has(await studio.send(ana, Kind.KEY))
        for page in flood[:15]:
            assert await page.read_on().closed() == CROWDED.code


async def test_wa3_one_person_s_many_pages_take_no_place_of_others() -> None:
    async with a_studio(an_action("Maria", "Tom"), connections_per_account_at_most=3) as studio:
        ana, maria = await studio.sender(), await studio.watcher("Maria")
        tabs = [await studio.watcher("Tom") for _ in range(4)]
        assert await tabs[0].closed() == TOO_MANY.code
        key = await studio.send(ana, Kind.KEY)
        for page in (maria, *tabs[1:]):
            await page.has(key)


async def test_wa3_whoever_sends_is_not_idle_however_many_pages_they_open() -> None:
    async with a_studio(an_action("Maria"), connections_per_account_at_most=3) as studio:
        ana = await studio.sender()
        tabs = []
        for _ in range(3):
            now = studio.clock.now()
            ticket = studio.relay.ticket(studio.action, who_is("Ana"), MemberId("Maria"), sends=False, now=now)
            tabs.append(await studio.page_with(ticket))
            await tabs[-1].until(bool)
            await studio.send(ana, Kind.KEY)
        assert await tabs[0].closed() == TOO_MANY.code
        await tabs[2].has(await studio.send(ana, Kind.KEY))


async def test_wa3_when_there_is_no_room_whoever_has_most_makes_some_and_may_come_back() -> None:
    async with a_studio(an_action("Maria", "Tom"), media_connections_at_most=3) as studio:
        tabs = [await studio.watcher("Tom") for _ in range(3)]
        maria = await studio.watcher("Maria")
        assert await tabs[0].closed() == CROWDED.code
        assert CROWDED.returns
        assert maria.socket.close_code is None


async def test_wa3_a_server_that_restarts_says_when_to_come_back(studio: Studio) -> None:
    ana, maria = await studio.sender(), await studio.watcher("Maria")
    await studio.media.drain(10)
    for page in (ana, maria):
        assert await page.closed() == DRAINING.code
        assert page.socket.close_reason is not None
        assert 0 <= int(page.socket.close_reason) < 10_000


async def test_wa3_nothing_stays_of_what_is_over(studio: Studio) -> None:
    ana, maria = await studio.sender(), await studio.watcher("Maria")
    await maria.has(await studio.send(ana, Kind.KEY))
    studio.becomes(stage=Ended(0, Ending.COMPLETED), witnesses={MemberId("Maria"): a_witness("Maria")})
    await asyncio.gather(ana.closed(), maria.closed())
    await eventually(lambda: not studio.media._lines)
    assert not studio.relay._streams
    assert not studio.relay._tickets
    await eventually(lambda: not studio.media.door.open)


async def eventually(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110  the far end of a socket has no event here
            await asyncio.sleep(0.005)
