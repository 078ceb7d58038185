"""Close codes. Each says whether a client should come back (centrifuge's idea)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CloseCode:
    code: int
    name: str
    returns: bool
    """Whether the client should connect again by itself."""
    meaning: str


DRAINING = CloseCode(1012, "draining", True, "The server restarts. Come back after the hint in the reason (ms).")
REVOKED = CloseCode(4001, "revoked", False, "This device was signed out. Sign in again.")
BAD_FRAME = CloseCode(
    4002, "bad_frame", False, "Frames that are not of the protocol, again and again. Reload the page."
)
BAD_VERSION = CloseCode(4003, "bad_version", False, "This page is of another version. Reload it.")
BAD_TICKET = CloseCode(4004, "bad_ticket", True, "The ticket was used, foreign or too old. Fetch a new one.")
NO_HELLO = CloseCode(4005, "no_hello", True, "The first frame did not come in time, or was not hello.")
SILENT = CloseCode(4006, "silent", True, "No beat was answered for too long (PR3). Come back when awake.")
TOO_FAST = CloseCode(4007, "too_fast", True, "Far more frames than a person can cause. Come back later.")
TOO_MANY = CloseCode(
    4008,
    "too_many",
    False,
    "So many pages of this person are open that the one idle for longest was closed. Reload it to use it.",
)
"""It does not come back by itself: two pages that each close the other would go on for ever."""
CROWDED = CloseCode(4009, "crowded", True, "No place is free for this socket now. Come back after a while.")
TAKEN_OVER = CloseCode(4010, "taken_over", False, "Media: another page of this person sends for the action now.")
NO_RIGHT = CloseCode(
    4011, "no_right", False, "Media: what gave the right to send or watch has ended. The main socket says what."
)

ALL = (
    DRAINING, REVOKED, BAD_FRAME, BAD_VERSION, BAD_TICKET, NO_HELLO, SILENT, TOO_FAST, TOO_MANY, CROWDED, TAKEN_OVER,
    NO_RIGHT,
)  # fmt: skip
