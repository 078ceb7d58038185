"""What `server.ports.Bus` promises, of every adapter and on real servers: one Valkey, and a cluster of three."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from server.bus import redis as bus_module
from server.bus.local import LocalBus
from server.bus.redis import RedisBus
from server.bus.seal import Seal
from server.metrics import BUS_LOST, BUS_MESSAGES
from tests.contracts.valkey import Cluster, Valkey, a_cluster, a_valkey, free_port

TOPIC = "topic"
WITHIN_SECONDS = 20
"""A stuck test ends; nothing is measured by it."""
_names = itertools.count()


class Node:
    """One node with its bus: what it hears, and when its bus came up."""

    def __init__(self, url: str, namespace: str, name: str, key: bytes = bytes(32)) -> None:
        self.bus = RedisBus(url, namespace, name, key)
        self.heard: asyncio.Queue[bytes] = asyncio.Queue()
        self.ups: asyncio.Queue[None] = asyncio.Queue()
        self.bus.subscribe(TOPIC, self.heard.put_nowait)
        self.bus.when_up(lambda: self.ups.put_nowait(None))

    async def is_up(self) -> None:
        await asyncio.wait_for(self.ups.get(), WITHIN_SECONDS)

    async def is_down(self) -> None:
        await until(lambda: not self.bus.up)

    async def hears(self) -> bytes:
        return await asyncio.wait_for(self.heard.get(), WITHIN_SECONDS)


async def until(true: Callable[[], bool]) -> None:
    """For what the port tells nobody of."""
    async with asyncio.timeout(WITHIN_SECONDS):
        while not true():  # noqa: ASYNC110  there is no event
            await asyncio.sleep(0.01)


def refused() -> float:
    """How many messages of strangers were heard of."""
    return float(BUS_MESSAGES.labels(way="stranger")._value.get())


def lost(why: str) -> float:
    """What the metrics count."""
    return float(BUS_LOST.labels(why=why)._value.get())


@asynccontextmanager
async def nodes(url: str, namespace: str | None = None, count: int = 2) -> AsyncIterator[list[Node]]:
    """Nodes of one deployment whose buses are up: from here on a message is heard."""
    namespace = namespace or f"deployment-{next(_names)}"
    async with AsyncExitStack() as stack:
        made = [Node(url, namespace, f"node-{n}") for n in range(count)]
        for node in made:
            stack.push_async_callback(node.bus.close)
            await node.bus.start()
        for node in made:
            await node.is_up()
        yield made


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    with a_valkey(tmp_path_factory.mktemp("valkey")) as server:
        yield server


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with a_cluster(tmp_path_factory.mktemp("cluster")) as servers:
        yield servers


@pytest.fixture(params=["valkey", "cluster"])
def url(request: pytest.FixtureRequest) -> str:
    """Of a server that no test hurts."""
    return str(request.getfixturevalue(request.param).url)


@pytest.fixture
def own_valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """One to hurt."""
    with a_valkey(tmp_path_factory.mktemp("valkey")) as server:
        yield server


@pytest.fixture
def own_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with a_cluster(tmp_path_factory.mktemp("cluster")) as servers:
        yield servers


class Middle:
    """Stands between the nodes and their server, and can lose one direction of the lines that there are."""

    def __init__(self, port: int, server_port: int) -> None:
        self.url = f"redis://127.0.0.1:{port}"
        self._server_port = server_port
        self._lines: list[tuple[bytearray, asyncio.Event]] = []

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to_server, from_server = bytearray(), asyncio.Event()
        self._lines.append((to_server, from_server))
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._server_port)

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            while data := await source.read(65_536):
                if sink is server_writer:
                    to_server.extend(data)
                if sink is server_writer or not from_server.is_set():
                    sink.write(data)

        pumps = [asyncio.create_task(p) for p in (pump(reader, server_writer), pump(server_reader, writer))]
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for task in pumps:
            task.cancel()
        server_writer.close()
        writer.close()

    def drop_answers_to(self, command: bytes) -> None:
        """From now on, of every line that there is and on which that was said."""
        for said, deaf in self._lines:
            if command in said:
                deaf.set()


@asynccontextmanager
async def a_middle(server_port: int) -> AsyncIterator[Middle]:
    middle = Middle(free_port(), server_port)
    server = await asyncio.start_server(middle.carry, "127.0.0.1", int(middle.url.rpartition(":")[2]))
    try:
        yield middle
    finally:
        server.close()
        await server.wait_closed()


# ---------------------------------------------------------------- one process


async def test_a_local_bus_has_nobody_to_tell() -> None:
    bus, heard = LocalBus(), list[bytes]()
    bus.subscribe(TOPIC, heard.append)
    await bus.start()
    bus.publish(TOPIC, b"a word")
    assert heard == []
    assert bus.up
    assert await bus.first("ticket", 1_000) is True
    assert await LocalBus(up=False).first("ticket", 1_000) is None
    bus.unsubscribe(TOPIC)
    await bus.close()


# ---------------------------------------------------------------- while all is well


async def test_every_other_node_hears_a_message_once_and_its_own_node_does_not(url: str) -> None:
    async with nodes(url, count=3) as (one, two, three):
        one.bus.publish(TOPIC, b"a\0word\r\n")
        two.bus.publish(TOPIC, b"another")
        assert [await two.hears(), await one.hears()] == [b"a\0word\r\n", b"another"]
        assert {await three.hears(), await three.hears()} == {b"a\0word\r\n", b"another"}
        assert one.heard.empty()
        assert two.heard.empty()


async def test_messages_of_one_node_come_in_their_order(url: str) -> None:
    async with nodes(url) as (one, two):
        said = [str(n).encode() for n in range(500)]
        for word in said:
            one.bus.publish(TOPIC, word)
        assert [await two.hears() for _ in said] == said


async def test_a_handler_that_fails_stops_nothing(url: str) -> None:
    async with nodes(url) as (one, two):

        def fails(payload: bytes) -> None:
            two.heard.put_nowait(payload)
            raise ValueError

        two.bus.subscribe(TOPIC, fails)
        one.bus.publish(TOPIC, b"first")
        one.bus.publish(TOPIC, b"second")
        assert [await two.hears(), await two.hears()] == [b"first", b"second"]
        assert two.bus.up


async def test_one_may_subscribe_later_and_stop(url: str) -> None:
    async with nodes(url) as (one, two):
        late: asyncio.Queue[bytes] = asyncio.Queue()
        two.bus.subscribe("late", late.put_nowait)
        async with asyncio.timeout(WITHIN_SECONDS):
            while late.empty():
                one.bus.publish("late", b"are you there?")
                await asyncio.sleep(0.01)
        two.bus.unsubscribe("late")
        one.bus.publish("late", b"not any more")
        one.bus.publish(TOPIC, b"the end")
        await two.hears()
        assert b"not any more" not in [late.get_nowait() for _ in range(late.qsize())]


async def test_two_deployments_on_one_redis_do_not_hear_each_other(url: str) -> None:
    async with nodes(url) as (one, two), nodes(url) as (stranger, _other):
        stranger.bus.publish(TOPIC, b"not yours")
        assert await stranger.bus.first("name", 60_000) is True
        assert await one.bus.first("name", 60_000) is True
        one.bus.publish(TOPIC, b"yours")
        assert await two.hears() == b"yours"
        assert two.heard.empty()


async def test_who_has_the_password_of_redis_alone_says_nothing_and_reads_nothing(own_valkey: Valkey) -> None:
    """They could give a witness's page a key of their own, and look on."""
    async with nodes(own_valkey.url, "home") as (one, two):
        stranger, before = Node(own_valkey.url, "home", "stranger", key=b"not the key of this deployment.."), refused()
        try:
            await stranger.bus.start()
            stranger.bus.publish(TOPIC, b"believe me")
            own_valkey.ask("PUBLISH", f"beside:{{home}}:{TOPIC}", "node-0\0believe me")
            await until(lambda: refused() >= before + 4)  # both of both
            one.bus.publish(TOPIC, b"yours")
            assert await two.hears() == b"yours"
            assert one.heard.empty()
            assert stranger.heard.empty()
        finally:
            await stranger.bus.close()


