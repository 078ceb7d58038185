"""The stage of the authorisation matrix: everyone in place with a real socket, and a way to put everything back."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgpack
import pytest
from sqlalchemy import ForeignKey, Table, delete, insert, text

from beside_client import Account, new_key, sign_in
from presence.ids import ConnectionId
from presence.roster import Seat
from rooms.call import Closed
from server.gateway.connection import Connection
from server.gateway.session import Session
from server.ids import digest
from server.names import name_key
from server.ports import Tx
from server.store.call_codec import decode_call
from server.store.tables import metadata
from server.wire.frames import PROTOCOL_VERSION
from tests.server.matrix import ROLES
from tests.server.raw import Frame, Line, joined
from tests.worlds import PASSPHRASE, World, a_world

NEVER_WAS = "never-was-there_"
NAME = "Sam "
"""Before the role, because `MOD` alone would pass for one (GR7)."""
IN_THE_GROUP = ("OBS", "MEM", "PEE", "HEL", "CAL", "BLO", "MOD", "LEF", "DIS")
OUTSIDE = ("STR", "PEN", "REM")
STAFF = ("VOF", "VON", "ACC", "COO")

# Planted sentences, and who may ever read them.
CHAT = "planted chat of the group"
CALLERS_CHAT = "planted chat of the caller"
WORDS = "planted words of the call"
ROOM_TALK = "planted talk in the call room"
REASON = "planted reason of a no"
MAY_READ = {
    CHAT: set(IN_THE_GROUP),
    CALLERS_CHAT: set(IN_THE_GROUP) - {"BLO"},
    WORDS: {"PEE", "HEL", "CAL", "ACC"},
    ROOM_TALK: {"HEL", "CAL", "ACC"},
    REASON: {"REM"},
}
LETS_IN = ("enter_call", "answer_call:coming", "use_invite", "ask_to_join", "join_action", "take_part")
"""Whoever is let in by the very frame that is tried may read from then on."""
NAMES_ACCOUNTS = ("audit",)
"""To the coordinator, who runs the organisation, the audit log names on-call staff by account."""
STANDING = {"open": "coming", "held": "held", "closed": "closed"}


@dataclass(frozen=True)
class Put:
    """A frame that the server handed to someone's socket."""

    role: str
    data: bytes

    @property
    def frame(self) -> Frame:
        return dict(msgpack.unpackb(self.data))


@dataclass(frozen=True)
class Memory:
    """What the server holds in memory of who watches what."""

    watching: dict[str, set[ConnectionId]]
    topics: dict[ConnectionId, set[str]]
    seats: dict[ConnectionId, Seat]
    blocked: dict[Any, set[Any]]


