"""The log serves those who run the server; it may not stand in the way of those who need it."""

from __future__ import annotations

import errno
import io
import sys
from collections.abc import Iterator

import pytest
import structlog

from server.logs import set_up_logs


class Full(io.StringIO):
    """A file on a disk that is full, until `room` is True."""

    room = False

    def write(self, text: str) -> int:
        if not self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(text)


@pytest.fixture
def a_full_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Full]:
    full = Full()
    before = structlog.get_config()
    monkeypatch.setattr(sys, "stderr", full)
    set_up_logs()
    yield full
    structlog.configure(**before)


def test_uc15_a_log_that_cannot_be_written_stops_nobody(a_full_disk: Full) -> None:
    """It did: "store_down" could not be logged on the disk that was down, and so nobody looked for its return."""
    log = structlog.get_logger("lifeboat")
    log.error("store_down")
    a_full_disk.room = True
    log.info("store_back")
    assert "store_back" in a_full_disk.getvalue()
