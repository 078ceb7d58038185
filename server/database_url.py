"""Where the database is, as asyncpg takes it. A password in it is shown to nobody: not in a message, not in a log."""

from __future__ import annotations

import os
from urllib.parse import parse_qsl, urlencode, urlsplit

SCHEMES = ("postgres", "postgresql")
LIBPQ_ALONE = {
    "channel_binding", "connect_timeout", "gssencmode", "keepalives", "keepalives_count", "keepalives_idle",
    "keepalives_interval", "options", "pgbouncer", "sslnegotiation", "tcp_user_timeout",
}  # fmt: skip
"""What hosts put into their URLs for libpq. asyncpg would hand it to the server, which does not know it. `sslmode` and
its certificates asyncpg knows itself."""
SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")

SSL_FILES = ("sslrootcert", "sslcert", "sslkey", "sslcrl")


def usable(url: str) -> str:
    """The URL for asyncpg. Raises ValueError with what is wrong and what to write instead, and no part of the URL."""
    example = "Write postgresql://user:password@host:5432/database"
    try:
        parts = urlsplit(url.strip())
        _ = parts.port
    except ValueError:
        raise ValueError(f"cannot be read as a URL. {example}; encode @ : / in a password as %40 %3A %2F.") from None
    if parts.scheme.removesuffix("+asyncpg") not in SCHEMES:
        raise ValueError(f"does not begin with postgresql://, and Beside knows no other database server. {example}.")
    query = parse_qsl(parts.query, keep_blank_values=True)
    for name, value in query:
        if name == "sslmode" and value not in SSL_MODES:
            raise ValueError(f"has an sslmode that is not known. One of: {', '.join(SSL_MODES)}.")
        if name in SSL_FILES and not os.access(value, os.R_OK):
            raise ValueError(f"names a file ({name}) that cannot be read.")
    if not parts.path.strip("/"):
        raise ValueError(f"names no database. {example}.")
    if not parts.netloc.rpartition("@")[2] and not any(name == "host" and value for name, value in query):
        raise ValueError(f"names no host. {example}.")
    kept = urlencode([pair for pair in query if pair[0] not in LIBPQ_ALONE])
    return f"postgresql://{parts.netloc}{parts.path}" + (f"?{kept}" if kept else "")