@dataclass
class Stage:
    """`state` is one of `tests.server.matrix.STATES`."""

    world: World
    state: str
    database: sqlite3.Connection
    lines: dict[str, Line] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    members: dict[str, str] = field(default_factory=dict)
    """role → the id that the group knows."""
    facts: dict[str, Any] = field(default_factory=dict)
    secrets: dict[bytes, str] = field(default_factory=dict)
    """Bytes that no frame may carry to anyone → what they are."""
    puts: list[Put] = field(default_factory=list)
    kept: dict[str, list[Any]] = field(default_factory=dict)
    memory: Memory | None = None

    @property
    def group(self) -> str:
        return str(self.facts["group"])

    @property
    def room(self) -> str:
        return str(self.facts["room"])

    @property
    def call(self) -> str:
        return str(self.facts.get("call", NEVER_WAS))

    @property
    def call_room(self) -> str:
        return str(self.facts.get("call_room", NEVER_WAS))

    # ---- one cell

    async def play(self, row: str, role: str, want: str) -> list[str]:
        """Send the row's frame as this role. Returns everything that is wrong about what followed."""
        self._fresh_buckets()
        self.puts.clear()
        heard, reply = await self._heard(role, self.frame_of(row))
        wrong = [] if heard == want else [f"heard {heard!r} instead of {want!r}"]
        if reply is not None and heard != "ok":
            wrong += self._traces(role, reply)
        else:
            await self.quiet()
            # Whom the moderator lets in is a member from then on, and sees who can come (PR6).
            wrong += self._leaks(role if row in LETS_IN else "PEN" if row == "decide_join" else "")
            wrong += self._broken_calls(row)
        await self.put_back()
        return wrong

    async def play_hello(self, role: str, want: str) -> list[str]:
        """Hello a second time, which ends the line."""
        hello = {"t": "hello", "k": new_key(), "version": PROTOCOL_VERSION, "page": "client"}
        await self.lines[role].send({**hello, "ticket": await self.accounts[role].ticket()})
        heard = f"closed with {await self.lines[role].closed()}"
        return [] if heard == want else [f"heard {heard!r} instead of {want!r}"]

    def frame_of(self, row: str) -> Frame:
        t = row.partition(":")[0]
        key = {} if t in ("beat", "typing", "got") else {"k": new_key()}
        return {"t": t, **key, **self._fields(row)}

    def _fields(self, row: str) -> Frame:
        return FIELDS[row](self)

    def _may_read(self) -> dict[str, set[str]]:
        return MAY_READ

    def _is_theirs(self, _put: Put, _sentence: str) -> bool:
        """Whether a planted sentence is theirs to read by this very frame."""
        return False

    async def _heard(self, role: str, frame: Frame) -> tuple[str, Frame | None]:
        line, before = self.lines[role], len(self.lines[role].frames)
        await line.send(frame)
        if "k" in frame:
            reply = await line.reply_to(frame["k"], after=before)
            return str(reply.get("code", "ok")), reply
        fence = await line.ask("visible", visible=True)
        self.puts = [put for put in self.puts if put.frame != fence]
        refusal = next((f for f in line.frames[before:] if f["t"] == "refused"), None)
        return ("no answer", None) if refusal is None else (str(refusal["code"]), refusal)

    def _traces(self, role: str, refusal: Frame) -> list[str]:
        """A refused command changed nothing, and sent nothing but its own refusal."""
        wrong = []
        now = self._dump()
        if now != self.kept:
            wrong.append(f"refused, and changed {sorted(t for t in now if now[t] != self.kept[t])}")
        if self._remember() != self.memory:
            wrong.append("refused, and changed who watches what")
        others = [put for put in self.puts if put.role != role or put.frame != refusal]
        return wrong + [f"refused, and sent {put.role} {put.frame}" for put in others]

    def _leaks(self, let_in: str) -> list[str]:
        wrong = []
        for put in self.puts:
            for sentence, readers in self._may_read().items():
                reads = put.role in readers or put.role == let_in or self._is_theirs(put, sentence)
                if sentence.encode() in put.data and not reads:
                    wrong.append(f"{put.role} was sent {sentence!r} in {put.frame}")
            for secret, what in self.secrets.items():
                if secret in put.data and not (what == "an account" and put.frame["t"] in NAMES_ACCOUNTS):
                    wrong.append(f"{put.role} was sent {what} in {put.frame}")
            if put.role in OUTSIDE and put.role != let_in:
                named = [r for r, m in self.members.items() if r != put.role and m.encode() in put.data]
                wrong += [f"{put.role} was sent the id of {r} in {put.frame}" for r in named]
        return wrong

    def _broken_calls(self, row: str) -> list[str]:
        wrong = []
        if self.state == "closed" and row not in ("reopen_call", "danger_now"):
            (body,) = self.database.execute("SELECT body FROM calls WHERE id = ?", (self.call,)).fetchone()
            if not isinstance(decode_call(body).end, Closed):
                wrong.append("a closed call runs again")
        twice = self.database.execute("SELECT caller FROM calls WHERE live GROUP BY caller HAVING count(*) > 1")
        return wrong + [f"{caller} has two calls" for (caller,) in twice]

    # ---- putting back

    async def quiet(self) -> None:
        """Everything that is due was done, and everything that was to be announced is on its way."""
        beside = self.world.beside
        for _ in range(2):
            await beside.timers.look()
            # The server has no event for "nothing is left to tell": only a test wants to know.
            while not beside.announcer.idle or beside.arrivals._tasks:  # noqa: ASYNC110
                await asyncio.sleep(0)

    async def keep(self) -> None:
        """What everything looks like before each cell, from now on."""
        await self.quiet()
        self.kept, self.memory = self._dump(), self._remember()

    async def put_back(self) -> None:
        now = self._dump()
        changed: list[Table] = []
        for table in metadata.sorted_tables:  # parents first: whoever is emptied with a parent is filled again too
            if now[table.name] != self.kept[table.name] or any(k.column.table in changed for k in _cascades(table)):
                changed.append(table)

        def write(tx: Tx) -> None:
            db = tx.calls._db  # type: ignore[attr-defined]
            db.execute(text("PRAGMA defer_foreign_keys=ON"))
            for table in reversed(changed):
                db.execute(delete(table))
            for table in changed:
                names = [c.name for c in table.columns]
                rows = [dict(zip(names, row, strict=True)) for row in self.kept[table.name]]
                if rows:
                    db.execute(insert(table), rows)

        if changed:
            await self.world.beside.services.store.write(write)
        memory = self.memory
        assert memory is not None
        hub, services = self.world.beside.hub, self.world.beside.services
        _fill(hub._watching, memory.watching)
        _fill(hub._topics, memory.topics)
        _fill(services.blocked, memory.blocked)
        services.roster._seats.update(memory.seats)
        _fill(services.roster._in_place, {})
        for connection, seat in memory.seats.items():
            for place in seat.places:
                services.roster._in_place[place].add(connection)

    def _dump(self) -> dict[str, list[Any]]:
        return {
            t.name: self.database.execute(f'SELECT * FROM "{t.name}" ORDER BY 1, 2').fetchall()
            for t in metadata.sorted_tables
        }

    def _remember(self) -> Memory:
        hub, services = self.world.beside.hub, self.world.beside.services
        return Memory(
            watching={topic: set(c) for topic, c in hub._watching.items() if c},
            topics={c: set(topics) for c, topics in hub._topics.items() if topics},
            seats=dict(services.roster._seats),
            blocked={a: set(b) for a, b in services.blocked.items() if b},
        )

    def _fresh_buckets(self) -> None:
        """No rate limit here: the clock stands still, so nothing would ever fill up again."""
        for connection in self.world.beside.arrivals._connections.values():
            fresh = Session(connection.id, self.world.clock.now())
            connection._session.ordinary, connection._session.urgent = fresh.ordinary, fresh.urgent


