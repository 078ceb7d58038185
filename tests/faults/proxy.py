"""A proxy that fails on purpose, between people and a server (and as well between a server and its store or bus).

One listening port, one target. At most one fault at a time, on a share of the connections: which ones is drawn from a
seeded stream as they come, so people lose their lines independently of who they are.

- `cut`: the lines close, and new ones are refused.
- `reset`: they end with RST, and new ones are let in.
- `hang`: they stay open, and nothing passes; `one_way_in` and `one_way_out`: nothing passes in one direction.
- `delay`: each piece waits for `seconds`; `throttle`: at most `bytes_per_second` pass in each direction.
What a hang holds back passes when it is healed, as TCP would send it again.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
from dataclasses import dataclass
from typing import Literal, Self

Target = tuple[str, int] | str
"""Host and port, or the path of a socket."""
FaultKind = Literal["cut", "reset", "hang", "one_way_in", "one_way_out", "delay", "throttle"]
PIECE_BYTES = 4096
BACKLOG = 512
RST_ON_CLOSE = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class LineFault:
    kind: FaultKind
    share: float = 1.0
    """Of the connections, 0 to 1."""
    seconds: float = 0.0
    bytes_per_second: int = 0


class _Pair:
    """One connection: two sockets and two pumps. `lot` decides whether a fault is this one's."""

    def __init__(self, lot: float, near: asyncio.StreamWriter) -> None:
        self.lot = lot
        self.near = near
        self.far: asyncio.StreamWriter | None = None

    def close(self, *, reset: bool = False) -> None:
        for writer in (self.near, self.far):
            if writer is None:
                continue
            if reset:
                raw = writer.get_extra_info("socket")
                with contextlib.suppress(OSError):
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST_ON_CLOSE)
            writer.transport.abort()


async def _connect(to: Target) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if isinstance(to, str):
        return await asyncio.open_unix_connection(to, limit=PIECE_BYTES)
    return await asyncio.open_connection(*to, limit=PIECE_BYTES)


class FaultProxy:
    """Use as `async with FaultProxy(to, rng) as proxy:`; people connect to `proxy.port`."""

    def __init__(self, to: int | Target, chance: random.Random, host: str = "127.0.0.1") -> None:
        self._to: Target = (host, to) if isinstance(to, int) else to
        self._host = host
        self._chance = chance
        self._pairs: set[_Pair] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._fault: LineFault | None = None
        self._healed = asyncio.Event()
        self._healed.set()
        self._server: asyncio.Server | None = None
        self.port = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._let_in, self._host, 0, backlog=BACKLOG, limit=PIECE_BYTES)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_error: object) -> None:
        self.heal()
        if self._server is not None:
            self._server.close()
        for pair in list(self._pairs):
            pair.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def __len__(self) -> int:
        """How many connections pass through it now."""
        return len(self._pairs)

    def begin(self, fault: LineFault) -> None:
        """From now on, until `heal` or the next fault."""
        self.heal()
        self._fault = fault
        self._healed.clear()
        if fault.kind in ("cut", "reset"):
            for pair in [p for p in self._pairs if p.lot < fault.share]:
                pair.close(reset=fault.kind == "reset")

    def heal(self) -> None:
        self._fault = None
        self._healed.set()

    def _fault_of(self, pair: _Pair) -> LineFault | None:
        return self._fault if self._fault is not None and pair.lot < self._fault.share else None

    def _let_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._carry(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pair = _Pair(self._chance.random(), writer)
        self._pairs.add(pair)
        try:
            fault = self._fault_of(pair)
            if fault is not None and fault.kind == "cut":
                return
            far_reader, pair.far = await _connect(self._to)
            inward = asyncio.ensure_future(self._pump(pair, reader, pair.far, "one_way_in"))
            outward = asyncio.ensure_future(self._pump(pair, far_reader, writer, "one_way_out"))
            try:
                await asyncio.wait({inward, outward}, return_when=asyncio.FIRST_COMPLETED)
                # The side that is done has said so to the other; what is still under way there may come through.
                await asyncio.wait({inward, outward}, timeout=1)
            finally:
                for pump in (inward, outward):
                    pump.cancel()
                await asyncio.gather(inward, outward, return_exceptions=True)
        except OSError:
            pass  # there is no server: whoever connected finds their line closed
        finally:
            self._pairs.discard(pair)
            pair.close()

    async def _pump(
        self, pair: _Pair, source: asyncio.StreamReader, to: asyncio.StreamWriter, stopped_by: FaultKind
    ) -> None:
        with contextlib.suppress(OSError):
            while piece := await source.read(PIECE_BYTES):
                await self._hold_up(pair, stopped_by, len(piece))
                to.write(piece)
                await to.drain()
            await self._hold_up(pair, stopped_by, 0)  # an end does not overtake what came before it
            if to.can_write_eof():
                to.write_eof()

    async def _hold_up(self, pair: _Pair, stopped_by: FaultKind, size: int) -> None:
        while (fault := self._fault_of(pair)) is not None:
            match fault.kind:
                case "hang":
                    await self._healed.wait()
                case "one_way_in" | "one_way_out" if fault.kind == stopped_by:
                    await self._healed.wait()
                case "delay":
                    await asyncio.sleep(fault.seconds)
                    return
                case "throttle":
                    await asyncio.sleep(size / fault.bytes_per_second)
                    return
                case _:
                    return
