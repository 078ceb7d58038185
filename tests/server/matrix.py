"""Who may do what: role × frame × state of the call, written by hand from the rules of the product.

One line is a frame, aimed at what its comment says. A cell is what the person of that column hears; four cells with
slashes between them stand for the four states of the one call that there is:

- `none`: nobody called. The frame names a call, or a call room, that never was.
- `open`: a call runs; a helper is in the room and not yet here, a volunteer has accepted.
- `held`: that helper is here; both wrote.
- `closed`: the caller ended it a moment ago.

A wrong cell is a wrong promise: change this table only with the rule that it stands for. Frames of witnessed actions
are in `tests.server.matrix_of_actions`.
"""

from __future__ import annotations

from rooms.refusals import Refusal

STATES = ("none", "open", "held", "closed")

ROLES = {
    "STR": "a stranger: signed in, in no group",
    "PEN": "asked to join and waits",
    "REM": "was a member and was removed",
    "OBS": "an observer",
    "MEM": "a member who is quiet, so was not rung",
    "PEE": "a peer who was rung and has not answered",
    "HEL": "the helper: in the call room, then here",
    "CAL": "the caller",
    "BLO": "a peer whom the caller blocked before calling",
    "MOD": "the group's moderator, not rung",
    "LEF": "a peer who was in the call room and left",
    "DIS": "a peer who was in the call room and whom the caller refused",
    "VOF": "a volunteer off shift",
    "VON": "a volunteer on shift who did not accept",
    "ACC": "a volunteer on shift who accepted",
    "COO": "the coordinator",
    "LOC": "the caller's other device, after quick exit",
}

CODES = {
    "ok": "ok",
    "--": "no answer",
    "cl": "closed with 4005",
    "nf": Refusal.NOT_FOUND.value,
    "na": Refusal.NOT_ALLOWED.value,
    "ob": Refusal.OBSERVERS_READ.value,
    "in": Refusal.INTRODUCTION_NEEDED.value,
    "lo": Refusal.LOCKED.value,
    "ad": Refusal.ALREADY_DONE.value,
    "ov": Refusal.CALL_OVER.value,
    "en": Refusal.ENOUGH_PEOPLE.value,
    "ps": Refusal.PLEDGE_SPENT.value,
    "tl": Refusal.TOO_LATE.value,
    "ns": Refusal.NOT_ON_SHIFT.value,
}

