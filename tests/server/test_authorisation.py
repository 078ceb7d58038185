"""Every frame, from every kind of person, in every state of a call or of a witnessed action: exactly what the table
says is heard; a refusal changes nothing and tells nobody; and nothing that was planted reaches anyone it is not for.

The tables are `tests/server/matrix.py` and, for witnessed actions, `tests/server/matrix_of_actions.py`. Each cell is
one command over a real socket; then the world is put back.
"""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from server.wire.frames import Command
from tests.by_hand import only_on_sqlite
from tests.server.matrix import ROLES, STATES, expected
from tests.server.matrix_of_actions import STAGES, expected_of_actions
from tests.server.stage import a_stage
from tests.server.stage_of_actions import a_stage_with_an_action

ON_SQLITE = only_on_sqlite(
    "after each of thousands of cells SQLite's file is put back as it was; who may do what is decided above the store, "
    "whose statements tests/contracts/test_store.py holds to their word on PostgreSQL"
)
TABLE = expected()
ACTIONS = expected_of_actions()


def test_every_frame_has_a_row() -> None:
    """A frame that is added without saying who may send it fails here."""
    tags = {frame.__struct_config__.tag for frame in get_args(Command)}
    assert {row.partition(":")[0] for row in [*TABLE, *ACTIONS]} == tags


@ON_SQLITE
@pytest.mark.parametrize("state", STATES)
async def test_everyone_hears_what_the_table_says(state: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong: list[str] = []
    async with a_stage(state, tmp_path / "data", monkeypatch) as stage:
        for row, cells in TABLE.items():
            for role in ROLES:
                if row != "hello":
                    found = await stage.play(row, role, cells[role][STATES.index(state)])
                    wrong += [f"{state} {role} {row}: {what}" for what in found]
        for role in ROLES:
            found = await stage.play_hello(role, TABLE["hello"][role][STATES.index(state)])
            wrong += [f"{state} {role} hello: {what}" for what in found]
    print(f"{state}: {len(TABLE) * len(ROLES)} cells")
    assert not wrong, f"{len(wrong)} cells are wrong:\n" + "\n".join(wrong)


@ON_SQLITE
@pytest.mark.parametrize("state", STAGES)
async def test_everyone_hears_what_the_table_says_of_an_action(
    state: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong: list[str] = []
    async with a_stage_with_an_action(state, tmp_path / "data", monkeypatch) as stage:
        for row, cells in ACTIONS.items():
            for role in ROLES:
                found = await stage.play(row, role, cells[role][STAGES.index(state)])
                wrong += [f"{state} {role} {row}: {what}" for what in found]
    print(f"{state}: {len(ACTIONS) * len(ROLES)} cells")
    assert not wrong, f"{len(wrong)} cells are wrong:\n" + "\n".join(wrong)
