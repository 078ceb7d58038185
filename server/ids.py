"""Ids and secrets. Random, opaque, never derived from anything about a person."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path

RECOVERY_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def new_id() -> str:
    """16 url-safe characters, 96 random bits."""
    return secrets.token_urlsafe(12)


def new_secret() -> str:
    """32 url-safe characters, 192 random bits: tokens, tickets, invites."""
    return secrets.token_urlsafe(24)


def new_recovery_code() -> str:
    """Four groups of four easily read characters (79 bits), to be written on paper."""
    return "-".join("".join(secrets.choice(RECOVERY_ALPHABET) for _ in range(4)) for _ in range(4))


def load_or_make_secret(path: Path) -> bytes:
    """The server's own secret, made at first start, readable by its owner alone. It never changes: seats hang on it."""
    if path.exists():
        return path.read_bytes()
    secret = secrets.token_bytes(32)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secret)
    return secret


def seat_id(secret: bytes, account: str, group: str) -> str:
    """The id of a volunteer's seat in a group: always the same, and without the server's secret no two of them can be
    tied to one person (GR6)."""
    mac = hmac.new(secret, f"{account}|{group}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(mac[:12]).decode()


def digest(secret: str) -> str:
    """What is stored instead of a secret. Plain SHA-256 suffices: the secrets are random and long."""
    return hashlib.sha256(secret.encode()).hexdigest()
