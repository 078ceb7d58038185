"""The ways in which something is not done."""

from __future__ import annotations


class Refused(Exception):
    """The server said no. `code` is stable and for programs; `sentence` and `do` are for the person.

    `retry_after_ms` is set when the same command, with the same key, may be sent again after that time. `status` is
    that of the HTTP answer, 0 for a refusal over the socket.
    """

    def __init__(self, code: str, sentence: str, do: str, retry_after_ms: int | None = None, status: int = 0) -> None:
        super().__init__(f"{code}: {sentence} {do}".rstrip())
        self.code = code
        self.sentence = sentence
        self.do = do
        self.retry_after_ms = retry_after_ms
        self.status = status


class Over(Exception):
    """The client does not come back by itself: it was closed, signed out, or is of another version of the protocol.

    `code` is the close code of the socket, 0 when no socket was open.
    """

    def __init__(self, reason: str, code: int = 0) -> None:
        super().__init__(f"{reason} ({code})" if code else reason)
        self.reason = reason
        self.code = code


class Unreadable(Exception):
    """What came over the socket is not an event of the protocol. The socket is given up."""
