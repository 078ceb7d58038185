"""Who may do what to a witnessed action: role × frame × stage, written by hand from WA1–WA8, GR3, GR4, CB2 and OC5.

The roles are those of `tests.server.matrix`; here they mean what stands beside them. A cell is what the person of that
column hears; six cells with slashes between them stand for the six stages of the one action that there is:

- `planned`: for an hour from now; nobody was asked.
- `gathering`: asked; PEE and HEL joined, LEF joined and left, DIS joined and was removed, HEL reported it.
- `live`: begun, and one step was told in text.
- `attesting`: declared done while PEE was present.
- `turned`: the member turned it into a call while it was live.
- `ended`: PEE attested, and it was completed.

Whoever is not named in a line hears `nf` in every stage, and LOC hears `lo`.
"""

from __future__ import annotations

from rooms.refusals import Refusal
from tests.server.matrix import CODES, ROLES, cells_of

STAGES = ("planned", "gathering", "live", "attesting", "turned", "ended")

MEANS = {
    "STR": "a stranger",
    "PEN": "asked to join the group and waits",
    "REM": "was a member and was removed",
    "OBS": "an observer, named in the audience all the same",
    "MEM": "someone of the audience who has not joined",
    "PEE": "a witness: present, and chose to look",
    "HEL": "a witness who reported it",
    "CAL": "the member whose action it is",
    "BLO": "someone of the audience whom the member blocked",
    "MOD": "the group's moderator, outside the audience",
    "LEF": "a witness who left",
    "DIS": "a witness whom the member removed",
    "VOF": "a volunteer off shift",
    "VON": "a volunteer on shift",
    "ACC": "another one",
    "COO": "the coordinator",
    "LOC": "the member's other device, after quick exit",
}

ACTION_CODES = {
    **CODES,
    "ao": Refusal.ACTION_OVER.value,
    "oa": Refusal.ONE_AT_A_TIME.value,
    "np": Refusal.NOT_PRESENT.value,
    "nw": Refusal.NOT_WITNESSED.value,
    "ne": Refusal.NOT_ENOUGH_WITNESSES.value,
}

OF_THE_ACTION = """
# declare: members (GR3); one at a time, and planned ones do not count (WA1). What must not be watched is refused (WA8)
declare_action          OBS ob  MEM ok  PEE ok  HEL ok  CAL ok/oa/oa/oa/oa/ok  BLO ok  MOD ok  LEF ok  DIS ok
declare_action:ingest   OBS ob  MEM nw  PEE nw  HEL nw  CAL nw/oa/oa/oa/oa/nw  BLO nw  MOD nw  LEF nw  DIS nw
# a day that is none, in a zone that is one
declare_action:no_time  STR nt  PEN nt  REM nt  OBS nt  MEM nt  PEE nt  HEL nt  CAL nt  BLO nt  MOD nt  LEF nt  DIS nt  VOF nt  VON nt  ACC nt  COO nt
# the member alone
ask_witnesses           CAL ok/ok/ad/ad/ad/ao
go_live                 CAL na/ne/ok/na/na/ao
go_live:anyway          CAL na/ok/ok/na/na/ao
set_medium              CAL ok/ok/ok/ok/ok/ao
# a locked device can still cut and stop (CB4)
cut_picture             CAL na/na/ok/ok/ok/ao  LOC na/na/ok/ok/ok/ao
say_step                CAL na/na/ok/na/ok/ao
declare_done            CAL na/na/ok/ok/na/ao
stop_action             CAL ok  LOC ok
remove_witness          CAL ok
share_keys              CAL ok
# who may witness: the audience while it gathers or is live; whoever was in may come back until it is over. Not the
# observer, not across a block, not from outside the audience, not who was removed (GR3, GR4, CB2)
join_action             MEM nf/ok/ok/nf/nf/nf  PEE nf/ok/ok/ok/ok/ao  HEL nf/ok/ok/ok/ok/ao  LEF nf/ok/ok/ok/ok/ao
leave_action            MEM nf/ok/ok/nf/nf/nf  PEE nf/ok/ok/ok/ok/ok  HEL nf/ok/ok/ok/ok/ok  LEF nf/ok/ok/ok/ok/ok
# who reported it gets no more of it (WA3)
look                    PEE nf/ok/ok/ok/ok/ao  HEL nf/na/na/na/na/ao  LEF nf/nf/nf/nf/nf/ao
with_you                PEE nf/ok/ok/ok/ok/ok  HEL nf/ok/ok/ok/ok/ok
# only who was present at the declared moment (WA6)
attest                  MEM nf/np/np/nf/nf/nf  PEE nf/np/np/ok/np/ok  HEL nf/np/np/np/np/ao  LEF nf/np/np/np/np/ao
# every viewer, also who left
report_action           PEE nf/ok/ok/ok/ok/ok  HEL nf/ok/ok/ok/ok/ok  LEF nf/ok/ok/ok/ok/ok
# said into the air by whoever has no seat: nothing follows, nothing is learned
got                     STR --  PEN --  REM --  OBS --  MEM --  PEE --  HEL --  CAL --  BLO --  MOD --  LEF --  DIS --  VOF --  VON --  ACC --  COO --
# pictures: the member sends; a witness who chose to look watches, once it is live (WA3)
open_media              MEM nf/na/na/nf/nf/nf  PEE nf/na/ok/ok/ok/ao  HEL nf/na/na/na/na/ao  CAL na/ok/ok/ok/ok/ao  LEF nf/na/na/na/na/ao
# either side (WA7)
turn_into_call          PEE nf/ok/ok/ok/ok/ao  HEL nf/ok/ok/ok/ok/ao  CAL na/ok/ok/ok/ok/ao  LOC na/ok/ok/ok/ok/ao
# a moderator, and on-call on duty; twice is once
end_for_safety          MOD nf/ok/ok/ok/ok/ok  VOF nf/ns/ns/ns/ns/ns  VON nf/ok/ok/ok/ok/ok  ACC nf/ok/ok/ok/ok/ok  COO nf/ok/ok/ok/ok/ok
# records: one's own, whoever one is (WA6)
list_records            STR ok  PEN ok  REM ok  OBS ok  MEM ok  PEE ok  HEL ok  CAL ok  BLO ok  MOD ok  LEF ok  DIS ok  VOF ok  VON ok  ACC ok  COO ok
export_record           CAL nf/nf/nf/nf/nf/ok
delete_record           CAL na/na/na/na/na/ok
# HEL's report: its words are the moderator's to read (CB3)
list_reports            OBS na  MEM na  PEE na  HEL na  CAL na  BLO na  MOD ok  LEF na  DIS na
# what else shows actions: the desk without words, a page that looks again
watch_desk              VOF ok  VON ok  ACC ok  COO ok
block_member:the_member OBS ok  MEM ok  PEE ok  HEL ok  BLO ok  MOD ok  LEF ok  DIS ok
take_part               OBS ok  MEM ok  PEE ok  HEL ok  CAL ok  BLO ok  MOD ok  LEF ok  DIS ok
"""  # noqa: E501


def expected_of_actions() -> dict[str, dict[str, tuple[str, ...]]]:
    """row → role → what is heard in each of STAGES."""
    codes = {**ACTION_CODES, "nt": Refusal.NOT_A_TIME.value}
    return cells_of(OF_THE_ACTION, codes, len(STAGES))


assert MEANS.keys() == ROLES.keys()
