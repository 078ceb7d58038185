"""Who is in the store when a test of it begins, and the values its tests save."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from presence.availability import Open
from presence.ids import AccountId, ActionId, CallId, DeviceId, GroupId, MemberId, RoomId
from rooms.call import Call
from rooms.caller import Press, raise_call
from rooms.chat import Entry, Kind
from rooms.group import Group, Membership, Role, State
from rooms.policy import Policy
from server.ports import Tx
from server.records import Account

GROUP, ROOM = GroupId("group-----------"), RoomId("room------------")
NOW = 1_900_000_000_000
NAMES = ("Ana", "Bea", "Cal", "Mod")


def account_of(name: str) -> AccountId:
    return AccountId(f"account------{name}")


def member_of(name: str) -> MemberId:
    return MemberId(f"member-------{name}")


def device_of(name: str) -> DeviceId:
    return DeviceId(f"device-------{name}")


def an_account(name: str, **more: Any) -> Account:
    return replace(Account(account_of(name), name, "hash", "", False, False, "", 0, False), **more)


def a_member(name: str, **more: Any) -> Membership:
    role = Role.MODERATOR if name == "Mod" else Role.MEMBER
    return replace(
        Membership(
            member_of(name), account_of(name), GROUP, name, role, State.ACTIVE, Open(),
            introduced=True, rung_when_away=False, hidden=False, joined_at=1,
        ),
        **more,
    )  # fmt: skip


def people_move_in(tx: Tx) -> None:
    """A group with its room, and four members in it, each with a device."""
    tx.groups.add(Group(GROUP, ROOM, "Evenings", "Quiet ones.", ("sober",), "Be kind.", ("Why?",)), 1)
    for name in NAMES:
        tx.accounts.add(an_account(name), name.lower(), (f"code of {name}",), 1)
        tx.accounts.add_device(device_of(name), account_of(name), f"token of {name}", 1)
        tx.groups.add_member(a_member(name), name.lower())


def a_call_of(name: str, number: int = 1, at: int = NOW) -> Call:
    call, room = CallId(f"call-{number:04}---{name}"), RoomId(f"room-{number:04}---{name}")
    press = Press(call, room, GROUP, "Evenings", member_of(name), account_of(name), name, words="Outside the shop.")
    return raise_call(press, at, (), Policy())


def raise_it(tx: Tx, call: Call, due_at: int | None = NOW + 1) -> Call:
    tx.chat.add_room(call.room, call.group, call.id)
    tx.calls.save(call, due_at)
    return call


def say(tx: Tx, name: str, text: str, room: RoomId = ROOM, at: int = NOW, k: str = "key-000001") -> Entry:
    return tx.chat.append(
        room, Kind.SAID, a_member(name), text, experience=False, reply_to=None, device=device_of(name), k=k, now=at
    )


def action_id(number: int) -> ActionId:
    return ActionId(f"action-{number:09}")
