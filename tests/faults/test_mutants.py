"""Each wrong server still fits the product that it is put into, and starts: one that does not is caught by nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.mutants import MUTANTS, Mutant
from tests.postgres import a_database
from tests.server.child import Child, free_port


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
async def test_a_mutant_starts(mutant: Mutant, tmp_path: Path) -> None:
    async with a_database() as url:
        program = ("-m", "tests.faults.mutant", mutant.name, "serve")
        child = Child(tmp_path / "data", free_port(), program, {"DATABASE_URL": url})
        await child.start()
        assert await child.stop() == 0
