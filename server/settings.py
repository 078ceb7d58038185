"""Settings, from the environment and the command line. Every time has its unit in its name."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from presence.lease import LeaseTimes
from rooms.policy import Policy
from rooms.witness import WitnessTimes
from server import redis_url
from server.database_url import usable

POLICY_PREFIX = "BESIDE_POLICY_"
LIMITS = {
    f"BESIDE_{name.upper()}": name
    for name in (
        "connections_at_most",
        "connections_per_account_at_most",
        "connections_before_hello_at_most",
        "media_connections_at_most",
        "media_connections_before_ticket_at_most",
        "witnesses_at_most",
        "http_connections_at_most",
        "http_headers_within_seconds",
        "http_request_within_seconds",
        "drain_within_seconds",
        "auditor_port",
        "timers_port",
        "switch_every_seconds",
        "backup_within_hours",
    )
}
"""Variable → setting: how many of something this process keeps, and how long."""
CLOSING_AT_MOST = 500
"""Sockets that lost their place and whose closing handshake takes its second."""
MEDIA_CLOSING_AT_MOST = 100
FILES_BESIDES_SOCKETS = 200
TOKEN_AT_LEAST = 16


class BadSetting(Exception):
    """A setting that cannot be used. The message says which, and what to do."""


@dataclass(frozen=True, slots=True)
class Settings:
    """`public_origin` is the address people type, such as `https://beside.example.org`; with it set, Beside trusts
    that a proxy in front of it speaks TLS. Without it only this machine may connect."""

    host: str = "127.0.0.1"
    port: int = 8765
    data: Path = Path("data")
    database_url: str = field(default="", repr=False)
    """PostgreSQL, for several nodes; empty: SQLite in the data folder. It holds a password."""
    redis_url: str = field(default="", repr=False)
    """The Redis between several nodes; empty: they hear of each other by PostgreSQL alone, later. It holds a
    password."""
    redis_namespace: str = ""
    """Names this deployment in a Redis that others use too; empty: the number of the database in the URL."""
    public_origin: str = ""
    connections_at_most: int = 10_000
    """Sockets of people who said hello."""
    connections_per_account_at_most: int = 20
    """Sockets of one person, all their devices together."""
    connections_before_hello_at_most: int = 500
    """Sockets that have not said hello yet; a place of their own, which takes none from those who have."""
    media_connections_at_most: int = 1_000
    """Media sockets that send or watch. One page of a witness is one, beside its socket for all else."""
    media_connections_before_ticket_at_most: int = 100
    """Media sockets that have not shown their ticket yet."""
    witnesses_at_most: int = WitnessTimes().witnesses_at_most
    """Of one witnessed action, ever."""
    http_connections_at_most: int = 1_000
    """Connections in the middle of an HTTP request, sockets that are not upgraded yet among them."""
    http_headers_within_seconds: int = 10
    http_request_within_seconds: int = 120
    """From the end of its headers to the end of its answer. A slow phone that loads the pages needs most of it."""
    exit_target: str = "/weather"
    contact: str = ""
    """Where push services may reach the operator (a mailto: or https: address), as Web Push asks."""
    policy: Policy = field(default_factory=Policy)
    lease_times: LeaseTimes = field(default_factory=LeaseTimes)
    drain_spread_seconds: int = 10
    """Over which the pages of a stopped server come back."""
    drain_within_seconds: int = 10
    """For which a stop waits for what is under way, and then as long again for the disk."""
    auditor_expected: bool = False
    """Somebody runs `beside auditor` beside this server: its silence is then a fault (OC7)."""
    auditor_host: str = "127.0.0.1"
    auditor_port: int = 8766
    timers_port: int = 8767
    """On which `beside timers` answers for itself, to this machine alone."""
    switch_url: str = field(default="", repr=False)
    """The dead-man's switch that the auditor feeds while all is well."""
    switch_every_seconds: int = 30
    backup_within_hours: int = 48
    """A last backup that is older is a fault, for `beside doctor`."""
    metrics_token: str = field(default="", repr=False)
    """Who asks for `/metrics` must show this. Without one, only a program on this machine may, and by no proxy."""

    @property
    def open_files_at_most(self) -> int:
        """How many the limits on connections allow, all of them met at once."""
        sockets = self.connections_at_most + self.connections_before_hello_at_most + CLOSING_AT_MOST
        return sockets + self.media_sockets_at_most + self.http_connections_at_most + FILES_BESIDES_SOCKETS

    @property
    def media_sockets_at_most(self) -> int:
        """Of any kind, those that are being closed among them."""
        return self.media_connections_at_most + self.media_connections_before_ticket_at_most + MEDIA_CLOSING_AT_MOST

    @property
    def is_local(self) -> bool:
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def is_secure(self) -> bool:
        return self.public_origin.startswith("https://")

    def check(self) -> Settings:
        """Failure rule 11: a public address without TLS in front refuses to start."""
        if self.public_origin and not self.public_origin.startswith(
            ("https://", "http://127.0.0.1", "http://localhost")
        ):
            raise BadSetting(f"--public-origin must begin with https:// (it is {self.public_origin!r}).")
        if not self.is_local and not self.is_secure:
            raise BadSetting(
                f"Refusing to listen on {self.host} without TLS: passphrases, push and camera need HTTPS. Put a proxy "
                "with TLS in front and say --public-origin https://your.address, or listen on 127.0.0.1."
            )
        return self

    def allows_origin(self, origin: str | None) -> bool:
        """The allow-list of origins. A missing, `null` or foreign origin is not allowed."""
        if not origin:
            return False
        if self.public_origin:
            return origin == self.public_origin
        return origin in {f"http://{h}:{self.port}" for h in ("127.0.0.1", "localhost", "[::1]")}


