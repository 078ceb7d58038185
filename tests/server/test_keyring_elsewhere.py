"""Keyrings of several nodes: each says all it has, hears the others, and all end in one list (WA3)."""

from __future__ import annotations

from itertools import count

import pytest

from presence.ids import AccountId, ActionId, ConnectionId, DeviceId
from rooms.refusals import Refused
from server.media.keyring import LocalKeyring
from server.who import Who
from server.wire.frames import Person
from server.wire.witness import KeyShare, ShareKeys

ACTION = ActionId("one")
_numbers = count(1)


class Nodes:
    """Ana's page is wherever she shares. `hear` passes on what all say, in any order."""

    def __init__(self, *names: str) -> None:
        self.rings = {name: self.begin(name) for name in names}

    def begin(self, name: str) -> LocalKeyring:
        ring = LocalKeyring(lambda: f"{name}'s device {next(_numbers)}")
        ring.follow(ACTION, {one: Person(member=one, name=one) for one in ("Maria", "Tom")})
        return ring

    def joins(self, node: str, name: str) -> str:
        """Returns the id of the device."""
        who = Who(AccountId(name), DeviceId(name), ConnectionId(f"{name} at {node}"))
        self.rings[node].join(ACTION, who, Person(member=name, name=name), f"key of {name} at {node}")
        return self.rings[node].said(ACTION).devices[-1].device

    def hear(self) -> dict[str, tuple[bool, bool]]:
        said = {name: ring.said(ACTION) for name, ring in self.rings.items()}
        return {
            name: ring.heard(ACTION, [one for other, one in said.items() if other != name])
            for name, ring in self.rings.items()
        }

    def share(self, node: str, epoch: int, *devices: str, key: str = "Ana's key") -> None:
        shares = [KeyShare(device=device, wrapped=f"epoch {epoch} for {device}") for device in devices]
        self.rings[node].share(ACTION, ShareKeys(k="k", action=ACTION, epoch=epoch, key=key, shares=shares))

    def devices(self, node: str) -> set[str]:
        return {one.device for one in self.rings[node].devices(ACTION).devices}

    def told(self, node: str) -> dict[str, tuple[str, frozenset[str]]]:
        """Page → what was wrapped for it, and the devices on its list."""
        return {
            connection: (now.wrapped, frozenset(one.device for one in now.devices))
            for connection, now in self.rings[node].keys(ACTION)
        }


def test_wa3_a_share_reaches_the_pages_of_every_node_with_one_list() -> None:
    nodes = Nodes("oslo", "rome", "lima")
    maria, tom = nodes.joins("rome", "Maria"), nodes.joins("lima", "Tom")
    assert nodes.hear()["oslo"] == (True, False)
    nodes.share("oslo", 1, maria, tom)
    heard = nodes.hear()
    assert heard["rome"] == heard["lima"] == (False, True)
    both = frozenset({maria, tom})
    assert nodes.told("rome") == {"Maria at rome": (f"epoch 1 for {maria}", both)}
    assert nodes.told("lima") == {"Tom at lima": (f"epoch 1 for {tom}", both)}
    assert set(nodes.hear().values()) == {(False, False)}, "what is said again is no news"


def test_wa3_an_epoch_is_known_on_every_node() -> None:
    nodes = Nodes("oslo", "rome")
    maria = nodes.joins("rome", "Maria")
    nodes.hear()
    nodes.share("oslo", 2, maria)
    nodes.hear()
    assert nodes.rings["rome"].devices(ACTION).epoch == 2
    with pytest.raises(Refused):
        nodes.share("rome", 2, maria, key="of a page that was loaded anew")
    nodes.share("rome", 2, maria)  # the same page, which came back to another node


def test_wa3_whoever_shared_last_says_it_and_the_one_before_is_silent() -> None:
    nodes = Nodes("oslo", "rome")
    maria = nodes.joins("rome", "Maria")
    nodes.hear()
    nodes.share("oslo", 1, maria)
    nodes.hear()
    nodes.share("rome", 1, maria)
    nodes.hear()
    assert nodes.rings["oslo"].said(ACTION).share.held is None
    assert nodes.rings["rome"].said(ACTION).share.held is not None


def test_wa3_two_pages_of_the_member_on_two_nodes_at_once_end_in_one_key() -> None:
    nodes = Nodes("oslo", "rome", "lima")
    tom = nodes.joins("lima", "Tom")
    nodes.hear()
    nodes.share("oslo", 1, tom, key="a key")
    nodes.share("rome", 1, tom, key="b key")
    heard = nodes.hear()
    assert [ring.said(ACTION).share.key for ring in nodes.rings.values()] == ["b key"] * 3
    assert heard["oslo"][0], "its page hears that it must go on from a newer epoch"
    assert nodes.rings["oslo"].devices(ACTION).epoch == 2
    assert heard["rome"] == (False, False)


def test_wa3_what_a_node_took_before_it_knew_of_older_shares_is_not_lost() -> None:
    """Oslo was started anew, and hears of Tom at Lima before Rome tells of what was shared earlier."""
    nodes = Nodes("oslo", "rome", "lima")
    maria = nodes.joins("rome", "Maria")
    nodes.hear()
    for _ in range(3):
        nodes.share("oslo", 1, maria)
    nodes.hear()
    nodes.rings["oslo"], nodes.rings["lima"] = nodes.begin("oslo"), nodes.begin("lima")
    tom = nodes.joins("lima", "Tom")
    nodes.rings["oslo"].heard(ACTION, [nodes.rings["lima"].said(ACTION)])
    nodes.share("oslo", 1, tom)
    nodes.hear()
    nodes.hear()
    assert set(nodes.told("lima")) == {"Tom at lima"}


def test_wa3_whose_pages_are_listed_each_node_knows_by_itself() -> None:
    nodes = Nodes("oslo", "rome")
    maria = nodes.joins("rome", "Maria")
    nodes.hear()
    assert nodes.devices("oslo") == {maria}
    assert nodes.rings["oslo"].follow(ACTION, {}), "removed here, and Rome has not heard of it"
    nodes.hear()
    assert nodes.devices("oslo") == set()


def test_wa3_what_a_node_says_names_nobody() -> None:
    nodes = Nodes("oslo")
    nodes.rings["oslo"].join(
        ACTION, Who(AccountId("a"), DeviceId("d"), ConnectionId("c")), Person(member="m", name="Maria"), "key"
    )
    assert "Maria" not in str(nodes.rings["oslo"].said(ACTION))
    assert "name" not in str(nodes.rings["oslo"].said(ACTION))
