"""Which handler a frame goes to. A frame without a row here fails a test, not a person."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from rooms.refusals import Refusal, Refused
from server.handlers import (
    availability,
    calls,
    care,
    chat,
    check_ins,
    groups,
    joining,
    oncall,
    presence,
    record_book,
    witness,
    witness_media,
)
from server.handlers.services import Services
from server.who import Who
from server.wire import frames as f
from server.wire import witness as w

Handler = Callable[[Services, Who, Any], Awaitable[f.Event | None]]

WITNESS: dict[type[f.Frame], Handler] = {
    w.DeclareAction: witness.declare_action,
    w.AskWitnesses: witness.ask_witnesses,
    w.GoLive: witness.go_live,
    w.SetMedium: witness.set_medium,
    w.CutPicture: witness.cut_picture,
    w.SayStep: witness.say_step,
    w.DeclareDone: witness.declare_done,
    w.StopAction: witness.stop_action,
    w.RemoveWitness: witness.remove_witness,
    w.ShareKeys: witness_media.share_keys,
    w.JoinAction: witness.join_action,
    w.LeaveAction: witness.leave_action,
    w.Look: witness.look,
    w.Got: witness.got,
    w.WithYou: witness.with_you,
    w.Attest: witness.attest,
    w.ReportAction: witness.report_action,
    w.OpenMedia: witness_media.open_media,
    w.TurnIntoCall: witness.turn_into_call,
    w.EndForSafety: witness.end_for_safety,
    w.ListRecords: record_book.list_records,
    w.ExportRecord: record_book.export_record,
    w.DeleteRecord: record_book.delete_record,
}

HANDLERS: dict[type[f.Frame], Handler] = {
    f.Beat: presence.beat,
    f.Visible: presence.visible,
    f.FindGroups: groups.find_groups,
    f.CreateGroup: groups.create_group,
    f.MakeInvite: joining.make_invite,
    f.LookAtInvite: joining.look_at_invite,
    f.UseInvite: joining.use_invite,
    f.AskToJoin: joining.ask_to_join,
    f.ListJoinRequests: joining.list_join_requests,
    f.DecideJoin: joining.decide_join,
    f.DismissJoinAnswer: joining.dismiss_join_answer,
    f.ListMembers: groups.list_members,
    f.TakePart: groups.take_part,
    f.SetRole: groups.set_role,
    f.RemoveMember: groups.remove_member,
    f.LeaveGroup: groups.leave_group,
    f.FinishIntroduction: groups.finish_introduction,
    f.OpenRoom: chat.open_room,
    f.CloseRoom: chat.close_room,
    f.FetchEntries: chat.fetch_entries,
    f.Say: chat.say,
    f.DeleteEntry: chat.delete_entry,
    f.HideEntry: chat.hide_entry,
    f.Typing: chat.typing,
    f.SetAvailability: availability.set_availability,
    f.SetRungWhenAway: availability.set_rung_when_away,
    f.HidePresence: availability.hide_presence,
    f.RaiseCall: calls.raise_call,
    f.CardDelivered: calls.card_delivered,
    f.CardSeen: calls.card_seen,
    f.AnswerCall: calls.answer_call,
    f.EnterCall: calls.enter_call,
    f.LeaveCall: calls.leave_call,
    f.ConfirmHere: calls.confirm_here,
    f.CancelCall: calls.cancel_call,
    f.UndoCancel: calls.undo_cancel,
    f.CloseCall: calls.close_call,
    f.StillNeed: calls.still_need,
    f.AnswerCheckIn: check_ins.answer_check_in,
    f.NarrowCall: calls.narrow_call,
    f.RefuseHelper: calls.refuse_helper,
    f.FetchOnCall: calls.fetch_on_call,
    f.DangerNow: calls.danger_now,
    f.StepAway: calls.step_away,
    f.WatchDesk: oncall.watch_desk,
    f.SetShift: oncall.set_shift,
    f.CloseAsVolunteer: oncall.close_as_volunteer,
    f.ReopenCall: oncall.reopen_call,
    f.ReadAudit: oncall.read_audit,
    f.BlockMember: care.block_member,
    f.UnblockMember: care.unblock_member,
    f.ListBlocks: care.list_blocks,
    f.ReportMember: care.report_member,
    f.ListReports: care.list_reports,
    f.ResolveReport: care.resolve_report,
    **WITNESS,
}

MAY_WHEN_LOCKED = (
    f.Beat, f.Visible, f.RaiseCall, f.CancelCall, f.UndoCancel, f.StepAway, f.DangerNow, f.FetchOnCall,
    w.CutPicture, w.StopAction, w.TurnIntoCall,
)  # fmt: skip
"""After quick exit: reading is locked, pressing is not (CB4). A picture can still be cut."""


async def handle(services: Services, who: Who, command: f.Command) -> f.Event | None:
    """Run one command for a person who said hello. Raises `Refused`, `StoreDown` or `StoreLate`."""
    if who.locked and not isinstance(command, MAY_WHEN_LOCKED):
        raise Refused(Refusal.LOCKED)
    return await HANDLERS[type(command)](services, who, command)