# What has nothing to do with a call: the same in every state.
EVERY_STATE = """
#                             STR PEN REM OBS MEM PEE HEL CAL BLO MOD LEF DIS VOF VON ACC COO LOC
# the connection; `hello` a second time closes it
hello                         cl  cl  cl  cl  cl  cl  cl  cl  cl  cl  cl  cl  cl  cl  cl  cl  cl
beat                          --  --  --  --  --  --  --  --  --  --  --  --  --  --  --  --  --
visible                       ok  ok  ok  ok  ok  ok  ok  ok  ok  ok  ok  ok  ok  ok  ok  ok  ok
# groups: strangers learn the public blurb and nothing else (GR1, GR2)
find_groups                   ok  ok  ok  ok  ok  ok  ok  ok  ok  ok  ok  ok  ok  ok  ok  ok  lo
create_group                  ok  ok  ok  ok  ok  ok  ok  ok  ok  ok  ok  ok  ok  ok  ok  ok  lo
make_invite                   nf  nf  nf  ob  ok  ok  ok  ok  ok  ok  ok  ok  nf  nf  nf  nf  lo
# a valid link, whoever holds it; looking uses nothing up
look_at_invite                ok  ok  ok  ok  ok  ok  ok  ok  ok  ok  ok  ok  ok  ok  ok  ok  lo
use_invite                    ok  ad  ok  ad  ad  ad  ad  ad  ad  ad  ad  ad  ok  ok  ok  ok  lo
ask_to_join                   ok  ad  ok  ad  ad  ad  ad  ad  ad  ad  ad  ad  ok  ok  ok  ok  lo
list_join_requests            nf  nf  nf  na  na  na  na  na  na  ok  na  na  nf  nf  nf  nf  lo
# PEN's request
decide_join                   nf  nf  nf  na  na  na  na  na  na  ok  na  na  nf  nf  nf  nf  lo
# REM asked again and was declined: the answer is theirs alone
dismiss_join_answer           nf  nf  ok  nf  nf  nf  nf  nf  nf  nf  nf  nf  nf  nf  nf  nf  lo
list_members                  nf  nf  nf  ok  ok  ok  ok  ok  ok  ok  ok  ok  nf  nf  nf  nf  lo
take_part                     nf  nf  nf  ok  ok  ok  ok  ok  ok  ok  ok  ok  nf  nf  nf  nf  lo
# OBS becomes a member, OBS is removed: the moderator alone
set_role                      nf  nf  nf  na  na  na  na  na  na  ok  na  na  nf  nf  nf  nf  lo
remove_member                 nf  nf  nf  na  na  na  na  na  na  ok  na  na  nf  nf  nf  nf  lo
# the last moderator stays
leave_group                   nf  nf  nf  ok  ok  ok  ok  ok  ok  na  ok  ok  nf  nf  nf  nf  lo
finish_introduction           nf  nf  nf  ob  ok  ok  ok  ok  ok  ok  ok  ok  nf  nf  nf  nf  lo
# the group's room (CH1–CH3, GR3)
open_room                     nf  nf  nf  ok  ok  ok  ok  ok  ok  ok  ok  ok  nf  nf  nf  nf  lo
close_room                    ok  ok  ok  ok  ok  ok  ok  ok  ok  ok  ok  ok  ok  ok  ok  ok  lo
fetch_entries                 nf  nf  nf  ok  ok  ok  ok  ok  ok  ok  ok  ok  nf  nf  nf  nf  lo
say                           nf  nf  nf  ob  ok  ok  ok  ok  ok  ok  ok  ok  nf  nf  nf  nf  lo
# MEM's own words
delete_entry                  nf  nf  nf  nf  ok  nf  nf  nf  nf  nf  nf  nf  nf  nf  nf  nf  lo
hide_entry                    nf  nf  nf  na  na  na  na  na  na  ok  na  na  nf  nf  nf  nf  lo
typing                        nf  nf  nf  --  --  --  --  --  --  --  --  --  nf  nf  nf  nf  lo
# being rung: members who read the introduction (PR1, GR3)
set_availability:open         nf  nf  nf  ob  in  ok  ok  in  ok  in  ok  ok  nf  nf  nf  nf  lo
set_availability:quiet        nf  nf  nf  ok  ok  ok  ok  ok  ok  ok  ok  ok  nf  nf  nf  nf  lo
set_rung_when_away            nf  nf  nf  ob  in  ok  ok  in  ok  in  ok  ok  nf  nf  nf  nf  lo
hide_presence                 nf  nf  nf  ok  ok  ok  ok  ok  ok  ok  ok  ok  nf  nf  nf  nf  lo
# a press: also of an observer, and of whoever waits or was removed (GR3), also on a locked device (CB4)
raise_call                    nf  ok  ok  ok  ok  ok  ok  ok  ok  ok  ok  ok  nf  nf  nf  nf  ok
# on-call (OC1, OC2)
watch_desk                    nf  nf  nf  nf  nf  nf  nf  nf  nf  nf  nf  nf  ok  ok  ok  ok  lo
set_shift                     nf  nf  nf  nf  nf  nf  nf  nf  nf  nf  nf  nf  ok  ok  ok  ok  lo
read_audit                    nf  nf  nf  nf  nf  nf  nf  nf  nf  nf  nf  nf  nf  nf  nf  ok  lo
# care (CB2, CB3): of MEM; `unblock` of BLO
block_member                  nf  nf  nf  ok  nf  ok  ok  ok  ok  ok  ok  ok  nf  nf  nf  nf  lo
unblock_member                nf  nf  nf  nf  nf  nf  nf  ok  nf  nf  nf  nf  nf  nf  nf  nf  lo
list_blocks                   nf  nf  nf  ok  ok  ok  ok  ok  ok  ok  ok  ok  nf  nf  nf  nf  lo
report_member                 nf  nf  nf  ok  nf  ok  ok  ok  ok  ok  ok  ok  nf  nf  nf  nf  lo
list_reports                  nf  nf  nf  na  na  na  na  na  na  ok  na  na  nf  nf  nf  nf  lo
list_reports:coordinator      nf  nf  nf  nf  nf  nf  nf  nf  nf  nf  nf  nf  nf  nf  nf  ok  lo
# about MOD, who is the only moderator, by MEM: the coordinator's to settle, and not MOD's own
resolve_report:about_moderator nf  nf  nf  na  na  na  na  na  na  nf  na  na  nf  nf  nf  ok  lo
# about MEM
resolve_report                nf  nf  nf  na  na  na  na  na  na  ok  na  na  nf  nf  nf  nf  lo
"""