def _cascades(table: Table) -> list[ForeignKey]:
    return [key for key in table.foreign_keys if key.ondelete == "CASCADE"]


def _fill(target: dict[Any, set[Any]], kept: dict[Any, set[Any]]) -> None:
    target.clear()
    target.update({key: set(values) for key, values in kept.items()})


# ---------------------------------------------------------------- the frame of each row

Fields = Callable[[Stage], dict[str, Any]]
FIELDS: dict[str, Fields] = {
    "beat": lambda _s: {"n": 1},
    "visible": lambda _s: {"visible": True},
    "find_groups": lambda _s: {"words": ""},
    "create_group": lambda _s: {"name": "Another", "blurb": "", "rules": "", "my_name": "Founder"},
    "make_invite": lambda s: {"group": s.group},
    "look_at_invite": lambda s: {"invite": s.facts["invite"]},
    "use_invite": lambda s: {"invite": s.facts["invite"], "my_name": "Newcomer", "pledged": True},
    "ask_to_join": lambda s: {"group": s.group, "my_name": "Newcomer", "answers": [], "pledged": True},
    "list_join_requests": lambda s: {"group": s.group},
    "decide_join": lambda s: {"request": s.facts["request"], "admit": True},
    "dismiss_join_answer": lambda s: {"request": s.facts["answered"]},
    "list_members": lambda s: {"group": s.group},
    "take_part": lambda s: {"group": s.group},
    "set_role": lambda s: {"member": s.members["OBS"], "role": "member"},
    "remove_member": lambda s: {"member": s.members["OBS"]},
    "leave_group": lambda s: {"group": s.group},
    "finish_introduction": lambda s: {"group": s.group},
    "open_room": lambda s: {"room": s.room},
    "open_room:call": lambda s: {"room": s.call_room},
    "close_room": lambda s: {"room": s.room},
    "close_room:call": lambda s: {"room": s.call_room},
    "fetch_entries": lambda s: {"room": s.room, "after": 0, "before": 1000},
    "fetch_entries:call": lambda s: {"room": s.call_room, "after": 0, "before": 1000},
    "say": lambda s: {"room": s.room, "text": CHAT},
    "say:call": lambda s: {"room": s.call_room, "text": ROOM_TALK},
    "delete_entry": lambda s: {"room": s.room, "seq": s.facts["entry"]},
    "delete_entry:call": lambda s: {"room": s.call_room, "seq": 1},
    "hide_entry": lambda s: {"room": s.room, "seq": s.facts["entry"]},
    "hide_entry:call": lambda s: {"room": s.call_room, "seq": 1},
    "typing": lambda s: {"room": s.room},
    "typing:call": lambda s: {"room": s.call_room},
    "set_availability:open": lambda s: {"group": s.group, "state": "open"},
    "set_availability:quiet": lambda s: {"group": s.group, "state": "quiet"},
    "set_rung_when_away": lambda s: {"group": s.group, "on": True},
    "hide_presence": lambda s: {"group": s.group, "hidden": True},
    "raise_call": lambda s: {"group": s.group, "words": "words of another call"},
    "card_delivered": lambda s: {"call": s.call},
    "card_seen": lambda s: {"call": s.call},
    "answer_call:coming": lambda s: {"call": s.call, "answer": "coming"},
    "answer_call:cant": lambda s: {"call": s.call, "answer": "cant"},
    "answer_call:withdraw": lambda s: {"call": s.call, "answer": "withdraw"},
    "enter_call": lambda s: {"call": s.call},
    "leave_call": lambda s: {"call": s.call},
    "confirm_here": lambda s: {"call": s.call},
    "cancel_call": lambda s: {"call": s.call, "why": "ok"},
    "undo_cancel": lambda s: {"call": s.call},
    "close_call": lambda s: {"call": s.call, "feeling": "better"},
    "still_need": lambda s: {"call": s.call, "need": True},
    "answer_check_in": lambda s: {"call": s.call},
    "narrow_call": lambda s: {"call": s.call, "only": []},
    "refuse_helper": lambda s: {"call": s.call, "member": s.members["HEL"]},
    "fetch_on_call": lambda s: {"call": s.call},
    "danger_now": lambda s: {"call": s.call},
    "step_away": lambda s: {"call": s.call},
    "watch_desk": lambda _s: {},
    "set_shift": lambda _s: {"on": True},
    "close_as_volunteer": lambda s: {"call": s.call, "reason": "no_answer"},
    "reopen_call": lambda s: {"call": s.call},
    "read_audit": lambda _s: {},
    "block_member": lambda s: {"member": s.members["MEM"]},
    "unblock_member": lambda s: {"member": s.members["BLO"]},
    "list_blocks": lambda s: {"group": s.group},
    "report_member": lambda s: {"member": s.members["MEM"], "reason": "fixing"},
    "report_member:call": lambda s: {
        "member": s.members["HEL"], "reason": "unwanted", "room": s.call_room, "seq": 1,
    },
    "list_reports": lambda s: {"group": s.group},
    "list_reports:coordinator": lambda _s: {},
    "resolve_report": lambda s: {"report": s.facts["report"]},
    "resolve_report:about_moderator": lambda s: {"report": s.facts["report_about_moderator"]},
}  # fmt: skip


