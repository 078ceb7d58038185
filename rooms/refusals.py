"""Refusals: the closed set of ways in which Beside says no.

Each has a code (stable, for programs), a sentence a shaken person can read, and what to do next.
The core raises :class:`Refused`; the wire sends code, sentence and what to do; nothing else may say no.
"""

from __future__ import annotations

from enum import StrEnum


class Refusal(StrEnum):
    """Why something was not done. The value is what stands on the wire."""

    BAD_FRAME = "bad_frame"
    TOO_FAST = "too_fast"
    NOT_SIGNED_IN = "not_signed_in"
    NOT_ALLOWED = "not_allowed"
    NOT_FOUND = "not_found"
    LOCKED = "locked"
    ALREADY_DONE = "already_done"
    KEY_REUSED = "key_reused"
    NAME_NOT_ALLOWED = "name_not_allowed"
    NAME_TAKEN = "name_taken"
    WRONG_WORDS = "wrong_words"
    INVITE_SPENT = "invite_spent"
    PLEDGE_NEEDED = "pledge_needed"
    INTRODUCTION_NEEDED = "introduction_needed"
    OBSERVERS_READ = "observers_read"
    UNDER_AGE = "under_age"
    PLEDGE_SPENT = "pledge_spent"
    TAKEN = "taken"
    THEY_ARE_OK = "they_are_ok"
    CALL_OVER = "call_over"
    TOO_LATE = "too_late"
    ENOUGH_PEOPLE = "enough_people"
    NOT_ON_SHIFT = "not_on_shift"
    NOBODY_TO_TELL = "nobody_to_tell"
    NOT_SAVED = "not_saved"
    NOT_WITNESSED = "not_witnessed"
    NOT_ENOUGH_WITNESSES = "not_enough_witnesses"
    ACTION_OVER = "action_over"
    WITNESSES_FULL = "witnesses_full"
    ONE_AT_A_TIME = "one_at_a_time"
    NOT_PRESENT = "not_present"
    RECORD_BROKEN = "record_broken"
    NOT_A_TIME = "not_a_time"


# code -> (what happened, what to do next). One sentence each; grade-school words (page.md, Voice).
SENTENCES: dict[Refusal, tuple[str, str]] = {
    Refusal.BAD_FRAME: ("That message did not make sense to us.", "Reload the page and try again."),
    Refusal.TOO_FAST: ("That was a lot at once.", "Wait a moment and try again."),
    Refusal.NOT_SIGNED_IN: ("You are not signed in here.", "Sign in again."),
    Refusal.NOT_ALLOWED: ("You cannot do that here.", "Ask a moderator of the group if you think you should."),
    Refusal.NOT_FOUND: ("We cannot find that, or you cannot see it.", "Go back and look again."),
    Refusal.LOCKED: (
        "Reading is locked on this device.",
        "Give your passphrase to read. You can still ask for someone.",
    ),
    Refusal.ALREADY_DONE: ("That was already done.", "There is nothing more to do."),
    Refusal.KEY_REUSED: ("That key was used for something else.", "Use a new key for a new action."),
    Refusal.NAME_NOT_ALLOWED: (
        "That name cannot be used.",
        "Use letters and numbers that cannot be taken for a role or for someone else.",
    ),
    Refusal.NAME_TAKEN: ("Someone already has that name, or one that looks like it.", "Choose another name."),
    Refusal.WRONG_WORDS: ("That name and passphrase do not fit.", "Try again, or use a recovery code."),
    Refusal.INVITE_SPENT: ("That link was used or has run out.", "Ask for a new one."),
    Refusal.PLEDGE_NEEDED: (
        "The group asks you to agree to its guidelines first.",
        "Read them, tick the box and send again.",
    ),
    Refusal.INTRODUCTION_NEEDED: (
        "Before people can ring you, there is a short introduction.",
        "Read it; it takes two minutes.",
    ),
    Refusal.OBSERVERS_READ: ("You are reading along for now.", "Choose “Take part” when you want to write."),
    Refusal.UNDER_AGE: ("Beside is for adults.", "There are lines for young people; we show them here."),
    Refusal.PLEDGE_SPENT: ("You already said that you are coming, this time.", "Go in when you can; that counts."),
    Refusal.TAKEN: ("They have enough people just now, thank you.", "Stay around; they may need someone later."),
    Refusal.THEY_ARE_OK: ("They stopped the call themselves. Thank you for coming.", "There is nothing more to do."),
    Refusal.CALL_OVER: ("This call has ended.", "There is nothing more to do."),
    Refusal.TOO_LATE: ("It is too late to take that back.", "You can ask again."),
    Refusal.ENOUGH_PEOPLE: ("They have enough people just now, thank you.", "There is nothing more to do."),
    Refusal.NOBODY_TO_TELL: (
        "Nobody but them looks after this group, so nobody could read that.",
        "You can block them, or leave the group.",
    ),
    Refusal.NOT_ON_SHIFT: ("You are not on shift.", "Go on shift first."),
    Refusal.NOT_WITNESSED: (
        "This is not something to do in front of others, and we will not watch it.",
        "You do not have to be alone with it. You can ask for someone now.",
    ),
    Refusal.NOT_ENOUGH_WITNESSES: (
        "Fewer people are with you than you wanted.",
        "Wait for them, begin all the same, or ask for someone now.",
    ),
    Refusal.ACTION_OVER: ("This has ended.", "There is nothing more to do."),
    Refusal.WITNESSES_FULL: ("They have enough witnesses, thank you.", "There is nothing more to do."),
    Refusal.ONE_AT_A_TIME: ("You have one running already.", "Finish or stop that one first."),
    Refusal.NOT_PRESENT: (
        "Only those who were there at that moment can say what they saw.",
        "There is nothing more to do.",
    ),
    Refusal.RECORD_BROKEN: (
        "This record is not whole any more, so we do not put our name to it.",
        "Tell whoever runs this server; they may have a copy.",
    ),
    Refusal.NOT_A_TIME: ("We cannot find that time on a clock, or it has passed.", "Choose another one."),
    Refusal.NOT_SAVED: ("We could not save that just now.", "Keep the page open; we try again."),
}


class Refused(Exception):
    """A typed no. `code` is one of :class:`Refusal`; `detail` is for the log and holds no words of a person."""

    def __init__(self, code: Refusal, detail: str = "") -> None:
        super().__init__(code.value if not detail else f"{code.value}: {detail}")
        self.code = code
        self.detail = detail

    @property
    def sentence(self) -> str:
        return SENTENCES[self.code][0]

    @property
    def what_to_do(self) -> str:
        return SENTENCES[self.code][1]
