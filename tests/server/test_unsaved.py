"""What is carried while the store is down (UC15) does not grow by being told."""

from __future__ import annotations

from presence.ids import AccountId, DeviceId, MemberId, RoomId
from rooms.chat import Entry, Kind
from rooms.group import Role
from server.store.unsaved import Unsaved, decode, encode


def a_word(k: str) -> Entry:
    return Entry(
        RoomId("room"), 1, Kind.SAID, 0, MemberId("ana"), AccountId("a"), "Ana", Role.MEMBER,
        simulated=False, text="hello", experience=False, reply_to=None, device=DeviceId("phone"), k=k,
    )  # fmt: skip


def some(k: str, reply: bytes = b"reply") -> Unsaved:
    unsaved = Unsaved()
    unsaved.note_entries([a_word(k)])
    unsaved.note_keys([(DeviceId("phone"), k, "digest", reply, 0)])
    return unsaved


def test_two_nodes_that_tell_each_other_all_they_know_know_no_more_for_it() -> None:
    """The merge of what grew with each telling took longer than a transaction may, and the store counted as down for
    ever (found by the faults suite: a web process was killed, and two others never came back)."""
    one, other = some("k1"), some("k2")
    for _ in range(5):
        other.add(decode(encode(one)))
        one.add(decode(encode(other)))
    for node in (one, other):
        assert sorted(entry.k for entry in node.entries.values()) == ["k1", "k2"]
        assert sorted(k for _device, k in node.keys) == ["k1", "k2"]


def test_of_two_replies_to_one_key_the_first_counts() -> None:
    unsaved = some("k", b"first")
    unsaved.add(some("k", b"second"))
    assert [key[3] for key in unsaved.keys.values()] == [b"first"]
