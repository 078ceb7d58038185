// What a notification says. Neutral: whoever looks at the screen learns no name, no group and no reason.
export const notices = {
  ring: "Someone in a group of yours needs you",
  return: "Something you left open is waiting",
  check_in: "A message for you",
  plan: "Something you planned is 10 minutes away",
  plan_now: "It is time for something you planned",
  test: "Notifications reach this device",
} as const;
