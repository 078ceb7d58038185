"""The bus of one process: there is nobody else to tell."""

from __future__ import annotations

from collections.abc import Callable

from presence.ids import Millis


class LocalBus:
    """Fulfils `server.ports.Bus`. With `up=False` it stands for several nodes without a Redis: whatever the bus
    would carry takes the slow road, by the store."""

    def __init__(self, *, up: bool = True) -> None:
        self.up = up
        self.waiting_bytes = 0

    def publish(self, topic: str, payload: bytes) -> None:
        pass

    def subscribe(self, topic: str, handler: Callable[[bytes], None]) -> None:
        pass

    def unsubscribe(self, topic: str) -> None:
        pass

    def when_up(self, tell: Callable[[], None]) -> None:
        pass

    async def first(self, name: str, for_ms: Millis) -> bool | None:
        return True if self.up else None

    async def start(self) -> None:
        pass

    async def close(self) -> None:
        pass
