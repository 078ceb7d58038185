// The screens of a witnessed action (WA): one chunk of their own, fetched when someone first declares one or is asked.
export { Lines } from "./Witness/Lines";
export { Witness } from "./Witness/Witness";
