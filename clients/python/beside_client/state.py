"""What a client knows: views of calls, groups, presence and the desk, and the logs of rooms. Pure: events in.

Small things come whole and a newer version replaces an older one; only a room's log is a sequence (CH2).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from beside_client.wire import View


@dataclass(slots=True)
class Log:
    """The log of one room: dense from its first to its last seq, without doubles, in one order.

    Entries that arrive beyond a gap wait until the gap is filled; `gap` says what to fetch.
    """

    epoch: int = 0
    entries: list[View] = field(default_factory=list)
    open: bool = False
    """Whether `room_now` has come on this connection: before it, a hole is not yet a gap."""
    _ahead: dict[int, View] = field(default_factory=dict)

    @property
    def last(self) -> int:
        """The seq up to which nothing is missing; 0 before the first entry."""
        return int(self.entries[-1]["seq"]) if self.entries else 0

    @property
    def position(self) -> View | None:
        """Where to resume from, or None to start with the room's last entries."""
        return {"epoch": self.epoch, "seq": self.last} if self.epoch else None

    @property
    def gap(self) -> tuple[int, int] | None:
        """`(after, before)` of what is missing between the last entry and those that wait."""
        return (self.last, min(self._ahead)) if self.open and self._ahead else None

    @property
    def texts(self) -> list[str]:
        """The words said, in order."""
        return [e["text"] for e in self.entries if e["kind"] == "said"]

    def now(self, room: View) -> None:
        """`room_now`: continue, or replace everything."""
        if not room["resumed"]:
            self.entries = []
        if room["epoch"] != self.epoch:
            self._ahead = {}
        self.epoch, self.open = room["epoch"], True
        self._ahead = {seq: e for seq, e in self._ahead.items() if seq > room["head"]}
        if room["entries"] and not self.entries:
            self.entries = [room["entries"][0]]
        self.take(room["entries"])

    def take(self, entries: Iterable[View]) -> None:
        """New or fetched entries, in any order; what is held already is left alone."""
        for entry in entries:
            if entry["seq"] > self.last:
                self._ahead[entry["seq"]] = entry
        if not self.open:
            return
        while (following := self._ahead.pop(self.last + 1, None)) is not None:
            self.entries.append(following)

    def put_before(self, entries: list[View]) -> None:
        """Older entries, fetched by scrolling up."""
        first = int(self.entries[0]["seq"]) if self.entries else 0
        older = [e for e in entries if e["seq"] < first]
        if older and older[-1]["seq"] == first - 1:
            self.entries[:0] = older

    def change(self, entry: View) -> None:
        """An entry was taken back or hidden."""
        for at, held in enumerate(self.entries):
            if held["seq"] == entry["seq"]:
                self.entries[at] = entry
        if entry["seq"] in self._ahead:
            self._ahead[entry["seq"]] = entry


