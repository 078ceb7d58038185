"""The lane of one watcher: which chunks a line that may be slow still gets, and when it needs a whole picture.

Pure: it decides, the relay writes. `unsent` is what still waits for this watcher in the server, in bytes. Measured (a
reader of 160 kbit/s on a stream of 600): with these two marks the backlog stays below 64 KiB, where a plain limit grew
to 2.8 MB.
"""

from __future__ import annotations

from dataclasses import dataclass

from server.wire.chunks import Kind

UNSENT_AT_MOST_BYTES = 64 * 1024
GOES_ON_BELOW_BYTES = 8 * 1024
SOUND_AT_MOST_BYTES = 16 * 1024


@dataclass(slots=True)
class Lane:
    """`flows`: a key frame came, and no frame since was left out, so the next one can be decoded."""

    flows: bool = False
    has_picture: bool = False
    """A whole picture came, and what was left out since needs no new one."""
    asked: bool = False
    """The sender was asked for one on this watcher's behalf, and it has not come yet."""

    def takes(self, kind: Kind, size: int, unsent: int) -> bool:
        """Whether this chunk of `size` bytes goes out."""
        if kind is Kind.DELTA:
            if self.flows and fits(size, unsent):
                return True
            self.flows = self.has_picture = False
            return False
        if kind is Kind.SOUND:
            return unsent + size <= SOUND_AT_MOST_BYTES
        self.asked = False
        if kind is Kind.KEY:
            self.flows = self.has_picture = fits(size, unsent) if self.flows else unsent < GOES_ON_BELOW_BYTES
            return self.flows
        self.has_picture = unsent < GOES_ON_BELOW_BYTES
        return self.has_picture

    def wants_picture(self, unsent: int) -> bool:
        """Whether to ask the sender for a whole picture now."""
        return not self.has_picture and not self.asked and unsent < GOES_ON_BELOW_BYTES

    def begin_anew(self) -> None:
        """What came before is no ground to build on: another sender, a chunk that was lost, or the end of a cut."""
        self.flows = self.has_picture = self.asked = False


def fits(size: int, unsent: int) -> bool:
    """Below the lower mark anything fits: a key frame may be larger than the limit."""
    return unsent < GOES_ON_BELOW_BYTES or unsent + size <= UNSENT_AT_MOST_BYTES
