"""Bodies of the few HTTP requests (JSON). Everything else goes over the socket; see frames.py.

| method and path | body → answer | |
|---|---|---|
| POST /api/sign-up | SignUp → SignedIn (with recovery codes, shown once) | adults only, self-declared |
| POST /api/sign-in | SignIn → SignedIn | |
| POST /api/recover | Recover → SignedIn | a recovery code is spent, the passphrase replaced |
| POST /api/sign-out | – → {} | this device |
| GET /api/me | → Me | 401 with a refusal when not signed in |
| POST /api/ticket | – → Ticket | single use, 30 s, for the first frame of a socket |
| POST /api/urgent | UrgentPost → UrgentReply | UC1: the call without a socket, same key |
| POST /api/leave | LeavePost → {} | CB4: beacon of quick exit: locks the device, "stepped away" |
| POST /api/unlock | Unlock → Me | reading again after quick exit |
| GET /api/push | → PushKey | VAPID public key |
| POST /api/push | PushSubscription → {} | asked before enabling |
| POST /api/push/shown | PushShown → {} | the service worker says that a notification is shown |
| DELETE /api/push | → {} | |
| POST /api/coordinator | FirstCoordinator → SignedIn | the one-time link printed at first start |
| GET /api/devices, POST /api/devices/revoke | → Devices, RevokeDevice → {} | |
| GET /helplines.json | → helplines by country | public, cached by the page for when the server is gone |

Every non-GET request wants `Content-Type: application/json` and an allowed Origin. A refusal is status 4xx/5xx with
a Problem body.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from rooms.helplines import HelplineKind
from server.wire.frames import Id, Key, Millis, Name, Part, Secret, Words

Passphrase = Annotated[str, Meta(min_length=8, max_length=200)]
LoginName = Annotated[str, Meta(min_length=2, max_length=32, pattern=r"^[^\x00]+\Z")]
RecoveryCode = Annotated[str, Meta(min_length=8, max_length=40)]


class SignUp(Part, frozen=True):
    login: LoginName
    passphrase: Passphrase
    adult: bool
    """Self-declared. False is answered with `under_age`, and the page shows youth lines (CB6)."""


class SignIn(Part, frozen=True):
    login: LoginName
    passphrase: Passphrase


class Recover(Part, frozen=True):
    login: LoginName
    code: RecoveryCode
    new_passphrase: Passphrase


class FirstCoordinator(Part, frozen=True):
    token: Secret
    login: LoginName
    passphrase: Passphrase
    adult: bool


class Me(Part, frozen=True):
    login: str
    volunteer: bool
    coordinator: bool
    locked: bool
    """After quick exit: reading needs the passphrase, pressing the call does not (CB4)."""
    groups: int


class SignedIn(Part, frozen=True):
    me: Me
    recovery_codes: list[str] = []


class Ticket(Part, frozen=True):
    ticket: Secret
    expires_at: Millis


class UrgentPost(Part, frozen=True):
    k: Key
    group: Id
    words: Words = ""
    only: Annotated[list[Id], Meta(max_length=100)] | None = None
    volunteers_too: bool = True


class UrgentReply(Part, frozen=True):
    call: Id
    saved: bool


class LeavePost(Part, frozen=True):
    call: Id | None = None


class Unlock(Part, frozen=True):
    passphrase: Passphrase


class PushKey(Part, frozen=True):
    public_key: str


class PushKeys(Part, frozen=True):
    p256dh: Annotated[str, Meta(max_length=200)]
    auth: Annotated[str, Meta(max_length=64)]


class PushSubscription(Part, frozen=True):
    endpoint: Annotated[str, Meta(max_length=1000, pattern=r"^https?://")]
    keys: PushKeys


class PushShown(Part, frozen=True):
    token: Secret
    """Came inside the sealed push; proves which page of which call it is, without a cookie."""


class Device(Part, frozen=True):
    device: Id
    made_at: Millis
    seen_at: Millis
    this: bool


class Devices(Part, frozen=True):
    devices: list[Device]


class RevokeDevice(Part, frozen=True):
    device: Id


class Problem(Part, frozen=True):
    code: str
    sentence: str
    do: str


class Helpline(Part, frozen=True):
    kind: HelplineKind
    name: Name
    number: str
    source: str
    checked: str
    """Day the number was last checked at its source (YYYY-MM-DD)."""
    verified: bool