def from_environment(environment: Mapping[str, str] | None = None) -> Settings:
    """Settings from `BESIDE_*` variables and `PORT`; `BESIDE_POLICY_<TIME>_MS` sets a time of the escalation policy."""
    env = os.environ if environment is None else environment
    settings = Settings()
    if "PORT" in env:
        settings = replace(settings, port=_whole(env, "PORT"))
    if "BESIDE_DATA" in env:
        settings = replace(settings, data=Path(env["BESIDE_DATA"]))
    limits: dict[str, Any] = {name: _at_least_one(env, v) for v, name in LIMITS.items() if v in env}
    return replace(
        settings,
        host=env.get("BESIDE_HOST", settings.host),
        database_url=_database_url(env),
        redis_url=_redis_url(env),
        redis_namespace=_redis_namespace(env),
        public_origin=env.get("BESIDE_PUBLIC_ORIGIN", settings.public_origin).rstrip("/"),
        exit_target=env.get("BESIDE_EXIT_TARGET", settings.exit_target),
        contact=env.get("BESIDE_CONTACT", settings.contact),
        policy=_policy(env),
        auditor_expected=_yes(env, "BESIDE_AUDITOR_EXPECTED"),
        auditor_host=env.get("BESIDE_AUDITOR_HOST", settings.auditor_host),
        switch_url=_address(env, "BESIDE_SWITCH_URL"),
        metrics_token=_token(env, "BESIDE_METRICS_TOKEN"),
        **limits,
    )


def _database_url(env: Mapping[str, str]) -> str:
    if not env.get("DATABASE_URL", "").strip():
        return ""
    try:
        return usable(env["DATABASE_URL"])
    except ValueError as error:
        raise BadSetting(f"DATABASE_URL {error}") from None


def _redis_url(env: Mapping[str, str]) -> str:
    if not env.get("REDIS_URL", "").strip():
        return ""
    try:
        return redis_url.usable(env["REDIS_URL"])
    except ValueError as error:
        raise BadSetting(f"REDIS_URL {error}") from None


def _redis_namespace(env: Mapping[str, str]) -> str:
    said = env.get("BESIDE_REDIS_NAMESPACE", "")
    if said and not redis_url.NAMESPACE.match(said):
        raise BadSetting("BESIDE_REDIS_NAMESPACE has at most 32 letters, digits, - and _.")
    return said or redis_url.namespace_of(env.get("REDIS_URL", ""))


def _token(env: Mapping[str, str], name: str) -> str:
    token = env.get(name, "")
    if token and len(token) < TOKEN_AT_LEAST:
        raise BadSetting(f"{name} must have at least {TOKEN_AT_LEAST} characters, or it can be guessed.")
    return token


def _yes(env: Mapping[str, str], name: str) -> bool:
    said = env.get(name, "")
    if said not in ("", "0", "1"):
        raise BadSetting(f"{name} is 1 or 0 (it is {said!r}).")
    return said == "1"


def _address(env: Mapping[str, str], name: str) -> str:
    address = env.get(name, "")
    if address and not address.startswith(("https://", "http://")):
        raise BadSetting(f"{name} must begin with https:// or http://.")
    return address


def _at_least_one(env: Mapping[str, str], name: str) -> int:
    value = _whole(env, name)
    if value == 0:
        raise BadSetting(f"{name} must be at least 1: with 0 nobody could be here.")
    return value


def _policy(env: Mapping[str, str]) -> Policy:
    known = {POLICY_PREFIX + f.name.upper(): f.name for f in fields(Policy)}
    for name in env:
        if name.startswith(POLICY_PREFIX) and name not in known:
            raise BadSetting(f"{name} is not a setting. Known: {', '.join(sorted(known))}.")
    return replace(Policy(), **{field_name: _whole(env, name) for name, field_name in known.items() if name in env})


def _whole(env: Mapping[str, str], name: str) -> int:
    try:
        value = int(env[name])
    except ValueError:
        raise BadSetting(f"{name} must be a whole number (it is {env[name]!r}).") from None
    if value < 0:
        raise BadSetting(f"{name} must not be negative.")
    return value
