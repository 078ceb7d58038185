import { kept } from "../../device/prefs";

/** The day that is counted from (YYYY-MM-DD), or nothing: off. On this device alone, under a name that says nothing. */
export const countFrom = kept("d", "");
