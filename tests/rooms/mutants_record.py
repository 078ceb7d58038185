"""The record of a witnessed action and the clock on the wall, broken on purpose. See mutants.py."""

from __future__ import annotations

from tests.rooms.mutants import Mutant

RECORD = "rooms/record.py"
WALL = "rooms/wall_time.py"
STORIES = "wa06 and not any_ and not bit and not lines"
"""Of the record, without its fuzz, which finds the same and takes longer."""

RECORD_MUTANTS = (
    # ---- the record
    Mutant(
        "the hash does not cover the one before",
        RECORD,
        "hashlib.sha256(bytes.fromhex(before) + body)",
        "hashlib.sha256(body)",
        STORIES,
    ),
    Mutant("any chain fits any record", RECORD, 'f"{FORMAT} {record}".encode()', "FORMAT.encode()", STORIES),
    Mutant(
        "the time of an entry is not covered",
        RECORD,
        "encode([n, at, what, dict(sorted(more.items()))])",
        "encode([n, what, dict(sorted(more.items()))])",
        STORIES,
    ),
    Mutant(
        "the words of an entry are not covered",
        RECORD,
        "encode([n, at, what, dict(sorted(more.items()))])",
        "encode([n, at, what])",
        STORIES,
    ),
    Mutant(
        "the length is not signed",
        RECORD,
        "encode([FORMAT, record, entries, head, now, key])",
        "encode([FORMAT, record, head, now, key])",
        STORIES,
    ),
    Mutant(
        "the last hash is not signed",
        RECORD,
        "encode([FORMAT, record, entries, head, now, key])",
        "encode([FORMAT, record, entries, now, key])",
        STORIES,
    ),
    Mutant(
        "the time of the seal is not signed",
        RECORD,
        "encode([FORMAT, record, entries, head, now, key])",
        "encode([FORMAT, record, entries, head, key])",
        STORIES,
    ),
    Mutant("any key will do", RECORD, "    if not is_key(public_key, key):", "    if not public_key:", STORIES),
    Mutant(
        "half a fingerprint will do",
        RECORD,
        'return plain_key(said) in (fingerprint(public_key).replace(" ", ""), public_key.hex())',
        'return (plain_key(said) or "-") in public_key.hex() + fingerprint(public_key).replace(" ", "")',
        STORIES,
    ),
    Mutant(
        "the signature is not looked at",
        RECORD,
        "    if not verify(public_key, words, signature):",
        "    if not words:",
        STORIES,
    ),
    Mutant("a changed entry is believed", RECORD, ".hash != entry.hash:", ".hash == before:", STORIES),
    Mutant("numbers may be anything", RECORD, "        if entry.n != place:\n", "        if not entry:\n", STORIES),
    Mutant(
        "a cut-off end is not missed",
        RECORD,
        "    if len(entries) < sealed.entries:",
        "    if len(entries) < 0:",
        STORIES,
    ),
    Mutant(
        "an added entry is not seen",
        RECORD,
        "    if len(entries) > sealed.entries:",
        "    if len(entries) > 10**6:",
        STORIES,
    ),
    Mutant(
        "a chain made anew is believed",
        RECORD,
        "    if _head_of(sealed.record, entries) != sealed.head:",
        "    if not sealed.head:",
        STORIES,
    ),
    Mutant(
        "upper case is another spelling",
        RECORD,
        're.fullmatch("[0-9a-f]*", said)',
        're.fullmatch("[0-9a-fA-F]*", said)',
        STORIES,
    ),
    Mutant("signs that are no digits", RECORD, ' and re.fullmatch("[0-9a-f]*", said) is not None', "", STORIES),
    Mutant(
        "halves of signs are let in",
        RECORD,
        "        except UnicodeEncodeError:\n            return False",
        "        except UnicodeEncodeError:\n            return True",
        STORIES,
    ),
    Mutant("numbers without bounds", RECORD, "abs(value) > WHOLE_AT_MOST", "abs(value) > 10**9999", STORIES),
    Mutant(
        "a name may stand twice",
        RECORD,
        "    if len(pairs) != len({name for name, _ in pairs}):",
        "    if not isinstance(pairs, list):",
        STORIES,
    ),
    Mutant("nested too deeply is a crash", RECORD, "    except RecursionError:", "    except MemoryError:", STORIES),
    Mutant("true is one", RECORD, "(kind is int and isinstance(plain[name], bool))", "False", STORIES),
    Mutant("more fields than there are", RECORD, "set(plain) != set(kinds)", "not set(plain) >= set(kinds)", STORIES),
    Mutant(
        "the fingerprint beside the key may be another's",
        RECORD,
        '    if s["fingerprint"] != _plain_seal(sealed)["fingerprint"]:',
        "    if not sealed:",
        STORIES,
    ),
    Mutant(
        "a file may have a million entries",
        RECORD,
        'if len(whole["entries"]) > ENTRIES_AT_MOST:',
        "if not whole:",
        STORIES,
    ),
    Mutant("the spelling does not matter", RECORD, "    if text == should:\n", "    if should:\n", STORIES),
    Mutant(
        "a store that lost an entry is sealed over",
        RECORD,
        "    if len(entries) != length or _head_of",
        "    if _head_of",
        STORIES,
    ),
    Mutant(
        "a store that lost the end is sealed over",
        RECORD,
        " or _head_of(record, entries) != (head or genesis(record)):",
        ":",
        STORIES,
    ),
    Mutant(
        "a store that changed an entry is sealed over",
        RECORD,
        "    return _broken_link(record, entries, encode) is None\n",
        "    return True\n",
        STORIES,
    ),
    # ---- the wall clock
    Mutant(
        "a missing hour means an hour later",
        WALL,
        "    while not _exists(moment, zone):\n",
        "    while not zone:\n",
        "uc13",
    ),
    Mutant(
        "a doubled hour means the second",
        WALL,
        "wall.replace(tzinfo=zone, fold=0) - datetime",
        "wall.replace(tzinfo=zone, fold=1) - datetime",
        "uc13",
    ),
    Mutant(
        "the search for a valid minute has no end",
        WALL,
        "if moment - wall > SKIPPED_AT_MOST:",
        "if moment - wall > SKIPPED_AT_MOST / 4:",
        "uc13",
    ),
)