# What is aimed at the call. Those not named in a line hear `nf` in every state, and LOC hears `lo`.
OF_THE_CALL = """
# the call room (UC16): read by the caller, those in it, the accepted volunteer; by nobody else, before or after
open_room:call                HEL nf/ok/ok/nf  CAL nf/ok/ok/ok  ACC nf/ok/ok/nf
close_room:call               STR ok  PEN ok  REM ok  OBS ok  MEM ok  PEE ok  HEL ok  CAL ok  BLO ok  MOD ok  LEF ok  DIS ok  VOF ok  VON ok  ACC ok  COO ok
fetch_entries:call            HEL nf/ok/ok/nf  CAL nf/ok/ok/ok  ACC nf/ok/ok/nf
say:call                      HEL nf/ok/ok/nf  CAL nf/ok/ok/ov  ACC nf/na/na/nf
typing:call                   HEL nf/--/--/nf  CAL nf/--/--/--  ACC nf/--/--/nf
# HEL's words
delete_entry:call             HEL nf/ok/ok/nf
hide_entry:call               HEL nf/na/na/nf  CAL nf/na/na/na  ACC nf/na/na/nf
report_member:call            CAL nf/ok/ok/ok
# whose device has the card says so, once; late words change nothing
card_delivered                PEE nf/ok/ok/ok  HEL nf/ok/ok/ok  LEF nf/ok/ok/ok  DIS nf/ok/ok/ok  ACC nf/ok/ok/ok
card_seen                     PEE nf/ok/ok/ok  HEL nf/ok/ok/ok  LEF nf/ok/ok/ok  DIS nf/ok/ok/ok  ACC nf/ok/ok/ok
# responders: whoever was rung, and on-call on shift even before it is rung (UC6)
answer_call:coming            PEE nf/ok/ok/ov  HEL nf/ok/ok/ov  LEF nf/ps/ps/ov  DIS nf/en/en/en  VOF nf/ns/ns/ns  VON nf/ok/ok/ov  ACC nf/ok/ok/ov  COO nf/ok/ok/ov
answer_call:cant              PEE nf/ok/ok/ok  HEL nf/ad/ad/ad  LEF nf/ok/ok/ok  DIS nf/ok/ok/ok  VOF nf/ns/ns/ns  VON nf/ok/ok/ov  ACC nf/ok/ok/ok  COO nf/ok/ok/ov
answer_call:withdraw          PEE nf/ok/ok/ok  HEL nf/ok/ok/ok  LEF nf/ok/ok/ok  DIS nf/ok/ok/ok  VOF nf/ns/ns/ns  VON nf/ok/ok/ov  ACC nf/ok/ok/ok  COO nf/ok/ok/ov
enter_call                    PEE nf/ok/ok/ov  HEL nf/ok/ok/ov  LEF nf/ok/ok/ov  DIS nf/en/en/en  VOF nf/ns/ns/ns  VON nf/ok/ok/ov  ACC nf/ok/ok/ov  COO nf/ok/ok/ov
leave_call                    PEE nf/ok/ok/ok  HEL nf/ok/ok/ok  LEF nf/ok/ok/ok  DIS nf/ok/ok/ok  VOF nf/ns/ns/ns  VON nf/ok/ok/ov  ACC nf/ok/ok/ok  COO nf/ok/ok/ov
# the caller (UC9, UC12, UC16); a cancel and a close said twice are one
confirm_here                  CAL nf/ok/ok/ov
cancel_call                   CAL nf/ok/ok/ok  LOC nf/ok/ok/ok
undo_cancel                   CAL nf/ok/ok/tl  LOC nf/ok/ok/tl
close_call                    CAL nf/ok/ok/ok
still_need                    CAL nf/ok/ok/ov
# nobody has been asked how they are the day after (UC12)
answer_check_in               CAL nf
narrow_call                   CAL nf/ok/ok/ov
# HEL
refuse_helper                 CAL nf/ok/ok/ov
step_away                     CAL nf/ok/ok/ok  LOC nf/ok/ok/ok
# either side (UC16, UC17); danger now works in a call that lately ended too, for whoever was here
fetch_on_call                 HEL nf/ok/ok/nf  CAL nf/ok/ok/ov  ACC nf/ok/ok/nf  LOC nf/ok/ok/ov
danger_now                    HEL nf/ok/ok/ok  CAL nf/ok/ok/ok  ACC nf/ok/ok/nf  LOC nf/ok/ok/ok
# on-call (UC16): closing wants the caller's silence first
close_as_volunteer            ACC nf/na/na/ov
reopen_call                   VOF ns  VON nf/ok/ok/ok  ACC nf/ok/ok/ok  COO nf/ok/ok/ok
"""  # noqa: E501


def expected() -> dict[str, dict[str, tuple[str, ...]]]:
    """row → role → what is heard in each of STATES."""
    table: dict[str, dict[str, tuple[str, ...]]] = {}
    for words in _lines(EVERY_STATE):
        row, cells = words[0], words[1:]
        assert len(cells) == len(ROLES), f"{row} has {len(cells)} cells"
        table[row] = {role: _cell(cell, CODES, len(STATES)) for role, cell in zip(ROLES, cells, strict=True)}
    return table | cells_of(OF_THE_CALL, CODES, len(STATES))


def cells_of(text: str, codes: dict[str, str], states: int) -> dict[str, dict[str, tuple[str, ...]]]:
    """row → role → what is heard in each state, of lines that name the roles that hear something else than `nf`."""
    table: dict[str, dict[str, tuple[str, ...]]] = {}
    for words in _lines(text):
        row, pairs = words[0], words[1:]
        named = {role: _cell(cell, codes, states) for role, cell in zip(pairs[::2], pairs[1::2], strict=True)}
        assert named.keys() <= ROLES.keys(), row
        nobody = {role: _cell("lo" if role == "LOC" else "nf", codes, states) for role in ROLES}
        table[row] = nobody | named
    return table


def _lines(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def _cell(text: str, codes: dict[str, str], states: int) -> tuple[str, ...]:
    said = text.split("/")
    assert len(said) in (1, states), text
    assert set(said) <= codes.keys(), text
    return tuple(codes[one] for one in said) * (states if len(said) == 1 else 1)
