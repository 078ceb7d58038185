"""Ids and secrets. Random, opaque, never derived from anything about a person."""

from __future__ import annotations

import hashlib
import secrets

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


def digest(secret: str) -> str:
    """What is stored instead of a secret. Plain SHA-256 suffices: the secrets are random and long."""
    return hashlib.sha256(secret.encode()).hexdigest()
