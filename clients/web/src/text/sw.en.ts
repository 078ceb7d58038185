// What a notification says. Neutral: whoever looks at the screen learns no name, no group and no reason.
export const notices = {
  ring: "Someone in a group of yours needs you",
  return: "Something you left open is waiting",
  check_in: "A message for you",
  test: "Notifications reach this device",
} as const;
