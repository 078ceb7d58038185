"""Finds the server that carries this deployment's topics, and speaks with it over one connection.

All names of a deployment share a hash tag, `beside:{namespace}:…`, so in a Redis Cluster one slot holds them all, and
one server at a time has that slot. Who has it is asked at each connect: nothing is remembered that could be old.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from redis.asyncio.connection import Connection, parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.crc import key_slot
from redis.exceptions import ConnectionError as NotConnected
from redis.exceptions import RedisError, ResponseError

WITHIN_SECONDS = 1.0
"""For a connection and for each answer: what is later ends the connection, and is never waited for on it again."""

Address = tuple[str, int]


class Line:
    """One connection. `sharded`: its server is part of a cluster, and topics are of its shard alone."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.sharded = False

    @property
    def address(self) -> Address:
        return self._connection.host, self._connection.port

    async def send(self, commands: Sequence[Sequence[str | bytes | int]]) -> None:
        """Raises RedisError or TimeoutError when it cannot be written in time; the line is of no use then."""
        async with asyncio.timeout(WITHIN_SECONDS):
            await self._connection.send_packed_command(self._connection.pack_commands(commands))

    async def answer(self) -> Any:
        """The next answer. Raises ResponseError when it is a refusal; after any other RedisError, and after
        TimeoutError, the line is of no use."""
        async with asyncio.timeout(WITHIN_SECONDS):
            return await self._connection.read_response()

    async def next_message(self) -> Any:
        """What is pushed next, however long that takes."""
        return await self._connection.read_response(timeout=math.inf)

    async def ask(self, *command: str | int) -> Any:
        await self.send([command])
        return await self.answer()

    async def close(self) -> None:
        with suppress(RedisError, OSError):
            await self._connection.disconnect(nowait=True)


class Shard:
    """`connect` to whoever carries the topics of `namespace` at this moment."""

    def __init__(self, url: str, namespace: str) -> None:
        self._options: dict[str, Any] = dict(parse_url(url))
        self._class: type[Connection] = self._options.pop("connection_class", Connection)
        # Databases know no topics and a cluster has only one: the number is the namespace, see server.settings.
        self._options.pop("db", None)
        host, port = self._options.pop("host", "localhost"), self._options.pop("port", 6379)
        self._of_url: Address = (str(host), int(port))
        self._others: list[Address] = []
        """Every server of the cluster, as it was told last: one of them may live when that of the URL does not."""
        self._slot = key_slot(f"beside:{{{namespace}}}".encode())

    async def connect(self) -> Line:
        """Raises RedisError or OSError when nobody has the slot now, or cannot be reached in time."""
        failed: Exception = NotConnected("nobody has the slot")
        for address in (self._of_url, *random.sample(self._others, len(self._others))):
            try:
                line = await self._open(address)
            except (RedisError, OSError) as error:
                failed = error
                continue
            owner = await self._owner(line)
            if owner is None or owner == line.address:
                return line
            await line.close()
            try:
                line = await self._open(owner)
                line.sharded = True
                return line
            except (RedisError, OSError) as error:
                failed = error
        raise failed

    async def _open(self, address: Address) -> Line:
        host, port = address
        connection = self._class(
            host=host,
            port=port,
            protocol=2,  # pushed messages and answers are read alike
            retry=Retry(NoBackoff(), 0),  # every loss is to be known here, and none is mended silently
            socket_timeout=None,  # kept by Line: redis-py's own limit may swallow a cancellation on Python 3.11
            socket_connect_timeout=WITHIN_SECONDS,
            **self._options,
        )
        line = Line(connection)
        try:
            async with asyncio.timeout(WITHIN_SECONDS):
                await connection.connect()  # type: ignore[no-untyped-call]
        except BaseException:
            await line.close()
            raise
        return line

    async def _owner(self, line: Line) -> Address | None:
        """Who has the slot; None for a server that is no part of a cluster."""
        try:
            info = await line.ask("INFO", "cluster")
            if b"cluster_enabled:1" not in info:
                return None
            line.sharded = True
            ranges = await line.ask("CLUSTER", "SLOTS")
        except ResponseError:
            return None  # no right to ask: taken for a single server
        except BaseException:
            await line.close()
            raise
        found = None
        self._others = []
        for first, last, *servers in ranges:
            for host, port, *_more in servers:
                self._others.append((host.decode() if host else line.address[0], port))
            if first <= self._slot <= last:
                host, port, *_more = servers[0]
                found = (host.decode() if host else line.address[0], port)
        if found is None:
            await line.close()
            raise NotConnected("nobody has the slot")
        return found
