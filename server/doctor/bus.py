"""Redis, when REDIS_URL names one: reached, and forgetting nothing."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from typing import Any

import redis as client

from server.doctor.finding import Finding, Level
from server.settings import Settings

ANSWER_WITHIN_SECONDS = 3


def redis(settings: Settings) -> Iterator[Finding]:
    """Nothing when REDIS_URL is not set."""
    if not settings.redis_url:
        return
    within = ANSWER_WITHIN_SECONDS
    line = client.Redis.from_url(settings.redis_url, socket_timeout=within, socket_connect_timeout=within)
    try:
        memory: dict[str, Any] = line.info("memory")
        line.publish("beside:doctor", b"")
    except client.RedisError as error:
        if _is_of_tls(error):
            what = "The certificate of the Redis of REDIS_URL is not trusted, or of another name."
            do = "Name the file of its CA: rediss://…?ssl_ca_certs=/path/ca.pem, and the host that it is for."
        else:
            what = f"The Redis of REDIS_URL cannot be used ({type(error).__name__})."
            do = "Does it run, does the network let this machine to it, are name and password right, may it publish?"
        yield Finding(Level.MEND, what, f"{do} Until then nodes hear of each other a second later.")
        return
    finally:
        line.close()
    policy, most = str(memory.get("maxmemory_policy", "")), int(memory.get("maxmemory", 0))
    if policy not in ("", "noeviction"):
        yield Finding(
            Level.MEND if most else Level.LOOK,
            f"Redis forgets keys when its memory is full ({policy}): a ticket could be used twice.",
            "CONFIG SET maxmemory-policy noeviction, and in redis.conf.",
        )
    else:
        yield Finding(Level.OK, "Redis answers, and forgets nothing.")


def _is_of_tls(error: BaseException) -> bool:
    """Whether a failure of TLS is behind it."""
    cause = error.__cause__ or error.__context__
    return isinstance(error, ssl.SSLError) or (cause is not None and _is_of_tls(cause))
