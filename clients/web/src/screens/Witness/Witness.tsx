import type { WitnessPlace } from "../../app/place";

/** The screen of a witnessed action that is true now. */
export const Witness = (_: { here: WitnessPlace }) => null;
