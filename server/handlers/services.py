"""What every handler works with, and the one way in which a command is committed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from msgspec import structs

from presence.ids import AccountId, ActionId, CallId, Instant, MemberId
from presence.lease import LeaseTimes
from presence.roster import Roster
from rooms.call import Reached
from rooms.policy import Policy
from rooms.refusals import Refusal, Refused
from rooms.witness import Action, WitnessTimes, is_over, present
from server.clock import Clock
from server.ports import Changes, Keyring, Media, Outgoing, Recorder, SeatId, Store, Tx
from server.tries import Tries
from server.who import Who
from server.wire.codec import command_digest, decode_ok, encode_event
from server.wire.frames import Command, Ok


@dataclass(frozen=True, slots=True)
class Ack:
    """A device says how far a card got. `done` is told when that is saved."""

    who: Who
    reached: Reached
    done: asyncio.Future[None]


@dataclass(frozen=True, slots=True)
class LastGot:
    """When a witness's page last said that something reached it, and whose page that is."""

    at: Instant
    account: AccountId
    here: bool = False
    """It said so to this node."""


@dataclass(frozen=True, slots=True)
class TurnedBy:
    """An action became this call; `by` is the witness's number, None for the member."""

    call: CallId
    by: int | None


@dataclass(frozen=True, slots=True)
class Audit:
    """What this server last heard of its auditor (OC7)."""

    silent: bool = False
    """One is expected, and was not heard for 15 s."""
    late: int = 0
    """Deadlines that are over 5 s late now, by its word."""


@dataclass(slots=True)
class Services:
    """Made once by `server.app`. `roster` holds this node's leases; `blocked` every block, for checks at delivery."""

    store: Store
    changes: Changes
    out: Outgoing
    roster: Roster
    clock: Clock
    policy: Policy
    times: LeaseTimes
    new_id: Callable[[], str]
    new_secret: Callable[[], str]
    seat_id: SeatId
    recorder: Recorder
    media: Media
    keyring: Keyring
    witness_times: WitnessTimes = field(default_factory=WitnessTimes)
    got: dict[ActionId, dict[MemberId, LastGot]] = field(default_factory=dict)
    """Leases of the witnesses who are present (WA4), renewed by their pages."""
    looked_at_witnesses: float = float("inf")
    """By the loop's clock: when those leases were last looked at."""
    hears_others_at: float = 0
    """By the loop's clock: until then this node may not have read what the others said."""
    latest: dict[ActionId, Action] = field(default_factory=dict)
    """Actions as they were last announced: a read that was under way meanwhile must not be told after it."""
    turned: dict[ActionId, TurnedBy] = field(default_factory=dict)
    """Actions whose call was raised while the store was down: marked once it is back (WA7)."""
    blocked: dict[AccountId, set[AccountId]] = field(default_factory=dict)
    blocks_told: int = 0
    """How often one was told of that begins or ends: see `server.handlers.blocks`."""
    acks: dict[CallId, list[Ack]] = field(default_factory=dict)
    """Acks of devices that wait for the commit under way; see `server.handlers.calls`."""
    invite_tries: Tries = field(default_factory=Tries)
    saving_acks: set[asyncio.Task[None]] = field(default_factory=set)
    audit: Audit = field(default_factory=Audit)
    ready_at: int = 0
    worst_lateness_ms: int = 0
    calls_begun_anew: int = 0
    """Since start: their stored body could not be read."""
    calls_unreadable: int = 0
    """Those that could not even be begun anew."""

    def newest(self, action: Action) -> Action:
        known = self.latest.get(action.id)
        return known if known is not None and known.version > action.version else action

    def note_present(self, action: Action, now: Instant) -> None:
        """The leases of an action follow it: who is present has one, nobody else."""
        here = {w.member: w.account for w in present(action)} if not is_over(action) else {}
        if not here:
            self.got.pop(action.id, None)
            return
        kept = self.got.setdefault(action.id, {})
        for gone in kept.keys() - here.keys():
            del kept[gone]
        for member, account in here.items():
            kept.setdefault(member, LastGot(now, account))

    def hidden_from(self, account: AccountId) -> set[AccountId]:
        """Everyone with whom this person has a block, in either direction (CB2)."""
        return self.blocked.get(account, set())


@dataclass(frozen=True, slots=True)
class Done:
    """What a transaction decided: the reply, and what to announce once it is committed."""

    reply: Ok
    announce: Callable[[Changes], None] = lambda _changes: None


async def commit(
    services: Services, who: Who, command: Command, decide: Callable[[Tx], Done], *, urgent: bool = False
) -> Ok:
    """Run `decide` in one transaction with the command's key: a retry gets the first answer and changes nothing; the
    same key with another content is refused. Announces only after the commit. `urgent` work belongs to a call and
    does not wait for a store that is down: its `ok` then says that it is not saved yet (UC15)."""
    key, digest, now = command.k, command_digest(command), services.clock.now()  # type: ignore[union-attr]

    def once(tx: Tx) -> Done:
        before = tx.keys.reply_to(who.device, key)
        if before is not None:
            if before[0] != digest:
                raise Refused(Refusal.KEY_REUSED)
            return Done(decode_ok(before[1]))
        done = decide(tx)
        tx.keys.remember(who.device, key, digest, encode_event(done.reply), now)
        return done

    if urgent:
        done = await services.store.write_call(once)
    else:  # what is committed after its sender gave up is told all the same: their retry only gets the answer (CH2)
        done = await services.store.write(once, lambda late: late.announce(services.changes))
    done.announce(services.changes)
    if urgent and services.store.afloat:
        return structs.replace(done.reply, saved=False)
    return done.reply


Reaches = Mapping[AccountId, bool]
"""Every account with a live lease → whether one of its pages is visible. A copy, read by the writer thread."""
