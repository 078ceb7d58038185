"""Names that imitate no one (GR7): NFKC-folded, without invisibles, and compared by how they look."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from confusable_homoglyphs import confusables

from rooms.refusals import Refusal, Refused

# Words that would pass for a role. Compared by skeleton, so "Vоlunteer" with a Cyrillic o is caught too.
ROLE_WORDS = (
    "beside", "admin", "administrator", "moderator", "mod", "volunteer", "coordinator", "oncall", "staff", "support",
    "helper", "system", "server", "official", "counsellor", "counselor", "therapist", "doctor", "nurse", "crisisline",
)  # fmt: skip


def clean_name(name: str) -> str:
    """The name as shown: NFKC, single spaces. Refuses control, format, private and unassigned characters, marks
    stacked more than two high, and names without a letter or digit."""
    folded = " ".join(unicodedata.normalize("NFKC", name).split())
    stacked = 0
    for character in folded:
        category = unicodedata.category(character)
        if category[0] == "C" or category in ("Zl", "Zp"):
            raise Refused(Refusal.NAME_NOT_ALLOWED, "invisible character")
        stacked = stacked + 1 if category == "Mn" else 0
        if stacked > 2:
            raise Refused(Refusal.NAME_NOT_ALLOWED, "stacked marks")
    if not 1 <= len(folded) <= 32 or not any(c.isalnum() for c in folded):
        raise Refused(Refusal.NAME_NOT_ALLOWED, "length or no letter")
    return folded


def name_key(name: str) -> str:
    """How a name looks: two names with the same key cannot both be had in a group."""
    decomposed = unicodedata.normalize("NFKD", clean_name(name))
    plain = "".join(c for c in decomposed if unicodedata.category(c) != "Mn" and c.isalnum())
    return "".join(_looks_like(c) for c in plain)[:64]


def check_member_name(name: str) -> tuple[str, str]:
    """`(name, key)` of a pseudonym in a group; a name that reads like a role is refused."""
    shown, key = clean_name(name), name_key(name)
    if key in _role_keys():
        raise Refused(Refusal.NAME_NOT_ALLOWED, "reads like a role")
    return shown, key


@lru_cache(maxsize=1)
def _role_keys() -> frozenset[str]:
    return frozenset("".join(_looks_like(c) for c in word) for word in ROLE_WORDS)


SAME = {"0": "o", "1": "l", "i": "l", "|": "l", "5": "s"}
"""Digits that pass for letters fold together: screens do not tell them apart for a shaken reader."""
SMALL_CAPITAL = "LATIN LETTER SMALL CAPITAL "


@lru_cache(maxsize=4096)
def _looks_like(character: str) -> str:
    """The Latin letter or digit that a character can be taken for, in lower case, else itself. The capital is looked up
    as it is: a Cyrillic В is taken for a B, its small letter for nothing."""
    letter = _latin(character) or _latin(character.casefold()) or character.casefold()
    return SAME.get(letter, letter)


def _latin(character: str) -> str | None:
    if character.isascii():
        return character.casefold()
    named = unicodedata.name(character, "")
    if named.startswith(SMALL_CAPITAL) and len(named) == len(SMALL_CAPITAL) + 1:
        return named[-1].casefold()
    for entry in confusables.is_confusable(character, greedy=True, preferred_aliases=[]) or ():
        for glyph in entry["homoglyphs"]:
            candidate = str(glyph["c"]).casefold()
            if len(candidate) == 1 and candidate.isascii() and candidate.isalnum():
                return candidate
    return None
