"""Who is behind a connection."""

from __future__ import annotations

from dataclasses import dataclass

from presence.ids import AccountId, ConnectionId, DeviceId


@dataclass(frozen=True, slots=True)
class Who:
    """The person behind a connection. Handlers get this and nothing else of the socket."""

    account: AccountId
    device: DeviceId
    connection: ConnectionId
    page: str = "client"
    locked: bool = False