def test_a_message_is_of_its_topic_and_whole_or_none() -> None:
    seal = Seal(bytes(32))
    closed = seal.close(TOPIC, b"node-0", b"a word")
    assert seal.open(TOPIC, closed) == (b"node-0", b"a word")
    assert b"a word" not in closed
    for bad in (closed[:-1], closed[:-1] + bytes([closed[-1] ^ 1]), b"short", b""):
        assert seal.open(TOPIC, bad) is None
    assert seal.open("another", closed) is None


async def test_one_node_alone_is_the_first_to_ask_for_a_name(url: str) -> None:
    async with nodes(url, count=3) as three:
        asked = await asyncio.gather(*(node.bus.first(name, 60_000) for name in "abc" for node in three))
        assert (asked.count(True), asked.count(False)) == (3, 6)
        assert await three[0].bus.first("short", 50) is True
        async with asyncio.timeout(WITHIN_SECONDS):
            while not await three[1].bus.first("short", 60_000):
                pass


async def test_whoever_gives_up_waiting_takes_nobody_elses_answer(url: str) -> None:
    """CVE-2023-28858: an answer that nobody waited for went to the next who asked."""
    async with nodes(url) as (one, _two):
        assert await one.bus.first("taken", 60_000) is True
        for n in range(30):
            gives_up = asyncio.ensure_future(one.bus.first("taken", 60_000))
            await asyncio.sleep(0)
            gives_up.cancel()
            assert await one.bus.first(f"free {n}", 60_000) is True


