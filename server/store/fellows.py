"""What a lifeboat wants of those of the other nodes (docs/decisions/0015)."""

from __future__ import annotations

from typing import Protocol

from server.store.unsaved import Unsaved


class Fellows(Protocol):
    """The lifeboats of the other nodes. Nothing here waits or raises."""

    def went_down(self) -> None: ...
    def came_back(self) -> None: ...
    def tell(self, noted: Unsaved) -> None:
        """This happened here, and is not saved."""
        ...

    def is_first(self, noted: Unsaved) -> bool:
        """Whether no other node has made the same change to what it was made to; true when nobody can say. Called in
        the mirror's thread, which it may keep for a moment."""
        ...


class Alone:
    """Fulfils :class:`Fellows`: there are none."""

    def went_down(self) -> None:
        pass

    def came_back(self) -> None:
        pass

    def tell(self, noted: Unsaved) -> None:
        pass

    def is_first(self, _noted: Unsaved) -> bool:
        return True
