"""The commands of a witnessed action as methods (WA1–WA8). Part of the client's commands; see `commands.py`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Literal

from beside_client.wire import View

Medium = Literal["video", "stills", "photo", "text"]


class ActionCommands(ABC):
    """Mixed into the client, which provides `ask`, `read` and `hint`."""

    @abstractmethod
    async def ask(
        self, t: str, *, key: str | None = None, within_seconds: float = 30.0, more: View | None = None, **fields: Any
    ) -> View: ...

    @abstractmethod
    async def read(self, t: str, *, within_seconds: float = 30.0, **fields: Any) -> View: ...

    @abstractmethod
    def hint(self, t: str, **fields: Any) -> None: ...

    # ---- a witnessed action of one's own

    async def declare_action(
        self,
        group: str,
        deed: str,
        words: str = "",
        *,
        medium: Medium = "text",
        wanted: int = 1,
        pills: bool = False,
        only: list[str] | None = None,
        plan: View | None = None,
        key: str | None = None,
    ) -> str:
        """ "Watch me do this" (WA1), now or at `plan` (`{"local": "2030-01-31T18:00", "zone": "Europe/Paris"}`).
        Returns the action's id."""
        about: View = {"words": words, "medium": medium, "wanted": wanted, "pills": pills, "only": only, "plan": plan}
        return str((await self.ask("declare_action", key=key, group=group, deed=deed, **about))["action"])

    async def ask_witnesses(self, action: str, *, key: str | None = None) -> None:
        await self.ask("ask_witnesses", key=key, action=action)

    async def go_live(self, action: str, *, anyway: bool = False, key: str | None = None) -> None:
        """Begin; below the wished minimum only `anyway` (WA4)."""
        await self.ask("go_live", key=key, action=action, anyway=anyway)

    async def set_medium(
        self, action: str, medium: Medium, why: Literal["line", "choice", "camera", "device"] = "choice"
    ) -> None:
        await self.ask("set_medium", action=action, medium=medium, why=why)

    async def cut_picture(self, action: str, *, cut: bool = True, key: str | None = None) -> None:
        await self.ask("cut_picture", key=key, action=action, cut=cut)

    async def say_step(self, action: str, text: str, *, key: str | None = None) -> None:
        await self.ask("say_step", key=key, action=action, text=text)

    async def declare_done(self, action: str, *, key: str | None = None) -> None:
        await self.ask("declare_done", key=key, action=action)

    async def stop_action(self, action: str, *, key: str | None = None) -> None:
        await self.ask("stop_action", key=key, action=action)

    async def remove_witness(self, action: str, member: str, *, key: str | None = None) -> None:
        await self.ask("remove_witness", key=key, action=action, member=member)

    async def list_records(self) -> View:
        """`{"records", "key"}`: one's own records, and the fingerprint that `beside verify` takes."""
        return await self.read("list_records")

    async def export_record(self, action: str) -> str:
        """The sealed record as JSON text, for `beside verify`."""
        return str((await self.read("export_record", action=action))["text"])

    async def delete_record(self, action: str, *, key: str | None = None) -> None:
        await self.ask("delete_record", key=key, action=action)

    # ---- a witnessed action of someone else

    async def join_action(self, action: str, public_key: str, *, key: str | None = None) -> None:
        """Be a witness. `public_key` is this page's own for this action: a P-256 point, base64url."""
        await self.ask("join_action", key=key, more={"key": public_key}, action=action)

    async def leave_action(self, action: str, *, key: str | None = None) -> None:
        await self.ask("leave_action", key=key, action=action)

    async def look(self, action: str, *, looking: bool = True) -> None:
        """Choose to look; without it no picture comes (WA3)."""
        await self.ask("look", action=action, looking=looking)

    def got(self, action: str, medium: Medium = "text") -> None:
        """Something of it reached this page and is shown: to be said every few seconds, or one is not present (WA4)."""
        self.hint("got", action=action, medium=medium)

    async def with_you(self, action: str, *, key: str | None = None) -> None:
        await self.ask("with_you", key=key, action=action)

    async def attest(self, action: str, *, saw: bool, key: str | None = None) -> None:
        await self.ask("attest", key=key, action=action, saw=saw)

    async def report_action(
        self,
        action: str,
        reason: Literal["fixing", "dumping", "pressuring", "judging", "unwanted"],
        words: str = "",
        *,
        key: str | None = None,
    ) -> None:
        await self.ask("report_action", key=key, action=action, reason=reason, words=words)

    # ---- either side of one, and on-call

    async def open_media(self, action: str) -> str:
        """A ticket for the media socket (docs/media.md)."""
        return str((await self.ask("open_media", action=action))["ticket"])

    async def turn_into_call(self, action: str, *, key: str | None = None) -> str | None:
        """It becomes an urgent call of its member's (WA7). Returns the call's id to the member alone."""
        ok = await self.ask("turn_into_call", key=key, action=action)
        return None if ok.get("call") is None else str(ok["call"])

    async def end_for_safety(self, action: str, *, key: str | None = None) -> None:
        await self.ask("end_for_safety", key=key, action=action)
