/** Witnessed actions beside the room and the groups. */
export const Lines = () => null;
