// The named choices of the protocol, taken out of the generated types.
import type { Card, CloseCall, Helper, NextStep, ReportMember, SetAvailability } from "./frames";

export type RingName = NextStep["ring"];
export type Feeling = CloseCall["feeling"];
export type ReportReason = ReportMember["reason"];
export type AvailabilityState = SetAvailability["state"];
export type Answer = Helper["answer"];
export type StoodDown = Card["stood_down"];
