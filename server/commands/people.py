"""`beside user …`."""

from __future__ import annotations

from cyclopts import App

from server.commands.options import Data, settings_at

user = App(name="user", help="People who run this server.")


@user.command(name="list")
def list_people(*, data: Data = None) -> None:
    """Show volunteers and coordinators, and how many accounts there are."""
    from server.offline import by_hand
    from server.people import described

    print("\n".join(by_hand(settings_at(data).check(), lambda tx, _now: described(tx))))


@user.command
def volunteer(login: str, *, name: str = "", off: bool = False, data: Data = None) -> None:
    """Make someone an on-call volunteer.

    Parameters
    ----------
    login
        Their login name.
    name
        Under which name callers see them. Without one: “Volunteer”.
    off
        Take the role back.
    """
    from server.offline import by_hand
    from server.people import set_volunteer

    print(by_hand(settings_at(data).check(), lambda tx, now: set_volunteer(tx, login, name, on=not off, now=now)))


@user.command
def coordinator(login: str, *, name: str = "", off: bool = False, data: Data = None) -> None:
    """Make someone a coordinator: called last of all, and reader of the audit log.

    Parameters
    ----------
    login
        Their login name.
    name
        Under which name callers see them. Without one: “Volunteer”.
    off
        Take the role back.
    """
    from server.offline import by_hand
    from server.people import set_coordinator

    print(by_hand(settings_at(data).check(), lambda tx, now: set_coordinator(tx, login, name, on=not off, now=now)))


@user.command(name="revoke-devices")
def revoke_devices(login: str, *, data: Data = None) -> None:
    """Sign someone out everywhere, as after a lost phone.

    Parameters
    ----------
    login
        Their login name.
    """
    from server.offline import by_hand
    from server.people import revoke_devices as revoke

    print(by_hand(settings_at(data).check(), lambda tx, now: revoke(tx, login, now)))
