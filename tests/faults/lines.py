"""The lines between nodes and what they share, each through a fault proxy: one for each process and each of the two.

They are in a process of their own. Every statement of every node goes through them, and a run that is busy with its
people must not be what makes the store slow.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict
from typing import Any

from tests.faults.proxy import FaultProxy, LineFault, Target
from tests.server.child import REPO


class Lines:
    """What the run says to that process: one JSON object a line, each answered by one."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._turn = asyncio.Lock()

    async def open(self, name: str, to: Target) -> int:
        """The port of a new proxy in front of `to`."""
        return int((await self._ask({"do": "open", "name": name, "to": to}))["port"])

    async def begin(self, name: str, fault: LineFault) -> None:
        await self._ask({"do": "begin", "name": name, "fault": asdict(fault)})

    async def heal(self, name: str) -> None:
        await self._ask({"do": "heal", "name": name})

    async def _ask(self, what: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        async with self._turn:
            self._process.stdin.write(json.dumps(what).encode() + b"\n")
            answer: dict[str, Any] = json.loads(await self._process.stdout.readline())
            return answer


@asynccontextmanager
async def the_lines(seed: str) -> AsyncIterator[Lines]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.faults.lines", seed, cwd=REPO,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield Lines(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()  # it ends with us, however we end
        await process.wait()


async def _serve(seed: str) -> None:
    loop, heard = asyncio.get_running_loop(), asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(heard), sys.stdin)
    proxies: dict[str, FaultProxy] = {}
    async with AsyncExitStack() as stack:
        while words := await heard.readline():
            said, answer = json.loads(words), {}
            match said["do"]:
                case "open":
                    to = said["to"] if isinstance(said["to"], str) else (said["to"][0], said["to"][1])
                    made = FaultProxy(to, random.Random(f"{seed} {said['name']}"))
                    proxies[said["name"]] = await stack.enter_async_context(made)
                    answer["port"] = made.port
                case "begin":
                    proxies[said["name"]].begin(LineFault(**said["fault"]))
                case "heal":
                    proxies[said["name"]].heal()
                case other:
                    raise ValueError(other)
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1]))
