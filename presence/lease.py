"""Leases: a page counts as here only while its own heartbeat renews it (PR3).

A protocol ping is answered by a hung page too, so only the page's answer to an application beat renews a lease.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from presence.ids import Instant, Millis


@dataclass(frozen=True, slots=True)
class LeaseTimes:
    """How often the server sends a beat, and how long an answer keeps a page alive (PR3)."""

    urgent_beat_ms: Millis = 6_000
    urgent_lease_ms: Millis = 15_000
    calm_beat_ms: Millis = 20_000
    calm_lease_ms: Millis = 45_000

    def beat_ms(self, *, urgent: bool) -> Millis:
        return self.urgent_beat_ms if urgent else self.calm_beat_ms

    def lease_ms(self, *, urgent: bool) -> Millis:
        return self.urgent_lease_ms if urgent else self.calm_lease_ms


@dataclass(frozen=True, slots=True)
class Lease:
    """Held by one connection. `urgent` for anyone available or in a call: found gone within 15 s, not 45."""

    renewed_at: Instant
    urgent: bool
    urgent_since: Instant = 0

    def lapses_at(self, times: LeaseTimes) -> Instant:
        """A page that became urgent was sent beats at the calm pace until then, so it has one urgent lease from then to
        answer; but never longer than its calm one, for only an answered beat renews a lease (PR3)."""
        calm = self.renewed_at + times.calm_lease_ms
        if not self.urgent:
            return calm
        return min(calm, max(self.renewed_at, self.urgent_since) + times.urgent_lease_ms)

    def has_lapsed(self, now: Instant, times: LeaseTimes) -> bool:
        return now >= self.lapses_at(times)


def grant(now: Instant, *, urgent: bool) -> Lease:
    return Lease(renewed_at=now, urgent=urgent, urgent_since=now)


def renew(lease: Lease, now: Instant) -> Lease:
    """An answered beat. A late answer never moves a lease back."""
    return replace(lease, renewed_at=max(lease.renewed_at, now))


def excused(lease: Lease, ms: Millis) -> Lease:
    """The server itself stood still for so long: that is nobody's silence."""
    return replace(lease, renewed_at=lease.renewed_at + ms, urgent_since=lease.urgent_since + ms)


def with_urgency(lease: Lease, *, urgent: bool, now: Instant, times: LeaseTimes) -> Lease:
    """The page's duty changed. A lease that has lapsed stays lapsed, whatever its pace."""
    if urgent == lease.urgent or lease.has_lapsed(now, times):
        return lease
    return replace(lease, urgent=urgent, urgent_since=now)
