import type { DeclareAction, RecordFile, Records, SetMedium } from "../wire/frames";
import type { ReportReason } from "../wire/names";
import { ask, keep } from "./sender";

// What a person can do in a witnessed action (WA). Only the screens that are loaded later use it. Pictures, `look`'s
// stream, `cut_picture` and `join_action` are the media's own (src/witness). What would take someone by surprise if it
// went out minutes later (asking, going live, looking) fails without a line; all else waits for it.

// ---- the member
export const declareAction = async (said: Omit<DeclareAction, "t" | "k">) => (await ask({ t: "declare_action", ...said })).ok?.action ?? "";
export const askWitnesses = (action: string) => ask({ t: "ask_witnesses", action });
export const goLive = (action: string, anyway: boolean) => ask({ t: "go_live", action, anyway });
/** On a page that holds no picture of it; the one that does cuts by itself, first. */
export const cutPicture = (action: string, cut: boolean) => keep({ t: "cut_picture", action, cut });
export const setMedium = (action: string, medium: SetMedium["medium"]) => keep({ t: "set_medium", action, medium, why: "choice" });
export const sayStep = (action: string, text: string) => keep({ t: "say_step", action, text });
export const declareDone = (action: string) => keep({ t: "declare_done", action });
export const stopAction = (action: string) => keep({ t: "stop_action", action });
export const removeWitness = (action: string, member: string) => keep({ t: "remove_witness", action, member });

// ---- a witness
export const look = (action: string, looking: boolean) => (looking ? ask : keep)({ t: "look", action, looking });
export const withYou = (action: string) => keep({ t: "with_you", action });
export const attestTo = (action: string, saw: boolean) => keep({ t: "attest", action, saw });
export const reportAction = (action: string, reason: ReportReason, words: string) => keep({ t: "report_action", action, reason, words });

// ---- either side
export const turnIntoCall = (action: string) => keep({ t: "turn_into_call", action });
export const endForSafety = (action: string) => keep({ t: "end_for_safety", action });

// ---- records
export const listRecords = async () => (await ask({ t: "list_records" })).event as Records;
export const exportRecord = async (action: string) => (await ask({ t: "export_record", action })).event as RecordFile;
export const deleteRecord = (action: string) => keep({ t: "delete_record", action });
