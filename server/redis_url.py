"""Where the Redis is. A password in its URL is shown to nobody: not in a message, not in a log."""

from __future__ import annotations

import os
import re
from urllib.parse import parse_qsl, urlsplit

SCHEMES = ("redis", "rediss")
OPTIONS = ("ssl_ca_certs", "ssl_cert_reqs", "ssl_check_hostname")
"""What may stand after the question mark: how the certificate of a `rediss://` server is checked."""
CHOICES = {"ssl_cert_reqs": ("required", "optional", "none"), "ssl_check_hostname": ("true", "false")}
NAMESPACE = re.compile(r"[A-Za-z0-9_-]{1,32}\Z")


def usable(url: str) -> str:
    """The URL, if redis-py takes it. Raises ValueError with what is wrong and what to write instead, and no part of
    the URL."""
    example = "Write redis://user:password@host:6379/0, or rediss:// for TLS"
    try:
        parts = urlsplit(url.strip())
        _ = parts.port
    except ValueError:
        raise ValueError(f"cannot be read as a URL. {example}; encode @ : / in a password as %40 %3A %2F.") from None
    if parts.scheme not in SCHEMES:
        raise ValueError(f"does not begin with redis:// or rediss://. {example}.")
    if not parts.hostname:
        raise ValueError(f"names no host. {example}.")
    if not re.fullmatch(r"/?\d{0,4}", parts.path):
        raise ValueError(f"has something else than the number of a database after the host. {example}.")
    options = parse_qsl(parts.query, keep_blank_values=True)
    if any(name not in OPTIONS for name, _value in options) or (parts.query and parts.scheme == "redis"):
        raise ValueError(f"has options that Beside does not know. Known, with rediss://: {', '.join(OPTIONS)}.")
    for name, value in options:
        if name == "ssl_ca_certs" and not os.access(value, os.R_OK):
            raise ValueError("names a file of certificates (ssl_ca_certs) that cannot be read.")
        if name in CHOICES and value not in CHOICES[name]:
            raise ValueError(f"has an {name} that is not known. One of: {', '.join(CHOICES[name])}.")
    return parts.geturl()


def namespace_of(url: str) -> str:
    """The number of the database: two deployments with different numbers do not hear each other, although pub/sub
    itself knows no databases."""
    return urlsplit(url).path.strip("/") or "0"
