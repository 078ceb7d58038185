"""Redis, when REDIS_URL names one: reached, of use as the bus, and forgetting nothing."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import redis as client

from server.doctor.finding import Finding, Level
from server.settings import Settings

ANSWER_WITHIN_SECONDS = 3
KEPT_MS = 1_000


def redis(settings: Settings) -> Iterator[Finding]:
    """Nothing when neither DATABASE_URL nor REDIS_URL is set."""
    if settings.database_url and not settings.redis_url:
        yield Finding(
            Level.LOOK,
            "Several nodes without a Redis: they hear of each other a second later, hand on no pictures, and while "
            "PostgreSQL is away each carries its calls alone.",
            "Set REDIS_URL, the same on every node. One node alone needs none.",
        )
    elif settings.redis_url and not settings.database_url:
        yield Finding(Level.LOOK, "REDIS_URL is not used without DATABASE_URL.", "Set both, or neither.")
    elif settings.redis_url:
        yield from _asked(settings)


def _asked(settings: Settings) -> Iterator[Finding]:
    try:
        memory = _used(settings.redis_url, f"beside:{{{settings.redis_namespace or '0'}}}:doctor")
    except client.RedisError as error:
        if _is_of_tls(error):
            what = "The certificate of the Redis of REDIS_URL is not trusted, or of another name."
            do = "Name the file of its CA: rediss://…?ssl_ca_certs=/path/ca.pem, and the host that it is for."
        else:
            what = f"The Redis of REDIS_URL cannot be used ({type(error).__name__})."
            do = "Does it run, does the network let this machine to it, are name and password right, may it use the "
            do += "keys and channels beside:*? Of a cluster: does every server run?"
        yield Finding(Level.MEND, what, f"{do} Until then nodes hear of each other a second later.")
        return
    policy, most = str(memory.get("maxmemory_policy", "")), int(memory.get("maxmemory", 0))
    if policy not in ("", "noeviction"):
        yield Finding(
            Level.MEND if most else Level.LOOK,
            f"Redis forgets keys when its memory is full ({policy}): a ticket could be used twice.",
            "CONFIG SET maxmemory-policy noeviction, and in redis.conf.",
        )
    else:
        yield Finding(Level.OK, "Redis answers, and forgets nothing.")


def _used(url: str, name: str) -> dict[str, Any]:
    """What the server that carries this deployment says of its memory, after it did all that nodes ask of it: a key
    that goes by itself, a message that nobody hears. Raises RedisError."""
    options: dict[str, Any] = dict.fromkeys(("socket_timeout", "socket_connect_timeout"), ANSWER_WITHIN_SECONDS)
    with ExitStack() as open_lines:
        line: client.Redis = open_lines.enter_context(client.Redis.from_url(url, **options))
        letter = ""
        if line.info("cluster").get("cluster_enabled"):
            cluster = open_lines.enter_context(client.RedisCluster.from_url(url, **options))
            line, letter = cluster.get_redis_connection(cluster.get_node_from_key(name)), "S"
        line.set(name, b"", nx=True, px=KEPT_MS)
        line.execute_command(f"{letter}PUBLISH", name, b"")  # type: ignore[no-untyped-call]
        memory: dict[str, Any] = line.info("memory")
        return memory


def _is_of_tls(error: BaseException) -> bool:
    """Whether a failure of TLS is behind it."""
    cause = error.__cause__ or error.__context__
    return isinstance(error, ssl.SSLError) or (cause is not None and _is_of_tls(cause))