# ---------------------------------------------------------------- when something is wrong


async def test_a_subscriber_that_is_killed_is_missed_and_everyone_is_told_to_ask(own_valkey: Valkey) -> None:
    async with nodes(own_valkey.url) as (one, two):
        for n in range(3):
            assert own_valkey.ask("CLIENT", "KILL", "TYPE", "pubsub") == 2
            await one.is_up()
            await two.is_up()
            one.bus.publish(TOPIC, str(n).encode())
            assert await two.hears() == str(n).encode()


@pytest.mark.parametrize("deaf", [b"SUBSCRIBE", b"PUBLISH"])
async def test_a_line_that_lives_and_brings_nothing_is_found_out_and_made_anew(own_valkey: Valkey, deaf: bytes) -> None:
    """As when something between loses one way: no error is ever raised by that."""
    async with a_middle(own_valkey.port) as middle, nodes(middle.url) as (one, two):
        middle.drop_answers_to(deaf)
        await one.is_down()
        await two.is_down()
        await one.is_up()
        await two.is_up()
        one.bus.publish(TOPIC, b"a word")
        async with asyncio.timeout(WITHIN_SECONDS):
            while await two.hears() != b"a word":
                pass


async def test_a_server_that_was_killed_and_is_back(own_valkey: Valkey) -> None:
    async with nodes(own_valkey.url) as (one, two):
        own_valkey.kill()
        await one.is_down()
        await two.is_down()
        one.bus.publish(TOPIC, b"into the dark")
        assert await one.bus.first("name", 60_000) is None
        own_valkey.start()
        await one.is_up()
        await two.is_up()
        one.bus.publish(TOPIC, b"and back")
        async with asyncio.timeout(WITHIN_SECONDS):
            while await two.hears() != b"and back":
                pass
        assert await one.bus.first("name", 60_000) is True


async def test_what_waited_too_long_is_not_sent_any_more(own_valkey: Valkey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bus_module, "STALE_SECONDS", 0.1)
    async with nodes(own_valkey.url) as (one, two):
        own_valkey.kill()
        await one.is_down()
        cut, late = lost("cut"), lost("late")
        one.bus.publish(TOPIC, b"into the dark")
        await until(lambda: lost("cut") > cut)
        one.bus.publish(TOPIC, b"old news")
        await asyncio.sleep(0.2)  # it grows old
        own_valkey.start()
        await one.is_up()
        await two.is_up()
        one.bus.publish(TOPIC, b"news")
        assert await two.hears() == b"news"
        assert lost("late") == late + 1


