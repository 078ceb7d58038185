"""Every table, once, for SQLite and PostgreSQL. Times are integer milliseconds since 1970 UTC.

What a table holds of a person is said on the "what we hold" page; change both together.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

metadata = MetaData()

accounts = Table(
    "accounts",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("login", String(32), nullable=False),
    Column("login_key", String(64), nullable=False, unique=True),
    Column("passphrase_hash", String(200), nullable=False),
    Column("volunteer_name", String(32), nullable=False, server_default=""),
    Column("volunteer", Boolean, nullable=False, default=False),
    Column("coordinator", Boolean, nullable=False, default=False),
    Column("shift", String(8), nullable=False, default=""),
    Column("shift_since", BigInteger, nullable=False, default=0),
    Column("simulated", Boolean, nullable=False, default=False),
    Column("made_at", BigInteger, nullable=False),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("account", ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("code_hash", String(64), primary_key=True),
)

devices = Table(
    "devices",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("account", ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("made_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("locked", Boolean, nullable=False, default=False),
    Column("revoked_at", BigInteger),
    Column("push_endpoint", Text),
    Column("push_p256dh", String(200)),
    Column("push_auth", String(64)),
)

groups = Table(
    "groups",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("name", String(32), nullable=False),
    Column("blurb", Text, nullable=False),
    Column("tags", Text, nullable=False),
    Column("rules", Text, nullable=False),
    Column("questions", Text, nullable=False),
    Column("made_at", BigInteger, nullable=False),
)

rooms = Table(
    "rooms",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("group_id", ForeignKey("groups.id"), nullable=False, index=True),
    Column("call_id", String(16)),
    Column("epoch", BigInteger, nullable=False, default=1),
    Column("head", BigInteger, nullable=False, default=0),
)

memberships = Table(
    "memberships",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("account", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("group_id", ForeignKey("groups.id"), nullable=False),
    Column("name", String(32), nullable=False),
    Column("name_key", String(64), nullable=False),
    Column("role", String(10), nullable=False),  # observer, member, moderator; volunteer: a seat made for a call
    Column("seat", String(10), nullable=False),  # member or volunteer
    Column("state", String(8), nullable=False),  # pending, active, removed
    Column("availability", String(5), nullable=False, default="quiet"),
    Column("break_until", BigInteger),
    Column("introduced", Boolean, nullable=False, default=False),
    Column("rung_when_away", Boolean, nullable=False, default=False),
    Column("hidden", Boolean, nullable=False, default=False),
    Column("asked_first_at", BigInteger, nullable=False, default=0),
    Column("joined_at", BigInteger, nullable=False),
    UniqueConstraint("account", "group_id", "seat"),
    Index("ix_memberships_group", "group_id", "state", "seat"),
)

invites = Table(
    "invites",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("group_id", ForeignKey("groups.id"), nullable=False),
    Column("role", String(10), nullable=False),
    Column("made_by", String(16), nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("used_by", String(16)),
)

join_requests = Table(
    "join_requests",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("group_id", ForeignKey("groups.id"), nullable=False, index=True),
    Column("member", ForeignKey("memberships.id"), nullable=False),
    Column("answers", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("state", String(8), nullable=False),  # waiting, admitted, declined
    Column("reason", Text, nullable=False, default=""),
)

entries = Table(
    "entries",
    metadata,
    Column("room", ForeignKey("rooms.id"), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String(8), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("author", String(16), nullable=False),
    Column("author_account", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("experience", Boolean, nullable=False, default=False),
    Column("reply_to", BigInteger),
    Column("device", String(16), nullable=False),
    Column("k", String(36), nullable=False),
    sqlite_with_rowid=False,
)

client_keys = Table(
    "client_keys",
    metadata,
    Column("device", String(16), primary_key=True),
    Column("k", String(36), primary_key=True),
    Column("digest", String(32), nullable=False),
    Column("reply", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False, index=True),
    sqlite_with_rowid=False,
)

calls = Table(
    "calls",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("group_id", ForeignKey("groups.id"), nullable=False, index=True),
    Column("room", String(16), nullable=False),
    Column("caller", String(16), nullable=False),
    Column("caller_account", String(16), nullable=False, index=True),
    Column("raised_at", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Column("live", Boolean, nullable=False),  # false once closed
    Column("ended_at", BigInteger),
    Column("forgotten", Integer, nullable=False, server_default="0"),  # 0 whole, 1 without traces, 2 without words
    Column("body", LargeBinary, nullable=False),
    Column("raised_by_other", Boolean, nullable=False, default=False, server_default=false()),  # by a worried witness
    Index("ix_calls_live", "live", "raised_at"),
)

call_people = Table(
    "call_people",
    metadata,
    Column("call", ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True),
    Column("account", String(16), primary_key=True, index=True),
    Column("part", String(8), nullable=False),  # caller, helper, here, rung
)

check_ins = Table(
    "check_ins",
    metadata,
    Column("call", ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True),
    Column("account", String(16), nullable=False, index=True),
    Column("due_at", BigInteger, nullable=False),
    Column("told_at", BigInteger),
    Column("answered_at", BigInteger),
)

deadlines = Table(
    "deadlines",
    metadata,
    Column("kind", String(8), primary_key=True),
    Column("subject", String(16), primary_key=True),
    Column("due_at", BigInteger, nullable=False, index=True),
)

actions = Table(
    "actions",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("group_id", String(16), nullable=False, index=True),  # empty in a tombstone, like the three below
    Column("member", String(16), nullable=False),
    Column("account", String(16), nullable=False, index=True),
    Column("version", Integer, nullable=False),
    Column("state", String(8), nullable=False, index=True),  # planned, running, over, deleted
    Column("made_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("forgotten", Boolean, nullable=False, default=False),  # the witnesses' names are gone
    Column("body", LargeBinary, nullable=False),
)

action_entries = Table(
    "action_entries",
    metadata,
    Column("action", ForeignKey("actions.id", ondelete="CASCADE"), primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("what", String(24), nullable=False),
    Column("more", LargeBinary, nullable=False),
    Column("hash", String(64), nullable=False),
    sqlite_with_rowid=False,
)

pages = Table(
    "pages",
    metadata,
    Column("subject", String(16), nullable=False),  # a call, or a planned action
    Column("ringing", Integer, nullable=False),
    Column("device", String(16), nullable=False),
    Column("member", String(16), nullable=False),
    Column("kind", String(8), nullable=False),  # ring, return; plan, plan_now
    Column("token_hash", String(64), primary_key=True),
    Column("token", String(64), nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("next_try_at", BigInteger),
    Column("tries", Integer, nullable=False, default=0),
    Column("shown_at", BigInteger),
    UniqueConstraint("subject", "ringing", "device"),
)

blocks = Table(
    "blocks",
    metadata,
    Column("blocker", String(16), primary_key=True),
    Column("blocked", String(16), primary_key=True),
    Column("group_id", String(16), nullable=False),
    Column("member", String(16), nullable=False),
    Column("at", BigInteger, nullable=False),
)

reports = Table(
    "reports",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("group_id", ForeignKey("groups.id"), nullable=False, index=True),
    Column("reporter", String(16), nullable=False),
    Column("about", String(16), nullable=False),
    Column("reason", String(12), nullable=False),
    Column("words", Text, nullable=False),
    Column("entry_text", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("resolved_at", BigInteger),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", String(16), nullable=False),
    Column("action", String(32), nullable=False),
    Column("subject", String(16), nullable=False),
    Column("hash", String(64), nullable=False),
)

facts = Table(
    "facts",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", Text, nullable=False),
)

nodes = Table(
    "nodes",
    metadata,
    Column("node", String(16), primary_key=True),
    Column("epoch", BigInteger, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("holds_until", BigInteger, nullable=False),
    Column("deaf", Boolean, nullable=False),
    Column("said", LargeBinary, nullable=False),
)
"""Who is connected to which node, for as long as the bus is down: written then only, and true for seconds."""
