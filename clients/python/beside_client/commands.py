"""The commands of the protocol as methods. Each returns once it is committed, or raises as `ask` does.

Every method that changes something takes `key`: the same key again is the same command, done once.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Callable
from typing import Literal, TypeVar

import aiohttp

from beside_client.account import Account
from beside_client.actions import ActionCommands
from beside_client.state import Log, State
from beside_client.wire import View, new_key

T = TypeVar("T")
POST_AFTER_SECONDS = 2.0


class Commands(ActionCommands):
    """Mixed into the client, which provides `ask`, `read`, `until` and `hint`."""

    account: Account
    state: State

    @abstractmethod
    async def until(self, truth: Callable[[State], T], within_seconds: float | None = 10.0) -> T: ...

    # ---- the page

    async def set_visible(self, visible: bool) -> None:
        """Shown, or hidden: standby (PR4)."""
        await self.ask("visible", visible=visible)

    # ---- groups

    async def find_groups(self, words: str) -> list[View]:
        """Cards of the groups whose public words fit (GR1)."""
        return list((await self.read("find_groups", words=words))["groups"])

    async def create_group(
        self,
        name: str,
        my_name: str,
        *,
        blurb: str = "",
        rules: str = "",
        tags: list[str] | None = None,
        questions: list[str] | None = None,
        key: str | None = None,
    ) -> View:
        """Make a group and become its first moderator. Returns it as one of one's own (`group`, `room`, `me`, …)."""
        about: View = {"name": name, "blurb": blurb, "rules": rules, "tags": tags or [], "questions": questions or []}
        ok = await self.ask("create_group", key=key, my_name=my_name, **about)
        return await self._my_group(ok["group"])

    async def make_invite(
        self, group: str, *, role: Literal["observer", "member"] = "member", key: str | None = None
    ) -> str:
        """The secret part of a single-use link."""
        return str((await self.ask("make_invite", key=key, group=group, role=role))["invite"])

    async def look_at_invite(self, invite: str) -> View:
        """What a link leads to (`name`, `blurb`, `rules`, `questions`), without using it."""
        return await self.read("look_at_invite", invite=invite)

    async def use_invite(self, invite: str, my_name: str, *, pledged: bool = True, key: str | None = None) -> View:
        """Join. Returns the group as one of one's own."""
        ok = await self.ask("use_invite", key=key, invite=invite, my_name=my_name, pledged=pledged)
        return await self._my_group(ok["group"])

    async def ask_to_join(
        self, group: str, my_name: str, answers: list[str], *, pledged: bool = True, key: str | None = None
    ) -> None:
        """Ask a closed group to let one in (GR2)."""
        await self.ask("ask_to_join", key=key, group=group, my_name=my_name, answers=answers, pledged=pledged)

    async def list_join_requests(self, group: str) -> list[View]:
        return list((await self.read("list_join_requests", group=group))["requests"])

    async def decide_join(
        self,
        request: str,
        *,
        admit: bool,
        reason: str = "",
        role: Literal["observer", "member"] = "member",
        key: str | None = None,
    ) -> None:
        await self.ask("decide_join", key=key, request=request, admit=admit, reason=reason, role=role)

    async def dismiss_join_answer(self, request: str, *, key: str | None = None) -> None:
        """Read: it is forgotten. See `state.join_answers`."""
        await self.ask("dismiss_join_answer", key=key, request=request)

    async def list_members(self, group: str) -> list[View]:
        """The people of one's own group, each with its `role`."""
        found = await self.read("list_members", group=group)
        return [{**person, "role": role} for person, role in zip(found["people"], found["roles"], strict=True)]

    async def take_part(self, group: str, *, key: str | None = None) -> None:
        await self.ask("take_part", key=key, group=group)

    async def set_role(self, member: str, role: str, *, key: str | None = None) -> None:
        await self.ask("set_role", key=key, member=member, role=role)

    async def remove_member(self, member: str, *, key: str | None = None) -> None:
        await self.ask("remove_member", key=key, member=member)

    async def leave_group(self, group: str, *, key: str | None = None) -> None:
        await self.ask("leave_group", key=key, group=group)

    async def finish_introduction(self, group: str, *, key: str | None = None) -> None:
        await self.ask("finish_introduction", key=key, group=group)

    async def _my_group(self, group: str) -> View:
        return await self.until(lambda state: state.groups.get(group) or {})

    # ---- rooms

    async def open_room(self, room: str) -> Log:
        """Read a room, live, from where one left it. Stays open over lost connections until `close_room`."""
        held = self.state.logs.setdefault(room, Log())
        await self.ask("open_room", room=room, after=held.position)
        return self.state.logs[room]

    async def close_room(self, room: str) -> None:
        await self.ask("close_room", room=room)

    async def fetch_entries(self, room: str, *, after: int, before: int, limit: int = 100) -> list[View]:
        """Entries with `after < seq < before`, the newest `limit` of them; they join the log where they fit."""
        found = await self.read("fetch_entries", room=room, after=after, before=before, limit=limit)
        return list(found["entries"])

    async def say(
        self, room: str, text: str, *, reply_to: int | None = None, experience: bool = False, key: str | None = None
    ) -> int:
        """Write into a room. Returns the place of the entry in its log, once it is saved."""
        ok = await self.ask("say", key=key, room=room, text=text, reply_to=reply_to, experience=experience)
        return int(ok["seq"])

    async def delete_entry(self, room: str, seq: int, *, key: str | None = None) -> None:
        await self.ask("delete_entry", key=key, room=room, seq=seq)

    async def hide_entry(self, room: str, seq: int, *, key: str | None = None) -> None:
        await self.ask("hide_entry", key=key, room=room, seq=seq)

    def typing(self, room: str) -> None:
        """A hint, sent if it can be."""
        self.hint("typing", room=room)

    # ---- availability

    async def set_availability(
        self,
        group: str,
        state: Literal["open", "quiet", "break"],
        *,
        until: int | None = None,
        key: str | None = None,
    ) -> None:
        """`until`: the end of a break, in ms since 1970 by the server's clock."""
        await self.ask("set_availability", key=key, group=group, state=state, until=until)

    async def set_rung_when_away(self, group: str, *, on: bool, key: str | None = None) -> None:
        await self.ask("set_rung_when_away", key=key, group=group, on=on)

    async def hide_presence(self, group: str, *, hidden: bool, key: str | None = None) -> None:
        await self.ask("hide_presence", key=key, group=group, hidden=hidden)

    # ---- a call of one's own

    async def raise_call(
        self,
        group: str,
        words: str = "",
        *,
        only: list[str] | None = None,
        volunteers_too: bool = True,
        key: str | None = None,
    ) -> str:
        """ "I need someone now" (UC1). Returns the call's id. No `ok` in 2 s: the same press also goes by HTTP POST,
        under the same key, and whichever is first is the answer."""
        key = key or new_key()
        fields: View = {"group": group, "words": words, "only": only, "volunteers_too": volunteers_too}
        by_socket = asyncio.ensure_future(self.ask("raise_call", key=key, **fields))
        try:
            done, _ = await asyncio.wait({by_socket}, timeout=POST_AFTER_SECONDS)
            if not done:
                by_post = asyncio.ensure_future(self.account.urgent_post(key=key, **fields))
                done, waiting = await asyncio.wait({by_socket, by_post}, return_when=asyncio.FIRST_COMPLETED)
                if by_post in done and _could_not_reach(by_post):
                    done, waiting = {by_socket}, set()
                for other in waiting:
                    other.cancel()
            return str((await next(iter(done)))["call"])
        finally:
            by_socket.cancel()

    async def confirm_here(self, call: str, *, key: str | None = None) -> None:
        await self.ask("confirm_here", key=key, call=call)

    async def cancel(self, call: str, *, why: Literal["ok", "mistake"] = "ok", key: str | None = None) -> None:
        await self.ask("cancel_call", key=key, call=call, why=why)

    async def undo_cancel(self, call: str, *, key: str | None = None) -> None:
        await self.ask("undo_cancel", key=key, call=call)

    async def close_call(
        self, call: str, feeling: Literal["better", "same", "worse", "more"], *, key: str | None = None
    ) -> None:
        await self.ask("close_call", key=key, call=call, feeling=feeling)

    async def still_need(self, call: str, *, need: bool, key: str | None = None) -> None:
        await self.ask("still_need", key=key, call=call, need=need)

    async def narrow_call(
        self, call: str, only: list[str], *, volunteers_too: bool = True, key: str | None = None
    ) -> None:
        await self.ask("narrow_call", key=key, call=call, only=only, volunteers_too=volunteers_too)

    async def refuse_helper(self, call: str, member: str, *, key: str | None = None) -> None:
        await self.ask("refuse_helper", key=key, call=call, member=member)

    async def step_away(self, call: str, *, key: str | None = None) -> None:
        await self.ask("step_away", key=key, call=call)

    # ---- a call of someone else

    async def card_delivered(self, call: str) -> None:
        """The card is in the page. Said by the client itself unless `acks_cards` is False."""
        await self.ask("card_delivered", call=call)

    async def card_seen(self, call: str) -> None:
        await self.ask("card_seen", call=call)

    async def answer_call(
        self, call: str, answer: Literal["coming", "cant", "withdraw"], *, key: str | None = None
    ) -> None:
        await self.ask("answer_call", key=key, call=call, answer=answer)

    async def enter_call(self, call: str, *, key: str | None = None) -> str:
        """Go into the call room. Returns the room's id, once this person may read it."""
        await self.ask("enter_call", key=key, call=call)
        return str(await self.until(lambda state: state.card_of(call).get("room")))

    async def leave_call(self, call: str, *, parted_well: bool = False, key: str | None = None) -> None:
        await self.ask("leave_call", key=key, call=call, parted_well=parted_well)

    # ---- either side

    async def fetch_on_call(self, call: str, *, key: str | None = None) -> None:
        await self.ask("fetch_on_call", key=key, call=call)

    async def danger_now(self, call: str, *, key: str | None = None) -> None:
        await self.ask("danger_now", key=key, call=call)

    # ---- on-call

    async def watch_desk(self) -> View:
        """Open the dashboard; `state.desk` is kept new from here on."""
        await self.ask("watch_desk")
        return await self.until(lambda state: state.desk or {})

    async def set_shift(self, *, on: bool, backup: bool = False, key: str | None = None) -> None:
        await self.ask("set_shift", key=key, on=on, backup=backup)

    async def close_as_volunteer(
        self, call: str, reason: Literal["handed_to_service", "caller_safe", "no_answer"], *, key: str | None = None
    ) -> None:
        await self.ask("close_as_volunteer", key=key, call=call, reason=reason)

    async def reopen_call(self, call: str, *, key: str | None = None) -> None:
        await self.ask("reopen_call", key=key, call=call)

    async def read_audit(self, after: int = 0) -> View:
        """`{"lines", "intact"}`. Coordinators only."""
        return await self.read("read_audit", after=after)

    # ---- care

    async def block_member(self, member: str, *, key: str | None = None) -> None:
        await self.ask("block_member", key=key, member=member)

    async def unblock_member(self, member: str, *, key: str | None = None) -> None:
        await self.ask("unblock_member", key=key, member=member)

    async def list_blocks(self, group: str) -> list[View]:
        return list((await self.read("list_blocks", group=group))["blocks"])

    async def report_member(
        self,
        member: str,
        reason: Literal["fixing", "dumping", "pressuring", "judging", "unwanted"],
        *,
        room: str | None = None,
        seq: int | None = None,
        words: str = "",
        key: str | None = None,
    ) -> None:
        await self.ask("report_member", key=key, member=member, reason=reason, room=room, seq=seq, words=words)

    async def list_reports(self, group: str | None = None) -> list[View]:
        """Open reports of a group, for its moderators; of no group, those that wait for a coordinator."""
        return list((await self.read("list_reports", group=group))["reports"])

    async def resolve_report(self, report: str, *, key: str | None = None) -> None:
        await self.ask("resolve_report", key=key, report=report)


def _could_not_reach(by_post: asyncio.Future[View]) -> bool:
    return isinstance(by_post.exception(), aiohttp.ClientError | TimeoutError)
