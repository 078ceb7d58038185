"""Witnessed actions, and notifications of plans beside those of calls"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

PAGES = (
    "ringing", "device", "member", "kind", "token_hash", "token", "made_at", "next_try_at", "tries", "shown_at",
)  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "actions",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("group_id", sa.String(length=16), nullable=False),
        sa.Column("member", sa.String(length=16), nullable=False),
        sa.Column("account", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("forgotten", sa.Boolean(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    for column in ("account", "group_id", "state"):
        op.create_index(op.f(f"ix_actions_{column}"), "actions", [column])
    op.create_table(
        "action_entries",
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.String(length=24), nullable=False),
        sa.Column("more", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["action"], ["actions.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("action", "n"),
        sqlite_with_rowid=False,
    )
    # A notification is of a call or of a plan now, so the key to calls goes. No constraint of it has a name that could
    # be dropped: the table is made anew and filled from the old one.
    op.rename_table("pages", "pages_of_calls")
    op.create_table(
        "pages",
        sa.Column("subject", sa.String(length=16), nullable=False),
        sa.Column("ringing", sa.Integer(), nullable=False),
        sa.Column("device", sa.String(length=16), nullable=False),
        sa.Column("member", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("next_try_at", sa.BigInteger(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("shown_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("token_hash"),
        sa.UniqueConstraint("subject", "ringing", "device"),
    )
    kept = ", ".join(PAGES)
    op.execute(f"INSERT INTO pages (subject, {kept}) SELECT call, {kept} FROM pages_of_calls")  # noqa: S608  our own names
    op.drop_table("pages_of_calls")
