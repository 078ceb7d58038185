"""The day after (UC12): with the caller's consent, one question how they are. It may be ignored."""

from __future__ import annotations

from presence.ids import AccountId, CallId
from rooms.call import Call, Closed
from rooms.policy import HOUR
from rooms.refusals import Refusal, Refused
from server.handlers.services import Done, Services, commit
from server.ports import Tx
from server.records import Page
from server.who import Who
from server.wire import frames as f

SHOWN_FOR_MS = 3 * 24 * HOUR


async def tell_due(services: Services) -> int:
    """Ask everyone whose time has come: on their open pages, and by notification. Returns how many."""
    now, reaches = services.clock.now(), services.roster.reaches()
    if not await services.store.read(lambda tx: tx.calls.check_ins_to_tell(now)):
        return 0

    def mark(tx: Tx) -> list[Call]:
        due = tx.calls.check_ins_to_tell(now)  # again: another node may have asked them meanwhile
        for call in due:
            tx.calls.check_in_told(call.id, now)
            if not reaches.get(call.caller_account):
                tx.calls.add_pages(_pages(services, tx, call, now))
        return due

    due = await services.store.write(mark)
    for call in due:
        services.out.to_account(call.caller_account, view(call))
    return len(due)


def _pages(services: Services, tx: Tx, call: Call, now: int) -> list[Page]:
    return [
        Page(call.id, -call.version, target.device, call.caller, "check_in", services.new_secret(), now)
        for target in tx.accounts.push_targets(call.caller_account)
    ]


async def waiting_for(services: Services, account: AccountId) -> list[f.CheckIn]:
    """Questions that were asked while this person had no page open."""
    since = services.clock.now() - SHOWN_FOR_MS
    return [view(call) for call in await services.store.read(lambda tx: tx.calls.check_ins_of(account, since))]


def view(call: Call) -> f.CheckIn:
    ended_at = call.end.at if isinstance(call.end, Closed) else call.raised_at
    return f.CheckIn(call=call.id, group=call.group, group_name=call.group_name, ended_at=ended_at)


async def answer_check_in(services: Services, who: Who, command: f.AnswerCheckIn) -> f.Ok:
    now = services.clock.now()

    def decide(tx: Tx) -> Done:
        if not tx.calls.answer_check_in(CallId(command.call), who.account, now):
            raise Refused(Refusal.NOT_FOUND, "no such question")
        return Done(f.Ok(re=command.k, call=command.call))

    return await commit(services, who, command, decide)
