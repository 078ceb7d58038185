// The screens that nobody needs in the first minute: one chunk, fetched when someone first goes there, and kept by the
// service worker for when there is no line.
export { AlsoAsk, OtherCalls } from "./Call/AlsoAsk";
export { Invite } from "./Entry/Invite";
export { CreateGroup } from "./Find/CreateGroup";
export { Find } from "./Find/Find";
export { JoinGroup } from "./Find/JoinGroup";
export { Introduction } from "./Introduction/Introduction";
export { Moderate } from "./Moderate/Moderate";
export { Leaving } from "./Settings/Leaving";
export { PlanScreen } from "./Settings/Plan";
export { Settings } from "./Settings/Settings";
export { Stored } from "./Settings/Stored";
