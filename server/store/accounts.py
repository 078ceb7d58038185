"""Accounts, devices and a few facts about this installation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from presence.ids import AccountId, DeviceId, Instant
from server.records import Account, Device, PushTarget
from server.store.tables import accounts, devices, facts, recovery_codes

IN_AT_MOST = 1_000
"""Values in one IN: well below the 32,766 parameters that SQLite takes."""


class SqlAccounts:
    def __init__(self, db: Connection) -> None:
        self._db = db

    def add(self, account: Account, login_key: str, recovery_hashes: Iterable[str], now: Instant) -> None:
        self._db.execute(
            insert(accounts).values(
                id=account.id,
                login=account.login,
                login_key=login_key,
                passphrase_hash=account.passphrase_hash,
                volunteer_name=account.volunteer_name,
                volunteer=account.volunteer,
                coordinator=account.coordinator,
                shift=account.shift,
                shift_since=account.shift_since,
                simulated=account.simulated,
                made_at=now,
            )
        )
        rows = [{"account": account.id, "code_hash": h} for h in recovery_hashes]
        if rows:
            self._db.execute(insert(recovery_codes), rows)

    def by_id(self, account: AccountId) -> Account | None:
        row = self._db.execute(select(accounts).where(accounts.c.id == account)).first()
        return _account(row._mapping) if row else None

    def by_login(self, login_key: str) -> Account | None:
        row = self._db.execute(select(accounts).where(accounts.c.login_key == login_key)).first()
        return _account(row._mapping) if row else None

    def count(self) -> int:
        return self._db.execute(select(func.count()).select_from(accounts)).scalar_one()

    def set_passphrase(self, account: AccountId, passphrase_hash: str) -> None:
        self._db.execute(update(accounts).where(accounts.c.id == account).values(passphrase_hash=passphrase_hash))

    def spend_recovery_code(self, account: AccountId, code_hash: str) -> bool:
        where = (recovery_codes.c.account == account) & (recovery_codes.c.code_hash == code_hash)
        return self._db.execute(delete(recovery_codes).where(where)).rowcount == 1

    def set_staff(self, account: AccountId, *, volunteer: bool, coordinator: bool, volunteer_name: str) -> None:
        values = {"volunteer": volunteer, "coordinator": coordinator, "volunteer_name": volunteer_name}
        self._db.execute(update(accounts).where(accounts.c.id == account).values(**values))

    def set_shift(self, account: AccountId, shift: str, now: Instant) -> None:
        self._db.execute(update(accounts).where(accounts.c.id == account).values(shift=shift, shift_since=now))

    def staff(self) -> list[Account]:
        rows = self._db.execute(select(accounts).where(accounts.c.volunteer | accounts.c.coordinator))
        return [_account(row._mapping) for row in rows]

    def add_device(self, device: DeviceId, account: AccountId, token_hash: str, now: Instant) -> None:
        self._db.execute(
            insert(devices).values(
                id=device, account=account, token_hash=token_hash, made_at=now, seen_at=now, locked=False
            )
        )

    def device_by_token(self, token_hash: str) -> Device | None:
        where = (devices.c.token_hash == token_hash) & devices.c.revoked_at.is_(None)
        row = self._db.execute(select(devices).where(where)).first()
        return _device(row._mapping) if row else None

    def device(self, device: DeviceId) -> Device | None:
        where = (devices.c.id == device) & devices.c.revoked_at.is_(None)
        row = self._db.execute(select(devices).where(where)).first()
        return _device(row._mapping) if row else None

    def touch_device(self, device: DeviceId, now: Instant) -> None:
        self._db.execute(update(devices).where(devices.c.id == device).values(seen_at=now))

    def devices(self, account: AccountId) -> list[Device]:
        where = (devices.c.account == account) & devices.c.revoked_at.is_(None)
        return [
            _device(row._mapping) for row in self._db.execute(select(devices).where(where).order_by(devices.c.made_at))
        ]

    def revoke_device(self, account: AccountId, device: DeviceId, now: Instant) -> bool:
        where = (devices.c.account == account) & (devices.c.id == device) & devices.c.revoked_at.is_(None)
        values = {"revoked_at": now, "push_endpoint": None, "push_p256dh": None, "push_auth": None}
        return self._db.execute(update(devices).where(where).values(**values)).rowcount == 1

    def revoked_among(self, asked: Sequence[DeviceId]) -> list[DeviceId]:
        found: list[DeviceId] = []
        for at in range(0, len(asked), IN_AT_MOST):
            where = devices.c.id.in_(asked[at : at + IN_AT_MOST]) & devices.c.revoked_at.is_not(None)
            found += [DeviceId(id_) for id_ in self._db.execute(select(devices.c.id).where(where)).scalars()]
        return found

    def forget_revoked_before(self, at: Instant) -> None:
        self._db.execute(delete(devices).where(devices.c.revoked_at < at))

    def lock_device(self, device: DeviceId, *, locked: bool) -> None:
        self._db.execute(update(devices).where(devices.c.id == device).values(locked=locked))

    def set_push(self, device: DeviceId, target: PushTarget | None) -> None:
        values = {
            "push_endpoint": target.endpoint if target else None,
            "push_p256dh": target.p256dh if target else None,
            "push_auth": target.auth if target else None,
        }
        self._db.execute(update(devices).where(devices.c.id == device).values(**values))

    def push_targets(self, account: AccountId) -> list[PushTarget]:
        where = (devices.c.account == account) & devices.c.revoked_at.is_(None) & devices.c.push_endpoint.is_not(None)
        rows = self._db.execute(
            select(devices.c.id, devices.c.push_endpoint, devices.c.push_p256dh, devices.c.push_auth).where(where)
        )
        return [PushTarget(DeviceId(r[0]), r[1], r[2], r[3]) for r in rows]

    def fact(self, name: str) -> str | None:
        return self._db.execute(select(facts.c.value).where(facts.c.name == name)).scalar()

    def set_fact(self, name: str, value: str) -> None:
        if self._db.execute(update(facts).where(facts.c.name == name).values(value=value)).rowcount == 0:
            self._db.execute(insert(facts).values(name=name, value=value))


def _account(r: RowMapping) -> Account:
    return Account(
        id=AccountId(r[accounts.c.id]),
        login=r[accounts.c.login],
        passphrase_hash=r[accounts.c.passphrase_hash],
        volunteer_name=r[accounts.c.volunteer_name],
        volunteer=bool(r[accounts.c.volunteer]),
        coordinator=bool(r[accounts.c.coordinator]),
        shift=r[accounts.c.shift],
        shift_since=r[accounts.c.shift_since],
        simulated=bool(r[accounts.c.simulated]),
    )


def _device(r: RowMapping) -> Device:
    return Device(
        id=DeviceId(r[devices.c.id]),
        account=AccountId(r[devices.c.account]),
        made_at=r[devices.c.made_at],
        seen_at=r[devices.c.seen_at],
        locked=bool(r[devices.c.locked]),
    )
