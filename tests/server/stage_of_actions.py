"""The stage with one witnessed action on it, in one of the stages of `tests.server.matrix_of_actions`."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.server import stage as stages
from tests.server.raw import Frame
from tests.server.stage import NEVER_WAS, Fields, Memory, Put, Stage, ok
from tests.worlds import a_world

DEED, STEP, REPORT = "planted words of the action", "planted step of the action", "planted words of its report"
AUDIENCE = {"CAL", "MEM", "PEE", "HEL", "LEF"}
MAY_READ_OF_ACTIONS = {DEED: AUDIENCE, STEP: {"CAL", "PEE"}, REPORT: {"MOD"}}
"""OBS, BLO, MOD and DIS are kept out; who left or only was asked reads no step, nor does who reported it."""
OTHERS_WORDS = "another action"
LETS_IN = ("join_action", "take_part")
PUBLIC_KEY, WRAPPED = "A" * 87, "A" * 80


@dataclass(frozen=True)
class ActionMemory(Memory):
    """And what it holds in memory of who is present, and of whose pages have keys."""

    got: dict[Any, dict[Any, Any]]
    devices: dict[Any, list[Any]]


@dataclass
class ActionStage(Stage):
    """`state` is one of `tests.server.matrix_of_actions.STAGES`."""

    @property
    def action(self) -> str:
        return str(self.facts.get("action", NEVER_WAS))

    def _may_read(self) -> dict[str, set[str]]:
        asked = {"DIS"} if self.state == "planned" else set()  # who was not removed yet
        return {**super()._may_read(), **MAY_READ_OF_ACTIONS, DEED: AUDIENCE | asked}

    def _is_theirs(self, put: Put, sentence: str) -> bool:
        """The words go with a report to its reader."""
        return put.role == "MOD" and put.frame["t"] == "reports" and sentence == DEED

    def _fields(self, row: str) -> Frame:
        return (OF_ACTIONS.get(row) or stages.FIELDS[row])(self)

    def _remember(self) -> Memory:
        held, services = super()._remember(), self.world.beside.services
        rings: dict[Any, Any] = services.keyring._rings  # type: ignore[attr-defined]
        return ActionMemory(
            held.watching, held.topics, held.seats, held.blocked,
            got={action: dict(got) for action, got in services.got.items()},
            devices={action: list(ring.devices.items()) for action, ring in rings.items()},
        )  # fmt: skip

    async def put_back(self) -> None:
        await super().put_back()
        beside, memory = self.world.beside, self.memory
        assert isinstance(memory, ActionMemory)
        services, relay, keyring = beside.services, beside.services.media, beside.services.keyring
        services.got.clear()
        services.got.update({action: dict(got) for action, got in memory.got.items()})
        services.turned.clear()
        for held in (relay._ended, relay._streams, relay._tickets, keyring._rings, keyring._of_connection):  # type: ignore[attr-defined]
            held.clear()
        for action, devices in memory.devices.items():
            for connection, device in devices:
                who = beside.hub.who(connection)
                assert who is not None
                keyring.join(action, who, device.person, device.key)
                keyring._rings[action].devices[connection] = device  # type: ignore[attr-defined]
        teller = beside.announcer._actions
        teller._latest.clear()
        teller._outside.clear()


OF_ACTIONS: dict[str, Any] = {}
_aimed: dict[str, Fields] = {
    "declare_action": lambda s: {"group": s.group, "deed": "delete", "words": OTHERS_WORDS, "only": []},
    "declare_action:ingest": lambda s: {"group": s.group, "deed": "ingest", "words": OTHERS_WORDS},
    "declare_action:no_time": lambda s: {
        "group": s.group, "deed": "delete", "plan": {"local": "2027-02-30T10:00", "zone": "Europe/Paris"},
    },
    "set_medium": lambda _s: {"medium": "text", "why": "choice"},
    "go_live:anyway": lambda _s: {"anyway": True},
    "cut_picture": lambda _s: {"cut": True},
    "say_step": lambda _s: {"text": STEP},
    "remove_witness": lambda s: {"member": s.members["PEE"]},
    "share_keys": lambda _s: {"epoch": 9, "key": PUBLIC_KEY, "shares": [{"device": NEVER_WAS, "wrapped": WRAPPED}]},
    "join_action": lambda _s: {"key": PUBLIC_KEY},
    "look": lambda _s: {"looking": True},
    "attest": lambda _s: {"saw": True},
    "report_action": lambda _s: {"reason": "unwanted", "words": REPORT},
    "got": lambda _s: {"medium": "text"},
    "list_records": lambda _s: {},
    "block_member:the_member": lambda s: {"member": s.members["CAL"]},
}  # fmt: skip
NOT_OF_ONE = ("declare_action", "list_records", "block_member")
PLAIN = (
    "ask_witnesses", "go_live", "declare_done", "stop_action", "leave_action", "with_you", "open_media",
    "turn_into_call", "end_for_safety", "export_record", "delete_record",
)  # fmt: skip


def _aim(row: str, fields: Fields) -> None:
    if row.partition(":")[0] in NOT_OF_ONE:
        OF_ACTIONS[row] = fields
    else:
        OF_ACTIONS[row] = lambda s: {"action": s.action, **fields(s)}


for _row, _fields in _aimed.items():
    _aim(_row, _fields)
for _row in PLAIN:
    _aim(_row, lambda _s: {})


# ---------------------------------------------------------------- setting the stage


@asynccontextmanager
async def a_stage_with_an_action(state: str, data: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ActionStage]:
    """Everyone of the matrix, and one action in this stage. Nothing happens by itself."""
    monkeypatch.setattr("server.gateway.announcer.SOON_SECONDS", 0)
    monkeypatch.setattr("server.gateway.presence.SOON_SECONDS", 0)
    monkeypatch.setattr("server.gateway.announcer.ACTIONS_SOON_SECONDS", 0)
    monkeypatch.setattr("server.gateway.announcer.REFRESH_LEASES_SECONDS", 0)
    async with a_world(data) as world:
        await world.beside.timers.stop()
        stage = ActionStage(world, state, sqlite3.connect(data / "beside.db"))
        try:
            await stages.everyone_comes(stage)
            await stages.the_group_lives(stage)
            await _someone_declares(stage)
            stages.note_what_is_secret(stage)
            stages.listen(stage, monkeypatch)
            await stage.keep()
            yield stage
        finally:
            for line in stage.lines.values():
                await line.close()
            stage.database.close()


async def _someone_declares(stage: ActionStage) -> None:
    audience = [stage.members[role] for role in ("OBS", "MEM", "PEE", "HEL", "BLO", "LEF", "DIS")]
    about: dict[str, Any] = {"group": stage.group, "deed": "throw_away", "words": DEED, "wanted": 2, "only": audience}
    if stage.state == "planned":
        then = datetime.fromtimestamp(stage.world.clock.now() / 1000, UTC) + timedelta(hours=1)
        about["plan"] = {"local": f"{then:%Y-%m-%dT%H:%M}", "zone": "UTC"}
    stage.facts["action"] = (await ok(stage, "CAL", "declare_action", **about))["action"]
    if stage.state == "planned":
        return
    await stage.quiet()
    for role in ("PEE", "HEL", "LEF", "DIS"):
        await ok(stage, role, "join_action", action=stage.action, key=PUBLIC_KEY)
    await ok(stage, "LEF", "leave_action", action=stage.action)
    await ok(stage, "CAL", "remove_witness", action=stage.action, member=stage.members["DIS"])
    await ok(stage, "HEL", "report_action", action=stage.action, reason="unwanted", words=REPORT)
    await ok(stage, "PEE", "look", action=stage.action, looking=True)
    await stage.lines["PEE"].send({"t": "got", "action": stage.action, "medium": "video"})
    await ok(stage, "PEE", "visible", visible=True)
    if stage.state != "gathering":
        await ok(stage, "CAL", "go_live", action=stage.action, anyway=True)
        await ok(stage, "CAL", "say_step", action=stage.action, text=STEP)
        await stage.lines["PEE"].send({"t": "got", "action": stage.action, "medium": "video"})
        await ok(stage, "PEE", "visible", visible=True)
    if stage.state == "turned":
        await ok(stage, "CAL", "turn_into_call", action=stage.action)
    if stage.state in ("attesting", "ended"):
        await ok(stage, "CAL", "declare_done", action=stage.action)
    if stage.state == "ended":
        await ok(stage, "PEE", "attest", action=stage.action, saw=True)
    await stage.quiet()
    await ok(stage, "CAL", "visible", visible=True)
    assert stage.lines["CAL"].last("my_action")["stage"] == stage.state
