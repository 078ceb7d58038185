"""What becomes of a call that went on in memory while the store was down, once the store is back (UC15)."""

from __future__ import annotations

from dataclasses import replace

from rooms.call import Call, is_over, is_running


def merged(saved: Call | None, unsaved: Call) -> Call | None:
    """What must be written over `saved`, or None when what the store has stands.

    By version: only a later state replaces an earlier one, so a finished call never comes back. Two different states of
    one number mean that the store went on by itself, with what nobody was told of (a block that committed late, say):
    what people were told counts, as a version of its own, for which whatever follows from the rest is due at once.
    """
    if saved is None or saved.version < unsaved.version:
        return unsaved
    if saved.version == unsaved.version and saved != unsaved and not is_over(saved):
        return replace(unsaved, version=unsaved.version + 1)
    return None


def is_due_at_once(merged_call: Call, unsaved: Call) -> bool:
    """Whether the store had something of its own in it, from which something may follow."""
    return merged_call.version > unsaved.version


def still_rings(saved: Call | None) -> bool:
    """Whether a notification that was made meanwhile still goes out: a finished call is never rung again."""
    return saved is not None and is_running(saved)
