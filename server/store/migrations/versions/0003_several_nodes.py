"""Who raised a call, and on PostgreSQL the log of changes that the nodes read (docs/decisions/0014)"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

WRITERS_LOCK = 0x42657369_6465
KEYS = {
    "accounts": ("id",),
    "blocks": ("blocker", "blocked"),
    "actions": ("id",),
    "call_people": ("call", "account"),
    "calls": ("id",),
    "check_ins": ("call",),
    "client_keys": ("device", "k"),
    "deadlines": ("kind", "subject"),
    "devices": ("id",),
    "entries": ("room", "seq"),
    "facts": ("name",),
    "groups": ("id",),
    "join_requests": ("id",),
    "memberships": ("id",),
    "pages": ("token_hash",),
    "reports": ("id",),
    "rooms": ("id",),
}
"""What a node copies into memory, and what it must tell its own people of: table and primary key."""


def upgrade() -> None:
    with op.batch_alter_table("calls") as calls:
        calls.add_column(sa.Column("raised_by_other", sa.Boolean(), nullable=False, server_default=sa.false()))
    if op.get_bind().dialect.name == "postgresql":
        make_log()


def make_log() -> None:
    op.execute("""
        CREATE TABLE changes (
            seq bigserial PRIMARY KEY,
            tbl text NOT NULL,
            key jsonb NOT NULL,
            op char(1) NOT NULL,
            node text NOT NULL DEFAULT coalesce(current_setting('beside.node', true), ''),
            tx bigint NOT NULL DEFAULT CAST(CAST(pg_current_xact_id() AS text) AS bigint),
            at timestamptz NOT NULL DEFAULT clock_timestamp()
        )
    """)
    # Before any row is locked, so that psql by hand and a node cannot wait for each other: and the order of the log is
    # the order of the commits, whoever writes.
    op.execute(f"""
        CREATE FUNCTION take_writers_lock() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM pg_advisory_xact_lock({WRITERS_LOCK});
            RETURN NULL;
        END $$
    """)
    for table, key in KEYS.items():
        old, new = (
            "jsonb_build_object(" + ", ".join(f"'{c}', {row}.\"{c}\"" for c in key) + ")" for row in ("OLD", "NEW")
        )
        op.execute(f"""
            CREATE FUNCTION note_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF TG_OP = 'DELETE' OR (TG_OP = 'UPDATE' AND {old} <> {new}) THEN
                    INSERT INTO changes (tbl, key, op) VALUES ('{table}', {old}, 'D');
                END IF;
                IF TG_OP <> 'DELETE' THEN
                    INSERT INTO changes (tbl, key, op) VALUES ('{table}', {new}, left(TG_OP, 1));
                END IF;
                RETURN NULL;
            END $$
        """)
        op.execute(f"""
            CREATE TRIGGER in_order BEFORE INSERT OR UPDATE OR DELETE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION take_writers_lock()
        """)
        op.execute(f"""
            CREATE TRIGGER noted AFTER INSERT OR UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION note_{table}()
        """)