# ---------------------------------------------------------------- setting the stage


@asynccontextmanager
async def a_stage(state: str, data: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    """The world of the matrix in one state. Nothing happens in it by itself: the timers stand still."""
    monkeypatch.setattr("server.gateway.announcer.SOON_SECONDS", 0)
    monkeypatch.setattr("server.gateway.presence.SOON_SECONDS", 0)
    monkeypatch.setattr("server.gateway.announcer.REFRESH_LEASES_SECONDS", 0)
    async with a_world(data) as world:
        await world.beside.timers.stop()
        stage = Stage(world, state, sqlite3.connect(data / "beside.db"))
        try:
            await everyone_comes(stage)
            await the_group_lives(stage)
            if state != "none":
                await _someone_calls(stage)
            note_what_is_secret(stage)
            listen(stage, monkeypatch)
            await stage.keep()
            yield stage
        finally:
            for line in stage.lines.values():
                await line.close()
            stage.database.close()


async def everyone_comes(stage: Stage) -> None:
    """Accounts, a socket each, and the group. In the group everyone is called after their role."""
    world = stage.world
    for role in ROLES:
        if role != "LOC":
            token = world.first_token if role == "COO" else ""
            stage.accounts[role] = await world.account(f"login {role}", first_token=token)
    stage.accounts["LOC"] = await sign_in(world.url, "login CAL", PASSPHRASE)
    await stage.accounts["LOC"].leave()
    await world.beside.services.store.write(_make_volunteers)
    for role, account in stage.accounts.items():
        stage.lines[role] = await joined(account, "oncall" if role in STAFF else "client")
    made = await ok(stage, "MOD", "create_group", name="Evenings", blurb="Public.", rules="Kind.", my_name=f"{NAME}MOD")
    stage.facts["group"] = made["group"]
    for role in ("REM", *IN_THE_GROUP):
        if role != "MOD":
            kind = "observer" if role == "OBS" else "member"
            invite = (await ok(stage, "MOD", "make_invite", group=stage.group, role=kind))["invite"]
            await ok(stage, role, "use_invite", invite=invite, my_name=f"{NAME}{role}", pledged=True)
    await ok(stage, "PEN", "ask_to_join", group=stage.group, my_name=f"{NAME}PEN", answers=[], pledged=True)
    await ok(stage, "MOD", "list_join_requests", group=stage.group)
    stage.facts["request"] = stage.lines["MOD"].last("join_requests")["requests"][0]["request"]
    await ok(stage, "MOD", "list_members", group=stage.group)
    stage.members = {p["name"].removeprefix(NAME): p["member"] for p in stage.lines["MOD"].last("members")["people"]}
    await ok(stage, "MOD", "remove_member", member=stage.members["REM"])
    await ok(stage, "REM", "ask_to_join", group=stage.group, my_name=f"{NAME}REM", answers=[], pledged=True)
    await ok(stage, "MOD", "list_join_requests", group=stage.group)
    again = stage.lines["MOD"].last("join_requests")["requests"][-1]["request"]
    await ok(stage, "MOD", "decide_join", request=again, admit=False, reason=REASON)
    stage.facts["answered"] = again
    stage.facts["invite"] = (await ok(stage, "MOD", "make_invite", group=stage.group))["invite"]


def _make_volunteers(tx: Tx) -> None:
    """There is no frame for it: the command line does it."""
    for role in ("VOF", "VON", "ACC"):
        account = tx.accounts.by_login(name_key(f"login {role}"))
        assert account is not None
        tx.accounts.set_staff(account.id, volunteer=True, coordinator=False, volunteer_name=f"Vol {role}")


async def the_group_lives(stage: Stage) -> None:
    await stage.quiet()
    stage.facts["room"] = stage.lines["MOD"].last("groups_now")["groups"][0]["room"]
    for role in IN_THE_GROUP:
        await ok(stage, role, "open_room", room=stage.room)
    for role in ("PEE", "HEL", "BLO", "LEF", "DIS"):
        await ok(stage, role, "finish_introduction", group=stage.group)
        await ok(stage, role, "set_availability", group=stage.group, state="open")
    stage.facts["entry"] = (await ok(stage, "MEM", "say", room=stage.room, text=CHAT))["seq"]
    await ok(stage, "CAL", "block_member", member=stage.members["BLO"])
    await stage.quiet()
    await ok(stage, "CAL", "say", room=stage.room, text=CALLERS_CHAT)
    await ok(stage, "PEE", "report_member", member=stage.members["MEM"], reason="fixing", words="a report")
    await ok(stage, "MOD", "list_reports", group=stage.group)
    stage.facts["report"] = stage.lines["MOD"].last("reports")["reports"][0]["report"]
    await ok(stage, "MEM", "report_member", member=stage.members["MOD"], reason="judging", words="a report")
    await ok(stage, "COO", "list_reports")
    stage.facts["report_about_moderator"] = stage.lines["COO"].last("reports")["reports"][0]["report"]
    for role in ("VON", "ACC"):
        await ok(stage, role, "set_shift", on=True)
    for role in STAFF:
        await ok(stage, role, "watch_desk")


async def _someone_calls(stage: Stage) -> None:
    """LEF and DIS had the call room open while they were in it. HEL is in it; ACC accepted."""
    stage.facts["call"] = (await ok(stage, "CAL", "raise_call", group=stage.group, words=WORDS))["call"]
    stage.facts["call_room"] = stage.lines["CAL"].last("my_call")["room"]
    for role in ("LEF", "DIS", "HEL"):
        await ok(stage, role, "card_delivered", call=stage.call)
        await ok(stage, role, "enter_call", call=stage.call)
        await ok(stage, role, "open_room", room=stage.call_room)
        if role == "LEF":
            await ok(stage, role, "leave_call", call=stage.call)
        if role == "DIS":
            await ok(stage, "CAL", "refuse_helper", call=stage.call, member=stage.members["DIS"])
    await ok(stage, "CAL", "open_room", room=stage.call_room)
    await ok(stage, "ACC", "answer_call", call=stage.call, answer="coming")
    await ok(stage, "ACC", "open_room", room=stage.call_room)
    await ok(stage, "HEL", "say", room=stage.call_room, text=ROOM_TALK)
    if stage.state != "open":
        await ok(stage, "CAL", "say", room=stage.call_room, text=ROOM_TALK)
    if stage.state == "closed":
        await ok(stage, "CAL", "close_call", call=stage.call, feeling="better")
    await stage.quiet()
    await ok(stage, "CAL", "visible", visible=True)
    assert stage.lines["CAL"].last("my_call")["standing"] == STANDING[stage.state]


def note_what_is_secret(stage: Stage) -> None:
    """GR6 and the rule of tokens: no frame carries these to anyone, their owner included."""
    for account, login, hashed in stage.database.execute("SELECT id, login, passphrase_hash FROM accounts"):
        stage.secrets |= {account.encode(): "an account", login.encode(): "a login", hashed.encode(): "a hash"}
    for device, hashed in stage.database.execute("SELECT id, token_hash FROM devices"):
        stage.secrets |= {device.encode(): "a device", hashed.encode(): "a hash"}
    for account in stage.accounts.values():
        stage.secrets[account.cookie[1].encode()] = "a token"
    stage.secrets[PASSPHRASE.encode()] = "a passphrase"


def listen(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Note every frame that the server hands to a socket, and whose it is."""
    device_of = dict(stage.database.execute("SELECT token_hash, id FROM devices").fetchall())
    role_of = {device_of[digest(account.cookie[1])]: role for role, account in stage.accounts.items()}
    put = Connection.put

    def noted(self: Connection, data: bytes, *, urgent: bool, room: str | None) -> None:
        if self._session.who is not None:
            stage.puts.append(Put(role_of[self._session.who.device], data))
        put(self, data, urgent=urgent, room=room)

    monkeypatch.setattr(Connection, "put", noted)


async def ok(stage: Stage, role: str, t: str, /, **fields: Any) -> Frame:
    """A command of the setting, which must work."""
    reply = await stage.lines[role].ask(t, **fields)
    assert reply["t"] == "ok", (role, t, reply)
    return reply