async def test_a_server_that_hangs_is_noticed_and_no_answer_of_before_is_taken_for_a_later_one(
    own_valkey: Valkey,
) -> None:
    async with nodes(own_valkey.url) as (one, two):
        assert await one.bus.first("taken", 60_000) is True
        own_valkey.stop()
        # Answered "no" once the server goes on: nobody may take that for the answer to what they ask then.
        hanging = [one.bus.first("taken", 60_000) for _ in range(5)]
        assert await asyncio.gather(*hanging) == [None] * 5
        one.bus.publish(TOPIC, b"into the dark")
        await one.is_down()
        await two.is_down()
        own_valkey.go_on()
        await one.is_up()
        await two.is_up()
        assert [await one.bus.first(f"free {n}", 60_000) for n in range(5)] == [True] * 5
        assert await two.bus.first("free 0", 60_000) is False


async def test_a_full_queue_drops_its_oldest_and_counts_them(
    own_valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bus_module, "STALE_SECONDS", 60.0)
    most = bus_module.WAITING_AT_MOST
    async with nodes(own_valkey.url) as (one, two):
        own_valkey.kill()
        await one.is_down()
        await two.is_down()
        cut = lost("cut")
        for node in (one, two):
            node.bus.publish(TOPIC, b"into the dark")
        await until(lambda: lost("cut") >= cut + 2)
        full = lost("full")
        for n in range(most + 5):
            one.bus.publish(TOPIC, str(n).encode())
        assert lost("full") == full + 5
        two.bus.publish(TOPIC, bytes(bus_module.WAITING_AT_MOST_BYTES + 1))
        assert lost("full") == full + 6
        assert (len(one.bus._messages), len(two.bus._messages)) == (most, 0)
        own_valkey.start()
        await one.is_up()
        one.bus.publish(TOPIC, b"the end")
        await two.is_up()


async def test_a_wrong_password_is_in_no_log_and_the_bus_stays_down(
    own_valkey: Valkey, capsys: pytest.CaptureFixture[str]
) -> None:
    own_valkey.ask("CONFIG", "SET", "requirepass", "right-password")
    bus = RedisBus(own_valkey.url.replace("//", "//:wrong-password@"), "0", "node", bytes(32))
    await bus.start()
    try:
        said = ""
        async with asyncio.timeout(WITHIN_SECONDS):
            while "bus_line_lost" not in said:
                said += "".join(capsys.readouterr())
                await asyncio.sleep(0.01)
    finally:
        await bus.close()
    assert not bus.up
    assert "wrong-password" not in said + repr(bus) + repr(vars(bus))


async def test_a_right_password_opens(own_valkey: Valkey) -> None:
    own_valkey.ask("CONFIG", "SET", "requirepass", "right-password")
    async with nodes(own_valkey.url.replace("//", "//:right-password@")) as (one, two):
        one.bus.publish(TOPIC, b"a word")
        assert await two.hears() == b"a word"


# ---------------------------------------------------------------- a cluster


async def test_the_slot_moves_to_another_server(own_cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """That is noticed before the silence is."""
    monkeypatch.setattr(bus_module, "SILENT_SECONDS", 3 * WITHIN_SECONDS)
    async with nodes(own_cluster.url, "moved") as (one, two):
        old = own_cluster.owner_of("moved")
        assert f"beside:{{moved}}:{TOPIC}".encode() in old.ask("PUBSUB", "SHARDCHANNELS")
        assert [node.ask("PUBSUB", "CHANNELS") for node in own_cluster.nodes] == [[], [], []]
        own_cluster.move("moved", next(n for n in own_cluster.nodes if n is not old))
        await one.is_up()
        await two.is_up()
        one.bus.publish(TOPIC, b"still here")
        assert await two.hears() == b"still here"
        assert old.ask("PUBSUB", "SHARDCHANNELS") == []


async def test_the_server_of_the_slot_dies_and_another_takes_over(own_cluster: Cluster) -> None:
    """Also when it is the one of the URL: the others were learnt from it."""
    namespace = next(name for name in map(str, range(100)) if own_cluster.owner_of(name) is own_cluster.nodes[0])
    async with nodes(own_cluster.url, namespace) as (one, two):
        own_cluster.nodes[0].kill()
        await one.is_down()
        await two.is_down()
        own_cluster.move(namespace, own_cluster.nodes[1])
        await one.is_up()
        await two.is_up()
        one.bus.publish(TOPIC, b"still here")
        async with asyncio.timeout(WITHIN_SECONDS):
            while await two.hears() != b"still here":
                pass
