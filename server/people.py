"""What an operator does to people from the command line: roles, and signing devices out.

Members are not listed: a pseudonym is nobody's business but its owner's (promise 3). Staff are, and a login is looked
up when the operator names it. Every change is a line of the audit log, by the actor `operator`.
"""

from __future__ import annotations

from presence.ids import DeviceId
from rooms.refusals import Refused
from server.names import check_member_name, name_key
from server.ports import Tx
from server.records import Account
from server.settings import BadSetting

OPERATOR = "operator"
UNNAMED = "Volunteer"
"""What callers read of someone whose name was never said: the login is not shown (GR6)."""


def described(tx: Tx) -> list[str]:
    """One line for each volunteer and coordinator, and how many people have an account."""
    lines = [_line(account) for account in sorted(tx.accounts.staff(), key=lambda a: a.login.casefold())]
    return [*lines, f"{len(lines)} with a role, {tx.accounts.count()} accounts in all."]


def _line(account: Account) -> str:
    roles = [name for name, has in (("coordinator", account.coordinator), ("volunteer", account.volunteer)) if has]
    shift = {"on": ", on shift", "backup": ", on shift as backup"}.get(account.shift, "")
    return f"{account.login}: {' and '.join(roles)}, shown to callers as “{account.volunteer_name or UNNAMED}”{shift}"


def set_volunteer(tx: Tx, login: str, name: str, *, on: bool, now: int) -> str:
    """Make someone a volunteer, or not. Returns what is now so, as a sentence."""
    account = _named(tx, login)
    _set(tx, account, name, volunteer=on, coordinator=account.coordinator, now=now)
    tx.care.add_audit(OPERATOR, f"volunteer_{'on' if on else 'off'}", account.id, now)
    return f"{account.login} is {'now' if on else 'no longer'} a volunteer."


def set_coordinator(tx: Tx, login: str, name: str, *, on: bool, now: int) -> str:
    """Make someone a coordinator, or not. The last one may go: another is made with the same command."""
    account = _named(tx, login)
    _set(tx, account, name, volunteer=account.volunteer, coordinator=on, now=now)
    tx.care.add_audit(OPERATOR, f"coordinator_{'on' if on else 'off'}", account.id, now)
    left = "" if any(a.coordinator for a in tx.accounts.staff()) else " Nobody is coordinator now: name another one."
    return f"{account.login} is {'now' if on else 'no longer'} a coordinator.{left}"


def _set(tx: Tx, account: Account, name: str, *, volunteer: bool, coordinator: bool, now: int) -> None:
    shown = _checked(name) if name else account.volunteer_name
    tx.accounts.set_staff(account.id, volunteer=volunteer, coordinator=coordinator, volunteer_name=shown)
    if not (volunteer or coordinator):
        tx.accounts.set_shift(account.id, "", now)


def revoke_devices(tx: Tx, login: str, now: int) -> str:
    """Sign someone out everywhere: a lost phone, a forced hand. They sign in again with passphrase or recovery code."""
    account = _named(tx, login)
    devices = tx.accounts.devices(account.id)
    for device in devices:
        tx.accounts.revoke_device(account.id, DeviceId(device.id), now)
    tx.care.add_audit(OPERATOR, "devices_revoked", account.id, now)
    return f"{account.login} is signed out of {len(devices)} device{'' if len(devices) == 1 else 's'}."


def _named(tx: Tx, login: str) -> Account:
    try:
        account = tx.accounts.by_login(name_key(login))
    except Refused:
        account = None
    if account is None:
        raise BadSetting(f"Nobody here has the login {login!r}.")
    return account


def _checked(name: str) -> str:
    try:
        return check_member_name(name)[0]
    except Refused as refused:
        raise BadSetting(f"{refused.sentence} {refused.what_to_do}") from None
