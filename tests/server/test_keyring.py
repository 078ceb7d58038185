"""The keyring: each page of a witness has a key, and gets its share and the list as the member's page had it (WA3)."""

from __future__ import annotations

from itertools import count

import pytest

from presence.ids import AccountId, ActionId, ConnectionId, DeviceId
from rooms.refusals import Refused
from server.media.keyring import PAGES_PER_WITNESS_AT_MOST, LocalKeyring
from server.who import Who
from server.wire.frames import Person
from server.wire.witness import KeyShare, KeysNow, ShareKeys

ACTION, OTHER = ActionId("one"), ActionId("other")


def a_keyring() -> LocalKeyring:
    numbers = count(1)
    return LocalKeyring(lambda: f"device {next(numbers)}")


def page(name: str, number: int = 1) -> Who:
    return Who(AccountId(name), DeviceId(name), ConnectionId(f"{name} {number}"))


def joins(keyring: LocalKeyring, name: str, number: int = 1, action: ActionId = ACTION, key: str = "") -> None:
    keyring.join(action, page(name, number), Person(member=name, name=name), key or f"key of {name} {number}")


def devices(keyring: LocalKeyring, action: ActionId = ACTION) -> list[tuple[str, str]]:
    return [(device.device, device.key) for device in keyring.devices(action).devices]


def shares(
    keyring: LocalKeyring, epoch: int, *to: str, key: str = "Ana's key"
) -> dict[str, tuple[str, str, list[str]]]:
    """Page → its device, what was wrapped for it, and the devices on its list."""
    wrapped = [KeyShare(device=device, wrapped=f"epoch {epoch} for {device}") for device in to]
    told = keyring.share(ACTION, ShareKeys(k="k", action=ACTION, epoch=epoch, key=key, shares=wrapped))
    assert all(_belongs(now, epoch, key) for _connection, now in told)
    return {c: (now.mine, now.wrapped, [d.device for d in now.devices]) for c, now in told}


def _belongs(now: KeysNow, epoch: int, key: str) -> bool:
    return (now.action, now.epoch, now.key) == (ACTION, epoch, key)


def test_wa3_each_page_gets_its_own_share_and_the_list_of_all() -> None:
    keyring = a_keyring()
    joins(keyring, "Maria")
    joins(keyring, "Tom")
    told = shares(keyring, 1, "device 1", "device 2")
    everyone = ["device 1", "device 2"]
    assert told == {
        "Maria 1": ("device 1", "epoch 1 for device 1", everyone),
        "Tom 1": ("device 2", "epoch 1 for device 2", everyone),
    }


def test_wa3_a_share_for_an_unknown_device_reaches_nobody_and_stands_on_no_list() -> None:
    keyring = a_keyring()
    joins(keyring, "Maria")
    joins(keyring, "Tom", action=OTHER)
    assert shares(keyring, 1, "device 1", "device 2", "made up") == {
        "Maria 1": ("device 1", "epoch 1 for device 1", ["device 1"])
    }


def test_wa3_shares_that_take_two_frames_end_in_one_list() -> None:
    keyring = a_keyring()
    joins(keyring, "Maria")
    joins(keyring, "Tom")
    assert set(shares(keyring, 1, "device 1")) == {"Maria 1"}
    assert [told[2] for told in shares(keyring, 1, "device 2").values()] == [["device 1", "device 2"]] * 2


def test_wa3_a_page_that_comes_later_has_no_share_until_it_is_wrapped_one() -> None:
    keyring = a_keyring()
    joins(keyring, "Maria")
    shares(keyring, 1, "device 1")
    joins(keyring, "Tom")
    assert keyring.devices(ACTION).epoch == 1
    assert set(shares(keyring, 2, "device 1")) == {"Maria 1"}


def test_wa3_an_epoch_never_goes_back_nor_changes_its_key() -> None:
    keyring = a_keyring()
    joins(keyring, "Maria")
    shares(keyring, 2, "device 1")
    for epoch, key in ((1, "Ana's key"), (2, "another key")):
        with pytest.raises(Refused):
            shares(keyring, epoch, "device 1", key=key)
    assert shares(keyring, 3, "device 1", key="another key")["Maria 1"][1] == "epoch 3 for device 1"


def test_wa3_a_new_key_of_the_same_page_is_a_new_device_and_a_retry_is_none() -> None:
    keyring = a_keyring()
    joins(keyring, "Maria", key="first")
    joins(keyring, "Maria", key="first")
    assert devices(keyring) == [("device 1", "first")]
    joins(keyring, "Maria", key="second")
    assert devices(keyring) == [("device 2", "second")]
    assert shares(keyring, 1, "device 1") == {}


def test_wa3_whoever_is_gone_or_left_is_on_no_list() -> None:
    keyring = a_keyring()
    joins(keyring, "Maria", 1)
    joins(keyring, "Maria", 2)
    joins(keyring, "Maria", 1, action=OTHER)
    joins(keyring, "Tom")
    shares(keyring, 1, "device 1", "device 2", "device 4")
    assert keyring.gone(page("Maria", 1).connection) == [ACTION, OTHER]
    assert keyring.gone(page("Maria", 1).connection) == []
    assert [told[2] for told in shares(keyring, 1, "device 2").values()] == [["device 2", "device 4"]] * 2
    only_tom = {"Tom": Person(member="Tom", name="Tom")}
    assert keyring.follow(ACTION, only_tom)
    assert not keyring.follow(ACTION, only_tom)
    assert set(shares(keyring, 1, "device 2")) == {"Tom 1"}


def test_wa3_one_witness_has_so_many_pages_and_no_more() -> None:
    keyring = a_keyring()
    joins(keyring, "Tom")
    for number in range(PAGES_PER_WITNESS_AT_MOST + 2):
        joins(keyring, "Maria", number)
    keys = [key for _device, key in devices(keyring)]
    assert keys == ["key of Tom 1", *(f"key of Maria {n}" for n in range(2, PAGES_PER_WITNESS_AT_MOST + 2))]


def test_wa3_nothing_stays_of_what_is_over() -> None:
    keyring = a_keyring()
    joins(keyring, "Maria")
    joins(keyring, "Tom")
    shares(keyring, 1, "device 1")
    keyring.gone(page("Tom").connection)
    keyring.forget(ACTION)
    keyring.forget(ACTION)
    assert not keyring._rings
    assert not keyring._of_connection
    assert shares(keyring, 1, "device 1") == {}
