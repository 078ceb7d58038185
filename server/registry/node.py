"""Which node this is, and which of its lives."""

from __future__ import annotations

import os
from pathlib import Path

from presence.elsewhere import Node
from presence.ids import Instant
from server.ids import new_id


def begin_life(folder: Path, now: Instant) -> Node:
    """The id is made once for a data folder, which only one server at a time has. The epoch is more with every start:
    than it was, whatever the clock says, and `now` at least, by the clock of the database, so that a folder that was
    put back as it once was begins no life that all others take for over. Where the folder does not last, each start is
    a node of its own: then its past is forgotten when it has been silent for long enough."""
    path = folder / "node"
    words = path.read_text(encoding="ascii").split() if path.exists() else []
    node = (
        Node(words[0], max(int(words[1]) + 1, now)) if len(words) == 2 and words[1].isdigit() else Node(new_id(), now)
    )
    aside = path.with_suffix(".new")
    with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
        file.write(f"{node.id} {node.epoch}\n")
        file.flush()
        os.fsync(file.fileno())
    aside.rename(path)
    return node
