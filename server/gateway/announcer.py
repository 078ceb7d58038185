"""Turns committed changes into frames for the people of this node (`server.ports.Changes`).

Calls and words go at once. Presence, the desk and devices' acks are gathered for a moment first: a join storm or a
hundred acks cost one view per reader, not one per event (PR5). What a reader may see is decided here, at delivery.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from presence.ids import AccountId, CallId, ConnectionId, DeviceId, GroupId, MemberId, RoomId
from rooms.call import Call, Recipient, delivered, helpers, is_over, may_read_room
from rooms.chat import Entry
from rooms.witness import Action, people_in
from server.gateway.actions import SOON_SECONDS as ACTIONS_SOON_SECONDS
from server.gateway.actions import ActionTeller
from server.gateway.desk import DeskTeller
from server.gateway.hub import Hub
from server.gateway.presence import PresenceTeller
from server.gateway.soon import Soon
from server.handlers.blocks import learn_blocks, note_blocks
from server.handlers.calls import member_in_call
from server.handlers.chat import view_for
from server.handlers.groups import my_group_view
from server.handlers.joining import answers_for
from server.handlers.presence import tell_actions, views_of
from server.handlers.services import Services
from server.handlers.witness_watching import line_changed
from server.ports import Store, StoreDown, StoreLate, Tx
from server.records import Merged
from server.who import Who
from server.wire import frames as f

SOON_SECONDS = 0.2
CARDS_SOON_SECONDS = 1.0
"""How long the cards of those who were asked may wait for the count that the caller has at once (UC8)."""
REFRESH_LEASES_SECONDS = 0.5
AGAIN_SECONDS = 1.0
"""Between two tellings of what was read from memory while the store was down."""


@dataclass(frozen=True, slots=True)
class _Bound:
    services: Services
    actions: ActionTeller
    presence: PresenceTeller
    desk: DeskTeller


class Announcer:
    """Fulfils `server.ports.Changes` on one node. `bind` gives it the services, which need it themselves."""

    def __init__(self, hub: Hub, store: Store, on_device_changed: Callable[[DeviceId], Awaitable[None]]) -> None:
        self._hub = hub
        self._store = store
        self._on_device_changed = on_device_changed
        self._soon = Soon()
        self._bound: _Bound | None = None
        self._soft: dict[CallId, Call] = {}
        self._soft_cards: dict[CallId, Call] = {}
        self._told_asked: dict[CallId, int] = {}
        """How many have the card, as the caller was last told, of every call that is not over."""

    def bind(self, services: Services) -> None:
        actions, presence = ActionTeller(self._hub, services), PresenceTeller(self._hub, services, self._soon)
        self._bound = _Bound(services, actions, presence, DeskTeller(self._hub, services, presence))

    @property
    def _b(self) -> _Bound:
        if self._bound is None:
            raise RuntimeError("announcer used before bind")
        return self._bound

    @property
    def _s(self) -> Services:
        return self._b.services

    @property
    def _actions(self) -> ActionTeller:
        return self._b.actions

    @property
    def _presence(self) -> PresenceTeller:
        return self._b.presence

    @property
    def _desk(self) -> DeskTeller:
        return self._b.desk

    # ---- calls

    def call_changed(self, call: Call, *, soft: bool = False) -> None:
        if soft:
            self._soft[call.id] = call
            self._soon.once("soft", SOON_SECONDS, self._tell_soft)
        else:
            self._soft.pop(call.id, None)
            self._soft_cards.pop(call.id, None)
            self._tell(call)
            self.group_changed(call.group)  # who is in a call cannot come to another (PR6)
        self.desk_changed()
        self._soon.once("leases", REFRESH_LEASES_SECONDS, self._refresh_leases)

    def call_room_narrowed(self, call: Call) -> None:
        for account in {call.caller_account, *(r.account for r in call.recipients.values())}:
            for who in self._hub.of_account(account):
                self._close_room_to(call, who)

    def calls_saved(self, merged: Merged) -> None:
        """What rang while the store was down is saved now (UC15): the pages that said otherwise are told, and those
        that read words at another place."""
        for call in merged.calls:
            self.call_changed(call)
        for entry, epoch in merged.moved:
            self.entry_added(entry, epoch)

    def calls_heard(self, merged: Merged) -> None:
        """What another node could not save (UC15)."""
        for entry, _seq, epoch in merged.entries:
            self.entry_added(entry, epoch)
        for call in merged.changed:
            self.call_changed(call)

    async def _tell_soft(self) -> None:
        """One ack more is a new count for the caller. On the cards it stands too, but there it may wait for others: 100
        acks in 20 s were 100 views for each of 100 people. That somebody looked changes no view but the desk's."""
        soft, self._soft = self._soft, {}
        for call in soft.values():
            if is_over(call):
                continue  # a late ack of a call that ended tells nobody anything
            asked = delivered(call)
            if asked != self._told_asked.get(call.id):
                self._told_asked[call.id] = asked
                self._tell_caller(call, asked)
                self._soft_cards[call.id] = call
                self._soon.once("cards", CARDS_SOON_SECONDS, self._tell_cards)
            elif call.id in self._soft_cards:
                self._soft_cards[call.id] = call

    async def _tell_cards(self) -> None:
        cards, self._soft_cards = self._soft_cards, {}
        for call in cards.values():
            self._tell_asked(call, delivered(call))

    def _tell(self, call: Call) -> None:
        asked = delivered(call)
        self._told_asked[call.id] = asked
        if is_over(call):
            del self._told_asked[call.id]
        self._tell_asked(call, asked)
        self._tell_caller(call, asked)

    def _tell_caller(self, call: Call, asked: int) -> None:
        for who in self._hub.of_account(call.caller_account):
            self._tell_one(call, who, asked)

    def _tell_asked(self, call: Call, asked: int) -> None:
        """One pass, however many are asked: each reader's view is made from those who help and from their own seats."""
        seats: dict[AccountId, dict[MemberId, Recipient]] = defaultdict(dict)
        for recipient in call.recipients.values():
            seats[recipient.account][recipient.member] = recipient
        helping = {r.member: r for r in helpers(call)}
        for account, mine in seats.items():
            for who in self._hub.of_account(account):
                self._tell_one(replace(call, recipients={**helping, **mine}), who, asked)

    def _tell_one(self, call: Call, who: Who, asked: int) -> None:
        self._close_room_to(call, who)
        for event in views_of(self._s, call, who, asked):
            self._hub.send_urgent(who.connection, event)

    def _close_room_to(self, call: Call, who: Who) -> None:
        """UC16: whoever left or was refused reads no further word of the call room, and nobody after its end."""
        member = member_in_call(call, who)
        if member is None or not may_read_room(call, member):
            self._hub.unwatch(who.connection, f"room:{call.room}")
            self._s.roster.exit(who.connection, f"room:{call.room}")

    # ---- witnessed actions

    def action_changed(self, action: Action) -> None:
        self._actions.follow(action)
        self._soon.once("leases", REFRESH_LEASES_SECONDS, self._refresh_leases)
        self._soon.once(f"action {action.id}", ACTIONS_SOON_SECONDS, lambda: self._actions.tell(action.id))
        self.desk_changed()

    def line_changed(self, account: AccountId) -> None:
        self._soon.spawn(line_changed(self._s, account))

    async def _tell_actions_of(self, account: AccountId) -> None:
        for who in self._hub.of_account(account):
            if not who.locked:
                await tell_actions(self._s, who)

    # ---- words

    def entry_added(self, entry: Entry, epoch: int) -> None:
        self._fan_out_entry(entry, lambda e: f.EntryAdded(room=entry.room, epoch=epoch, entry=e))

    def entry_changed(self, entry: Entry, epoch: int) -> None:
        self._fan_out_entry(entry, lambda e: f.EntryChanged(room=entry.room, epoch=epoch, entry=e))

    def _fan_out_entry(self, entry: Entry, frame: Callable[[f.Entry], f.Event]) -> None:
        plain: f.Event | None = None

        def for_reader(who: Who) -> f.Event | None:
            nonlocal plain
            if who.locked:
                return None
            hidden = self._s.hidden_from(who.account)
            if who.account == entry.author_account or entry.author_account in hidden:
                return frame(view_for(entry, who.account, who.device, hidden))
            if plain is None:
                plain = frame(view_for(entry, who.account, who.device, hidden))
            return plain

        self._hub.fan_out(f"room:{entry.room}", for_reader, room=entry.room)

    # ---- groups and presence

    def group_changed(self, group: GroupId) -> None:
        self._presence.group_changed(group)

    def presence_missed(self, connection: ConnectionId, group: GroupId) -> None:
        self._soon.spawn(self._presence.tell(group, only=connection))

    def groups_of_changed(self, account: AccountId) -> None:
        self._soon.spawn(self._tell_groups_of(account))
        self._soon.once("leases", REFRESH_LEASES_SECONDS, self._refresh_leases)

    async def _tell_groups_of(self, account: AccountId) -> None:
        answers = await answers_for(self._s, account)
        if answers is not None:
            self._hub.to_account(account, answers)
        was_afloat = self._store.afloat
        groups = await self._store.read(lambda tx: tx.groups.groups_of(account))
        self._hub.to_account(account, f.GroupsNow(groups=[my_group_view(g) for g in groups]))
        await self._tell_actions_of(account)
        if was_afloat or self._store.afloat:  # memory may not know what was saved last: told anew until it is back
            self._soon.once(f"groups {account}", AGAIN_SECONDS, lambda: self._tell_groups_of(account))

    def member_removed(self, account: AccountId, room: RoomId) -> None:
        """Their pages stop watching at once: nothing that is committed from now on reaches them."""
        for who in self._hub.of_account(account):
            self._hub.unwatch(who.connection, f"room:{room}")
            self._s.roster.exit(who.connection, f"room:{room}")

    def block_changed(self, one: AccountId, other: AccountId) -> None:
        """A new block counts at once; whether an old one is gone is looked up."""
        self._s.blocks_told += 1
        note_blocks(self._s, [(one, other)])
        self._soon.spawn(self._reload_blocks(one, other))

    async def _reload_blocks(self, one: AccountId, other: AccountId) -> None:
        await learn_blocks(self._s)
        shared = await self._store.read(
            lambda tx: {g.group.id for g in tx.groups.groups_of(one)} & {g.group.id for g in tx.groups.groups_of(other)}
        )
        for group in shared:
            self.group_changed(group)
        for account in (one, other):
            await self._tell_actions_of(account)

    def learn_anew(self) -> None:
        """More has changed than was told one by one: what is decided from memory alone is learned from the store."""
        self._soon.spawn(self._learn_anew())

    async def _learn_anew(self) -> None:
        """Blocks, and who may see which pictures: until it is done, for no page comes back to make good for these."""
        was_afloat, known = self._store.afloat, set(self._s.latest)

        def read(tx: Tx) -> list[Action]:
            running = tx.actions.of_state("running")
            others = [tx.actions.get(action) for action in known - {a.id for a in running}]
            return [*running, *(action for action in others if action is not None)]

        try:
            await learn_blocks(self._s)
            for action in await self._store.read(read):
                self.action_changed(action)
        except (StoreDown, StoreLate):
            was_afloat = True
        if was_afloat or self._store.afloat:
            self._soon.once("anew", AGAIN_SECONDS, self._learn_anew)

    # ---- desk, devices, leases

    def desk_changed(self) -> None:
        self._soon.once("desk", SOON_SECONDS, self._desk.tell)

    def device_changed(self, device: DeviceId) -> None:
        self._hub.lock(device)  # at once; then its pages are closed, and come back as what the device is now
        self._soon.spawn(self._on_device_changed(device))

    async def _refresh_leases(self) -> None:
        """PR3: short leases for anyone available, in a call, or in a witnessed action (WA4)."""

        def read(tx: Tx) -> set[AccountId]:
            watched = {a for action in tx.actions.of_state("running") for a in people_in(action)}
            return tx.calls.busy_accounts() | tx.groups.available_accounts() | watched

        urgent = await self._store.read(read)
        now = self._s.clock.now()
        for account in {who.account for who, _line in self._hub.everyone()}:
            self._s.roster.set_urgent(account, urgent=account in urgent, now=now)

    @property
    def idle(self) -> bool:
        """Nothing is left to tell."""
        return self._soon.idle

    async def close(self) -> None:
        """Finish what is under way."""
        await self._soon.close()
