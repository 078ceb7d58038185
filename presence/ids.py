"""Names for the ids that Beside passes around. All are opaque 16-character strings; none is shared by two groups."""

from __future__ import annotations

from typing import NewType

AccountId = NewType("AccountId", str)
"""A person's account. Never leaves the server (GR6)."""
DeviceId = NewType("DeviceId", str)
"""One signed-in browser or client of an account."""
ConnectionId = NewType("ConnectionId", str)
"""One live socket."""
MemberId = NewType("MemberId", str)
"""One person in one group: the only id of a person that a frame may carry (GR6)."""
GroupId = NewType("GroupId", str)
RoomId = NewType("RoomId", str)
CallId = NewType("CallId", str)
ActionId = NewType("ActionId", str)
"""One witnessed action: "watch me do this"."""

Instant = int
"""Milliseconds since 1970 UTC by the server's clock."""
Millis = int
"""A length of time in milliseconds."""
