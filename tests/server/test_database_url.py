"""DATABASE_URL, as hosts write it. What cannot be used is said with what to do, and without the password."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.settings import BadSetting, from_environment


def url_of(url: str) -> str:
    return from_environment({"DATABASE_URL": url}).database_url


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgres://u:p@db:5432/beside", "postgresql://u:p@db:5432/beside"),
        ("postgresql+asyncpg://u:p@db/beside", "postgresql://u:p@db/beside"),
        ("postgresql://db/beside?sslmode=require&channel_binding=require", "postgresql://db/beside?sslmode=require"),
        ("postgresql:///beside?host=/run/pg", "postgresql:///beside?host=%2Frun%2Fpg"),
        (" ", ""),
    ],
)
def test_what_hosts_write_can_be_used(given: str, used: str) -> None:
    assert url_of(given) == used


@pytest.mark.parametrize(
    "bad",
    [
        "mysql://u:hunter2@db/beside",
        "postgresql://u:hunter2@db",
        "postgresql://u:hunter2@db:many/beside",
        "postgresql://u:hunter2@db/beside?sslmode=always",
        "postgresql://u:hunter2@/beside",
        "postgresql://u:hunter2@db/beside?sslmode=verify-full&sslrootcert=/no/such/file",
        "hunter2",
    ],
)
def test_what_cannot_be_used_is_said_without_the_password(bad: str) -> None:
    with pytest.raises(BadSetting) as no:
        url_of(bad)
    assert "DATABASE_URL" in str(no.value)
    assert "hunter2" not in str(no.value)


def test_settings_show_no_password() -> None:
    assert "hunter2" not in repr(from_environment({"DATABASE_URL": "postgresql://u:hunter2@db/beside"}))


def test_without_it_the_data_folder_holds_everything(tmp_path: Path) -> None:
    assert from_environment({"BESIDE_DATA": str(tmp_path)}).database_url == ""
