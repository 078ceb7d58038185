"""What every frame is made of: bounded strings and whole numbers, and the two strict bases."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

Id = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{16}\Z")]
Key = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{8,36}\Z")]
Secret = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{20,64}\Z")]
Name = Annotated[str, Meta(min_length=1, max_length=32, pattern=r"^[^\x00]+\Z")]
Short = Annotated[str, Meta(max_length=200, pattern=r"^[^\x00]*\Z")]
Text = Annotated[str, Meta(min_length=1, max_length=4000, pattern=r"^[^\x00]+\Z")]
Words = Annotated[str, Meta(max_length=1000, pattern=r"^[^\x00]*\Z")]
Millis = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Count = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Seq = Annotated[int, Meta(ge=0, le=2**53 - 1)]

Badge = Literal["none", "moderator", "volunteer"]


class Frame(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="t"):
    """The strict base of every frame."""


class Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The strict base of everything inside a frame."""


class Person(Part, frozen=True):
    """Someone as others in one group see them. `badge` is server state; no name can imitate it (GR7)."""

    member: Id
    name: Name
    badge: Badge = "none"
    simulated: bool = False
