import { del, get, post } from "../net/http";
import type { Audit, Blocks, Devices, FoundGroups, InvitedTo, JoinRequests, Members, Reports } from "../wire/frames";
import type { AvailabilityState, Feeling, ReportReason } from "../wire/names";
import { checkIns, joinAnswers } from "../model/model";
import { ask, keep } from "./sender";

// What a person can do, in the words of the product. `keep` waits for the line, `ask` fails without one.

// ---- groups
export const findGroups = async (words: string) => (await ask({ t: "find_groups", words })).event as FoundGroups;
export const createGroup = (group: {
  name: string; blurb: string; tags: string[]; rules: string; questions: string[]; my_name: string;
}) => keep({ t: "create_group", ...group });
export const makeInvite = async (group: string, role: "observer" | "member") =>
  (await ask({ t: "make_invite", group, role })).ok?.invite ?? "";
export const lookAtInvite = async (invite: string) => (await ask({ t: "look_at_invite", invite })).event as InvitedTo;
export const useInvite = (invite: string, my_name: string, pledged: boolean) =>
  keep({ t: "use_invite", invite, my_name, pledged });
export const askToJoin = (group: string, my_name: string, answers: string[], pledged: boolean) =>
  keep({ t: "ask_to_join", group, my_name, answers, pledged });
export const listJoinRequests = async (group: string) =>
  (await ask({ t: "list_join_requests", group })).event as JoinRequests;
export const decideJoin = (request: string, admit: boolean, reason: string, role: "observer" | "member") =>
  ask({ t: "decide_join", request, admit, reason, role });
/** Read on another device is read too: it goes away at once in any case. */
export const dismissJoinAnswer = (request: string) => {
  joinAnswers.value = joinAnswers.peek().filter((one) => one.request !== request);
  return keep({ t: "dismiss_join_answer", request }).catch(() => {});
};
export const listMembers = async (group: string) => (await ask({ t: "list_members", group })).event as Members;
export const takePart = (group: string) => keep({ t: "take_part", group });
export const setRole = (member: string, role: "observer" | "member" | "moderator") => ask({ t: "set_role", member, role });
export const removeMember = (member: string) => ask({ t: "remove_member", member });
export const leaveGroup = (group: string) => ask({ t: "leave_group", group });
export const finishIntroduction = (group: string) => keep({ t: "finish_introduction", group });

// ---- chat
export const deleteEntry = (room: string, seq: number) => keep({ t: "delete_entry", room, seq });
export const hideEntry = (room: string, seq: number) => keep({ t: "hide_entry", room, seq });

// ---- availability
export const setAvailability = (group: string, state: AvailabilityState, until: number | null) =>
  ask({ t: "set_availability", group, state, until });
export const setRungWhenAway = (group: string, on: boolean) => ask({ t: "set_rung_when_away", group, on });
export const hidePresence = (group: string, hidden: boolean) => ask({ t: "hide_presence", group, hidden });

// ---- the urgent call
export const answerCall = (call: string, answer: "coming" | "cant" | "withdraw") => keep({ t: "answer_call", call, answer });
export const enterCall = (call: string) => ask({ t: "enter_call", call });
export const leaveCall = (call: string, parted_well: boolean) => keep({ t: "leave_call", call, parted_well });
export const confirmHere = (call: string) => keep({ t: "confirm_here", call });
export const cancelCall = (call: string, why: "ok" | "mistake") => keep({ t: "cancel_call", call, why });
export const undoCancel = (call: string) => keep({ t: "undo_cancel", call });
export const closeCall = (call: string, feeling: Feeling, check_in: boolean) => keep({ t: "close_call", call, feeling, check_in });
export const stillNeed = (call: string, need: boolean) => keep({ t: "still_need", call, need });
/** Answered on another device, or asked too long ago, is answered too: the question goes away at once in any case. */
export const answerCheckIn = (call: string) => {
  checkIns.value = checkIns.peek().filter((one) => one.call !== call);
  return keep({ t: "answer_check_in", call }).catch(() => {});
};
export const narrowCall = (call: string, only: string[], volunteers_too: boolean) =>
  keep({ t: "narrow_call", call, only, volunteers_too });
export const refuseHelper = (call: string, member: string) => keep({ t: "refuse_helper", call, member });
export const fetchOnCall = (call: string) => keep({ t: "fetch_on_call", call });
export const dangerNow = (call: string) => keep({ t: "danger_now", call });

// ---- on call
export const watchDesk = () => ask({ t: "watch_desk" });
export const setShift = (on: boolean, backup: boolean) => ask({ t: "set_shift", on, backup });
export const closeAsVolunteer = (call: string, reason: "handed_to_service" | "caller_safe" | "no_answer") =>
  keep({ t: "close_as_volunteer", call, reason });
export const reopenCall = (call: string) => keep({ t: "reopen_call", call });
export const readAudit = async (after: number) => (await ask({ t: "read_audit", after })).event as Audit;

// ---- care
export const blockMember = (member: string) => keep({ t: "block_member", member });
export const unblockMember = (member: string) => keep({ t: "unblock_member", member });
export const listBlocks = async (group: string) => (await ask({ t: "list_blocks", group })).event as Blocks;
export const reportMember = (member: string, reason: ReportReason, words: string, room: string | null, seq: number | null) =>
  keep({ t: "report_member", member, reason, words, room, seq });
/** Of a group, for its moderators; of none, what waits for a coordinator. */
export const listReports = async (group: string | null) => (await ask({ t: "list_reports", group })).event as Reports;
export const resolveReport = (report: string) => ask({ t: "resolve_report", report });

// ---- this device
export const listDevices = () => get<Devices>("/api/devices");
export const revokeDevice = (device: string) => post("/api/devices/revoke", { device });
export const stopPush = () => del("/api/push");
