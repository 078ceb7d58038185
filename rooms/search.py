"""Finding a group by keyword over its public blurb: tolerant of typos and of word endings (GR1)."""

from __future__ import annotations

import re
import unicodedata

from rooms.group import Group

_WORD = re.compile(r"[^\W_]+")
_ENDINGS = ("ings", "ing", "ers", "er", "ies", "ed", "es", "s", "y")


def matches(group: Group, query: str) -> bool:
    """Whether every word of the query is in the group's public text, or nearly. Tags count as synonyms of its own."""
    text = {_stem(w) for w in _words(" ".join((group.name, group.blurb, group.rules, *group.tags)))}
    return all(any(_alike(_stem(wanted), word) for word in text) for wanted in _words(query))


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return _WORD.findall("".join(c for c in plain if not unicodedata.combining(c)))


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def _alike(wanted: str, word: str) -> bool:
    """The same beginning, or one slip of the thumb (two in a long word)."""
    if len(wanted) >= 3 and word.startswith(wanted):
        return True
    slips = 0 if len(wanted) < 4 else 1 if len(wanted) < 8 else 2
    return _distance_within(wanted, word, slips)


def _distance_within(one: str, other: str, slips: int) -> bool:
    """Whether at most `slips` letters were added, dropped, changed or swapped with their neighbour."""
    if abs(len(one) - len(other)) > slips:
        return False
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, last, row = row, before, [i]
        for j, b in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1] <= slips
