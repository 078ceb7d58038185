"""An asyncio client of Beside: journeys, load, probes and scripts. See `clients/python/README.md`.

It shares the protocol with the server (`docs/protocol.md`), not code: a second, independent implementation.
"""

from beside_client.account import Account, sign_in, sign_up
from beside_client.backoff import Backoff
from beside_client.client import Client, connect
from beside_client.failures import Over, Refused, Unreadable
from beside_client.state import Log, State
from beside_client.wire import new_key

__all__ = [
    "Account",
    "Backoff",
    "Client",
    "Log",
    "Over",
    "Refused",
    "State",
    "Unreadable",
    "connect",
    "new_key",
    "sign_in",
    "sign_up",
]
