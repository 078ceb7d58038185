"""The member's own records of witnessed actions: list, export, delete (WA6). Nobody else gets any of it."""

from __future__ import annotations

from presence.ids import ActionId
from rooms import record
from rooms.record import Entry
from rooms.refusals import Refusal, Refused
from rooms.witness import Action, Ended
from server.handlers.services import Done, Services, commit
from server.handlers.witness_views import ended_of
from server.ports import Tx
from server.records import Tombstone
from server.who import Who
from server.wire import frames as f
from server.wire import witness as w
from server.wire.codec import that_fit


async def list_records(services: Services, who: Who, command: w.ListRecords) -> f.Ok:
    def read(tx: Tx) -> list[w.RecordLine]:
        over, stones = tx.actions.records_of(who.account)
        saw = tx.actions.attestations_of(action.id for action in over)
        lines = [_line(action, saw.get(action.id, 0)) for action in over] + [_stone(one) for one in stones]
        return sorted(lines, key=lambda line: -line.at)

    lines = that_fit(await services.store.read(read))
    records = w.Records(re=command.k, records=lines, key=services.recorder.fingerprint)
    services.out.send_urgent(who.connection, records)
    return f.Ok(re=command.k)


def _line(action: Action, saw: int) -> w.RecordLine:
    return w.RecordLine(
        action=action.id,
        at=action.made_at,
        deleted=False,
        deed=action.deed.value,
        words=action.words,
        ended=ended_of(action),
        entries=action.entries,
        witnesses=saw,
    )


def _stone(one: Tombstone) -> w.RecordLine:
    return w.RecordLine(action=one.action, at=one.at, deleted=True)


async def export_record(services: Services, who: Who, command: w.ExportRecord) -> f.Ok:
    """Sealed when it ended. A chain that the store no longer holds whole is not sealed over: the member hears so."""

    def read(tx: Tx) -> tuple[Action, list[Entry]]:
        action = tx.actions.get(ActionId(command.action))
        if action is None or action.account != who.account or not isinstance(action.stage, Ended):
            raise Refused(Refusal.NOT_FOUND, "no record of theirs")
        return action, tx.actions.entries(action.id)

    action, entries = await services.store.read(read)
    if not record.is_chain(action.id, entries, action.entries, action.head, services.recorder.encode):
        raise Refused(Refusal.RECORD_BROKEN)
    assert isinstance(action.stage, Ended)  # noqa: S101  seen to above
    text = services.recorder.file(action.id, entries, action.stage.at)
    name = f"record-{action.id}.json"
    services.out.send_urgent(who.connection, w.RecordFile(re=command.k, action=action.id, name=name, text=text))
    return f.Ok(re=command.k)


async def delete_record(services: Services, who: Who, command: w.DeleteRecord) -> f.Ok:
    def decide(tx: Tx) -> Done:
        action = tx.actions.get(ActionId(command.action))
        if action is None or action.account != who.account:
            raise Refused(Refusal.NOT_FOUND, "no record of theirs")
        if not isinstance(action.stage, Ended):
            raise Refused(Refusal.NOT_ALLOWED, "still running")
        tx.actions.bury(action.id)
        return Done(f.Ok(re=command.k))

    return await commit(services, who, command, decide)