@dataclass(slots=True)
class State:
    """Everything that the server has told this connection's person. Read it; only the client writes it."""

    welcome: View | None = None
    """The newest `welcome`: who one is on this server."""
    connected: bool = False
    groups: dict[str, View] = field(default_factory=dict)
    """One's own groups by id: `room`, `me`, `role`, `availability`, …"""
    my_calls: dict[str, View] = field(default_factory=dict)
    cards: dict[str, View] = field(default_factory=dict)
    """Calls of others by call id, while they are this person's to see."""
    my_actions: dict[str, View] = field(default_factory=dict)
    """One's own witnessed actions by id, planned and ended ones too."""
    actions: dict[str, View] = field(default_factory=dict)
    """Witnessed actions of others by id, while they are this person's to see."""
    devices: dict[str, View] = field(default_factory=dict)
    """By action of one's own: which pages of witnesses want its key."""
    keys: dict[str, View] = field(default_factory=dict)
    """By action of someone else: the newest key that was wrapped for this page."""
    desk: View | None = None
    presence: dict[str, View] = field(default_factory=dict)
    """Who can be here now, by group id."""
    check_ins: list[View] = field(default_factory=list)
    """Questions of the day after a call, that this connection was asked."""
    join_answers: list[View] = field(default_factory=list)
    """One's own requests that did not let one in (`group_name`, `answer`, `reason`), until dismissed."""
    logs: dict[str, Log] = field(default_factory=dict)
    """By room id, for every room that was opened."""
    _unconfirmed: set[str] = field(default_factory=set)

    @property
    def my_call(self) -> View:
        """One's own newest call, ended or not; empty when there is none."""
        return max(self.my_calls.values(), key=lambda call: int(call["raised_at"]), default={})

    def my_call_when(self, **fields: object) -> View:
        """One's own newest call if its fields have these values, else empty: `my_call_when(standing="held")`."""
        return _when(self.my_call, fields)

    def card_of(self, call: str, **fields: object) -> View:
        """The card of a call if it is this person's to see and its fields have these values, else empty."""
        return _when(self.cards.get(call, {}), fields)

    def my_action_when(self, action: str, **fields: object) -> View:
        """One's own witnessed action if its fields have these values, else empty."""
        return _when(self.my_actions.get(action, {}), fields)

    def action_when(self, action: str, **fields: object) -> View:
        """Someone else's witnessed action, while it is this person's to see and has these values, else empty."""
        return _when(self.actions.get(action, {}), fields)

    def desk_row(self, call: str, **fields: object) -> View:
        """The row of a call on the dashboard if its fields have these values, else empty."""
        rows = self.desk["rows"] if self.desk is not None else []
        return _when(next((row for row in rows if row["call"] == call), {}), fields)

    @property
    def asked_by(self) -> list[View]:
        """The cards that ask this person now, the oldest first."""
        asking = [c for c in self.cards.values() if c["mine"] == "asked" and c["stood_down"] == "no"]
        return sorted(asking, key=lambda card: int(card["raised_at"]))

    def group_named(self, name: str) -> View:
        """One of one's own groups by its name. Raises KeyError."""
        for group in self.groups.values():
            if group["name"] == name:
                return group
        raise KeyError(name)

    def said_in(self, room: str) -> list[str]:
        """The words said in a room that is open, in order."""
        return self.logs[room].texts if room in self.logs else []

    # ---- written by the client

    def apply(self, event: View) -> None:
        """Take in one event. Events of another protocol version that are not known change nothing."""
        match event["t"]:
            case "welcome":
                self.welcome = event
                self.join_answers = []
                self.groups = {g["group"]: g for g in event["groups"]}
                held = {**self.my_calls, **self.cards}
                self._unconfirmed = {call for call, view in held.items() if view["standing"] != "closed"}
                running = {**self.my_actions, **self.actions}
                self._unconfirmed |= {action for action, view in running.items() if view["stage"] != "ended"}
            case "groups_now":
                self.groups = {g["group"]: g for g in event["groups"]}
            case "my_call":
                self._replace(self.my_calls, event)
            case "card":
                self._replace(self.cards, event)
            case "check_in" | "card_gone" | "join_answers":
                self._apply_to_ended(event)
            case "desk_now":
                if self.desk is None or event["version"] >= self.desk["version"]:
                    self.desk = event
            case "presence_now":
                before = self.presence.get(event["group"])
                if before is None or event["presence"]["version"] >= before["version"]:
                    self.presence[event["group"]] = event["presence"]
            case "room_now":
                self.logs.setdefault(event["room"], Log()).now(event)
            case "entry_added" | "entry_changed" | "entries":
                self._apply_to_log(event)
            case _:
                self._apply_to_actions(event)

    def _apply_to_ended(self, event: View) -> None:
        match event["t"]:
            case "card_gone":
                self.cards.pop(event["call"], None)
            case "check_in":
                self.check_ins = [c for c in self.check_ins if c["call"] != event["call"]] + [event]
            case _:
                self.join_answers = event["answers"]

    def _apply_to_actions(self, event: View) -> None:
        match event["t"]:
            case "my_action":
                self._replace(self.my_actions, event, "action")
            case "action_card":
                self._replace(self.actions, event, "action")
            case "action_gone":
                self.actions.pop(event["action"], None)
            case "devices_now":
                self.devices[event["action"]] = event
            case "keys_now":
                self.keys[event["action"]] = event
            case _:
                pass

    def _replace(self, held: dict[str, View], event: View, id_field: str = "call") -> None:
        """Newer replaces older. The same version again is the same facts at a later `now`."""
        known = event[id_field]
        self._unconfirmed.discard(known)
        if known not in held or event["version"] >= held[known]["version"]:
            held[known] = event

    def _apply_to_log(self, event: View) -> None:
        log = self.logs.get(event["room"])
        if log is None or (log.epoch and event["epoch"] != log.epoch):
            return
        match event["t"]:
            case "entry_added":
                log.take([event["entry"]])
            case "entry_changed":
                log.change(event["entry"])
            case _:
                log.put_before(event["entries"])
                log.take(event["entries"])

    def lost_line(self) -> None:
        """The socket closed: what is held stays, and is continued or replaced after the next welcome."""
        self.connected = False
        for log in self.logs.values():
            log.open = False

    def snapshot_is_whole(self) -> None:
        """Everything that runs has been told since the welcome. What was not is over, and how it ended is not known."""
        for gone in self._unconfirmed:
            for held in (self.my_calls, self.cards, self.my_actions, self.actions):
                held.pop(gone, None)
        self._unconfirmed = set()


def _when(view: View, fields: dict[str, object]) -> View:
    return view if view and all(view[name] == value for name, value in fields.items()) else {}
