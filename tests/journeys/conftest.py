"""Fixtures of the journeys: a world each, and artefacts of what went wrong."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.journeys.world import World, a_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """With times short enough to wait for."""
    async with a_world(tmp_path / "data") as made:
        yield made
        nobody_asked_another_host(made)


@pytest.fixture
async def unhurried_world(tmp_path: Path) -> AsyncIterator[World]:
    """With the times of the product, for a story in which nothing is to lapse, however slow the machine is."""
    async with a_world(tmp_path / "data", policy={}) as made:
        yield made
        nobody_asked_another_host(made)


def nobody_asked_another_host(world: World) -> None:
    for person in world.people:
        assert person.foreign == [], f"{person.name}'s page asked another host"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a browser the journeys cannot run; say so once, loudly."""
    if os.environ.get("BESIDE_CHROMIUM") or shutil.which("chromium"):
        return
    for item in items:
        if "journeys" in str(item.path):
            item.add_marker(
                pytest.mark.skip(reason="no Chromium: set BESIDE_CHROMIUM or run ./do test, which finds one")
            )
